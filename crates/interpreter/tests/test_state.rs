//! One state alone: what comes of it and what is seen on the way, as `test_state.json` says; and the
//! states that have to be waited for.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use interpreter::test_state::{
    Configuration, Mock, Outcome, Progress, TestState, TestStatus, Trying, Waiting,
};
use interpreter::{Birth, Document, Due, EventId, Failure, Input, Moment, World};
use serde_json::{Map, Value, json};

const NOW_MS: i64 = 1_700_000_000_000;

struct Anywhere;

impl World for Anywhere {
    fn activity_exists(&self, _arn: &str) -> bool {
        true
    }

    fn region(&self) -> &str {
        "us-east-1"
    }

    fn task_token(&self, _execution_arn: &str, _task: EventId) -> Option<String> {
        Some("token".into())
    }
}

fn at(now_ms: i64) -> Moment<'static> {
    Moment {
        now_ms,
        world: &Anywhere,
        steps_max: 1,
        limits: interpreter::Limits::default(),
    }
}

fn document(value: &Value) -> Document {
    Document::from_value(value.clone())
}

fn text(value: &Value) -> Option<Arc<str>> {
    value.as_str().map(Arc::from)
}

fn trying(case: &Value) -> Trying {
    let parsed = asl::parse_state(&case["state"].to_string());
    let machine = parsed
        .machine
        .unwrap_or_else(|| panic!("{}: {:?}", case["title"], parsed.diagnostics));
    let mock = case.get("mock").map(|mock| match mock.get("result") {
        Some(result) => Mock::Result(document(result)),
        None => Mock::Error(Failure {
            error: text(&mock["error"]),
            cause: text(&mock["cause"]),
        }),
    });
    let variables = case["variables"].as_object().into_iter().flatten();
    Trying {
        state: machine.start_at,
        machine: Arc::new(machine),
        birth: Birth {
            execution_arn: "EXECUTION".into(),
            name: "e".into(),
            state_machine_arn: "MACHINE".into(),
            state_machine_name: "m".into(),
            role_arn: "".into(),
            machine: 0,
            machine_revision: 0,
            seed: 1,
            trace_header: None,
            state_machine_version_arn: None,
            state_machine_alias_arn: None,
            child: None,
        },
        input: document(&case["input"]),
        variables: variables
            .map(|(name, value)| (name.as_str().into(), document(value)))
            .collect(),
        context: case.get("context").cloned(),
        mock,
        configuration: Configuration {
            retrier_retry_count: u32::try_from(case["retries"].as_u64().unwrap_or(0)).unwrap(),
            map_iteration_failure_count: case["failures"].as_u64(),
            map_item_reader_data: case.get("read").map(document),
        },
    }
}

fn begun(case: &Value) -> (TestState, Progress) {
    TestState::begin(trying(case), &at(NOW_MS))
}

fn done(progress: Progress) -> Outcome {
    match progress {
        Progress::Done(outcome) => *outcome,
        Progress::Waiting(waiting) => panic!("{waiting:?}"),
    }
}

fn waits(progress: Progress) -> Waiting {
    match progress {
        Progress::Waiting(waiting) => waiting,
        Progress::Done(outcome) => panic!("{outcome:?}"),
    }
}

/// The outcome in the words of `test_state.json`.
fn shown(outcome: &Outcome) -> Value {
    let inspection = &outcome.inspection;
    let details = inspection.error_details.unwrap_or_default();
    let failure = outcome.failure.clone().unwrap_or_default();
    let stages: Map<String, Value> = inspection
        .stages
        .iter()
        .map(|(stage, document)| (stage.name().to_owned(), document.value().clone()))
        .collect();
    let shown = json!({
        "status": format!("{:?}", outcome.status),
        "output": outcome.output.as_ref().map(|it| it.value()),
        "next": outcome.next_state.as_deref(),
        "error": failure.error.as_deref(),
        "cause": failure.cause.as_deref(),
        "retry": details.retry_index,
        "backoff": details.retry_backoff_seconds,
        "catch": details.catch_index,
        "concurrency": inspection.max_concurrency,
        "variables": inspection.variables.as_ref().map(|it| it.value()),
        "stages": stages,
    });
    let members = shown.as_object().unwrap().clone();
    Value::Object(
        members
            .into_iter()
            .filter(|(_, it)| !it.is_null())
            .collect(),
    )
}

#[test]
fn states_are_tried() {
    let cases: Vec<Value> = serde_json::from_str(include_str!("test_state.json")).unwrap();
    for case in &cases {
        let outcome = done(begun(case).1);
        let mut shown = shown(&outcome);
        let expected = &case["expect"];
        // Some say nothing of what is another case's matter.
        for member in ["stages", "cause"] {
            if expected.get(member).is_none() {
                shown.as_object_mut().unwrap().shift_remove(member);
            }
        }
        assert_eq!(&shown, expected, "{}", case["title"]);
        assert_eq!(
            outcome.inspection.input.unwrap().value(),
            &case["input"],
            "{}",
            case["title"]
        );
    }
}

#[test]
fn a_wait_state_is_waited_for() {
    let case = json!({
        "state": {"Type": "Wait", "Seconds": 90, "Next": "N"},
        "input": {"n": 1},
    });
    let (mut test, progress) = begun(&case);
    let waiting = waits(progress);
    assert!(waiting.call.is_none());
    let [(timer, Due::After(90_000))] = waiting.timers[..] else {
        panic!("{waiting:?}");
    };
    let outcome = done(test.go_on(Input::TimerFired(timer), &at(NOW_MS + 90_000)));
    assert_eq!(outcome.status, TestStatus::Succeeded);
    assert_eq!(outcome.next_state.as_deref(), Some("N"));
}

const CALL: &str = r#"{"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:sfn:listActivities",
    "TimeoutSeconds": 5, "Retry": [{"ErrorEquals": ["States.Timeout"], "IntervalSeconds": 2}],
    "End": true}"#;

#[test]
fn a_call_is_answered_once() {
    let state: Value = serde_json::from_str(CALL).unwrap();
    let (mut test, progress) = begun(&json!({"state": state, "input": {"maxResults": 1}}));
    let waiting = waits(progress);
    let call = waiting.call.unwrap();
    assert_eq!(call.parameters.value(), &json!({"maxResults": 1}));
    let [(timer, Due::After(5_000))] = waiting.timers[..] else {
        panic!("one timer");
    };
    // What was never asked for changes nothing.
    let stray = Input::TaskSucceeded {
        task: call.task + 1,
        hand_out: 0,
        output: document(&json!(0)),
    };
    let waiting = waits(test.go_on(stray, &at(NOW_MS)));
    assert!(waiting.call.is_none() && waiting.timers.len() == 1);
    let answer = Input::TaskSucceeded {
        task: call.task,
        hand_out: 0,
        output: document(&json!({"Activities": []})),
    };
    let outcome = done(test.go_on(answer, &at(NOW_MS + 10)));
    assert_eq!(outcome.status, TestStatus::Succeeded);
    assert_eq!(outcome.output.unwrap().value(), &json!({"Activities": []}));
    // And what comes too late neither.
    let late = done(test.go_on(Input::TimerFired(timer), &at(NOW_MS + 5_000)));
    assert_eq!(late.status, TestStatus::Succeeded);
}

#[test]
fn a_call_may_take_too_long() {
    let state: Value = serde_json::from_str(CALL).unwrap();
    let case = json!({"state": state, "input": {}});
    let (mut test, progress) = begun(&case);
    let (timer, _) = waits(progress).timers[0];
    let outcome = done(test.go_on(Input::TimerFired(timer), &at(NOW_MS + 5_000)));
    assert_eq!(outcome.status, TestStatus::Retriable);
    assert_eq!(
        outcome.failure.unwrap().error.as_deref(),
        Some("States.Timeout")
    );
    let details = outcome.inspection.error_details.unwrap();
    assert_eq!(details.retry_backoff_seconds, Some(2));

    let (mut test, _) = begun(&case);
    let outcome = test.time_out();
    assert_eq!(outcome.status, TestStatus::Failed);
    assert_eq!(
        outcome.failure.unwrap().error.as_deref(),
        Some("States.Timeout")
    );
}

#[test]
fn a_state_inside_another_can_be_tried() {
    let text = r#"{"StartAt": "M", "States": {"M": {"Type": "Map", "End": true, "ItemProcessor":
        {"StartAt": "In", "States": {"In": {"Type": "Pass", "Next": "Out"},
        "Out": {"Type": "Succeed"}}}}}}"#;
    let machine = asl::parse(text, asl::MachineType::Standard)
        .machine
        .unwrap();
    for (name, next) in [("In", Some("Out")), ("Out", None)] {
        let mut trying = trying(&json!({"state": {"Type": "Succeed"}, "input": 1}));
        trying.state = machine.find(name).unwrap();
        trying.machine = Arc::new(
            asl::parse(text, asl::MachineType::Standard)
                .machine
                .unwrap(),
        );
        let outcome = done(TestState::begin(trying, &at(NOW_MS)).1);
        assert_eq!(outcome.status, TestStatus::Succeeded, "{name}");
        assert_eq!(outcome.next_state.as_deref(), next, "{name}");
    }
}

#[test]
fn what_is_shown_is_bounded() {
    // The whole input for each of its items: without a bound, gigabytes.
    let processor = json!({
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "A",
        "States": {"A": {"Type": "Pass", "End": true}},
    });
    for field in [
        json!({"ItemSelector": {"all.$": "$"}}),
        json!({"ItemBatcher": {"MaxItemsPerBatch": 1, "BatchInput": {"all.$": "$"}}}),
    ] {
        let mut state = json!({"Type": "Map", "ItemProcessor": processor, "End": true});
        let (name, value) = field.as_object().unwrap().iter().next().unwrap();
        state[name] = value.clone();
        let items: Vec<u32> = (0..20_000).collect();
        let case = json!({"state": state, "input": items, "mock": {"result": []}});
        let outcome = done(begun(&case).1);
        assert_eq!(outcome.status, TestStatus::Succeeded);
        let shown: usize = outcome
            .inspection
            .stages
            .values()
            .map(|document| document.text().len())
            .sum();
        assert!(shown < 2_000_000, "{shown} bytes");
    }
}
