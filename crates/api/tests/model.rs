//! The operations that the service model of botocore has: served, or refused by name. What their
//! members may be is tried in `oracle`.
#![allow(clippy::unwrap_used)]

mod samples;
mod service_model;

use std::collections::BTreeSet;

use engine::Operation;
use serde_json::json;

use samples::{NOW_MS, door, head, read, request, send};
use service_model::Model;

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
