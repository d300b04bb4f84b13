//! The service model as oracle: every member of every operation is broken in every way there is, and
//! the door's answer compared with what the rules of the model say.
#![allow(clippy::unwrap_used)]

mod rules;
#[path = "../samples/mod.rs"]
mod samples;
#[path = "../service_model/mod.rs"]
mod service_model;

use std::collections::BTreeSet;

use engine::Operation;
use serde_json::{Value, json};

use rules::{Judge, Verdict};
use samples::{NOW_MS, door, head, read, request, send_bytes};
use service_model::{Member, Model};

#[test]
fn every_operation_of_the_model_is_served() {
    let model = Model::load();
    assert_eq!(model.operations().len(), 37);
    let served: BTreeSet<&str> = Operation::ALL.iter().map(|it| it.name()).collect();
    let declared: BTreeSet<&str> = model.operations().keys().map(String::as_str).collect();
    assert_eq!(served, declared);
    let prefix = model.0["metadata"]["targetPrefix"].as_str().unwrap();
    for &operation in Operation::ALL {
        let target = format!("{prefix}.{}", operation.name());
        let body = request(operation).to_string();
        let received = door().receive(&head(&target), body.as_bytes(), NOW_MS);
        let received = received.unwrap_or_else(|answer| panic!("{target}: {}", read(&answer)));
        assert_eq!(received.request.operation(), operation);
        assert_eq!(received.meta.operation(), operation);
    }
}

/// What the door says, in the terms of the rules.
fn verdict_of_the_door(operation: Operation, body: &str) -> Verdict {
    let Err(answer) = send_bytes(operation.name(), body.as_bytes()) else {
        return Verdict::Whole;
    };
    assert_eq!(answer.status, 400);
    let answer = read(&answer);
    match answer["__type"].as_str().unwrap() {
        "com.amazon.coral.service#SerializationException" => Verdict::Serialization,
        "com.amazon.coral.validate#ValidationException" => {
            let message = answer["message"].as_str().unwrap();
            let (head, list) = message.split_once(" detected: ").unwrap();
            let mut broken: Vec<String> = Vec::new();
            for part in list.split("; Value ") {
                let start = if broken.is_empty() { "" } else { "Value " };
                broken.push(format!("{start}{part}"));
            }
            let errors = if broken.len() == 1 { "error" } else { "errors" };
            assert_eq!(head, format!("{} validation {errors}", broken.len()));
            broken.sort();
            Verdict::Broken(broken)
        }
        // Beyond the model, the service has rules of its own.
        name => {
            let (_, name) = name.split_once("service.v2.model#").expect(name);
            let declared = api::errors_of(operation).iter();
            let declared = declared.map(|it| format!("{it:?}")).any(|it| it == name);
            assert!(declared, "{operation:?} does not declare {name}");
            Verdict::Whole
        }
    }
}

/// A list's items are not compared where an error prints them: the model says nothing about that.
fn without_lists(verdict: Verdict) -> Verdict {
    let Verdict::Broken(broken) = verdict else {
        return verdict;
    };
    let mut broken: Vec<String> = broken
        .into_iter()
        .map(
            |it| match it.find("]' at '").filter(|_| it.starts_with("Value '[")) {
                Some(end) => format!("Value at '{}", &it[end + 7..]),
                None => it,
            },
        )
        .collect();
    broken.sort();
    Verdict::Broken(broken)
}

fn shortened(text: &str) -> String {
    text.chars().take(2_000).collect()
}

fn check(model: &Model, operation: Operation, body: &Value, title: &str) -> Verdict {
    let expected = Judge::verdict(model, operation.name(), body);
    let text = body.to_string();
    let given = without_lists(verdict_of_the_door(operation, &text));
    assert!(
        given == expected,
        "{operation:?} {title}: {}\nexpected {}\ngiven    {}",
        shortened(&text),
        shortened(&format!("{expected:?}")),
        shortened(&format!("{given:?}")),
    );
    expected
}

/// The sample request with one member replaced, or taken away.
fn with(operation: Operation, pointer: &str, value: Option<Value>) -> Value {
    let mut body = request(operation);
    put(&mut body, pointer, value);
    body
}

/// Replaces a member, with whatever must stand around it; some members exclude one another, so the
/// sample cannot have all.
fn put(body: &mut Value, pointer: &str, value: Option<Value>) {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let mut at = &mut *body;
    for part in parent.split('/').skip(1).chain([name]) {
        if part == "0" && !at.is_array() {
            *at = json!([null]);
        } else if part != "0" && !at.is_object() {
            *at = json!({});
        }
        at = match at {
            Value::Array(items) => {
                if items.is_empty() {
                    items.push(Value::Null);
                }
                &mut items[0]
            }
            object => &mut object[part],
        };
    }
    match value {
        Some(value) => *at = value,
        None => {
            if let Some(Value::Object(members)) = body.pointer_mut(parent) {
                members.shift_remove(name);
            }
        }
    }
}

/// Everything that may stand where a member of this shape stands, right and wrong.
fn values_for(shape: &Value) -> Vec<Value> {
    let mut values = vec![
        json!(null),
        json!(true),
        json!(1),
        json!(-1),
        json!(1.5),
        json!("x"),
        json!(""),
        json!([]),
        json!([null]),
        json!({}),
    ];
    let bound = |name: &str| shape[name].as_u64();
    match shape["type"].as_str().unwrap() {
        "string" => {
            for value in shape["enum"].as_array().into_iter().flatten() {
                values.push(value.clone());
                values.push(json!(value.as_str().unwrap().to_lowercase()));
                values.push(json!(format!("{} ", value.as_str().unwrap())));
            }
            let around = |bound: Option<u64>| {
                let from = |bound: u64| [bound.saturating_sub(1), bound, bound + 1];
                bound.into_iter().flat_map(from)
            };
            for length in around(bound("min")).chain(around(bound("max"))) {
                for c in ["x", "é", "文", "😀", "1", "\u{0}", "\\", "\""] {
                    // The longest ones once or twice, not in every way.
                    if length <= 40_000 || matches!(c, "x" | "é") {
                        values.push(json!(c.repeat(length as usize)));
                    }
                    // The same number of bytes in fewer characters.
                    if c == "é" {
                        let half = format!("{}{}", c.repeat(length as usize / 2), "x");
                        values.push(json!(half));
                    }
                }
            }
            for text in ["a b", "a\u{7f}", "aws:x", "AWS:x", "a*b", "00", "0-0", "."] {
                values.push(json!(text));
            }
        }
        "integer" | "long" | "float" => {
            for bound in [bound("min"), bound("max")].into_iter().flatten() {
                let bound = bound as i64;
                values.extend([json!(bound - 1), json!(bound), json!(bound + 1)]);
            }
            if shape["type"] == "float" {
                values.extend([json!(0.5), json!(99.5), json!(100.5), json!(-0.5)]);
            } else {
                let wide = [i64::from(i32::MAX), i64::from(i32::MAX) + 1, i64::MIN];
                values.extend(wide.map(|number| json!(number)));
            }
        }
        _ => {}
    }
    values
}

#[test]
fn every_member_in_every_way() {
    let model = Model::load();
    let mut counts = [0_u32; 3];
    for &operation in Operation::ALL {
        assert_eq!(
            check(&model, operation, &request(operation), "the sample"),
            Verdict::Whole
        );
        for member in model.input(operation) {
            let missing = with(operation, &member.pointer, None);
            check(&model, operation, &missing, &member.path);
            for value in values_for(member.shape) {
                let body = with(operation, &member.pointer, Some(value));
                let verdict = check(&model, operation, &body, &member.path);
                counts[match verdict {
                    Verdict::Whole => 0,
                    Verdict::Serialization => 1,
                    Verdict::Broken(_) => 2,
                }] += 1;
            }
        }
    }
    println!("{counts:?} are whole, of wrong types, broken");
    assert!(counts.iter().all(|count| *count > 500), "{counts:?}");
}

/// A value that breaks a constraint, and a short one.
fn breaking(model: &Model, operation: Operation, member: &Member<'_>) -> Option<Value> {
    values_for(member.shape).into_iter().find(|value| {
        let body = with(operation, &member.pointer, Some(value.clone()));
        matches!(
            Judge::verdict(model, operation.name(), &body),
            Verdict::Broken(_)
        )
    })
}

#[test]
fn errors_are_joined() {
    let model = Model::load();
    let mut pairs = 0;
    for &operation in Operation::ALL {
        let members = model.input(operation);
        let broken: Vec<_> = members
            .iter()
            .filter_map(|member| Some((member, breaking(&model, operation, member)?)))
            .collect();
        for (index, (first, one)) in broken.iter().enumerate() {
            for (second, other) in &broken[index + 1..] {
                // Not one inside the other.
                if second.pointer.starts_with(&first.pointer) {
                    continue;
                }
                let mut body = with(operation, &first.pointer, Some(one.clone()));
                put(&mut body, &second.pointer, Some(other.clone()));
                let title = format!("{} and {}", first.path, second.path);
                let verdict = check(&model, operation, &body, &title);
                assert!(matches!(verdict, Verdict::Broken(all) if all.len() >= 2));
                pairs += 1;
            }
        }
    }
    assert!(pairs > 100, "{pairs}");
}

/// Where an object stands in the sample, itself included.
fn objects(value: &Value, pointer: String, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                objects(value, format!("{pointer}/{name}"), found);
            }
            found.push(pointer);
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                objects(item, format!("{pointer}/{index}"), found);
            }
        }
        _ => {}
    }
}

#[test]
fn members_that_are_unknown_or_come_twice() {
    let model = Model::load();
    let mut twice = 0;
    for &operation in Operation::ALL {
        let sample = request(operation);
        let mut found = Vec::new();
        objects(&sample, String::new(), &mut found);
        for pointer in found {
            let mut body = sample.clone();
            let object = body.pointer_mut(&pointer).unwrap().as_object_mut().unwrap();
            let members: Vec<_> = object.clone().into_iter().collect();
            object.insert(
                "noSuchMember".to_owned(),
                json!({"deep": [1, null, {"x": "y"}]}),
            );
            let verdict = check(&model, operation, &body, &pointer);
            assert_eq!(verdict, Verdict::Whole);
            let placed = format!(
                "\"noSuchMember\":{}",
                json!({"deep": [1, null, {"x": "y"}]})
            );
            let text = body.to_string();
            assert!(text.contains(&placed), "{text}");
            for (name, value) in members {
                for value in [value, Value::Null] {
                    twice += 1;
                    let again = text.replace(&placed, &format!("\"{name}\":{value}"));
                    assert_eq!(
                        verdict_of_the_door(operation, &again),
                        Verdict::Serialization,
                        "{operation:?} {again}"
                    );
                }
            }
        }
    }
    assert!(twice > 100, "{twice}");
}
