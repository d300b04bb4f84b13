//! Samples of every format ever released: what an older version wrote is still read, and means the same.
//!
//! A sample is never changed. A new version gets a sample of its own beside the old ones.

#![allow(clippy::unwrap_used)]

mod support;

use std::collections::BTreeMap;

use interpreter::history::{self, Event, EventDetails as E};
use interpreter::{
    Birth, Child, Document, Execution, Failure, Input, Limits, MapRunOutcome, StateType, Status,
};
use support::{Run, describe};

const SNAPSHOT_1: &str = include_str!("formats/snapshot-1.hex");
const SNAPSHOT_2: &str = include_str!("formats/snapshot-2.hex");
const SNAPSHOT_3: &str = include_str!("formats/snapshot-3.hex");
const SNAPSHOT_4: &str = include_str!("formats/snapshot-4.hex");
const SNAPSHOT_5: &str = include_str!("formats/snapshot-5.hex");
const HISTORY_1: &str = include_str!("formats/history-1.hex");
const HISTORY_2: &str = include_str!("formats/history-2.hex");

/// Older snapshots have none.
static NO_PARTS: BTreeMap<u32, Vec<u8>> = BTreeMap::new();

fn hex(bytes: &[u8]) -> String {
    let lines = bytes
        .chunks(40)
        .map(|line| line.iter().map(|byte| format!("{byte:02x}")).collect());
    lines.collect::<Vec<String>>().join("\n") + "\n"
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.chunks(2).map(byte).collect()
}

/// An execution in which something of everything stands: a variable, a task that is handed out with its
/// start pending, a task that is called, a retry's delay, a Wait, items that have ended, a deadline, and
/// a step budget that ran out.
fn busy() -> Run {
    let activity = "arn:aws:states:us-east-1:123456789012:activity:work";
    let definition = format!(
        r#"{{"StartAt":"V","TimeoutSeconds":1000,"States":{{
            "V":{{"Type":"Pass","Assign":{{"v":[1.50]}},"Next":"P"}},
            "P":{{"Type":"Parallel","End":true,"Branches":[
                {{"StartAt":"A","States":{{"A":{{"Type":"Task","Resource":"{activity}",
                    "TimeoutSeconds":60,"HeartbeatSeconds":6,"Parameters":{{"p":1}},"End":true}}}}}},
                {{"StartAt":"B","States":{{"B":{{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke",
                    "Parameters":{{}},"End":true}}}}}},
                {{"StartAt":"C","States":{{"C":{{"Type":"Wait","Seconds":9,"End":true}}}}}},
                {{"StartAt":"D","States":{{"D":{{"Type":"Map","ItemsPath":"$.items","MaxConcurrency":1,
                    "ItemProcessor":{{"StartAt":"D1","States":{{
                        "D1":{{"Type":"Choice","Choices":[
                            {{"Variable":"$","NumericEquals":2,"Next":"D2"}}],"Default":"D3"}},
                        "D2":{{"Type":"Fail","Error":"E"}},
                        "D3":{{"Type":"Succeed"}}}}}},
                    "Retry":[{{"ErrorEquals":["E"],"IntervalSeconds":7}}],"End":true}}}}}},
                {{"StartAt":"F","States":{{"F":{{"Type":"Map","ItemsPath":"$.items",
                    "ItemProcessor":{{"StartAt":"F1","States":{{
                        "F1":{{"Type":"Pass","Next":"F2"}},
                        "F2":{{"Type":"Pass","Next":"F3"}},
                        "F3":{{"Type":"Pass","Next":"F4"}},
                        "F4":{{"Type":"Pass","End":true}}}}}},
                    "End":true}}}}}}]}}}}}}"#
    );
    let mut run = Run::start(&definition, r#"{"items":[1,2,3]}"#, 21, false);
    run.step(Input::HandOut {
        task: 7,
        worker_name: Some("w".into()),
    })
    .unwrap();
    let shown = format!("{:?}", run.execution);
    for stand in ["Ready", "Task(", "Wait(", "Retry(", "Join("] {
        assert!(
            shown.contains(&format!("stand: {stand}")),
            "{stand} is missing: {shown}"
        );
    }
    assert_eq!(run.execution.pending(&Limits::default()).len(), 1);
    run
}

/// One event of every kind, in the order of their definition, and one that refers to another.
fn every_event() -> Vec<Event> {
    let document = |text: &str| Document::from_text(text);
    let failure = || Failure {
        error: Some("E".into()),
        cause: Some("c".into()),
    };
    let (resource_type, resource) = (|| "sqs".into(), || "sendMessage".into());
    let input = document(r#"{ "in": 1.0 }"#).at_home(1);
    let details = vec![
        E::ExecutionStarted {
            input: input.clone(),
            role_arn: "role".into(),
            state_machine_alias_arn: Some("alias".into()),
            state_machine_version_arn: None,
        },
        E::ExecutionSucceeded {
            output: document("2"),
        },
        E::ExecutionFailed(failure()),
        E::ExecutionAborted(Failure::default()),
        E::ExecutionTimedOut(Failure {
            error: Some("States.Timeout".into()),
            cause: None,
        }),
        E::StateEntered {
            state_type: StateType::Task,
            name: "A".into(),
            input,
        },
        E::StateExited {
            state_type: StateType::Map,
            name: "M".into(),
            output: document("[7]"),
            assigned_variables: vec![("v".into(), "1".into())],
        },
        E::StateAborted {
            state_type: StateType::Wait,
        },
        E::ActivityScheduled {
            resource: resource(),
            input: document("9"),
            timeout_in_seconds: Some(300),
            heartbeat_in_seconds: None,
        },
        E::ActivityStarted {
            worker_name: Some("w".into()),
        },
        E::ActivitySucceeded {
            output: document("11"),
        },
        E::ActivityFailed(failure()),
        E::ActivityTimedOut(failure()),
        E::ActivityScheduleFailed(failure()),
        E::TaskScheduled {
            resource_type: resource_type(),
            resource: resource(),
            region: "us-east-1".into(),
            parameters: document("{}"),
            timeout_in_seconds: None,
            heartbeat_in_seconds: Some(5),
            task_role_arn: Some("role".into()),
        },
        E::TaskStarted {
            resource_type: resource_type(),
            resource: resource(),
        },
        E::TaskSubmitted {
            resource_type: resource_type(),
            resource: resource(),
            output: document("17"),
        },
        E::TaskSucceeded {
            resource_type: resource_type(),
            resource: resource(),
            output: document("18"),
        },
        E::TaskFailed {
            resource_type: resource_type(),
            resource: resource(),
            failure: failure(),
        },
        E::TaskTimedOut {
            resource_type: resource_type(),
            resource: resource(),
            failure: failure(),
        },
        E::TaskStartFailed {
            resource_type: resource_type(),
            resource: resource(),
            failure: failure(),
        },
        E::TaskSubmitFailed {
            resource_type: resource_type(),
            resource: resource(),
            failure: failure(),
        },
        E::LambdaFunctionScheduled {
            resource: resource(),
            input: document("23"),
            timeout_in_seconds: None,
            task_role_arn: None,
        },
        E::LambdaFunctionStarted,
        E::LambdaFunctionSucceeded {
            output: document("25"),
        },
        E::LambdaFunctionFailed(failure()),
        E::LambdaFunctionTimedOut(failure()),
        E::LambdaFunctionScheduleFailed(failure()),
        E::LambdaFunctionStartFailed(failure()),
        E::ParallelStateStarted,
        E::ParallelStateSucceeded,
        E::ParallelStateFailed,
        E::MapStateStarted { length: 3 },
        E::MapStateSucceeded,
        E::MapStateFailed,
        E::MapIterationStarted {
            name: "M".into(),
            index: 0,
        },
        E::MapIterationSucceeded {
            name: "M".into(),
            index: 1,
        },
        E::MapIterationFailed {
            name: "M".into(),
            index: 2,
        },
        E::MapIterationAborted {
            name: "M".into(),
            index: 300,
        },
        E::EvaluationFailed {
            failure: failure(),
            location: None,
            state: "A".into(),
        },
        E::ExecutionRedriven { redrive_count: 2 },
        E::MapRunStarted {
            map_run_arn: "run".into(),
        },
        E::MapRunSucceeded,
        E::MapRunFailed(failure()),
        E::MapRunAborted,
        E::MapRunRedriven {
            map_run_arn: "run".into(),
            redrive_count: 3,
        },
    ];
    let event = |(details, id): (E, u32)| {
        if let Some(document) = details.document() {
            let _ = document.clone().at_home(id);
        }
        Event {
            id,
            previous: id - 1,
            timestamp_ms: support::START_MS + i64::from(id),
            details,
        }
    };
    details.into_iter().zip(1..).map(event).collect()
}

#[test]
fn snapshots_of_version_1_are_read() {
    read_and_go_on(&mut busy(), busy(), SNAPSHOT_1);
}

/// A busy execution in its second run.
fn redriven() -> Run {
    let mut run = busy();
    run.step(Input::Stop {
        error: None,
        cause: None,
    })
    .unwrap();
    run.step(Input::Redrive {
        client_token: Some("t".into()),
    })
    .unwrap();
    run
}

#[test]
fn snapshots_of_version_2_are_read() {
    read_and_go_on(&mut redriven(), redriven(), SNAPSHOT_2);
}

/// A redriven execution with a call that is watched.
fn watched() -> Run {
    let definition = r#"{"StartAt":"S","States":{"S":{"Type":"Task","End":true,
        "Resource":"arn:aws:states:::states:startExecution.sync","Parameters":{"Name":"n"}}}}"#;
    let mut run = Run::start(definition, "{}", 21, false);
    let stop = Input::Stop {
        error: None,
        cause: None,
    };
    run.step(stop).unwrap();
    run.step(Input::Redrive { client_token: None }).unwrap();
    let submitted = Input::TaskSubmitted {
        task: 7,
        output: Document::from_text(r#"{"ExecutionArn":"e"}"#),
    };
    run.step(submitted).unwrap();
    run
}

#[test]
fn snapshots_of_version_3_are_read() {
    let mut run = watched();
    let mut other = watched();
    let document = |event: u32| run.own[event as usize - 1].clone();
    other.execution = Execution::restore(&bytes(SNAPSHOT_3), &NO_PARTS, &mut { document }).unwrap();
    let answer = other.execution.task(7).unwrap().submitted.unwrap();
    assert_eq!(&**answer.text(), r#"{"ExecutionArn":"e"}"#);
    read_and_go_on(&mut run, watched(), SNAPSHOT_3);
}

/// A child of a map run that waits for a map run of its own.
fn child() -> Run {
    let mut run = Run::start(NESTED, "[1]", 100, false);
    let birth = Birth {
        child: Some(Child {
            map_run_arn: "arn:aws:states:us-east-1:123456789012:mapRun:m/M:r".into(),
            map_run: [7; 16],
            index: 300,
            items: 2,
            is_express: false,
        }),
        ..support::birth()
    };
    run.start_child(birth, "N", "[2,3]");
    run
}

const NESTED: &str = r#"{"StartAt":"M","States":{"M":{"Type":"Map","End":true,"ItemProcessor":{
    "ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"STANDARD"},
    "StartAt":"N","States":{"N":{"Type":"Map","End":true,"ItemProcessor":{
        "ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"EXPRESS"},
        "StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}}}}}}}"#;

#[test]
fn snapshots_of_version_4_are_read() {
    let run = child();
    let document = |event: u32| run.own[event as usize - 1].clone();
    let mut other = child();
    other.execution = Execution::restore(&bytes(SNAPSHOT_4), &NO_PARTS, &mut { document }).unwrap();
    assert_eq!(other.execution.birth(), run.execution.birth());
    let [mut run, mut other] = [run, other].map(|mut run| {
        let outcome = MapRunOutcome::Succeeded(Some(Document::from_text("[4]")));
        let event = 4;
        run.step(Input::MapRunEnded { event, outcome }).unwrap();
        run
    });
    run.advance_to_end();
    other.advance_to_end();
    assert_eq!(run.lines, other.lines);
    assert_eq!(&**run.execution.output().unwrap().text(), "[4]");
}

/// An execution with parts: a long variable, and a Map of which some items have ended. One of its items
/// waits for a call that is watched, and it was redriven.
fn parted() -> Run {
    let activity = "arn:aws:states:us-east-1:123456789012:activity:work";
    let sync = "arn:aws:states:::states:startExecution.sync";
    let definition = format!(
        r#"{{"StartAt":"V","States":{{
            "V":{{"Type":"Pass","Assign":{{"long":"a variable that is long","short":1}},"Next":"M"}},
            "M":{{"Type":"Map","MaxConcurrency":3,"End":true,"ItemProcessor":{{"StartAt":"C","States":{{
                "C":{{"Type":"Choice","Default":"W","Choices":[
                    {{"Variable":"$","NumericEquals":3,"Next":"S"}}]}},
                "S":{{"Type":"Task","Resource":"{sync}","Parameters":{{"Name":"n"}},"End":true}},
                "W":{{"Type":"Task","Resource":"{activity}","End":true}}}}}}}}}}}}"#
    );
    let mut run = Run::start(&definition, "[1,2,3,4,5,6]", 100, true);
    let stop = Input::Stop {
        error: None,
        cause: None,
    };
    run.step(stop).unwrap();
    run.step(Input::Redrive { client_token: None }).unwrap();
    for _ in 0..2 {
        let task = *run.tasks.first().unwrap();
        finish(&mut run, task);
    }
    let call = run.tasks.iter().find(|task| {
        let task = run.execution.task(**task).unwrap();
        task.call.is_some()
    });
    let submitted = Input::TaskSubmitted {
        task: *call.unwrap(),
        output: Document::from_text(r#"{"ExecutionArn":"e"}"#),
    };
    run.step(submitted).unwrap();
    run
}

/// A task is done by a worker, or by the service that was called.
fn finish(run: &mut Run, task: u32) {
    let mut hand_out = 0;
    if run.execution.task(task).unwrap().call.is_none() {
        let worker_name = None;
        run.step(Input::HandOut { task, worker_name }).unwrap();
        hand_out = 1;
    }
    let output = Document::from_text(format!(r#"{{"of":{task}}}"#));
    run.step(Input::TaskSucceeded {
        task,
        hand_out,
        output,
    })
    .unwrap();
}

/// The snapshot, a line that is empty, and for each part its number and what it holds.
fn sample_with_parts(run: &mut Run) -> String {
    let mut sample = hex(&run.keep());
    for (part, bytes) in &run.parts {
        sample += &format!("\n{part}:\n{}", hex(bytes));
    }
    sample
}

#[test]
fn snapshots_of_version_5_are_read_and_written() {
    let mut run = parted();
    let written = sample_with_parts(&mut run);
    if std::env::var_os("WRITE_NEW_SAMPLES").is_some() {
        return std::fs::write("tests/formats/snapshot-5.hex", written).unwrap();
    }
    assert_eq!(written, SNAPSHOT_5);
    let mut pieces = SNAPSHOT_5.split("\n\n");
    let snapshot = bytes(pieces.next().unwrap());
    let parts: BTreeMap<u32, Vec<u8>> = pieces
        .map(|piece| {
            let (part, hex) = piece.split_once(':').unwrap();
            (part.parse().unwrap(), bytes(hex))
        })
        .collect();
    assert_eq!(parts.len(), 2, "a variable, and the outputs of two items");
    let mut other = parted();
    let document = |event: u32| run.own[event as usize - 1].clone();
    other.execution = Execution::restore(&snapshot, &parts, &mut { document }).unwrap();
    let [run, other] = [run, other].map(|mut run| {
        while let Some(task) = run.tasks.first().copied() {
            finish(&mut run, task);
        }
        assert_eq!(run.execution.status(), Status::Succeeded);
        run.keep();
        assert!(run.parts.is_empty(), "nothing refers to them any more");
        run
    });
    assert_eq!(run.lines, other.lines);
}

/// What is read from a sample goes on as the execution that was sampled.
fn read_and_go_on(run: &mut Run, mut other: Run, sample: &str) {
    let own = run.own.clone();
    let mut document = |event: u32| own[event as usize - 1].clone();
    let read = Execution::restore(&bytes(sample), &NO_PARTS, &mut document).unwrap();
    other.execution = read;
    run.advance_to_end();
    other.advance_to_end();
    assert_eq!(run.lines, other.lines);
}

#[test]
fn history_of_version_2_is_read_and_written() {
    let events = every_event();
    if std::env::var_os("WRITE_NEW_SAMPLES").is_some() {
        std::fs::write(
            "tests/formats/history-2.hex",
            hex(&history::encode(&events)),
        )
        .unwrap();
        return;
    }
    assert_eq!(hex(&history::encode(&events)), HISTORY_2);
    let stored = history::decode(&bytes(HISTORY_2)).unwrap();
    assert_eq!(stored[5].references(), Some(1), "the input is written once");
    let input = stored[0].own_document();
    let read = stored
        .into_iter()
        .map(|event| event.resolve(&mut |_| input.clone()).unwrap());
    let shown: Vec<String> = events.iter().map(describe).collect();
    assert_eq!(
        read.map(|event| describe(&event)).collect::<Vec<_>>(),
        shown
    );
}

#[test]
fn history_of_version_1_is_refused_and_not_misread() {
    // Only builds before the first release wrote it.
    assert!(history::decode(&bytes(HISTORY_1)).is_err());
}

#[test]
fn runs_that_are_no_history_are_refused() {
    let run = history::encode(&every_event());
    assert!(history::decode(&[]).is_err());
    assert!(history::decode(&[9]).is_err(), "a version to come");
    assert!(history::decode(&run[..run.len() - 1]).is_err());
    for at in 0..run.len() {
        let mut damaged = run.clone();
        damaged[at] ^= 0x55;
        if let Ok(events) = history::decode(&damaged) {
            for event in events {
                let _ = event.resolve(&mut |_| None);
            }
        }
    }
}
