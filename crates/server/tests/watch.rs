//! `towpath watch` against an endpoint that the test plays itself, with stdout that is no terminal.

// Lints allow it in test functions; here what they share is a test, too.
#![allow(clippy::unwrap_used)]

#[allow(dead_code)] // this test needs less of it than others
mod fake_endpoint;

use std::process::{Child, Command, Stdio};

use fake_endpoint::FakeEndpoint;
use serde_json::{Value, json};

const EXECUTION: &str = "arn:aws:states:us-east-1:000000000000:execution:m:e";
const MAP_RUN: &str = "arn:aws:states:us-east-1:000000000000:mapRun:m/Rows:0123456789abcdef";

fn watch(endpoint: &str, arn: &str) -> Child {
    Command::new(env!("CARGO_BIN_EXE_towpath"))
        .args([
            "watch",
            arn,
            "--endpoint-url",
            endpoint,
            "--interval",
            "0.01",
        ])
        // What a developer's shell says about AWS is not part of the test.
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn ended(process: Child) -> (Option<i32>, String, String) {
    let output = process.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}

fn execution(status: &str, stop: Option<f64>) -> Value {
    json!({
        "executionArn": EXECUTION, "name": "e", "status": status, "startDate": 1_000.0,
        "stopDate": stop, "error": "E", "cause": "two\nlines",
    })
}

fn map_run(status: &str, succeeded: u64) -> Value {
    let counts = json!({"total": 10, "succeeded": succeeded, "failed": 1, "timedOut": 1,
        "aborted": 0, "running": 10 - 2 - succeeded, "pending": 0, "resultsWritten": 0});
    json!({"mapRunArn": MAP_RUN, "executionArn": EXECUTION, "status": status, "itemCounts": counts})
}

/// One look at an execution and at its map run; the history is asked for while it runs.
fn look(endpoint: &FakeEndpoint, status: &str, stop: Option<f64>, of_run: Option<&Value>) {
    endpoint
        .next_of("DescribeExecution")
        .answer(200, &execution(status, stop));
    if status == "RUNNING" {
        let event =
            json!({"type": "MapStateEntered", "stateEnteredEventDetails": {"name": "Map it"}});
        let history = json!({"events": [{"type": "MapRunStarted"}, event]});
        endpoint
            .next_of("GetExecutionHistory")
            .answer(200, &history);
    }
    let runs = json!({"mapRuns": [{"mapRunArn": MAP_RUN, "executionArn": EXECUTION}]});
    endpoint.next_of("ListMapRuns").answer(200, &runs);
    if let Some(run) = of_run {
        endpoint.next_of("DescribeMapRun").answer(200, run);
    }
}

#[test]
fn an_execution_is_watched_to_its_end_over_a_restart() {
    let endpoint = FakeEndpoint::start();
    let process = watch(endpoint.url(), EXECUTION);
    look(&endpoint, "RUNNING", None, Some(&map_run("RUNNING", 3)));
    endpoint.next_of("DescribeExecution").hang_up();
    look(&endpoint, "RUNNING", None, Some(&map_run("SUCCEEDED", 8)));
    // What is over is not asked for again.
    look(&endpoint, "SUCCEEDED", Some(1_065.0), None);
    let (code, out, err) = ended(process);
    assert_eq!((code, err.as_str()), (Some(0), ""), "{out}");
    for line in [
        "e: RUNNING in Map it, ",
        "Rows 01234567: 5 of 10 items, 2 failed, 5 running",
        "towpath watch: waiting for http://127.0.0.1:",
        "Rows 01234567: SUCCEEDED 10 of 10 items, 2 failed\n",
        "e: SUCCEEDED, 1 min 5 s\n",
    ] {
        assert!(out.contains(line), "{line} in\n{out}");
    }
}

#[test]
fn an_execution_that_failed_ends_with_1_and_says_why() {
    let endpoint = FakeEndpoint::start();
    let process = watch(endpoint.url(), EXECUTION);
    look(
        &endpoint,
        "TIMED_OUT",
        Some(1_001.0),
        Some(&map_run("ABORTED", 8)),
    );
    let (code, out, _) = ended(process);
    assert_eq!(code, Some(1));
    assert!(out.contains("e: TIMED_OUT, 1 s\n"), "{out}");
    assert!(out.ends_with("error: E\ncause: two lines\n"), "{out}");
}

#[test]
fn a_map_run_is_watched_alone() {
    let endpoint = FakeEndpoint::start();
    let process = watch(endpoint.url(), MAP_RUN);
    endpoint
        .next_of("DescribeMapRun")
        .answer(200, &map_run("RUNNING", 1));
    endpoint
        .next_of("DescribeMapRun")
        .answer(200, &map_run("FAILED", 2));
    let (code, out, _) = ended(process);
    assert_eq!(code, Some(1));
    assert!(out.contains("Rows 01234567: FAILED 4 of 10 items"), "{out}");
}

#[test]
fn what_cannot_be_watched_ends_with_2() {
    let (code, _, err) = ended(watch(
        "http://127.0.0.1:1",
        "arn:aws:states:us-east-1:0:activity:a",
    ));
    assert_eq!(code, Some(2));
    assert!(
        err.contains("no ARN of an execution or of a map run"),
        "{err}"
    );
    let (code, _, err) = ended(watch("http://127.0.0.1:1", EXECUTION));
    assert_eq!(code, Some(2));
    assert!(err.contains("no answer"), "{err}");
    let endpoint = FakeEndpoint::start();
    let process = watch(endpoint.url(), EXECUTION);
    let body = json!({"__type": "ExecutionDoesNotExist", "message": "gone"});
    endpoint.next_of("DescribeExecution").answer(400, &body);
    let (code, _, err) = ended(process);
    assert_eq!((code, err.contains("gone")), (Some(2), true), "{err}");
}
