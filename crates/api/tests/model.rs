//! The door against the service model of botocore: what AWS takes, we read and bound alike.
#![allow(clippy::unwrap_used)]

mod samples;
mod service_model;

use std::collections::BTreeSet;

use api::{Answer, Received};
use engine::Operation;
use serde_json::{Value, json};

use samples::{NOW_MS, door, head, read, request, send, with};
use service_model::{Member, Model};

/// Members that AWS was seen to take though they are shorter than the model says.
const NOT_BOUND_BELOW: &[(Operation, &str)] =
    &[(Operation::ValidateStateMachineDefinition, "definition")];

/// The text of a broken constraint; nothing when the constraints hold, whatever else may be wrong.
fn broken(result: Result<Received, Answer>) -> Option<String> {
    let answer = read(&result.err()?);
    assert_ne!(
        answer["__type"], "com.amazon.coral.service#SerializationException",
        "{answer}"
    );
    (answer["__type"] == "com.amazon.coral.validate#ValidationException")
        .then(|| answer["message"].as_str().unwrap().to_owned())
}

fn expect_broken(operation: Operation, member: &Member<'_>, value: Value, what: &str) {
    let sensitive = member.shape["sensitive"] == true;
    let printed = match &value {
        _ if sensitive => String::new(),
        Value::String(text) => format!("'{text}' "),
        other => format!("'{other}' "),
    };
    let expected = format!(
        "1 validation error detected: Value {printed}at '{}' failed to satisfy constraint: {what}",
        member.path
    );
    let message = broken(send(
        operation.name(),
        &with(operation, &member.pointer, Some(value)),
    ));
    assert_eq!(message, Some(expected), "{operation:?}");
}

fn expect_whole(operation: Operation, member: &Member<'_>, value: Value) {
    let message = broken(send(
        operation.name(),
        &with(operation, &member.pointer, Some(value)),
    ));
    assert_eq!(message, None, "{operation:?} {}", member.path);
}

#[test]
fn every_operation_is_served_or_named_as_not_served() {
    let model = Model::load();
    let served: BTreeSet<&str> = Operation::ALL.iter().map(|it| it.name()).collect();
    let mut not_served = 0;
    for name in model.operations().keys() {
        if served.contains(name.as_str()) {
            continue;
        }
        not_served += 1;
        let answer = send(name, &json!({})).unwrap_err();
        assert_eq!(answer.status, 400);
        assert_eq!(
            read(&answer),
            json!({
                "__type": "com.amazon.coral.service#UnknownOperationException",
                "message": format!("{name} is not served yet."),
            })
        );
    }
    assert_eq!(served.len() + not_served, model.operations().len());
    for &operation in Operation::ALL {
        let received = send(operation.name(), &request(operation)).expect("the sample is good");
        assert_eq!(received.request.operation(), operation);
        assert_eq!(received.meta.operation(), operation);
    }
}

#[test]
fn every_member_is_read() {
    let model = Model::load();
    for &operation in Operation::ALL {
        for member in model.input(operation) {
            // What is not read would be passed over, whatever its type.
            let wrong = match member.shape["type"].as_str().unwrap() {
                "string" => vec![json!(1), json!(true), json!({}), json!([])],
                "integer" => vec![
                    json!("1"),
                    json!(true),
                    json!(1.5),
                    json!(3_000_000_000_u64),
                ],
                "float" => vec![json!("1"), json!(true), json!({})],
                "long" => vec![json!("1"), json!(true), json!(1.5), json!(1e30)],
                "boolean" => vec![json!("true"), json!(1), json!({})],
                "structure" => vec![json!("x"), json!([]), json!(["x", "y", "z"]), json!(1)],
                "list" => vec![json!("x"), json!({}), json!(1)],
                other => panic!("what is a {other}?"),
            };
            for value in wrong {
                let body = with(operation, &member.pointer, Some(value));
                let answer = send(operation.name(), &body).expect_err(&member.path);
                let answer = read(&answer);
                assert_eq!(
                    answer["__type"], "com.amazon.coral.service#SerializationException",
                    "{operation:?} {body}"
                );
            }
        }
    }
}

#[test]
fn required_members_are_missed() {
    let model = Model::load();
    let mut seen = 0;
    for &operation in Operation::ALL {
        for member in model
            .input(operation)
            .iter()
            .filter(|member| member.required)
        {
            seen += 1;
            let null = if member.shape["sensitive"] == true {
                ""
            } else {
                "null "
            };
            let expected = format!(
                "1 validation error detected: Value {null}at '{}' failed to satisfy constraint: \
                 Member must not be null",
                member.path
            );
            for body in [
                with(operation, &member.pointer, None),
                with(operation, &member.pointer, Some(Value::Null)),
            ] {
                let message = broken(send(operation.name(), &body));
                assert_eq!(message.as_ref(), Some(&expected), "{operation:?}");
            }
        }
    }
    assert!(seen > 20, "the model requires more than {seen} members");
}

#[test]
fn bounds_are_the_models() {
    let model = Model::load();
    let mut seen = 0;
    for &operation in Operation::ALL {
        for member in model.input(operation) {
            let number = |bound: &str| member.shape[bound].as_u64();
            let text = |length: u64| json!("x".repeat(length as usize));
            match member.shape["type"].as_str() {
                Some("string") if member.shape.get("enum").is_none() => {
                    if let Some(max) = number("max") {
                        seen += 1;
                        expect_whole(operation, &member, text(max));
                        let what = format!("Member must have length less than or equal to {max}");
                        expect_broken(operation, &member, text(max + 1), &what);
                    }
                    let bounded = !NOT_BOUND_BELOW.contains(&(operation, &*member.path));
                    if let Some(min) = number("min").filter(|min| *min > 0 && bounded) {
                        expect_whole(operation, &member, text(min));
                        let what =
                            format!("Member must have length greater than or equal to {min}");
                        expect_broken(operation, &member, text(min - 1), &what);
                    }
                }
                Some("integer" | "long" | "float") => {
                    seen += 1;
                    let min = number("min").unwrap();
                    expect_whole(operation, &member, json!(min));
                    if let Some(max) = number("max") {
                        expect_whole(operation, &member, json!(max));
                        let what = format!("Member must have value less than or equal to {max}");
                        expect_broken(operation, &member, json!(max + 1), &what);
                    }
                    let what = format!("Member must have value greater than or equal to {min}");
                    expect_broken(operation, &member, json!(min as i64 - 1), &what);
                }
                _ => {}
            }
        }
    }
    assert!(seen > 40, "the model bounds more than {seen} members");
}

#[test]
fn enums_and_patterns_are_the_models() {
    let model = Model::load();
    let (mut enums, mut patterns) = (0, 0);
    for &operation in Operation::ALL {
        for member in model.input(operation) {
            if let Some(values) = member.shape["enum"].as_array() {
                enums += 1;
                for value in values {
                    expect_whole(operation, &member, value.clone());
                }
                let body = with(operation, &member.pointer, Some(json!("nonsense")));
                let message = broken(send(operation.name(), &body)).unwrap();
                let (head, set) = message.split_once(" set: [").unwrap();
                assert!(
                    head.ends_with("Member must satisfy enum value"),
                    "{message}"
                );
                let printed: BTreeSet<&str> = set.trim_end_matches(']').split(", ").collect();
                let known = values.iter().map(|value| value.as_str().unwrap()).collect();
                assert_eq!(printed, known, "{operation:?} {}", member.path);
            }
            if let Some(pattern) = member.shape["pattern"].as_str() {
                patterns += 1;
                let whole = match pattern {
                    r"\p{ASCII}*" => "\u{0}ascii\u{7f}",
                    "[!-~]+" => "!ascii~",
                    _ => panic!("{pattern} is a pattern this test knows nothing of"),
                };
                expect_whole(operation, &member, json!(whole));
                let what = format!("Member must satisfy regular expression pattern: {pattern}");
                expect_broken(operation, &member, json!("é"), &what);
            }
        }
    }
    assert!(
        enums >= 10 && patterns >= 1,
        "{enums} enums, {patterns} patterns"
    );
}

#[test]
fn every_target_is_one_of_the_models() {
    let model = Model::load();
    let prefix = model.0["metadata"]["targetPrefix"].as_str().unwrap();
    for &operation in Operation::ALL {
        let target = format!("{prefix}.{}", operation.name());
        let body = request(operation).to_string();
        assert!(
            door()
                .receive(&head(&target), body.as_bytes(), NOW_MS)
                .is_ok(),
            "{target}"
        );
    }
}
