//! Executions that call this server's own operations.

use serde_json::{Value, json};

use crate::process::Server;

fn call(action: &str, parameters: Value) -> Value {
    json!({"StartAt": "Call", "States": {"Call": {
        "Type": "Task", "Resource": format!("arn:aws:states:::aws-sdk:sfn:{action}"),
        "Parameters": parameters, "End": true,
    }}})
}

#[test]
fn an_execution_can_be_the_worker_of_another() {
    let server = Server::start(&[]);
    let activity = server.create_activity("work");
    let worker = json!({"StartAt": "Get", "States": {
        "Get": {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:sfn:getActivityTask",
                "Parameters": {"ActivityArn": activity, "WorkerName": "machine"}, "Next": "Done"},
        "Done": {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:sfn:sendTaskSuccess",
                 "Parameters": {"Output.$": "$.Input", "TaskToken.$": "$.TaskToken"}, "End": true},
    }});
    let worker = server.create_machine("worker", worker);
    let task = json!({"Type": "Task", "Resource": activity, "End": true});
    let machine = server.create_machine("m", json!({"StartAt": "A", "States": {"A": task}}));
    let working = server.start_execution(&worker, json!({}));
    let execution = server.start_execution(&machine, json!({"x": [1, 2]}));
    let shown = server.await_end(&execution);
    assert_eq!(
        (&shown["status"], &shown["output"]),
        (&json!("SUCCEEDED"), &json!("{\"x\":[1,2]}"))
    );
    assert_eq!(server.await_end(&working)["status"], "SUCCEEDED");
    let history = server.history(&execution);
    let started = history
        .iter()
        .find(|event| event["type"] == "ActivityStarted")
        .unwrap();
    assert_eq!(
        started["activityStartedEventDetails"]["workerName"],
        "machine"
    );
}

#[test]
fn an_execution_can_start_another() {
    let server = Server::start(&["--in-memory"]);
    let pass = json!({"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true}}});
    let target = server.create_machine("target", pass);
    let parameters = json!({"StateMachineArn": target, "Input": null, "Name": "child"});
    let machine = server.create_machine("m", call("startExecution", parameters));
    let shown = server.await_end(&server.start_execution(&machine, json!({})));
    assert_eq!(shown["status"], "SUCCEEDED", "{shown}");
    let output: Value = serde_json::from_str(shown["output"].as_str().unwrap()).unwrap();
    let child = output["ExecutionArn"].as_str().unwrap();
    assert!(child.ends_with(":execution:target:child"));
    assert!(
        output["StartDate"].as_str().unwrap().ends_with('Z'),
        "{output}"
    );
    assert_eq!(server.await_end(child)["status"], "SUCCEEDED");
}

#[test]
fn a_refusal_is_the_error_of_the_state() {
    let server = Server::start(&["--in-memory"]);
    let parameters = json!({"TaskToken": "NoSuchTaskToken", "Output": "1"});
    let machine = server.create_machine("m", call("sendTaskSuccess", parameters));
    let shown = server.await_end(&server.start_execution(&machine, json!({})));
    assert_eq!(
        (&shown["status"], &shown["error"]),
        (&json!("FAILED"), &json!("Sfn.InvalidTokenException"))
    );
    let cause = shown["cause"].as_str().unwrap();
    assert!(cause.starts_with(
        "Invalid Token: 'Invalid token' (Service: Sfn, Status Code: 400, Request ID: "
    ));
    assert!(cause.ends_with(") (SDK Attempt Count: 1)"));
}

#[test]
fn a_service_that_is_not_there_fails_the_state() {
    let server = Server::start(&["--in-memory"]);
    let machine = json!({"StartAt": "Call", "States": {"Call": {
        "Type": "Task", "Resource": "arn:aws:states:::aws-sdk:dynamodb:listTables",
        "Parameters": {}, "End": true,
    }}});
    let machine = server.create_machine("m", machine);
    let shown = server.await_end(&server.start_execution(&machine, json!({})));
    assert_eq!(shown["error"], "States.TaskFailed", "{shown}");
    assert!(
        shown["cause"].as_str().unwrap().contains("dynamodb"),
        "{shown}"
    );
}

#[test]
fn a_stopped_execution_gives_its_poll_up() {
    let server = Server::start(&["--in-memory"]);
    let activity = server.create_activity("work");
    let machine = call("getActivityTask", json!({"ActivityArn": activity}));
    let machine = server.create_machine("poller", machine);
    let execution = server.start_execution(&machine, json!({}));
    server.await_metric("activity_pollers", 1.0);
    server.ok("StopExecution", json!({"executionArn": execution}));
    server.await_metric("activity_pollers", 0.0);
    // What is scheduled now waits for a worker, instead of dying in the hands of a dead execution.
    let task = json!({"Type": "Task", "Resource": activity, "End": true});
    let machine = server.create_machine("m", json!({"StartAt": "A", "States": {"A": task}}));
    let working = server.start_execution(&machine, json!({}));
    let task = server.ok("GetActivityTask", json!({"activityArn": activity}));
    let done = json!({"taskToken": task["taskToken"], "output": "1"});
    server.ok("SendTaskSuccess", done);
    assert_eq!(server.await_end(&working)["status"], "SUCCEEDED");
}
