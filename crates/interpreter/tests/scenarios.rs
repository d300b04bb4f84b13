//! Scenarios by data: a definition and timed inputs give exactly this history and these effects.
//!
//! Each file under `tests/scenarios/` holds `definition`, `input` and `expect`, and may hold `inputs`
//! and `steps_max`. A line of `inputs` is a moment in milliseconds and what happens then:
//!
//! ```text
//! 1000 hand_out 3 worker-1
//! 2000 succeed 3#1 {"result": 1}      (task 3, hand-out 1; 0 for calls)
//! 2000 fail 3#1 Error the cause
//! 2000 submit 3 {"id": 1}             (the call was accepted, its result comes later)
//! 2000 heartbeat 3#1
//! 2000 put_back 3
//! 2000 stop Error the cause
//! 2000 redrive client-token          (the token may be left out)
//! 2000 delete_machine
//! ```
//!
//! Timers fire by themselves. At the end the clock runs until no timer is left. Every scenario runs a
//! second time with the execution restored from its snapshot before each step, and must not differ.
//! With `UPDATE_SCENARIOS=1` the files are rewritten with what happened; read the difference.

#![allow(clippy::unwrap_used)]

mod support;

use std::path::{Path, PathBuf};

use interpreter::{Document, Failure, Input, MapRunOutcome};
use serde_json::Value;
use support::{Run, START_MS, describe};

#[test]
fn every_scenario_runs_as_written() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    assert!(files.len() > 20, "the scenarios are there");
    let mut wrong = Vec::new();
    for file in files {
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&file).unwrap();
        let mut scenario: Value = serde_json::from_str(&text).unwrap();
        let plain = play(&scenario, false);
        let restored = play(&scenario, true);
        assert_eq!(
            plain.lines, restored.lines,
            "{name}: a restored execution goes on differently"
        );

        let shown = |run: &Run| run.events.iter().map(describe).collect::<Vec<_>>();
        let stored: Vec<String> = plain.resolved_history().iter().map(describe).collect();
        assert_eq!(
            shown(&plain),
            stored,
            "{name}: the stored history reads differently"
        );

        let happened = Value::from(plain.lines);
        if happened != scenario["expect"] {
            if std::env::var_os("UPDATE_SCENARIOS").is_some() {
                scenario["expect"] = happened;
                std::fs::write(&file, written(&scenario)).unwrap();
            } else {
                wrong.push(format!(
                    "{name}:\n{happened:#}\nexpected:\n{:#}",
                    scenario["expect"]
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

fn play(scenario: &Value, restoring: bool) -> Run {
    let definition = scenario["definition"].to_string();
    let input = scenario["input"].to_string();
    let steps_max = scenario["steps_max"]
        .as_u64()
        .map_or(1000, |steps| steps as u32);
    let mut run = Run::start(&definition, &input, steps_max, restoring);
    for line in scenario["inputs"].as_array().into_iter().flatten() {
        let line = line.as_str().expect("inputs are lines");
        let (at, what) = line.split_once(' ').expect("a moment and an input");
        run.advance_to(START_MS + at.parse::<i64>().expect("a moment in milliseconds"));
        run.lines.push(format!("> {what}"));
        let _ = run.step(read(what));
    }
    run.advance_to_end();
    run
}

fn read(what: &str) -> Input {
    let mut words = what.splitn(3, ' ');
    let (verb, target) = (words.next().unwrap(), words.next().unwrap_or_default());
    let rest = words.next();
    let task = || target.split('#').next().unwrap().parse().expect("a task");
    let hand_out = || {
        target
            .split_once('#')
            .expect("task#hand_out")
            .1
            .parse()
            .unwrap()
    };
    match verb {
        "hand_out" => Input::HandOut {
            task: task(),
            worker_name: rest.map(Into::into),
        },
        "put_back" => Input::PutBack { task: task() },
        "heartbeat" => Input::Heartbeat {
            task: task(),
            hand_out: hand_out(),
        },
        "succeed" => {
            let output = interpreter::Document::from_text(rest.expect("an output"));
            Input::TaskSucceeded {
                task: task(),
                hand_out: hand_out(),
                output,
            }
        }
        "submit" => {
            let output = interpreter::Document::from_text(rest.expect("an output"));
            Input::TaskSubmitted {
                task: task(),
                output,
            }
        }
        "fail" => {
            let (error, cause) = match rest.map(|rest| rest.split_once(' ').unwrap_or((rest, ""))) {
                None => (None, None),
                Some((error, "")) => (Some(error.into()), None),
                Some((error, cause)) => (Some(error.into()), Some(cause.into())),
            };
            Input::TaskFailed {
                task: task(),
                hand_out: hand_out(),
                error,
                cause,
            }
        }
        "stop" => {
            let error = (!target.is_empty()).then(|| target.into());
            Input::Stop {
                error,
                cause: rest.map(Into::into),
            }
        }
        "redrive" => Input::Redrive {
            client_token: (!target.is_empty()).then(|| target.into()),
        },
        "map_run_succeeds" => Input::MapRunEnded {
            event: task(),
            outcome: MapRunOutcome::Succeeded(rest.map(Document::from_text)),
        },
        "map_run_fails" => Input::MapRunEnded {
            event: task(),
            outcome: MapRunOutcome::Failed(Failure {
                error: rest.map(Into::into),
                cause: None,
            }),
        },
        "delete_machine" => Input::MachineDeleted,
        _ => panic!("no such input: {what}"),
    }
}

/// A scenario as its file shows it: a field a line, and a line of `inputs` and `expect` a line.
fn written(scenario: &Value) -> String {
    let fields = scenario
        .as_object()
        .expect("a scenario is an object")
        .iter();
    let fields = fields.map(|(name, value)| match value {
        Value::Array(lines) if name == "inputs" || name == "expect" => {
            let lines: Vec<String> = lines.iter().map(|line| format!("    {line}")).collect();
            format!("  \"{name}\": [\n{}\n  ]", lines.join(",\n"))
        }
        _ => format!("  \"{name}\": {value}"),
    });
    format!("{{\n{}\n}}\n", fields.collect::<Vec<_>>().join(",\n"))
}
