//! Members as the API spells them (`taskToken`) and as integrations do (`TaskToken`).

use serde_json::{Map, Value};

use crate::clock;

/// String members that hold a JSON text. An integration may give them a value instead.
const TEXTS: &[&str] = &["input", "output", "definition", "cause"];

/// Parameters of an integration as a request of the API: members begin with a small letter, at
/// every depth; what is null is not given.
pub(super) fn lower(parameters: &Value) -> Value {
    match parameters {
        Value::Object(members) => {
            let mut lowered = Map::new();
            for (name, value) in members {
                let name = with_first(name, char::to_ascii_lowercase);
                match value {
                    Value::Null => {}
                    Value::Object(_) | Value::Array(_) if TEXTS.contains(&name.as_str()) => {
                        lowered.insert(name, Value::String(value.to_string()));
                    }
                    _ => drop(lowered.insert(name, lower(value))),
                }
            }
            Value::Object(lowered)
        }
        Value::Array(items) => items.iter().map(lower).collect(),
        scalar => scalar.clone(),
    }
}

/// An answer of the API as the result of an integration: members begin with a capital, moments are
/// texts, what is null is not there.
pub(super) fn raise(answer: Value) -> Value {
    match answer {
        Value::Object(members) => {
            let mut raised = Map::new();
            for (name, value) in members {
                let value = match value {
                    Value::Null => continue,
                    Value::Number(seconds) if is_moment(&name) => moment(&seconds),
                    other => raise(other),
                };
                raised.insert(self::raised(&name), value);
            }
            Value::Object(raised)
        }
        Value::Array(items) => items.into_iter().map(raise).collect(),
        scalar => scalar,
    }
}

/// With a small letter first.
pub(super) fn lowered(name: &str) -> String {
    with_first(name, char::to_ascii_lowercase)
}

/// With a capital first.
pub(super) fn raised(name: &str) -> String {
    with_first(name, char::to_ascii_uppercase)
}

fn with_first(name: &str, change: impl Fn(&char) -> char) -> String {
    let mut characters = name.chars();
    match characters.next() {
        Some(first) => std::iter::once(change(&first)).chain(characters).collect(),
        None => String::new(),
    }
}

fn is_moment(name: &str) -> bool {
    name.ends_with("Date") || name == "timestamp"
}

/// As Java prints an instant: without the fraction when it is whole.
fn moment(seconds: &serde_json::Number) -> Value {
    let Some(seconds) = seconds.as_f64() else {
        return Value::Number(seconds.clone());
    };
    let text = clock::iso_8601((seconds * 1000.0).round() as i64);
    Value::String(text.replace(".000Z", "Z"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn parameters_become_a_request() {
        let parameters = json!({
            "StateMachineArn": "a", "Input": {"Key": [1, null]}, "Name": null,
            "Tags": [{"Key": "k", "Value": "V"}],
        });
        let request = lower(&parameters);
        assert_eq!(
            request,
            json!({
                "stateMachineArn": "a", "input": "{\"Key\":[1,null]}",
                "tags": [{"key": "k", "value": "V"}],
            })
        );
    }

    #[test]
    fn an_answer_becomes_a_result() {
        let answer = json!({
            "executionArn": "a", "startDate": 1_667_486_785.389, "stopDate": 1_667_486_785,
            "output": null, "tags": [{"key": "k"}],
        });
        assert_eq!(
            raise(answer),
            json!({
                "ExecutionArn": "a", "StartDate": "2022-11-03T14:46:25.389Z",
                "StopDate": "2022-11-03T14:46:25Z", "Tags": [{"Key": "k"}],
            })
        );
    }
}
