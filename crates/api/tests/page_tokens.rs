//! Page tokens of every operation that pages: good for the same list, with the same arguments, for a
//! day, and for nothing else.
#![allow(clippy::unwrap_used)]

mod samples;
mod service_model;

use api::{Answer, Received};
use engine::Operation;
use serde_json::{Value, json};

use samples::{NOW_MS, door, head, read, request, response, send};
use service_model::Model;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// The operations that take `nextToken`.
fn paging(model: &Model) -> Vec<Operation> {
    let pages = |operation: &Operation| {
        let input = model.shape(&model.operation(*operation)["input"]["shape"]);
        input["members"].get("nextToken").is_some()
    };
    Operation::ALL.iter().copied().filter(pages).collect()
}

/// `nextToken` of the answer to the sample request.
fn minted(operation: Operation) -> String {
    let (_, meta) = send(operation.name(), &request(operation)).unwrap().split();
    let answer = read(&door().answer(&meta, Ok(response(operation)), NOW_MS));
    let token = answer["nextToken"].as_str();
    token
        .unwrap_or_else(|| panic!("{operation:?}: {answer}"))
        .to_owned()
}

fn send_at(operation: Operation, body: &Value, now_ms: i64) -> Result<Received, Answer> {
    let target = format!("AWSStepFunctions.{}", operation.name());
    door().receive(&head(&target), body.to_string().as_bytes(), now_ms)
}

fn with_token(mut body: Value, token: &str) -> Value {
    body["nextToken"] = json!(token);
    body
}

fn refused(operation: Operation, result: Result<Received, Answer>, what: &str) {
    let answer = read(&result.expect_err(&format!("{operation:?}: {what}")));
    let expected = json!({
        "__type": "com.amazonaws.swf.service.v2.model#InvalidToken",
        "message": "Invalid Token: 'Invalid token'",
    });
    assert_eq!(answer, expected, "{operation:?}: {what}");
}

#[test]
fn every_list_pages() {
    let model = Model::load();
    assert!(paging(&model).len() >= 4);
    for operation in paging(&model) {
        let token = minted(operation);
        assert!(token.len() <= 1_024, "{operation:?}: {} long", token.len());
        let body = with_token(request(operation), &token);
        for now_ms in [NOW_MS, NOW_MS + DAY_MS - 1] {
            send_at(operation, &body, now_ms).unwrap_or_else(|it| panic!("{}", read(&it)));
        }
        refused(
            operation,
            send_at(operation, &body, NOW_MS + DAY_MS),
            "a day later",
        );
        // The size of a page may change from one to the next.
        let mut smaller = body.clone();
        smaller["maxResults"] = json!(1);
        assert!(send(operation.name(), &smaller).is_ok(), "{operation:?}");
        smaller.as_object_mut().unwrap().shift_remove("maxResults");
        assert!(send(operation.name(), &smaller).is_ok(), "{operation:?}");
    }
}

/// Another value that would do as well.
fn changed(value: &Value, shape: &Value) -> Value {
    match value {
        Value::Bool(truth) => json!(!truth),
        Value::String(text) => match shape["enum"].as_array() {
            Some(values) => values.iter().find(|other| *other != value).unwrap().clone(),
            None => json!(format!("{text}x")),
        },
        other => panic!("{other} cannot be changed"),
    }
}

#[test]
fn other_arguments_are_another_list() {
    let model = Model::load();
    for operation in paging(&model) {
        let token = minted(operation);
        let body = with_token(request(operation), &token);
        let input = model.shape(&model.operation(operation)["input"]["shape"]);
        for (name, value) in body.as_object().unwrap() {
            if matches!(name.as_str(), "maxResults" | "nextToken") {
                continue;
            }
            let shape = model.shape(&input["members"][name]["shape"]);
            let mut other = body.clone();
            other[name] = changed(value, shape);
            refused(operation, send(operation.name(), &other), name);
            if !service_model::has(&input["required"], name) && name != "stateMachineArn" {
                let mut without = body.clone();
                without.as_object_mut().unwrap().shift_remove(name);
                // Absent is what it is by default.
                let default = name == "includeExecutionData";
                let result = send(operation.name(), &without);
                if default {
                    assert!(result.is_ok(), "{operation:?} {name}");
                } else {
                    refused(operation, result, name);
                }
            }
        }
        for of in paging(&model).into_iter().filter(|it| *it != operation) {
            let body = with_token(request(operation), &minted(of));
            refused(operation, send(operation.name(), &body), of.name());
        }
    }
}

#[test]
fn what_was_not_minted_is_no_token() {
    let model = Model::load();
    for operation in paging(&model) {
        let token = minted(operation);
        let input = model.shape(&model.operation(operation)["input"]["shape"]);
        let shape = model.shape(&input["members"]["nextToken"]["shape"]);
        let max = shape["max"].as_u64().unwrap() as usize;
        assert_eq!(
            max,
            if operation == Operation::ListExecutions {
                3_096
            } else {
                1_024
            }
        );
        let mut forged = vec!["x".to_owned(), "x".repeat(max), "é".repeat(max)];
        forged.push(format!("{token}A"));
        forged.push(format!("A{token}"));
        forged.push(token[..token.len() - 1].to_owned());
        forged.push(token.to_uppercase());
        let middle = token.len() / 2;
        let swapped = if &token[middle..=middle] == "A" {
            "B"
        } else {
            "A"
        };
        forged.push(format!(
            "{}{swapped}{}",
            &token[..middle],
            &token[middle + 1..]
        ));
        for forged in forged {
            let body = with_token(request(operation), &forged);
            refused(operation, send(operation.name(), &body), &forged);
        }
        for broken in [String::new(), "x".repeat(max + 1)] {
            let body = with_token(request(operation), &broken);
            let answer = read(&send(operation.name(), &body).unwrap_err());
            let validation = "com.amazon.coral.validate#ValidationException";
            assert_eq!(answer["__type"], validation, "{operation:?}");
        }
    }
}
