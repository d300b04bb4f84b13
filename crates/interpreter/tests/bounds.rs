//! Limits, long waits and large payloads.

#![allow(clippy::unwrap_used)]

mod support;

use std::collections::BTreeMap;

use interpreter::limits::{HISTORY_EVENTS_MAX, PAYLOAD_BYTES_MAX};
use interpreter::{Document, EventDetails, Execution, Failure, Input, Limits, Status};
use support::{Run, START_MS, describe};

/// States that go round for ever, two events each.
const ROUND: &str = r#"
    "A":{"Type":"Pass","Next":"C"},
    "C":{"Type":"Choice","Choices":[{"Variable":"$.end","IsPresent":true,"Next":"E"}],"Default":"A"},
    "E":{"Type":"Succeed"}"#;

fn task(resource: &str, more: &str) -> String {
    format!(
        r#"{{"StartAt":"A","States":{{
            "A":{{"Type":"Task","Resource":"{resource}"{more},"Next":"B"}},
            "B":{{"Type":"Pass","End":true}}}}}}"#
    )
}

const WORK: &str = "arn:aws:states:us-east-1:123456789012:activity:work";

#[test]
fn the_last_event_of_a_full_history_is_the_failure() {
    let definition = format!(r#"{{"StartAt":"A","States":{{{ROUND}}}}}"#);
    let run = Run::start(&definition, "{}", u32::MAX, false);
    assert_eq!(run.execution.status(), Status::Failed);
    assert_eq!(run.execution.events(), HISTORY_EVENTS_MAX);
    let last = describe(run.events.last().unwrap());
    assert_eq!(
        last,
        "25000<-24999 ExecutionFailed {\"error\":\"States.Runtime\",\"cause\":\"The execution \
         reached the maximum number of history events (25000).\"}"
    );
}

#[test]
fn a_start_that_finds_no_place_in_history_is_the_failure() {
    let definition = format!(
        r#"{{"StartAt":"P","States":{{"P":{{"Type":"Parallel","End":true,"Branches":[
            {{"StartAt":"T","States":{{"T":{{"Type":"Task","Resource":"{WORK}","End":true}}}}}},
            {{"StartAt":"A","States":{{{ROUND}}}}}]}}}}}}"#
    );
    // Five events until the task is scheduled, then two for each further state: 24,999.
    let mut run = Run::start(&definition, "{}", 2 + 12_497, false);
    assert_eq!(run.execution.events(), HISTORY_EVENTS_MAX - 1);
    run.step(Input::HandOut {
        task: 5,
        worker_name: None,
    })
    .unwrap();
    assert!(
        run.execution.pending(&Limits::default()).is_empty(),
        "there is no event it could become"
    );
    run.advance_to(START_MS);
    assert_eq!(run.execution.events(), HISTORY_EVENTS_MAX);
    assert!(matches!(
        run.events.last().unwrap().details,
        EventDetails::ExecutionFailed(_)
    ));
    assert_eq!(run.execution.status(), Status::Failed);
}

#[test]
fn pending_starts_are_shown_with_the_numbers_they_will_get() {
    let mut run = Run::start(&task(WORK, ""), "{}", 100, true);
    run.now_ms += 70;
    run.step(Input::HandOut {
        task: 3,
        worker_name: Some("w".into()),
    })
    .unwrap();
    let pending = run.execution.pending(&Limits::default());
    assert_eq!(pending.len(), 1);
    assert_eq!(
        (pending[0].0, pending[0].1.timestamp_ms),
        (3, START_MS + 70)
    );
    let shown = describe(&pending[0].1);
    run.now_ms += 30;
    let output = Document::from_text("1");
    run.step(Input::TaskSucceeded {
        task: 3,
        hand_out: 1,
        output,
    })
    .unwrap();
    assert_eq!(describe(&run.events[3]), shown);
    assert_eq!(run.events[3].timestamp_ms, START_MS + 70);
}

#[test]
fn a_pending_start_is_never_shown_older_than_what_was_written() {
    let mut run = Run::start(&task(WORK, ""), "{}", 100, true);
    run.now_ms -= 51_000;
    run.step(Input::HandOut {
        task: 3,
        worker_name: None,
    })
    .unwrap();
    let shown_ms = run.execution.pending(&interpreter::Limits::default())[0]
        .1
        .timestamp_ms;
    assert_eq!(shown_ms, START_MS);
    run.step(Input::TaskSucceeded {
        task: 3,
        hand_out: 1,
        output: Document::from_text("1"),
    })
    .unwrap();
    assert_eq!(run.events[3].timestamp_ms, shown_ms);
}

#[test]
fn a_deadline_that_lies_ahead_of_the_clock_ends_an_execution_now() {
    let definition = r#"{"StartAt":"W","TimeoutSeconds":60,"States":{
        "W":{"Type":"Wait","Seconds":600,"End":true}}}"#;
    let mut run = Run::start(definition, "{}", 100, true);
    // A minute went by; the wall clock was set back in it, and shows nine seconds.
    run.now_ms = START_MS + 9_000;
    let (timer, _) = run.timers.iter().min_by_key(|(_, due)| **due).unwrap();
    let timer = *timer;
    run.timers.remove(&timer);
    run.step(Input::TimerFired(timer)).unwrap();
    assert_eq!(run.execution.status(), Status::TimedOut);
    assert_eq!(run.execution.stop_ms(), Some(START_MS + 9_000));
}

#[test]
fn a_year_passes_in_a_moment() {
    let year = 365 * 24 * 3600;
    let definition = format!(
        r#"{{"StartAt":"W","States":{{"W":{{"Type":"Wait","Seconds":{year},"End":true}}}}}}"#
    );
    let mut run = Run::start(&definition, "{}", 100, true);
    run.advance_to(START_MS + year * 1000 - 1);
    assert_eq!(run.execution.status(), Status::Running);
    run.advance_to(START_MS + year * 1000);
    assert_eq!(run.execution.status(), Status::Succeeded);
    assert_eq!(run.execution.stop_ms(), Some(START_MS + year * 1000));
}

#[test]
fn an_execution_that_ran_out_of_time_stops_at_its_deadline_however_late_it_is_noticed() {
    let definition = r#"{"StartAt":"W","TimeoutSeconds":5,"States":{
        "W":{"Type":"Wait","Seconds":60,"End":true}}}"#;
    let mut run = Run::start(definition, "{}", 100, true);
    let (&timer, _) = run
        .timers
        .iter()
        .find(|(_, due)| **due == START_MS + 5000)
        .unwrap();
    run.timers.remove(&timer);
    run.now_ms += 7_300;
    run.step(Input::TimerFired(timer)).unwrap();
    assert_eq!(run.execution.status(), Status::TimedOut);
    assert_eq!(run.execution.stop_ms(), Some(START_MS + 5000));
    assert_eq!(
        run.execution.failure(),
        None,
        "DescribeExecution shows no error"
    );
    assert_eq!(
        describe(run.events.last().unwrap()),
        "3<-0 ExecutionTimedOut {\"error\":\"States.Timeout\"}"
    );
}

#[test]
fn payload_bytes_pass_through_untouched() {
    let text = "{ \"z\" : 1.50,\n \"a\":[ ], \"z2\": 1e2 }";
    let mut run = Run::start(&task(WORK, ""), "[ 1.0 ]", 100, true);
    assert_eq!(&**run.execution.input().text(), "[ 1.0 ]");
    run.step(Input::HandOut {
        task: 3,
        worker_name: None,
    })
    .unwrap();
    let output = Document::from_text(text);
    run.step(Input::TaskSucceeded {
        task: 3,
        hand_out: 1,
        output,
    })
    .unwrap();
    assert_eq!(&**run.execution.output().unwrap().text(), text);
    // Five events hold the result, one holds its bytes.
    let bytes: usize = run.stored.iter().map(Vec::len).sum();
    assert!(bytes < text.len() + 600, "{bytes}");
    assert_eq!(
        run.resolved_history()
            .last()
            .unwrap()
            .details
            .document()
            .unwrap()
            .text(),
        run.execution.output().unwrap().text()
    );
}

#[test]
fn results_over_the_limit_are_failures_that_must_be_caught_by_name() {
    let large = || Document::from_text(format!("\"{}\"", "x".repeat(PAYLOAD_BYTES_MAX - 1)));
    let cause_of = |resource: &str, names: &str| {
        let more = format!(r#","Catch":[{{"ErrorEquals":["{names}"],"Next":"B"}}]"#);
        let mut run = Run::start(&task(resource, &more), "{}", 100, true);
        let hand_out = u32::from(resource == WORK);
        if resource == WORK {
            run.step(Input::HandOut {
                task: 3,
                worker_name: None,
            })
            .unwrap();
        }
        run.step(Input::TaskSucceeded {
            task: 3,
            hand_out,
            output: large(),
        })
        .unwrap();
        let failure = match &run.events[4].details {
            EventDetails::ActivityFailed(failure)
            | EventDetails::LambdaFunctionFailed(failure)
            | EventDetails::TaskFailed { failure, .. } => failure.clone(),
            other => panic!("{other:?}"),
        };
        assert_eq!(failure.error.as_deref(), Some("States.DataLimitExceeded"));
        (failure.cause.unwrap().to_string(), run.execution.status())
    };
    let words = |what: &str| {
        format!(
            "The state/task '{what}' returned a result with a size exceeding the maximum number \
             of bytes service limit."
        )
    };
    let function = "arn:aws:lambda:us-east-1:123456789012:function:f";
    let named = "States.DataLimitExceeded";
    let invoke = "arn:aws:states:::lambda:invoke";
    assert_eq!(
        cause_of(invoke, named),
        (words("lambda"), Status::Succeeded)
    );
    assert_eq!(
        cause_of(invoke, "States.ALL"),
        (words("lambda"), Status::Failed)
    );
    assert_eq!(
        cause_of(function, named),
        (words(function), Status::Succeeded)
    );
    assert_eq!(
        cause_of(WORK, "States.TaskFailed"),
        (words(WORK), Status::Failed)
    );
}

/// The failure of an execution of JSONata states; each is named by its letter.
fn failure_in_jsonata(states: &str) -> (Status, Option<String>, Option<String>) {
    let definition =
        format!(r#"{{"QueryLanguage":"JSONata","StartAt":"A","States":{{{states}}}}}"#);
    let run = Run::start(&definition, "{}", 10_000, true);
    let failure = run.execution.failure().cloned().unwrap_or_default();
    let text = |text: Option<std::sync::Arc<str>>| text.map(|text| text.to_string());
    (
        run.execution.status(),
        text(failure.error),
        text(failure.cause),
    )
}

#[test]
fn what_expressions_build_is_bounded() {
    let limit = |state: &str| {
        let cause = format!(
            "The state/task '{state}' returned a result with a size exceeding the maximum number \
             of bytes service limit."
        );
        let error = "States.DataLimitExceeded".to_owned();
        (Status::Failed, Some(error), Some(cause))
    };
    let text = |bytes: usize| format!(r#""{{% $pad('', {}, 'x') %}}""#, bytes - 2);
    let fits = text(PAYLOAD_BYTES_MAX);
    let over = text(PAYLOAD_BYTES_MAX + 1);
    let end = r#""End":true}"#;
    let fine = (Status::Succeeded, None, None);

    let output =
        |value| failure_in_jsonata(&format!(r#""A":{{"Type":"Pass","Output":{value},{end}"#));
    assert_eq!(output(&fits), fine);
    assert_eq!(output(&over), limit("A"));

    let assign = |value| {
        failure_in_jsonata(&format!(
            r#""A":{{"Type":"Pass","Assign":{{"v":{value}}},{end}"#
        ))
    };
    assert_eq!(assign(&fits), fine);
    assert_eq!(assign(&over), limit("A"));
    let half = text(PAYLOAD_BYTES_MAX / 2 + 1);
    let two = format!(r#""A":{{"Type":"Pass","Assign":{{"v":{half},"w":{half}}},{end}"#);
    assert_eq!(failure_in_jsonata(&two), limit("A"));

    let items = r#""A":{"Type":"Map","Items":"{% [1..50000] %}","ItemProcessor":{"StartAt":"B",
        "States":{"B":{"Type":"Pass","End":true}}},"End":true}"#;
    assert_eq!(failure_in_jsonata(items), limit("A"));
}

#[test]
fn all_variables_together_are_bounded() {
    // Forty of a quarter of a mebibyte are ten mebibytes; the last one is one too many, unless it
    // takes the place of another.
    let machine = |last: &str| {
        let names = (0..=40).map(|at| match at {
            0 => "A".to_owned(),
            at => format!("A{at}"),
        });
        let names: Vec<String> = names.collect();
        let variables = (0..40).map(|at| format!("v{at}"));
        let variables: Vec<String> = variables.chain([last.to_owned()]).collect();
        let states = names.iter().zip(&variables).enumerate();
        let states = states.map(|(at, (name, variable))| {
            let next = match names.get(at + 1) {
                Some(next) => format!(r#""Next":"{next}""#),
                None => r#""End":true"#.to_owned(),
            };
            let value = match at {
                0 => format!("{{% $pad('', {}, 'x') %}}", PAYLOAD_BYTES_MAX - 2),
                _ => "{% $v0 %}".to_owned(),
            };
            format!(r#""{name}":{{"Type":"Pass","Assign":{{"{variable}":"{value}"}},{next}}}"#)
        });
        states.collect::<Vec<_>>().join(",")
    };
    assert_eq!(failure_in_jsonata(&machine("v7")).0, Status::Succeeded);
    let (status, error, _) = failure_in_jsonata(&machine("more"));
    assert_eq!(status, Status::Failed);
    assert_eq!(error.as_deref(), Some("States.DataLimitExceeded"));
}

/// An execution whose snapshot has parts of both kinds: a variable, and outputs of a Map of which two
/// items have ended.
fn parted() -> Run {
    let work = r#"{"W":{"Type":"Task","Resource":"arn:aws:states:us-east-1:123456789012:activity:work","End":true}}"#;
    let definition = format!(
        r#"{{"StartAt":"V","States":{{
            "V":{{"Type":"Pass","Assign":{{"v":"as long as a short one"}},"Next":"M"}},
            "M":{{"Type":"Map","MaxConcurrency":2,"End":true,
                "ItemProcessor":{{"StartAt":"W","States":{work}}}}}}}}}"#
    );
    let mut run = Run::start(&definition, "[1,2,3,4,5]", 100, true);
    for _ in 0..2 {
        let task = *run.tasks.first().unwrap();
        let worker_name = None;
        run.step(Input::HandOut { task, worker_name }).unwrap();
        let output = Document::from_text("\"done\"");
        let hand_out = 1;
        run.step(Input::TaskSucceeded {
            task,
            hand_out,
            output,
        })
        .unwrap();
    }
    run
}

#[test]
fn damaged_snapshots_are_refused_and_never_panic() {
    for mut run in [Run::start(&task(WORK, ""), "{}", 100, false), parted()] {
        let snapshot = run.keep();
        let parts = run.parts;
        let mut document = |_| Some(Document::from_text("{}"));
        for length in 0..snapshot.len() {
            assert!(Execution::restore(&snapshot[..length], &parts, &mut document).is_none());
        }
        for at in 0..snapshot.len() {
            for bit in 0..8 {
                let mut damaged = snapshot.clone();
                damaged[at] ^= 1 << bit;
                let _ = Execution::restore(&damaged, &parts, &mut document);
                let _ = Execution::documents_of(&damaged, &parts);
            }
        }
        assert!(Execution::restore(&snapshot, &parts, &mut |_| None).is_none());
    }
}

#[test]
fn damaged_parts_are_refused_and_never_panic() {
    let mut run = parted();
    let snapshot = run.keep();
    let parts = run.parts;
    assert_eq!(parts.len(), 2, "a variable, and the outputs of two items");
    let restore = |parts: &BTreeMap<u32, Vec<u8>>| {
        let mut document = |_| Some(Document::from_text("{}"));
        Execution::restore(&snapshot, parts, &mut document)
    };
    assert!(restore(&parts).is_some());
    for (part, bytes) in &parts {
        let with = |bytes: Option<Vec<u8>>| {
            let mut damaged = parts.clone();
            damaged.remove(part);
            damaged.extend(bytes.map(|bytes| (*part, bytes)));
            let _ = Execution::documents_of(&snapshot, &damaged);
            restore(&damaged)
        };
        assert!(with(Some(Vec::new())).is_none());
        assert!(
            with(Some([&[9], &bytes[1..]].concat())).is_none(),
            "a version to come"
        );
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut damaged = bytes.clone();
                damaged[at] ^= 1 << bit;
                let _ = with(Some(damaged));
            }
        }
    }
    let mut one_too_many = parts.clone();
    one_too_many.insert(1_000, parts[&0].clone());
    assert!(restore(&one_too_many).is_none());
    // A part of outputs that is missing says that none of its lines has ended; that it should be there,
    // the store knows. A document that is missing is missed here.
    let (outputs, variable) = (0, 3);
    assert_eq!(parts.keys().collect::<Vec<_>>(), [&outputs, &variable]);
    let mut without = parts.clone();
    without.remove(&variable);
    assert!(restore(&without).is_none());
}

#[test]
fn a_closed_execution_keeps_what_is_asked_about_it() {
    let mut run = Run::start(&task(WORK, ""), r#"{"in":1}"#, 100, true);
    run.step(Input::Stop {
        error: Some("E".into()),
        cause: None,
    })
    .unwrap();
    run.restore();
    let bytes = run.keep().len();
    let execution = &run.execution;
    assert_eq!(execution.status(), Status::Aborted);
    assert_eq!(
        execution.failure(),
        Some(&Failure {
            error: Some("E".into()),
            cause: None
        })
    );
    assert_eq!(&**execution.input().text(), r#"{"in":1}"#);
    assert_eq!(execution.birth(), &support::birth());
    assert!(bytes < 400, "{bytes}");
}
