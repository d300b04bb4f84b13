//! The door against the service model of botocore: what we say, AWS's clients know.
#![allow(clippy::unwrap_used)]

mod samples;
mod service_model;

use std::collections::BTreeSet;

use api::{Answer, errors_of};
use engine::{Operation, Rejection};
use serde_json::{Value, json};

use samples::{NOW_MS, door, read, request, response, send, with};
use service_model::{Model, has};

/// Members of answers that belong to what is not served.
const NEVER_SAID: &[&str] = &[];

/// Event types that belong to what is not served.
const NEVER_HAPPENS: &[&str] = &[];

/// Compares a value with its shape, and notes which members were there.
fn compare(model: &Model, shape: &Value, value: &Value, path: &str, said: &mut BTreeSet<String>) {
    let shape = model.shape(shape);
    match shape["type"].as_str().unwrap() {
        "structure" => {
            let members = value
                .as_object()
                .unwrap_or_else(|| panic!("{path}: {value}"));
            for (name, value) in members {
                let path = format!("{path}.{name}");
                let member = &shape["members"][name];
                assert!(member.is_object(), "{path} is not in the model");
                compare(model, &member["shape"], value, &path, said);
                said.insert(path);
            }
            for name in shape["required"].as_array().unwrap_or(&Vec::new()) {
                assert!(
                    members.contains_key(name.as_str().unwrap()),
                    "{path} lacks {name}"
                );
            }
        }
        "list" => {
            for item in value
                .as_array()
                .unwrap_or_else(|| panic!("{path}: {value}"))
            {
                compare(model, &shape["member"]["shape"], item, path, said);
            }
        }
        "map" => {
            for item in value
                .as_object()
                .unwrap_or_else(|| panic!("{path}: {value}"))
                .values()
            {
                compare(model, &shape["value"]["shape"], item, path, said);
            }
        }
        "string" => {
            assert!(value.is_string(), "{path}: {value}");
            assert!(shape.get("enum").is_none() || has(&shape["enum"], value.as_str().unwrap()));
        }
        "integer" | "long" => assert!(value.is_i64(), "{path}: {value}"),
        "float" | "double" => assert!(value.is_f64(), "{path}: {value}"),
        "boolean" => assert!(value.is_boolean(), "{path}: {value}"),
        "timestamp" => assert_eq!(value.to_string(), "1700000000.123", "{path}"),
        other => panic!("what is a {other}?"),
    }
}

fn members_of(model: &Model, shape: &Value, path: &str, known: &mut BTreeSet<String>) {
    let shape = model.shape(shape);
    match shape["type"].as_str().unwrap() {
        "structure" => {
            for (name, member) in shape["members"].as_object().unwrap() {
                let path = format!("{path}.{name}");
                if !NEVER_SAID.contains(&&*path) {
                    members_of(model, &member["shape"], &path, known);
                }
                known.insert(path);
            }
        }
        "list" => members_of(model, &shape["member"]["shape"], path, known),
        _ => {}
    }
}

fn answer(operation: Operation, body: &Value) -> Answer {
    let received = send(operation.name(), body).expect("the sample is good");
    let (_, meta) = received.split();
    let mut response = response(operation);
    if let engine::Response::DescribeExecution(it) = &mut response {
        it.description.stop_ms = Some(NOW_MS);
    }
    door().answer(&meta, Ok(response), NOW_MS)
}

#[test]
fn answers_are_the_models() {
    let model = Model::load();
    for &operation in Operation::ALL {
        let answer = answer(operation, &request(operation));
        assert_eq!(answer.status, 200);
        let shape = &model.operation(operation)["output"]["shape"];
        let (mut said, mut known) = (BTreeSet::new(), BTreeSet::new());
        compare(&model, shape, &read(&answer), operation.name(), &mut said);
        members_of(&model, shape, operation.name(), &mut known);
        let unsaid: BTreeSet<&str> = known.difference(&said).map(String::as_str).collect();
        let prefix = format!("{}.", operation.name());
        let never: BTreeSet<&str> = NEVER_SAID
            .iter()
            .copied()
            .filter(|it| it.starts_with(&prefix))
            .collect();
        assert_eq!(unsaid, never, "{operation:?}");
    }
}

#[test]
fn histories_have_every_event_and_its_own_details() {
    let model = Model::load();
    let operation = Operation::GetExecutionHistory;
    let history = read(&answer(operation, &request(operation)));
    let mut types = BTreeSet::new();
    for event in history["events"].as_array().unwrap() {
        let event_type = event["type"].as_str().unwrap();
        types.insert(event_type);
        let details: Vec<&String> = event
            .as_object()
            .unwrap()
            .keys()
            .filter(|name| !["timestamp", "type", "id", "previousEventId"].contains(&&***name))
            .collect();
        let own = match event_type {
            state if state.ends_with("StateEntered") => "stateEnteredEventDetails".to_owned(),
            state if state.ends_with("StateExited") => "stateExitedEventDetails".to_owned(),
            other => format!("{}{}EventDetails", other[..1].to_lowercase(), &other[1..]),
        };
        let in_model = &model.0["shapes"]["HistoryEvent"]["members"][&own];
        let expected = if in_model.is_object() {
            vec![&own]
        } else {
            Vec::new()
        };
        assert_eq!(details, expected, "{event_type}");
    }
    let known = model.0["shapes"]["HistoryEventType"]["enum"]
        .as_array()
        .unwrap();
    let missing: Vec<&str> = known
        .iter()
        .map(|it| it.as_str().unwrap())
        .filter(|it| !types.contains(it))
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect();
    assert_eq!(missing, NEVER_HAPPENS);
}

#[test]
fn without_execution_data_only_the_data_is_missing() {
    let operation = Operation::GetExecutionHistory;
    let whole = read(&answer(operation, &request(operation)));
    let bare = read(&answer(
        operation,
        &with(operation, "/includeExecutionData", Some(json!(false))),
    ));
    let data = [
        "input",
        "inputDetails",
        "output",
        "outputDetails",
        "assignedVariables",
        "assignedVariablesDetails",
    ];
    let mut expected = whole["events"].clone();
    for event in expected.as_array_mut().unwrap() {
        for details in event.as_object_mut().unwrap().values_mut() {
            if let Some(details) = details.as_object_mut() {
                details.retain(|name, _| !data.contains(&&**name));
            }
        }
    }
    assert_eq!(bare["events"], expected);
    assert_ne!(bare["events"], whole["events"]);
}

#[test]
fn errors_are_the_models() {
    let model = Model::load();
    for &operation in Operation::ALL {
        let declared: BTreeSet<&str> = model.operation(operation)["errors"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|error| error["shape"].as_str().unwrap())
            .filter(|name| !name.starts_with("Kms"))
            .collect();
        let (_, meta) = send(operation.name(), &request(operation)).unwrap().split();
        let mut answered = BTreeSet::new();
        for &name in errors_of(operation) {
            let rejection = Rejection::new(name, "why")
                .with_reason("R")
                .with_resource("resource");
            let answer = door().answer(&meta, Err(rejection), NOW_MS);
            assert_eq!(answer.status, 400);
            let body = read(&answer);
            let error_type = body["__type"].as_str().unwrap();
            let (namespace, error) = error_type.split_once('#').unwrap();
            assert_eq!(namespace, "com.amazonaws.swf.service.v2.model");
            assert_eq!(body["message"], "why");
            assert!(model.0["shapes"][error]["exception"] == true, "{error}");
            answered.insert(error.to_owned());
        }
        let answered: BTreeSet<&str> = answered.iter().map(String::as_str).collect();
        assert_eq!(answered, declared, "{operation:?}");
    }
}
