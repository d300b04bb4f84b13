//! `[functions]`: what stands for a Lambda function.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::str::FromStr;

use serde::Deserialize;
use serde::de::Error as _;

/// Longest time of a function, in seconds. Source: AWS Lambda quotas, function time-out.
const TIMEOUT_SECONDS_DEFAULT: f64 = 900.0;
/// Longest that an operator may give one, in seconds: a day.
const TIMEOUT_SECONDS_MAX: f64 = 86_400.0;
/// Commands of one function at a time. Each is a process, and the machine has other things to do.
const CONCURRENCY_DEFAULT: usize = 8;
const CONCURRENCY_MAX: usize = 10_000;

/// One function, as a flag or a variable gives it: `charge=http://127.0.0.1:9000/charge`,
/// `charge=python3 charge.py`.
#[derive(Clone, Debug, PartialEq)]
pub struct FunctionSetting {
    name: String,
    function: Function,
}

/// What stands for a function.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Function {
    pub(crate) kind: Kind,
    /// Beyond it, the function is given up.
    pub(crate) timeout_seconds: f64,
    /// Commands at a time.
    pub(crate) concurrency: usize,
}

/// Where the work is done.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    /// The payload is posted there.
    Url(String),
    /// A service that answers Lambda's Invoke.
    Endpoint(String),
    /// A program on this machine.
    Command(Command),
}

/// How a program is run.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Command {
    /// The program and its arguments; not empty.
    pub(crate) words: Vec<String>,
    pub(crate) folder: Option<PathBuf>,
    /// What it finds in its environment, beside a few that every program needs.
    pub(crate) environment: BTreeMap<String, String>,
    /// Names of variables of the server that it gets as well.
    pub(crate) inherit: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    url: Option<String>,
    endpoint: Option<String>,
    command: Option<Words>,
    timeout_seconds: Option<f64>,
    concurrency: Option<usize>,
    folder: Option<PathBuf>,
    #[serde(default)]
    environment: BTreeMap<String, String>,
    #[serde(default)]
    inherit: Vec<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Words {
    One(String),
    Many(Vec<String>),
}

impl FromStr for FunctionSetting {
    type Err = String;

    fn from_str(text: &str) -> Result<FunctionSetting, String> {
        let shape = "say NAME=URL or NAME=COMMAND, such as charge=http://127.0.0.1:9000/charge or \
                     'charge=python3 charge.py'";
        let (name, what) = text.split_once('=').ok_or(shape)?;
        check_name(name)?;
        Ok(FunctionSetting {
            name: name.to_owned(),
            function: Function::short(what)?,
        })
    }
}

impl FunctionSetting {
    pub(super) fn into_parts(self) -> (String, Function) {
        (self.name, self.function)
    }
}

/// A name, or an ARN; with a qualifier or without.
pub(super) fn check_name(name: &str) -> Result<(), String> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b":_-$.".contains(&byte);
    match !name.is_empty() && name.bytes().all(fits) {
        true => Ok(()),
        false => Err(format!("{name:?} is no name or ARN of a Lambda function")),
    }
}

impl Function {
    /// A URL, or a command in one text.
    fn short(text: &str) -> Result<Function, String> {
        let text = text.trim();
        let is_url = text.starts_with("http://") || text.starts_with("https://");
        let kind = match is_url {
            true => Kind::Url(url(text)?),
            false => Kind::Command(Command::of(split(text)?)?),
        };
        Ok(Function {
            kind,
            timeout_seconds: TIMEOUT_SECONDS_DEFAULT,
            concurrency: CONCURRENCY_DEFAULT,
        })
    }

    fn of(table: Table) -> Result<Function, String> {
        let is_command = table.command.is_some();
        let kind = match (table.url, table.endpoint, table.command) {
            (Some(text), None, None) => Kind::Url(url(&text)?),
            (None, Some(text), None) => Kind::Endpoint(url(&text)?),
            (None, None, Some(words)) => Kind::Command(Command {
                folder: table.folder,
                environment: table.environment,
                inherit: table.inherit,
                ..Command::of(match words {
                    Words::One(text) => split(&text)?,
                    Words::Many(words) => words,
                })?
            }),
            _ => return Err("must have one of url, endpoint and command".to_owned()),
        };
        if !is_command && table.concurrency.is_some() {
            return Err("concurrency is for a command; that of URLs is in [http]".to_owned());
        }
        let function = Function {
            kind,
            timeout_seconds: table.timeout_seconds.unwrap_or(TIMEOUT_SECONDS_DEFAULT),
            concurrency: table.concurrency.unwrap_or(CONCURRENCY_DEFAULT),
        };
        if !(0.001..=TIMEOUT_SECONDS_MAX).contains(&function.timeout_seconds) {
            return Err(format!(
                "timeout_seconds must be 0.001 to {TIMEOUT_SECONDS_MAX}"
            ));
        }
        if !(1..=CONCURRENCY_MAX).contains(&function.concurrency) {
            return Err(format!("concurrency must be 1 to {CONCURRENCY_MAX}"));
        }
        Ok(function)
    }

    /// As an operator could have written it, in TOML.
    pub(super) fn rows(&self) -> Vec<(&'static str, String)> {
        let text = |text: &str| serde_json::Value::from(text).to_string();
        let list = |all: &[String]| {
            let all: Vec<String> = all.iter().map(|one| text(one)).collect();
            format!("[{}]", all.join(", "))
        };
        let mut rows = Vec::new();
        match &self.kind {
            Kind::Url(url) => rows.push(("url", text(url))),
            Kind::Endpoint(url) => rows.push(("endpoint", text(url))),
            Kind::Command(command) => {
                rows.push(("command", list(&command.words)));
                rows.push(("concurrency", self.concurrency.to_string()));
                if let Some(folder) = &command.folder {
                    rows.push(("folder", text(&folder.to_string_lossy())));
                }
                if !command.environment.is_empty() {
                    let pairs = command.environment.iter();
                    let pairs: Vec<String> = pairs
                        .map(|(name, value)| format!("{} = {}", text(name), text(value)))
                        .collect();
                    rows.push(("environment", format!("{{ {} }}", pairs.join(", "))));
                }
                if !command.inherit.is_empty() {
                    rows.push(("inherit", list(&command.inherit)));
                }
            }
        }
        rows.push(("timeout_seconds", format!("{:?}", self.timeout_seconds)));
        rows
    }
}

impl Command {
    fn of(words: Vec<String>) -> Result<Command, String> {
        match words.first() {
            Some(program) if !program.is_empty() => Ok(Command {
                words,
                folder: None,
                environment: BTreeMap::new(),
                inherit: Vec::new(),
            }),
            _ => Err("command must name a program".to_owned()),
        }
    }
}

/// Words as a shell splits them; nothing else that shells do.
fn split(text: &str) -> Result<Vec<String>, String> {
    let wrong = || format!("{text:?} has a quote without an end");
    shlex::split(text).ok_or_else(wrong)
}

fn url(text: &str) -> Result<String, String> {
    let uri: Option<hyper::Uri> = text.parse().ok();
    let is_url = uri.is_some_and(|uri| {
        matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some()
    });
    match is_url {
        true => Ok(text.to_owned()),
        false => Err(format!("{text:?} is no URL; say http://HOST:PORT/PATH")),
    }
}

impl<'de> Deserialize<'de> for Function {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Function, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Function;

            fn expecting(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                to.write_str("a URL, a command, or a table with url, endpoint or command")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Function, E> {
                Function::short(text).map_err(E::custom)
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(
                self,
                words: A,
            ) -> Result<Function, A::Error> {
                let words = serde::de::value::SeqAccessDeserializer::new(words);
                let table = Table {
                    url: None,
                    endpoint: None,
                    command: Some(Words::Many(Vec::deserialize(words)?)),
                    timeout_seconds: None,
                    concurrency: None,
                    folder: None,
                    environment: BTreeMap::new(),
                    inherit: Vec::new(),
                };
                Function::of(table).map_err(A::Error::custom)
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(
                self,
                members: A,
            ) -> Result<Function, A::Error> {
                let members = serde::de::value::MapAccessDeserializer::new(members);
                Function::of(Table::deserialize(members)?).map_err(A::Error::custom)
            }
        }
        from.deserialize_any(Visitor)
    }
}
