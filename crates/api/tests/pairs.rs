//! Requests and what becomes of them: refused, as `refusals.json` says; decoded; and answered.
#![allow(clippy::unwrap_used)]

mod samples;

use api::{Answer, CONTENT_TYPE, Head};
use engine::operations as op;
use engine::shapes::{LoggingConfiguration, MachineType};
use engine::{Operation, Request, Response};
use interpreter::Status;
use serde_json::{Value, json};
use store::{ExecutionId, ListingCursor};

use samples::{ACTIVITY, EXECUTION, MACHINE, NOW_MS, ROLE, door, head, read, send, send_bytes};

fn decoded(operation: Operation, body: Value) -> Request {
    send(operation.name(), &body)
        .unwrap_or_else(|answer| panic!("{}", read(&answer)))
        .request
}

fn answered(operation: Operation, body: Value, response: Response) -> Value {
    let (_, meta) = send(operation.name(), &body).unwrap().split();
    let answer = door().answer(&meta, Ok(response), NOW_MS);
    assert_eq!(answer.status, 200);
    read(&answer)
}

fn refused(head: &Head<'_>, body: &[u8]) -> (u16, Value) {
    let answer = door().receive(head, body, NOW_MS).unwrap_err();
    (answer.status, read(&answer))
}

#[test]
fn refusals() {
    let cases: Vec<Value> = serde_json::from_str(include_str!("refusals.json")).unwrap();
    for case in cases {
        let operation = case["operation"].as_str().unwrap();
        let answer = send(operation, &case["body"]).expect_err(case["title"].as_str().unwrap());
        let mut expected = json!({"__type": case["type"], "message": case["message"]});
        for member in ["reason", "resourceName"] {
            if let Some(value) = case.get(member) {
                expected[member] = value.clone();
            }
        }
        assert_eq!(answer.status, 400, "{}", case["title"]);
        assert_eq!(read(&answer), expected, "{}", case["title"]);
    }
}

#[test]
fn a_definition_to_look_at_may_be_anything() {
    let operation = Operation::ValidateStateMachineDefinition;
    for (body, severity, max_results) in [
        (json!({"definition": ""}), asl::Severity::Error, 100),
        (
            json!({"definition": "x", "maxResults": 0}),
            asl::Severity::Error,
            100,
        ),
        (
            json!({"definition": "x", "maxResults": 7, "severity": "WARNING"}),
            asl::Severity::Warning,
            7,
        ),
    ] {
        let Request::ValidateStateMachineDefinition(request) = decoded(operation, body.clone())
        else {
            panic!("{body}");
        };
        assert_eq!(request.definition, body["definition"].as_str().unwrap());
        assert_eq!(request.machine_type, MachineType::Standard);
        assert_eq!(
            (request.severity, request.max_results),
            (severity, max_results),
            "{body}"
        );
    }
    let diagnostic = asl::Diagnostic {
        severity: asl::Severity::Warning,
        code: "NO_PATH",
        message: "m".into(),
        location: None,
        offset: None,
    };
    let response = op::validate_state_machine_definition::Response {
        valid: true,
        diagnostics: vec![diagnostic],
        truncated: false,
    };
    assert_eq!(
        answered(
            operation,
            json!({"definition": ""}),
            Response::ValidateStateMachineDefinition(response)
        ),
        json!({
            "result": "OK",
            "diagnostics": [{"severity": "WARNING", "code": "NO_PATH", "message": "m"}],
            "truncated": false,
        })
    );
}

#[test]
fn an_unknown_operation_is_answered_in_63_bytes() {
    for target in [
        "AWSStepFunctions.Nonsense",
        "Other.StartExecution",
        "",
        "AWSStepFunctions.",
    ] {
        let answer = door().receive(&head(target), b"{}", NOW_MS).unwrap_err();
        assert_eq!(answer.status, 400);
        let body = br#"{"__type":"com.amazon.coral.service#UnknownOperationException"}"#;
        assert_eq!(body.len(), 63);
        assert_eq!(answer.body, body, "{target}");
    }
}

#[test]
fn the_envelope_is_checked() {
    let good = head("AWSStepFunctions.ListActivities");
    assert!(door().receive(&good, b"{}", NOW_MS).is_ok());
    for (name, head, status) in [
        (
            "UnknownOperationException",
            Head {
                method: "GET",
                ..good
            },
            404,
        ),
        (
            "UnknownOperationException",
            Head { path: "/x", ..good },
            404,
        ),
        (
            "UnknownOperationException",
            Head {
                target: None,
                ..good
            },
            400,
        ),
        (
            "UnknownOperationException",
            Head {
                content_type: None,
                ..good
            },
            400,
        ),
        (
            "UnknownOperationException",
            Head {
                content_type: Some("text/plain"),
                ..good
            },
            400,
        ),
        (
            "SerializationException",
            Head {
                content_encoding: Some("gzip"),
                ..good
            },
            400,
        ),
    ] {
        let (given, body) = refused(&head, b"{}");
        assert_eq!(given, status, "{head:?}");
        assert_eq!(
            body["__type"],
            format!("com.amazon.coral.service#{name}"),
            "{head:?}"
        );
    }
    for head in [
        Head {
            content_type: Some("Application/X-Amz-Json-1.0; charset=utf-8"),
            ..good
        },
        Head {
            content_encoding: Some("identity"),
            ..good
        },
    ] {
        assert!(door().receive(&head, b"{}", NOW_MS).is_ok(), "{head:?}");
    }
    let (status, body) = refused(&good, &vec![b' '; 4 * api::BODY_BYTES_MAX + 1]);
    assert_eq!(status, 413);
    assert_eq!(
        body["__type"],
        "com.amazon.coral.service#RequestEntityTooLargeException"
    );
}

#[test]
fn bodies_that_are_no_object_are_refused() {
    let bodies: &[&[u8]] = &[
        b"",
        b" ",
        b"null",
        b"[]",
        b"[1]",
        b"\"x\"",
        b"{",
        b"{}x",
        b"{\"maxResults\":}",
        b"{\"maxResults\":1,\"maxResults\":1}",
        b"{\"nextToken\":\"\xff\"}",
        b"{\"nextToken\":\"\\ud800\"}",
        b"\xef\xbb\xbf{}",
    ];
    for body in bodies {
        let shown = String::from_utf8_lossy(body);
        let answer = send_bytes("ListActivities", body).expect_err(&shown);
        assert_eq!(answer.status, 400);
        assert_eq!(
            read(&answer)["__type"],
            "com.amazon.coral.service#SerializationException",
            "{shown}"
        );
    }
}

#[test]
fn what_is_not_known_is_passed_over() {
    // Brackets in texts are text.
    let text = format!("{{\"x\":\"{}\\\"[\"}}", "[".repeat(1_000));
    assert!(send_bytes("ListActivities", text.as_bytes()).is_ok());
    for (depth, good) in [(126, true), (127, true), (128, false), (100_000, false)] {
        let deep = format!("{{\"x\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
        let received = send_bytes("ListActivities", deep.as_bytes());
        assert_eq!(received.is_ok(), good, "{depth}");
    }
    let body = br#"{"unknown":{"a":[1e999999999,-0,"x"]},"maxResults":7,"other":null}"#;
    let Request::ListActivities(request) = send_bytes("ListActivities", body).unwrap().request
    else {
        panic!("another operation");
    };
    assert_eq!(
        request,
        op::list_activities::Request {
            limit: 7,
            after: None
        }
    );
}

#[test]
fn defaults() {
    let Request::StartExecution(start) = decoded(
        Operation::StartExecution,
        json!({"stateMachineArn": MACHINE}),
    ) else {
        panic!("another operation");
    };
    assert_eq!(
        start,
        op::start_execution::Request {
            state_machine_arn: MACHINE.into(),
            name: None,
            input: "{}".into(),
            trace_header: None,
        }
    );
    for given in [
        json!({}),
        json!({"maxResults": 0}),
        json!({"maxResults": null}),
    ] {
        let Request::ListStateMachines(list) = decoded(Operation::ListStateMachines, given) else {
            panic!("another operation");
        };
        assert_eq!(list.limit, 100);
    }
    let Request::GetExecutionHistory(history) = decoded(
        Operation::GetExecutionHistory,
        json!({"executionArn": EXECUTION}),
    ) else {
        panic!("another operation");
    };
    assert!(history.include_data && !history.reverse && history.after.is_none());
}

#[test]
fn a_state_machine_with_everything() {
    let Request::CreateStateMachine(create) = decoded(
        Operation::CreateStateMachine,
        samples::request(Operation::CreateStateMachine),
    ) else {
        panic!("another operation");
    };
    assert_eq!(
        (&*create.name, &*create.definition),
        ("m", samples::DEFINITION)
    );
    assert_eq!(create.machine.states.len(), 1);
    assert_eq!(create.machine_type, MachineType::Standard);
    assert_eq!(create.logging.unwrap().level, "ALL");
    assert_eq!(create.encryption.unwrap().reuse_period_seconds, Some(300));
    assert_eq!(create.tags[0].key, "k");
    assert_eq!((create.tracing, create.publish), (Some(true), true));
    assert_eq!(create.version_description.as_deref(), Some("d"));
}

#[test]
fn a_definition_is_refused_with_what_is_wrong_with_it() {
    let body = json!({"name": "m", "definition": "{}", "roleArn": ROLE});
    let answer = read(&send("CreateStateMachine", &body).unwrap_err());
    assert_eq!(
        answer["__type"],
        "com.amazonaws.swf.service.v2.model#InvalidDefinition"
    );
    let message = answer["message"].as_str().unwrap();
    assert!(
        message.starts_with("Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: "),
        "{message}"
    );
    assert!(message.ends_with('\''), "{message}");
}

#[test]
fn an_empty_list_of_log_destinations_is_not_none() {
    for (given, kept) in [
        (json!({}), None),
        (json!({"destinations": []}), Some(Vec::new())),
        (json!({"level": "OFF", "destinations": null}), None),
    ] {
        let body = json!({"stateMachineArn": MACHINE, "loggingConfiguration": given});
        let Request::UpdateStateMachine(update) = decoded(Operation::UpdateStateMachine, body)
        else {
            panic!("another operation");
        };
        let expected = LoggingConfiguration {
            destinations: kept,
            ..Default::default()
        };
        assert_eq!(update.logging, Some(expected));
    }
}

#[test]
fn the_trace_header_of_the_head_wins() {
    let long = "x".repeat(257);
    for (trace_id, expected) in [
        (Some("Root=2"), "Root=2"),
        (None, "Root=1"),
        (Some("é"), "Root=1"),
        (Some(&*long), "Root=1"),
    ] {
        let head = Head {
            trace_id,
            ..head("AWSStepFunctions.StartExecution")
        };
        let body = json!({"stateMachineArn": MACHINE, "traceHeader": "Root=1"}).to_string();
        let received = door().receive(&head, body.as_bytes(), NOW_MS).unwrap();
        let Request::StartExecution(start) = received.request else {
            panic!("another operation");
        };
        assert_eq!(start.trace_header.as_deref(), Some(expected));
    }
}

#[test]
fn payloads_are_measured_in_bytes_and_names_in_characters() {
    let payload = |bytes: usize| format!("\"{}\"", "é".repeat((bytes - 2) / 2));
    for (bytes, good) in [(262_144, true), (262_146, false)] {
        assert_eq!(payload(bytes).len(), bytes);
        let output = json!({"taskToken": "t", "output": payload(bytes)});
        assert_eq!(send("SendTaskSuccess", &output).is_ok(), good, "{bytes}");
        let input = json!({"stateMachineArn": MACHINE, "input": payload(bytes)});
        assert_eq!(send("StartExecution", &input).is_ok(), good, "{bytes}");
    }
    for (characters, good) in [(79, true), (80, true), (81, false)] {
        let body = json!({"name": "é".repeat(characters)});
        assert_eq!(send("CreateActivity", &body).is_ok(), good, "{characters}");
    }
}

#[test]
fn fifty_tags_and_no_more() {
    for (count, good) in [(50, true), (51, false)] {
        let tags: Vec<Value> = (0..count)
            .map(|n| json!({"key": n.to_string(), "value": ""}))
            .collect();
        let result = send(
            "TagResource",
            &json!({"resourceArn": ACTIVITY, "tags": tags}),
        );
        assert_eq!(result.is_ok(), good, "{count}");
        if let Err(answer) = result {
            let answer = read(&answer);
            assert_eq!(
                answer["__type"],
                "com.amazonaws.swf.service.v2.model#TooManyTags"
            );
            assert_eq!(answer["resourceName"], ACTIVITY);
        }
    }
}

#[test]
fn an_empty_poll_is_an_empty_object() {
    let response = Response::GetActivityTask(op::get_activity_task::Response { task: None });
    let body = json!({"activityArn": ACTIVITY});
    assert_eq!(
        answered(Operation::GetActivityTask, body, response),
        json!({})
    );
}

#[test]
fn a_task_goes_out_as_it_is() {
    let response = samples::response(Operation::GetActivityTask);
    let body = json!({"activityArn": ACTIVITY});
    assert_eq!(
        answered(Operation::GetActivityTask, body, response),
        json!({"taskToken": "t", "input": "{\"a\": 1.0}"})
    );
}

#[test]
fn a_running_execution_has_no_end() {
    let mut description = samples::execution();
    description.status = Status::Running;
    description.stop_ms = None;
    description.output = None;
    description.trace_header = None;
    description.map_run_arn = None;
    description.error = None;
    description.cause = None;
    description.state_machine_version_arn = None;
    description.state_machine_alias_arn = None;
    description.redrive_count = 0;
    description.redrive_ms = None;
    let response = Response::DescribeExecution(op::describe_execution::Response { description });
    let answer = answered(
        Operation::DescribeExecution,
        json!({"executionArn": EXECUTION}),
        response,
    );
    let expected = r#"{
        "executionArn": "arn:aws:states:us-east-1:123456789012:execution:m:e",
        "stateMachineArn": "arn:aws:states:us-east-1:123456789012:stateMachine:m",
        "name": "e",
        "status": "RUNNING",
        "startDate": 1700000000.123,
        "input": "{\"a\": 1.0}",
        "inputDetails": {"included": true},
        "redriveCount": 0,
        "redriveStatus": "NOT_REDRIVABLE",
        "redriveStatusReason": "reason"
    }"#;
    assert_eq!(answer, serde_json::from_str::<Value>(expected).unwrap());
}

#[test]
fn a_machine_without_its_definition_shows_an_empty_one() {
    let Response::DescribeStateMachine(mut response) =
        samples::response(Operation::DescribeStateMachine)
    else {
        panic!("another operation");
    };
    response.description.definition = None;
    response.description.variable_references.clear();
    response.description.revision_id = None;
    let answer = answered(
        Operation::DescribeStateMachine,
        json!({"stateMachineArn": MACHINE, "includedData": "METADATA_ONLY"}),
        Response::DescribeStateMachine(response),
    );
    assert_eq!(answer["definition"], "{}");
    assert!(answer.get("variableReferences").is_none());
    assert!(answer.get("revisionId").is_none());
}

#[test]
fn page_tokens_go_round() {
    let at = ListingCursor {
        time_ms: NOW_MS,
        execution: ExecutionId([9; 16]),
    };
    let body = json!({"stateMachineArn": MACHINE, "statusFilter": "FAILED"});
    let page = answered(
        Operation::ListExecutions,
        body,
        samples::response(Operation::ListExecutions),
    );
    let token = page["nextToken"].as_str().unwrap();
    let next = |status: &str, token: &str, limit: u32| {
        let body = json!({
            "stateMachineArn": MACHINE,
            "statusFilter": status,
            "maxResults": limit,
            "nextToken": token,
        });
        send("ListExecutions", &body).map(|received| received.request)
    };
    // The size of a page may change from one to the next.
    let Ok(Request::ListExecutions(request)) = next("FAILED", token, 3) else {
        panic!("a token that was just given is refused");
    };
    assert_eq!((request.before, request.limit), (Some(at), 3));
    assert_eq!(request.status, Some(Status::Failed));
    assert!(
        next("RUNNING", token, 3).is_err(),
        "other arguments, other listing"
    );
    assert!(next("FAILED", &token[1..], 3).is_err());

    let body = json!({"executionArn": EXECUTION});
    let history = samples::response(Operation::GetExecutionHistory);
    let page = answered(Operation::GetExecutionHistory, body.clone(), history);
    let mut body = body;
    body["nextToken"] = page["nextToken"].clone();
    let Request::GetExecutionHistory(request) =
        decoded(Operation::GetExecutionHistory, body.clone())
    else {
        panic!("another operation");
    };
    assert_eq!(request.after, Some(5));
    body["reverseOrder"] = json!(true);
    assert!(send("GetExecutionHistory", &body).is_err());

    let page = answered(
        Operation::ListActivities,
        json!({}),
        samples::response(Operation::ListActivities),
    );
    let body = json!({"nextToken": page["nextToken"]});
    let Request::ListActivities(request) = decoded(Operation::ListActivities, body.clone()) else {
        panic!("another operation");
    };
    assert_eq!(request.after.as_deref(), Some("a"));
    assert!(
        send("ListStateMachines", &body).is_err(),
        "a token of another operation"
    );
}

#[test]
fn faults_say_nothing_of_why() {
    for (answer, status, name) in [
        (Answer::fault(), 500, "InternalFailure"),
        (Answer::unavailable(), 503, "ServiceUnavailable"),
    ] {
        assert_eq!((answer.status, answer.content_type), (status, CONTENT_TYPE));
        assert_eq!(
            read(&answer)["__type"],
            format!("com.amazon.coral.service#{name}")
        );
    }
}
