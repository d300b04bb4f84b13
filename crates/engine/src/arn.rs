//! ARNs: `arn:PARTITION:states:REGION:ACCOUNT:…`, taken apart and put together; and the rules of names.
//!
//! Grammar only: whether something of that ARN exists is for the operations to say, and whether it
//! is ours at all is [`Owner::owns`].

use crate::rejection::{ErrorName, Rejection};

/// Whose resources these are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// `aws`, `aws-cn`, …
    pub partition: String,
    /// `us-east-1`, …
    pub region: String,
    /// Twelve digits.
    pub account: String,
}

impl Owner {
    /// Whether the ARN is of this partition, region and account. What is not is well formed and yet
    /// names nothing here.
    pub fn owns(&self, arn: &str) -> bool {
        let mut parts = arn.splitn(6, ':');
        parts.next() == Some("arn")
            && parts.next() == Some(&self.partition)
            && parts.next() == Some(SERVICE)
            && parts.next() == Some(&self.region)
            && parts.next() == Some(&self.account)
    }

    /// `arn:P:states:R:A:activity:NAME`.
    pub fn activity_arn(&self, name: &str) -> String {
        self.arn("activity", &[name])
    }

    /// `arn:P:states:R:A:stateMachine:NAME`.
    pub fn state_machine_arn(&self, name: &str) -> String {
        self.arn("stateMachine", &[name])
    }

    /// `arn:P:states:R:A:stateMachine:NAME:VERSION`.
    pub fn state_machine_version_arn(&self, name: &str, version: u64) -> String {
        self.arn("stateMachine", &[name, &version.to_string()])
    }

    /// `arn:P:states:R:A:stateMachine:NAME:ALIAS`.
    pub fn state_machine_alias_arn(&self, name: &str, alias: &str) -> String {
        self.arn("stateMachine", &[name, alias])
    }

    /// `arn:P:states:R:A:execution:MACHINE:NAME`.
    pub fn execution_arn(&self, machine: &str, name: &str) -> String {
        self.arn("execution", &[machine, name])
    }

    /// `arn:P:states:R:A:express:MACHINE:NAME:ID`.
    pub fn express_execution_arn(&self, machine: &str, name: &str, id: &str) -> String {
        self.arn("express", &[machine, name, id])
    }

    fn arn(&self, kind: &str, rest: &[&str]) -> String {
        let Owner {
            partition,
            region,
            account,
        } = self;
        let mut arn = format!("arn:{partition}:{SERVICE}:{region}:{account}:{kind}");
        for part in rest {
            arn.push(':');
            arn.push_str(part);
        }
        arn
    }
}

const SERVICE: &str = "states";

/// A resource of the service, as its ARN names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Arn<'a> {
    /// `activity:NAME`
    Activity { name: &'a str },
    /// `stateMachine:NAME`, whichever way it is qualified.
    StateMachine(MachineRef<'a>),
    /// `execution:MACHINE:NAME`, or a map run's child.
    Execution(ExecutionRef<'a>),
    /// `express:MACHINE:NAME:ID`, or a map run's child.
    ExpressExecution {
        machine: &'a str,
        label: Option<&'a str>,
        name: &'a str,
        id: &'a str,
    },
    /// `mapRun:MACHINE/LABEL:ID`
    MapRun {
        machine: &'a str,
        label: &'a str,
        id: &'a str,
    },
}

/// What a state machine's ARN names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MachineRef<'a> {
    /// The machine.
    pub name: &'a str,
    /// Which of its faces.
    pub qualifier: Qualifier<'a>,
}

/// What may follow a state machine's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Qualifier<'a> {
    /// Nothing.
    Plain,
    /// `:7`
    Version(u64),
    /// `:PROD`
    Alias(&'a str),
    /// `/LABEL`: the item processor of a Distributed Map.
    Label(&'a str),
}

/// What an execution's ARN names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExecutionRef<'a> {
    /// Its state machine.
    pub machine: &'a str,
    /// For a child of a map run: the label of the Map state.
    pub label: Option<&'a str>,
    /// Its name.
    pub name: &'a str,
}

/// Takes any ARN of the service apart.
pub fn parse(text: &str) -> Result<Arn<'_>, Rejection> {
    let Some(rest) = text.strip_prefix("arn:") else {
        return Err(invalid(&format!("Invalid ARN prefix: {text}")));
    };
    let mut parts = rest.splitn(5, ':');
    let mut part = |what: &str| match parts.next() {
        Some(part) if !part.is_empty() => Ok(part),
        _ => Err(invalid(&format!("Invalid ARN, {what} is missing: {text}"))),
    };
    part("partition")?;
    let service = part("service")?;
    if service != SERVICE {
        return Err(invalid(&format!(
            "Service not valid in this context: {service}"
        )));
    }
    part("region")?;
    part("account")?;
    let resource = part("resource")?;
    let (kind, rest) = resource.split_once(':').unwrap_or((resource, ""));
    let unknown = || invalid(&format!("Resource type not valid in this context: {kind}"));
    let arn = match kind {
        "activity" => non_empty([rest]).map(|[name]| Arn::Activity { name }),
        "stateMachine" => machine(rest).map(Arn::StateMachine),
        "execution" => rest.split_once(':').and_then(|(machine, name)| {
            let (machine, label) = labelled(machine)?;
            let [name] = non_empty([name])?;
            Some(Arn::Execution(ExecutionRef {
                machine,
                label,
                name,
            }))
        }),
        "express" => express(rest),
        "mapRun" => rest.split_once(':').and_then(|(machine, id)| {
            let (machine, label) = labelled(machine)?;
            let [id] = non_empty([id])?;
            Some(Arn::MapRun {
                machine,
                label: label?,
                id,
            })
        }),
        _ => return Err(unknown()),
    };
    arn.ok_or_else(|| invalid(&format!("Invalid ARN, resource is malformed: {text}")))
}

/// Takes apart what must be an activity's ARN; the answer is its name.
pub fn parse_activity(text: &str) -> Result<&str, Rejection> {
    match parse(text)? {
        Arn::Activity { name } => Ok(name),
        _ => Err(out_of_place(text)),
    }
}

/// Takes apart what must be a state machine's ARN, qualified or not.
pub fn parse_state_machine(text: &str) -> Result<MachineRef<'_>, Rejection> {
    match parse(text)? {
        Arn::StateMachine(machine) => Ok(machine),
        _ => Err(out_of_place(text)),
    }
}

/// An execution of either type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnyExecution<'a> {
    /// Of a STANDARD machine.
    Standard(ExecutionRef<'a>),
    /// Of an EXPRESS machine.
    Express {
        /// What finds it: names may repeat.
        id: &'a str,
    },
    /// A child of a map run, of either type.
    Child {
        /// What finds it.
        id: &'a str,
    },
}

/// Takes apart what must be an execution's ARN, of either type.
pub fn parse_any_execution(text: &str) -> Result<AnyExecution<'_>, Rejection> {
    match parse(text)? {
        Arn::Execution(execution) => Ok(match execution.label {
            None => AnyExecution::Standard(execution),
            Some(_) => AnyExecution::Child { id: execution.name },
        }),
        Arn::ExpressExecution { id, label, .. } => Ok(match label {
            None => AnyExecution::Express { id },
            Some(_) => AnyExecution::Child { id },
        }),
        _ => Err(out_of_place(text)),
    }
}

/// Takes apart what must be the ARN of a standard execution. Where nothing is kept of express ones,
/// theirs are refused so too.
pub fn parse_execution(text: &str) -> Result<ExecutionRef<'_>, Rejection> {
    match parse(text)? {
        Arn::Execution(execution) => Ok(execution),
        _ => Err(out_of_place(text)),
    }
}

/// Takes apart what must be a map run's ARN.
pub fn parse_map_run(text: &str) -> Result<Arn<'_>, Rejection> {
    match parse(text)? {
        arn @ Arn::MapRun { .. } => Ok(arn),
        _ => Err(out_of_place(text)),
    }
}

/// Takes apart the ARN of something that may carry tags: a state machine or an activity.
pub fn parse_taggable(text: &str) -> Result<Arn<'_>, Rejection> {
    match parse(text)? {
        arn @ (Arn::Activity { .. } | Arn::StateMachine(_)) => Ok(arn),
        _ => Err(out_of_place(text)),
    }
}

/// The name in an activity's ARN; `None` for anything else.
pub fn activity_name(text: &str) -> Option<&str> {
    parse_activity(text).ok()
}

/// Whether `name` may be the name of an activity, a state machine or an execution. Its length is a
/// constraint of the model and refused elsewhere, with other words.
pub fn check_name(name: &str) -> Result<(), Rejection> {
    if name.chars().any(forbidden_in_names) {
        return Err(Rejection::new(
            ErrorName::InvalidName,
            format!("Invalid Name: '{name}'"),
        ));
    }
    Ok(())
}

/// Source: AWS API reference, `CreateActivity`, `name`.
fn forbidden_in_names(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(
            c,
            '<' | '>'
                | '{'
                | '}'
                | '['
                | ']'
                | '?'
                | '*'
                | '"'
                | '#'
                | '%'
                | '\\'
                | '^'
                | '|'
                | '~'
                | '`'
                | '$'
                | '&'
                | ','
                | ';'
                | ':'
                | '/'
                | '\u{fffe}'
                | '\u{ffff}'
                | '\u{10ffff}'
        )
}

fn invalid(what: &str) -> Rejection {
    Rejection::new(ErrorName::InvalidArn, format!("Invalid Arn: '{what}'"))
}

/// A well-formed ARN of something else than what was asked for.
pub(crate) fn out_of_place(text: &str) -> Rejection {
    let kind = text.split(':').nth(5).unwrap_or_default();
    invalid(&format!("Resource type not valid in this context: {kind}"))
}

fn non_empty<const N: usize>(parts: [&str; N]) -> Option<[&str; N]> {
    parts.iter().all(|part| is_plain(part)).then_some(parts)
}

/// Names never hold what separates them: `arn:…:activity:a:b` is no activity.
fn is_plain(part: &str) -> bool {
    !part.is_empty() && !part.contains([':', '/'])
}

fn labelled(text: &str) -> Option<(&str, Option<&str>)> {
    match text.split_once('/') {
        None => non_empty([text]).map(|[machine]| (machine, None)),
        Some((machine, label)) => {
            non_empty([machine, label]).map(|[machine, label]| (machine, Some(label)))
        }
    }
}

fn machine(text: &str) -> Option<MachineRef<'_>> {
    let (name, qualifier) = match text.split_once(':') {
        None => match labelled(text)? {
            (name, None) => (name, Qualifier::Plain),
            (name, Some(label)) => (name, Qualifier::Label(label)),
        },
        Some((name, qualifier)) => {
            let [name, qualifier] = non_empty([name, qualifier])?;
            // An alias is never all digits, so the two cannot be taken for one another.
            if qualifier.bytes().all(|byte| byte.is_ascii_digit()) {
                (name, Qualifier::Version(qualifier.parse().ok()?))
            } else {
                (name, Qualifier::Alias(qualifier))
            }
        }
    };
    Some(MachineRef { name, qualifier })
}

fn express(text: &str) -> Option<Arn<'_>> {
    let mut parts = text.split(':');
    let (machine, name, id) = (parts.next()?, parts.next()?, parts.next()?);
    let (machine, label) = labelled(machine)?;
    let [name, id] = non_empty([name, id])?;
    parts.next().is_none().then_some(Arn::ExpressExecution {
        machine,
        label,
        name,
        id,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner() -> Owner {
        Owner {
            partition: "aws".into(),
            region: "us-east-1".into(),
            account: "123456789012".into(),
        }
    }

    fn refusal(text: &str) -> String {
        let rejection = parse(text).unwrap_err();
        assert_eq!(rejection.name, ErrorName::InvalidArn);
        rejection.message
    }

    #[test]
    fn what_is_minted_reads_back() {
        let owner = owner();
        let machine = |qualifier| {
            Arn::StateMachine(MachineRef {
                name: "m",
                qualifier,
            })
        };
        let cases = [
            (
                owner.activity_arn("Prüfung"),
                Arn::Activity { name: "Prüfung" },
            ),
            (owner.state_machine_arn("m"), machine(Qualifier::Plain)),
            (
                owner.state_machine_version_arn("m", 7),
                machine(Qualifier::Version(7)),
            ),
            (
                owner.state_machine_alias_arn("m", "PROD"),
                machine(Qualifier::Alias("PROD")),
            ),
            (
                owner.execution_arn("m", "e"),
                Arn::Execution(ExecutionRef {
                    machine: "m",
                    label: None,
                    name: "e",
                }),
            ),
            (
                owner.express_execution_arn("m", "e", "i"),
                Arn::ExpressExecution {
                    machine: "m",
                    label: None,
                    name: "e",
                    id: "i",
                },
            ),
        ];
        for (text, arn) in cases {
            assert_eq!(parse(&text).unwrap(), arn, "{text}");
            assert!(owner.owns(&text), "{text}");
        }
    }

    #[test]
    fn labels_of_distributed_maps() {
        let at = |rest: &str| format!("arn:aws:states:us-east-1:123456789012:{rest}");
        assert_eq!(
            parse(&at("stateMachine:m/l")).unwrap(),
            Arn::StateMachine(MachineRef {
                name: "m",
                qualifier: Qualifier::Label("l")
            })
        );
        assert_eq!(
            parse(&at("execution:m/l:e")).unwrap(),
            Arn::Execution(ExecutionRef {
                machine: "m",
                label: Some("l"),
                name: "e"
            })
        );
        assert_eq!(
            parse(&at("mapRun:m/l:i")).unwrap(),
            Arn::MapRun {
                machine: "m",
                label: "l",
                id: "i"
            }
        );
        assert!(parse(&at("mapRun:m:i")).is_err(), "a map run has a label");
    }

    #[test]
    fn refused_in_the_words_of_aws() {
        assert_eq!(
            refusal("not_an_arn"),
            "Invalid Arn: 'Invalid ARN prefix: not_an_arn'"
        );
        let express = owner().express_execution_arn("m", "e", "i");
        assert_eq!(
            parse_execution(&express).unwrap_err().message,
            "Invalid Arn: 'Resource type not valid in this context: express'"
        );
        assert_eq!(
            parse_activity(&owner().state_machine_arn("m"))
                .unwrap_err()
                .message,
            "Invalid Arn: 'Resource type not valid in this context: stateMachine'"
        );
    }

    #[test]
    fn malformed_ones_are_refused_at_every_cut() {
        for whole in [owner().activity_arn("a"), owner().execution_arn("m", "e")] {
            for end in 0..whole.len() {
                refusal(&whole[..end]);
            }
            refusal(&format!("{whole}:more"));
        }
        refusal("arn:aws:sqs:us-east-1:123456789012:queue");
        refusal("arn:aws:states:us-east-1:123456789012:unheard:x");
        refusal("arn:aws:states:us-east-1:123456789012:stateMachine:m:99999999999999999999");
    }

    #[test]
    fn what_is_another_owners_is_not_ours() {
        let ours = owner();
        for (partition, region, account) in [
            ("aws-cn", "us-east-1", "123456789012"),
            ("aws", "eu-west-1", "123456789012"),
            ("aws", "us-east-1", "000000000000"),
        ] {
            let other = Owner {
                partition: partition.into(),
                region: region.into(),
                account: account.into(),
            };
            assert!(!ours.owns(&other.activity_arn("a")));
        }
    }

    #[test]
    fn names() {
        for good in ["a", "Büro-1_x.y", "日本語", "a+b=(c)'!@"] {
            assert!(check_name(good).is_ok(), "{good}");
        }
        for bad in
            "<>{}[]?*\"#%\\^|~`$&,;:/ \n\u{0}\u{7f}\u{9f}\u{fffe}\u{ffff}\u{10ffff}\u{a0}".chars()
        {
            let name = format!("a{bad}b");
            assert_eq!(
                check_name(&name).unwrap_err().message,
                format!("Invalid Name: '{name}'")
            );
        }
    }
}
