//! The limits that an operator may move, and what holds by default.

mod support;

use interpreter::limits::EXECUTION_SECONDS_MAX;
use interpreter::{EventDetails, Input, Limits, Status};
use support::{Run, START_MS};

const WORK: &str = "arn:aws:states:us-east-1:123456789012:activity:work";

fn waits(timeout: &str) -> String {
    format!(
        r#"{{"StartAt":"T"{timeout},"States":{{"T":{{"Type":"Task","Resource":"{WORK}","End":true}}}}}}"#
    )
}

fn run(limits: Limits, definition: &str, input: &str) -> Run {
    Run::start_within(limits, definition, input, 1_000, true)
}

/// Lets time pass until the execution ends, and says when that was.
fn ends_after_seconds(limits: Limits, definition: &str) -> u64 {
    let mut run = run(limits, definition, "{}");
    let due_ms = *run.timers.values().next().expect("its end is armed");
    assert_eq!(run.timers.len(), 1, "an execution ends once");
    run.advance_to(due_ms - 1);
    assert_eq!(run.execution.status(), Status::Running);
    run.advance_to(due_ms);
    assert_eq!(run.execution.status(), Status::TimedOut);
    assert!(run.timers.is_empty(), "nothing is left behind");
    let last = run.events.last().expect("it has a history");
    let EventDetails::ExecutionTimedOut(failure) = &last.details else {
        panic!("{last:?} is not the end of time");
    };
    assert_eq!(failure.error.as_deref(), Some("States.Timeout"));
    assert_eq!(run.execution.failure(), None, "as by TimeoutSeconds");
    u64::try_from((due_ms - START_MS) / 1_000).expect("time goes on")
}

#[test]
fn no_execution_takes_more_than_a_year() {
    let aws = Limits::default();
    assert_eq!(ends_after_seconds(aws, &waits("")), EXECUTION_SECONDS_MAX);
    let two_years = waits(r#","TimeoutSeconds":63072000"#);
    assert_eq!(ends_after_seconds(aws, &two_years), EXECUTION_SECONDS_MAX);
    let sooner = waits(r#","TimeoutSeconds":60"#);
    assert_eq!(ends_after_seconds(aws, &sooner), 60);
    let day = Limits {
        execution_seconds_max: 86_400,
        ..aws
    };
    assert_eq!(ends_after_seconds(day, &waits("")), 86_400);
}

#[test]
fn an_execution_that_is_over_at_once_arms_nothing() {
    let definition = r#"{"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}"#;
    let run = run(Limits::default(), definition, "{}");
    assert_eq!(run.execution.status(), Status::Succeeded);
    assert!(
        !run.lines
            .iter()
            .any(|line| line.contains("ExecutionTimeout"))
    );
}

#[test]
fn a_shorter_history_ends_sooner() {
    let limits = Limits {
        history_events_max: 10,
        ..Limits::default()
    };
    let definition = r#"{"StartAt":"P","States":{"P":{"Type":"Pass","Next":"C"},
        "C":{"Type":"Choice","Default":"P","Choices":[{"Variable":"$","IsString":true,"Next":"S"}]},
        "S":{"Type":"Succeed"}}}"#;
    let run = run(limits, definition, "{}");
    assert_eq!(run.execution.events(), 10);
    let failure = run.execution.failure().expect("it failed");
    let cause = failure.cause.as_deref().unwrap_or_default();
    assert!(cause.contains("(10)"), "{cause}");
}

/// Five events until the task is scheduled, then two for each further state: 29 of 30.
#[test]
fn a_start_that_a_shorter_history_has_no_place_for_is_not_shown() {
    let limits = |history_events_max| Limits {
        history_events_max,
        ..Limits::default()
    };
    let round = r#""P":{"Type":"Pass","Next":"C"},
        "C":{"Type":"Choice","Default":"P","Choices":[{"Variable":"$.no","IsPresent":true,"Next":"E"}]},
        "E":{"Type":"Succeed"}"#;
    let definition = format!(
        r#"{{"StartAt":"A","States":{{"A":{{"Type":"Parallel","End":true,"Branches":[
            {{"StartAt":"T","States":{{"T":{{"Type":"Task","Resource":"{WORK}","End":true}}}}}},
            {{"StartAt":"P","States":{{{round}}}}}]}}}}}}"#
    );
    let mut run = Run::start_within(limits(30), &definition, "{}", 14, false);
    assert_eq!(run.execution.events(), 29);
    let hand_out = Input::HandOut {
        task: 5,
        worker_name: None,
    };
    run.step(hand_out).expect("the task waits for a worker");
    assert!(run.execution.pending(&limits(30)).is_empty());
    assert_eq!(run.execution.pending(&limits(31)).len(), 1);
}

#[test]
fn a_shorter_history_has_room_for_a_redrive_or_has_not() {
    let definition = waits("");
    for (history_events_max, room) in [(6, true), (5, false)] {
        let limits = Limits {
            history_events_max,
            ..Limits::default()
        };
        let mut run = run(limits, &definition, "{}");
        let stop = Input::Stop {
            error: None,
            cause: None,
        };
        run.step(stop).expect("it can be stopped");
        assert_eq!(run.execution.events(), 4);
        assert_eq!(run.execution.has_room_for_redrive(&limits), room);
        assert_eq!(run.execution.can_go_on(), room);
    }
}

#[test]
fn a_payload_may_be_larger_or_must_be_smaller() {
    let definition = r#"{"StartAt":"P","QueryLanguage":"JSONata","States":{"P":{"Type":"Pass",
        "Output":"{% $pad('', 300000, 'x') %}","End":true}}}"#;
    for (payload_bytes_max, status) in [
        (300_001, Status::Failed),
        (300_002, Status::Succeeded),
        (262_144, Status::Failed),
    ] {
        let limits = Limits {
            payload_bytes_max,
            ..Limits::default()
        };
        let run = run(limits, definition, "{}");
        assert_eq!(run.execution.status(), status, "{payload_bytes_max}");
    }
}

#[test]
fn variables_together_have_a_limit() {
    let definition = r#"{"StartAt":"A","States":{
        "A":{"Type":"Pass","Assign":{"a":"12345678"},"Next":"B"},
        "B":{"Type":"Pass","Assign":{"b":"12345678"},"End":true}}}"#;
    for (variables_bytes_max, status) in [(19, Status::Failed), (20, Status::Succeeded)] {
        let limits = Limits {
            variables_bytes_max,
            ..Limits::default()
        };
        let run = run(limits, definition, "{}");
        assert_eq!(run.execution.status(), status, "{variables_bytes_max}");
    }
}

#[test]
fn a_map_has_as_many_lanes_as_it_may() {
    let definition = format!(
        r#"{{"StartAt":"M","States":{{"M":{{"Type":"Map","MaxConcurrency":50,"End":true,"ItemProcessor":
        {{"StartAt":"T","States":{{"T":{{"Type":"Task","Resource":"{WORK}","End":true}}}}}}}}}}}}"#
    );
    let input = format!("[{}0]", "0,".repeat(99));
    for (map_lanes_max, lanes) in [(2, 2), (40, 40), (100, 50)] {
        let limits = Limits {
            map_lanes_max,
            ..Limits::default()
        };
        assert_eq!(run(limits, &definition, &input).tasks.len(), lanes);
    }
}
