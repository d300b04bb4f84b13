//! `context`: a context object that is given, not made.

use serde_json::Value;

use super::invalid;
use crate::refusal::Refusal;

/// What a context object may hold: its members, and theirs with the type of each.
const MEMBERS: &[(&str, &[(&str, Kind)])] = &[
    (
        "Execution",
        &[
            ("Id", Kind::Text),
            ("Input", Kind::Any),
            ("Name", Kind::Text),
            ("RoleArn", Kind::Text),
            ("StartTime", Kind::Text),
            ("RedriveCount", Kind::Number),
            ("RedriveTime", Kind::Text),
        ],
    ),
    (
        "State",
        &[
            ("EnteredTime", Kind::Text),
            ("Name", Kind::Text),
            ("RetryCount", Kind::Number),
        ],
    ),
    ("StateMachine", &[("Id", Kind::Text), ("Name", Kind::Text)]),
    ("Task", &[("Token", Kind::Text)]),
];

#[derive(Clone, Copy)]
enum Kind {
    Text,
    Number,
    Any,
}

/// Reads a context object, or says what in it cannot be.
pub(super) fn read(text: &str) -> Result<Value, Refusal> {
    let Ok(Value::Object(context)) = asl::json::value(text) else {
        return Err(refused("must be a valid JSON object"));
    };
    for (name, value) in &context {
        if name == "Map" {
            return Err(refused(
                "'Map' field is not supported when mocking a Context object",
            ));
        }
        let Some((_, members)) = MEMBERS.iter().find(|(known, _)| known == name) else {
            return Err(refused(&format!("Field '{name}' is not allowed")));
        };
        let Value::Object(values) = value else {
            return Err(refused(&format!("Field '{name}' must be an object")));
        };
        for (name, value) in values {
            let Some((_, kind)) = members.iter().find(|(known, _)| known == name) else {
                return Err(refused(&format!("Field '{name}' is not allowed")));
            };
            kind.check(name, value)?;
        }
    }
    Ok(Value::Object(context))
}

impl Kind {
    fn check(self, name: &str, value: &Value) -> Result<(), Refusal> {
        let wanted = match self {
            Kind::Text if !value.is_string() => "a string",
            Kind::Number if !value.is_number() => "a number",
            _ => return Ok(()),
        };
        Err(refused(&format!("Field '{name}' must be {wanted}")))
    }
}

fn refused(why: &str) -> Refusal {
    invalid(&format!("Invalid Context object provided: {why}"))
}
