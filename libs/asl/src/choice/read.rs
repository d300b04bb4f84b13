//! From the fields of a rule to a [`Rule`].

use super::{Comparison, Operand, Operator, Pattern, Rule, TypeTest};
use crate::definition::QueryLanguage;
use crate::json::Data;
use crate::parse::fields::Fields;
use crate::parse::findings::Findings;
use crate::timestamp;

/// Fields of a rule that say nothing about the condition. `Next` and `Assign` only at the top.
const OUTSIDE: [&str; 4] = ["Comment", "Next", "Assign", "Output"];

const COMBINED: [&str; 3] = ["And", "Or", "Not"];

/// Reads the condition of a rule, in the language of its state.
pub(crate) fn read_rule(
    fields: &Fields<'_>,
    is_top: bool,
    query_language: QueryLanguage,
    findings: &mut Findings,
) -> Option<Rule> {
    match query_language {
        QueryLanguage::JsonPath => read_jsonpath(fields, is_top, findings),
        QueryLanguage::Jsonata => read_condition(fields, findings),
    }
}

/// A JSONata rule: `Condition`, a boolean or an expression.
fn read_condition(fields: &Fields<'_>, findings: &mut Findings) -> Option<Rule> {
    fields.require(&["Condition"], findings);
    for member in fields.members() {
        let name = &*member.name;
        let is_operator = name == "Variable" || COMBINED.contains(&name) || is_operator_name(name);
        if is_operator {
            let message = crate::validate::language::wrong_language(name, QueryLanguage::Jsonata);
            findings.schema(member.name_at, fields.place(), &message);
        } else if name != "Condition" && !OUTSIDE.contains(&name) {
            findings.schema(
                member.name_at,
                &fields.place_of(name),
                "Field is not supported",
            );
        }
    }
    match &fields.get("Condition")?.data {
        Data::Bool(_) => fields.jsonata("Condition").map(Rule::Condition),
        _ => match fields.jsonata_expression("Condition") {
            Some(expression) => expression.map(Rule::Condition),
            None => {
                let message = "Expected value of type Boolean or a JSONata expression";
                fields.report_field("Condition", message, findings);
                None
            }
        },
    }
}

fn read_jsonpath(fields: &Fields<'_>, is_top: bool, findings: &mut Findings) -> Option<Rule> {
    let mut operators: Vec<&str> = Vec::new();
    for member in fields.members() {
        let name = &*member.name;
        let belongs = match name {
            "Variable" | "Comment" => true,
            "Next" | "Assign" => is_top,
            _ => false,
        };
        if COMBINED.contains(&name) || is_operator_name(name) {
            operators.push(name);
        } else if matches!(name, "Condition" | "Output") {
            let message = crate::validate::language::wrong_language(name, QueryLanguage::JsonPath);
            findings.schema(member.name_at, fields.place(), &message);
        } else if !belongs {
            findings.schema(
                member.name_at,
                &fields.place_of(name),
                "Field is not supported",
            );
        }
    }
    fields.string("Comment", findings);
    let [operator] = operators[..] else {
        let message = if operators.is_empty() {
            "A comparison operator is required".to_owned()
        } else {
            format!(
                "Only one comparison operator is allowed, but found: [{}]",
                operators.join(", ")
            )
        };
        fields.report(&message, findings);
        return None;
    };
    match operator {
        "And" => read_rules(fields, operator, findings).map(Rule::And),
        "Or" => read_rules(fields, operator, findings).map(Rule::Or),
        "Not" => {
            let inner = fields.object("Not", findings)?;
            read_jsonpath(&inner, false, findings).map(|rule| Rule::Not(Box::new(rule)))
        }
        _ => {
            fields.require(&["Variable"], findings);
            let variable = fields.path("Variable", findings);
            let operator = read_operator(fields, operator, findings);
            Some(Rule::Compare {
                variable: variable?,
                operator: operator?,
            })
        }
    }
}

fn read_rules(fields: &Fields<'_>, name: &str, findings: &mut Findings) -> Option<Vec<Rule>> {
    let inner = fields.objects(name, findings)?;
    // All are read, so that all that is wrong is said.
    let rules: Vec<Option<Rule>> = inner
        .iter()
        .map(|fields| read_jsonpath(fields, false, findings))
        .collect();
    rules.into_iter().collect()
}

/// An operator's name, taken apart.
enum Name {
    Compare(Kind, Comparison, bool),
    BooleanEquals(bool),
    StringMatches,
    IsPresent,
    Is(TypeTest),
}

#[derive(Clone, Copy)]
enum Kind {
    String,
    Numeric,
    Timestamp,
}

fn parse_name(name: &str) -> Option<Name> {
    match name {
        "BooleanEquals" => return Some(Name::BooleanEquals(false)),
        "BooleanEqualsPath" => return Some(Name::BooleanEquals(true)),
        "StringMatches" => return Some(Name::StringMatches),
        "IsPresent" => return Some(Name::IsPresent),
        _ => {}
    }
    if let Some(asked) = name.strip_prefix("Is") {
        let (_, test) = TypeTest::NAMED.iter().find(|(test, _)| *test == asked)?;
        return Some(Name::Is(*test));
    }
    let (kind, rest) = [
        ("String", Kind::String),
        ("Numeric", Kind::Numeric),
        ("Timestamp", Kind::Timestamp),
    ]
    .into_iter()
    .find_map(|(prefix, kind)| Some((kind, name.strip_prefix(prefix)?)))?;
    let (comparison, is_path) = match rest.strip_suffix("Path") {
        Some(comparison) => (comparison, true),
        None => (rest, false),
    };
    let (_, comparison) = Comparison::NAMED
        .iter()
        .find(|(name, _)| *name == comparison)?;
    Some(Name::Compare(kind, *comparison, is_path))
}

fn is_operator_name(name: &str) -> bool {
    parse_name(name).is_some()
}

fn read_operator(fields: &Fields<'_>, name: &str, findings: &mut Findings) -> Option<Operator> {
    Some(match parse_name(name)? {
        Name::Compare(Kind::String, comparison, is_path) => {
            let text = |fields: &Fields<'_>, findings: &mut Findings| {
                fields.string(name, findings).map(Into::into)
            };
            Operator::String(comparison, operand(fields, name, is_path, text, findings)?)
        }
        Name::Compare(Kind::Numeric, comparison, is_path) => {
            let number =
                |fields: &Fields<'_>, findings: &mut Findings| match &fields.get(name)?.data {
                    Data::Number(number) => Some(number.clone()),
                    _ => {
                        fields.wrong_type(name, "Number", findings);
                        None
                    }
                };
            Operator::Numeric(
                comparison,
                operand(fields, name, is_path, number, findings)?,
            )
        }
        Name::Compare(Kind::Timestamp, comparison, is_path) => {
            let moment = |fields: &Fields<'_>, findings: &mut Findings| {
                let moment = timestamp::parse(fields.string(name, findings)?).ok();
                if moment.is_none() {
                    let message = "String does not match RFC3339 timestamp";
                    fields.report_field(name, message, findings);
                }
                moment
            };
            Operator::Timestamp(
                comparison,
                operand(fields, name, is_path, moment, findings)?,
            )
        }
        Name::BooleanEquals(is_path) => {
            let boolean =
                |fields: &Fields<'_>, findings: &mut Findings| fields.boolean(name, findings);
            Operator::BooleanEquals(operand(fields, name, is_path, boolean, findings)?)
        }
        Name::StringMatches => {
            Operator::StringMatches(Pattern::new(fields.string(name, findings)?))
        }
        Name::IsPresent => Operator::IsPresent(fields.boolean(name, findings)?),
        Name::Is(test) => Operator::Is(test, fields.boolean(name, findings)?),
    })
}

fn operand<T>(
    fields: &Fields<'_>,
    name: &str,
    is_path: bool,
    fixed: impl Fn(&Fields<'_>, &mut Findings) -> Option<T>,
    findings: &mut Findings,
) -> Option<Operand<T>> {
    if is_path {
        fields.path(name, findings).map(Operand::Path)
    } else {
        fixed(fields, findings).map(Operand::Fixed)
    }
}
