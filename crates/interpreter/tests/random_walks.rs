//! Random machines under random inputs: whatever happens, history keeps its grammar, nothing is left
//! behind at the end, and an execution restored before every step does the same.

#![allow(clippy::unwrap_used)]

mod support;

use std::collections::BTreeSet;

use asl::definition::StateKind;
use interpreter::history::Event;
use interpreter::{
    Document, EventDetails, EventId, Input, Limits, PartSizes, StateType, Status, TimerId,
};
use serde_json::{Value, json};
use support::{Run, describe};

/// A stream of choices (xorshift; any will do).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }
    fn chance(&mut self, percent: u64) -> bool {
        self.roll(100) < percent
    }
}

/// Writes machines; names are unique within one.
struct Author {
    dice: Dice,
    names: u32,
}

impl Author {
    fn machine(&mut self, depth: u32) -> Value {
        let count = 1 + self.dice.roll(3);
        let names: Vec<String> = (0..count)
            .map(|_| {
                self.names += 1;
                format!("S{}", self.names)
            })
            .collect();
        let mut states = serde_json::Map::new();
        for (at, name) in names.iter().enumerate() {
            // A last state catches nothing: it would go back to itself, until history is full.
            let last = names.last().filter(|last| *last != name);
            let mut state = self.state(depth, last.map(String::as_str));
            match names.get(at + 1) {
                _ if matches!(state["Type"].as_str(), Some("Fail" | "Choice" | "Succeed")) => {}
                Some(next) => state["Next"] = json!(next),
                None => state["End"] = json!(true),
            }
            if at + 1 < names.len() && matches!(state["Type"].as_str(), Some("Fail" | "Succeed")) {
                state = json!({ "Type": "Pass", "Result": [1, 2], "Next": names[at + 1] });
            }
            if state["Type"] == "Choice" {
                match names.get(at + 1) {
                    Some(next) => state["Default"] = json!(next),
                    None => state = json!({ "Type": "Succeed" }),
                }
            }
            states.insert(name.clone(), state);
        }
        json!({ "StartAt": names[0], "States": states })
    }

    fn state(&mut self, depth: u32, last: Option<&str>) -> Value {
        let kinds = if depth == 0 { 8 } else { 10 };
        let mut state = match self.dice.roll(kinds) {
            0 => json!({ "Type": "Pass", "Result": [1, { "two": 2 }, "three"] }),
            1 => json!({ "Type": "Wait", "Seconds": self.dice.roll(4) }),
            2 if self.dice.chance(50) => json!({ "Type": "Fail", "Error": "Own", "Cause": "c" }),
            3 => json!({ "Type": "Choice", "Choices": [
                { "Variable": "$[0]", "IsPresent": true, "Next": last }
            ] }),
            4 => {
                let value = if self.dice.chance(50) {
                    json!(7)
                } else {
                    json!("a long value")
                };
                json!({ "Type": "Pass", "Assign": { format!("v{depth}_{}", self.names): value } })
            }
            5 => {
                let expressions = ["$uuid()", "[$random(), $millis()]", "$states.input[7]"];
                let output = expressions[self.dice.roll(3) as usize];
                json!({
                    "Type": "Pass",
                    "QueryLanguage": "JSONata",
                    "Assign": { format!("v{depth}_{}", self.names): "{% $random() %}" },
                    "Output": format!("{{% {output} %}}")
                })
            }
            8 => {
                let branches: Vec<Value> = (0..1 + self.dice.roll(3))
                    .map(|_| self.machine(depth - 1))
                    .collect();
                json!({ "Type": "Parallel", "Branches": branches })
            }
            9 => {
                let processor = self.machine(depth - 1);
                if self.dice.chance(40) {
                    return json!({
                        "Type": "Map",
                        "QueryLanguage": "JSONata",
                        "MaxConcurrency": "{% $count([1]) %}",
                        "Items": "{% [1..3].{ 'id': $uuid(), 'at': $millis() } %}",
                        "ItemProcessor": processor,
                        "Output": "{% $count($states.result) %}"
                    });
                }
                json!({
                    "Type": "Map",
                    "MaxConcurrency": self.dice.roll(3),
                    "ItemsPath": "$$.Execution.Input.items",
                    "ItemProcessor": processor
                })
            }
            _ => {
                let mut task = json!({
                    "Type": "Task",
                    "Resource": "arn:aws:states:us-east-1:123456789012:activity:work"
                });
                if self.dice.chance(20) {
                    task["QueryLanguage"] = json!("JSONata");
                    task["Arguments"] = json!("{% $uuid() %}");
                    // What a worker answers has no such member.
                    task["Output"] = json!("{% $states.result.other %}");
                }
                if self.dice.chance(40) {
                    task["TimeoutSeconds"] = json!(8);
                    task["HeartbeatSeconds"] = json!(3);
                }
                task
            }
        };
        if matches!(state["Type"].as_str(), Some("Task" | "Parallel" | "Map")) {
            if self.dice.chance(40) {
                state["Retry"] = json!([{
                    "ErrorEquals": ["States.ALL"],
                    "MaxAttempts": 1 + self.dice.roll(2),
                    "JitterStrategy": "FULL"
                }]);
            }
            if let Some(last) = last.filter(|_| self.dice.chance(40)) {
                state["Catch"] = json!([{ "ErrorEquals": ["States.ALL"], "Next": last }]);
            }
        }
        state
    }
}

/// Something that may happen now, or that may not.
fn input(dice: &mut Dice, run: &Run) -> Option<Input> {
    let tasks: Vec<EventId> = run.tasks.iter().copied().collect();
    let some = |dice: &mut Dice| -> Option<EventId> {
        (!tasks.is_empty()).then(|| tasks[dice.roll(tasks.len() as u64) as usize])
    };
    let task = some(dice).unwrap_or(dice.roll(30) as EventId);
    let hand_out = run.execution.task(task).map_or(1, |task| task.hand_outs);
    let hand_out = if dice.chance(10) {
        dice.roll(4) as u32
    } else {
        hand_out
    };
    Some(match dice.roll(16) {
        0..=3 => Input::HandOut {
            task,
            worker_name: dice.chance(50).then(|| "w".into()),
        },
        4..=6 => {
            let output = Document::from_text(r#"[ "done" ]"#);
            Input::TaskSucceeded {
                task,
                hand_out,
                output,
            }
        }
        7 => {
            let error = dice.chance(80).then(|| "Own".into());
            Input::TaskFailed {
                task,
                hand_out,
                error,
                cause: None,
            }
        }
        8 => Input::PutBack { task },
        9 => Input::Heartbeat { task, hand_out },
        10 => Input::TimerFired(TimerId(1_000_000)),
        11 if dice.chance(5) => Input::Stop {
            error: None,
            cause: Some("enough".into()),
        },
        12 if dice.chance(5) => Input::MachineDeleted,
        14 if dice.chance(20) => Input::Redrive {
            client_token: dice.chance(50).then(|| "again".into()),
        },
        13 => Input::Continue,
        _ => return None,
    })
}

#[test]
fn random_walks_keep_every_promise() {
    let mut ends = [0; 5];
    let mut redriven_and_succeeded = 0;
    let (mut with_parts, mut parts_dropped) = (0, 0);
    for seed in 1..=400_u64 {
        let mut author = Author {
            dice: Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15)),
            names: 0,
        };
        let definition = author.machine(2).to_string();
        let text = r#"{ "items": [1, 2, 3, 4, 5] }"#;
        let steps_max = 1 + author.dice.roll(6) as u32;
        let mut plain = Run::start(&definition, text, steps_max, false);
        let mut restored = Run::start(&definition, text, steps_max, true);
        // One that goes on from what is kept only now and then, with parts of other sizes.
        let mut crashes = Dice(seed.wrapping_mul(0xD1B5_4A32_D192_ED03));
        let limits = Limits {
            parts: PartSizes {
                outputs: 1 + crashes.roll(4) as u32,
                document_bytes: crashes.roll(12) as usize,
                documents_bytes: crashes.roll(30) as usize,
            },
            ..Limits::default()
        };
        let mut crashed = Run::start_within(limits, &definition, text, steps_max, false);
        for _ in 0..150 {
            match input(&mut author.dice, &plain) {
                Some(input) => {
                    if crashes.chance(20) {
                        crashed.restore();
                    }
                    let outcome = plain.step(input.clone());
                    assert_eq!(outcome, restored.step(input.clone()));
                    assert_eq!(outcome, crashed.step(input));
                }
                None => {
                    let until_ms = plain.now_ms + author.dice.roll(2000) as i64;
                    plain.advance_to(until_ms);
                    restored.advance_to(until_ms);
                    crashed.advance_to(until_ms);
                }
            }
        }
        plain.advance_to_end();
        restored.advance_to_end();
        crashed.advance_to_end();
        assert_eq!(plain.lines, restored.lines, "seed {seed}: {definition}");
        assert_eq!(plain.lines, crashed.lines, "seed {seed}: {definition}");
        for mut run in [restored, crashed] {
            run.keep();
            if run.execution.status() == Status::Succeeded {
                assert!(run.parts.is_empty(), "nothing is left of what succeeded");
            }
            with_parts += u32::from(!run.parts.is_empty() || !run.parts_gone.is_empty());
            parts_dropped += run.parts_gone.len();
        }
        check_grammar(&plain, seed);
        ends[plain.execution.status() as usize] += 1;
        redriven_and_succeeded += u32::from(
            plain.execution.status() == Status::Succeeded && plain.execution.redrive_count() > 0,
        );
    }
    // The walks are worth something: many kinds of end are reached.
    assert!(ends[Status::Succeeded as usize] > 50, "{ends:?}");
    assert!(ends[Status::Failed as usize] > 20, "{ends:?}");
    assert!(ends[Status::Aborted as usize] > 3, "{ends:?}");
    assert!(with_parts > 100, "{with_parts}");
    assert!(parts_dropped > 200, "{parts_dropped}");
    assert!(redriven_and_succeeded > 3, "{redriven_and_succeeded}");
}

fn is_end(event: &Event) -> bool {
    use EventDetails as E;
    matches!(
        event.details,
        E::ExecutionSucceeded { .. }
            | E::ExecutionFailed(_)
            | E::ExecutionAborted(_)
            | E::ExecutionTimedOut(_)
    )
}

/// Whether an event may hang on another. Where a redrive lies between the two, the line went on from
/// where it was cut.
fn may_follow(event: &Event, previous: &Event, redriven: bool) -> bool {
    use EventDetails as E;
    let ended = |details: &E| {
        matches!(
            details,
            E::ActivitySucceeded { .. } | E::ActivityFailed(_) | E::ActivityTimedOut(_)
        )
    };
    match &event.details {
        E::ExecutionRedriven { .. } => is_end(previous),
        E::StateEntered {
            state_type: StateType::Fail,
            name,
            ..
        } if redriven => match &previous.details {
            E::StateEntered { name: again, .. } => name == again,
            details => matches!(details, E::StateExited { .. } | E::ParallelStateStarted),
        },
        E::ActivityScheduled { .. } if redriven => matches!(
            previous.details,
            E::StateEntered { .. }
                | E::ActivityScheduled { .. }
                | E::ActivityStarted { .. }
                | E::ActivitySucceeded { .. }
                | E::ActivityFailed(_)
                | E::ActivityTimedOut(_)
                | E::EvaluationFailed { .. }
        ),
        E::StateEntered { .. } => matches!(
            previous.details,
            E::StateExited { .. } | E::ParallelStateStarted | E::MapIterationStarted { .. }
        ),
        E::ActivityScheduled { .. } => match &previous.details {
            E::StateEntered { state_type, .. } => *state_type == StateType::Task,
            details => matches!(
                details,
                E::ActivityFailed(_) | E::ActivityTimedOut(_) | E::EvaluationFailed { .. }
            ),
        },
        E::EvaluationFailed { .. } => match &previous.details {
            E::StateEntered { state_type, .. } => *state_type == StateType::Wait,
            _ => true,
        },
        E::ActivityStarted { .. } => matches!(previous.details, E::ActivityScheduled { .. }),
        details if ended(details) => matches!(previous.details, E::ActivityStarted { .. }),
        E::MapIterationStarted { .. } => !matches!(
            previous.details,
            E::MapIterationSucceeded { .. } | E::MapStateSucceeded
        ),
        E::ExecutionSucceeded { .. } => matches!(previous.details, E::StateExited { .. }),
        _ => true,
    }
}

fn check_grammar(run: &Run, seed: u64) {
    use EventDetails as E;
    let shown = || {
        run.events
            .iter()
            .map(describe)
            .collect::<Vec<_>>()
            .join("\n")
    };
    let count =
        |of: &dyn Fn(&E) -> bool| run.events.iter().filter(|event| of(&event.details)).count();
    let mut starts = BTreeSet::new();
    let redrives: Vec<EventId> = run
        .events
        .iter()
        .filter(|event| matches!(event.details, E::ExecutionRedriven { .. }))
        .map(|event| event.id)
        .collect();
    assert_eq!(redrives.len(), run.execution.redrive_count() as usize);
    for event in &run.events {
        let last = event.id as usize == run.events.len();
        assert_eq!(
            is_end(event),
            (run.execution.stop_ms().is_some() && last) || redrives.contains(&(event.id + 1)),
            "seed {seed}: {}\n{}",
            describe(event),
            shown()
        );
        if event.previous > 0 {
            let previous = &run.events[event.previous as usize - 1];
            let redriven = redrives
                .iter()
                .any(|redrive| (previous.id..event.id).contains(redrive));
            assert!(
                may_follow(event, previous, redriven),
                "seed {seed}: {}\n{}",
                describe(event),
                shown()
            );
        }
        if let E::ActivityStarted { .. } = event.details {
            assert!(starts.insert(event.previous), "seed {seed}\n{}", shown());
        }
    }
    // What a redrive takes up was aborted before, so it is left twice.
    if run.execution.status() == Status::Succeeded && redrives.is_empty() {
        let entered = count(&|details| match details {
            E::StateEntered { state_type, .. } => *state_type != StateType::Fail,
            _ => false,
        });
        let left = run.events.iter().filter(|event| match &event.details {
            E::StateExited { .. } | E::StateAborted { .. } => true,
            // A Pass state that failed has neither.
            E::EvaluationFailed { state, .. } => {
                let state = run.machine.find(state).unwrap();
                matches!(run.machine.state(state).kind, StateKind::Pass(_))
            }
            // A Parallel or Map state that failed and was not caught is left with that event.
            E::ParallelStateFailed | E::MapStateFailed => !run.events.iter().any(|other| {
                other.previous == event.id && matches!(other.details, E::StateExited { .. })
            }),
            _ => false,
        });
        let left = left.count();
        assert_eq!(
            entered,
            left,
            "seed {seed}: every state is left once\n{}",
            shown()
        );
        let begun = count(&|details| matches!(details, E::MapIterationStarted { .. }));
        let over = count(&|details| {
            matches!(
                details,
                E::MapIterationSucceeded { .. }
                    | E::MapIterationFailed { .. }
                    | E::MapIterationAborted { .. }
            )
        });
        assert_eq!(
            begun,
            over,
            "seed {seed}: every iteration ends once\n{}",
            shown()
        );
    }
}
