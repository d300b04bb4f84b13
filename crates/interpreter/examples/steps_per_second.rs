//! How many states a second one execution enters, and whether the next one costs what the first did.
//!
//! `cargo run --release -p interpreter --example steps_per_second`. For each machine: states entered
//! per second, and what a state cost in the first and in the last tenth of the run, in nanoseconds.
//! The two must be alike: a step may not cost more because many were done before it, or because many
//! branches are open beside it.

#![allow(
    clippy::disallowed_methods,
    reason = "a bench looks at a clock; what it measures may not"
)]

use std::time::{Duration, Instant};

use asl::{MachineType, StateMachine};
use interpreter::{
    Birth, Document, EventDetails, Execution, Input, Moment, Status, Step, World, start, step,
};
use serde_json::{Value, json};

/// States entered per turn: small enough that the tenths of a run can be told apart.
const STEPS_PER_TURN: u32 = 20;
/// A last tenth that costs so many times the first is a fault, whatever the machine this runs on.
const GROWTH_MAX: f64 = 3.0;
/// A run is repeated for at least so long; the fastest of the repeats counts, for it was disturbed least.
const LENGTH: Duration = Duration::from_secs(2);

/// The state that is measured behind others.
const MEASURED: &str = "Measured";

struct Nowhere;

impl World for Nowhere {
    fn activity_exists(&self, _arn: &str) -> bool {
        true
    }

    fn region(&self) -> &str {
        "us-east-1"
    }
}

/// One run, or its last part: how long each turn took, and how many states it entered.
struct Run {
    turns: Vec<(Duration, u64)>,
}

impl Run {
    fn of(machine: &StateMachine, input: &Value) -> Run {
        let moment = Moment {
            now_ms: 1_700_000_000_000,
            world: &Nowhere,
            steps_max: STEPS_PER_TURN,
            limits: interpreter::Limits::default(),
        };
        let input = Document::from_text(input.to_string());
        let mut turns = Vec::new();
        let begun = Instant::now();
        let (mut execution, done) = start(machine, birth(), input, &moment);
        turns.push((begun.elapsed(), entered(&done)));
        while execution.status() == Status::Running {
            let begun = Instant::now();
            let done = step(&mut execution, machine, Input::Continue, &moment)
                .expect("a running execution goes on");
            let took = begun.elapsed();
            if done.events.iter().any(begins_measuring) {
                // What filled history until here is not what is asked about.
                turns.clear();
            }
            assert!(
                !done.events.is_empty(),
                "nothing here waits for the outside"
            );
            turns.push((took, entered(&done)));
        }
        check(&execution);
        Run { turns }
    }

    fn states(&self) -> u64 {
        self.turns.iter().map(|(_, states)| states).sum()
    }

    fn length(&self) -> Duration {
        self.turns.iter().map(|(took, _)| *took).sum()
    }

    /// Nanoseconds a state cost, over some of the turns.
    fn cost(turns: &[(Duration, u64)]) -> f64 {
        let took: Duration = turns.iter().map(|(took, _)| *took).sum();
        let states: u64 = turns.iter().map(|(_, states)| states).sum();
        took.as_nanos() as f64 / states.max(1) as f64
    }

    /// The cost in the first and in the last tenth.
    fn tenths(&self) -> (f64, f64) {
        let tenth = (self.turns.len() / 10).max(1);
        let (first, last) = (
            &self.turns[..tenth],
            &self.turns[self.turns.len() - tenth..],
        );
        (Run::cost(first), Run::cost(last))
    }
}

/// Whether this is where a machine of two parts begins with the part that counts.
fn begins_measuring(event: &interpreter::Event) -> bool {
    matches!(&event.details, EventDetails::StateEntered { name, .. } if **name == *MEASURED)
}

fn entered(step: &Step) -> u64 {
    let entered =
        |event: &&interpreter::Event| matches!(event.details, EventDetails::StateEntered { .. });
    step.events.iter().filter(entered).count() as u64
}

fn check(execution: &Execution) {
    assert_eq!(
        execution.status(),
        Status::Succeeded,
        "the machines of this bench succeed: {:?}",
        execution.failure()
    );
}

fn birth() -> Birth {
    Birth {
        execution_arn: "arn:aws:states:us-east-1:123456789012:execution:m:e".into(),
        name: "e".into(),
        state_machine_arn: "arn:aws:states:us-east-1:123456789012:stateMachine:m".into(),
        state_machine_name: "m".into(),
        role_arn: "arn:aws:iam::123456789012:role/r".into(),
        machine: 1,
        machine_revision: 1,
        seed: 1,
        trace_header: None,
        state_machine_version_arn: None,
        state_machine_alias_arn: None,
    }
}

fn machine(definition: &Value) -> StateMachine {
    let parsed = asl::parse(&definition.to_string(), MachineType::Standard);
    let diagnostics = parsed.diagnostics;
    parsed
        .machine
        .unwrap_or_else(|| panic!("the definitions of this bench are valid: {diagnostics:?}"))
}

/// `count` Pass states in a row, named after `prefix`; the last goes on with `then`.
fn chain(prefix: &str, count: usize, then: Option<&str>) -> serde_json::Map<String, Value> {
    let name = |at: usize| format!("{prefix}{at}");
    (0..count)
        .map(|at| {
            let state = match (at + 1 < count, then) {
                (true, _) => json!({"Type": "Pass", "Next": name(at + 1)}),
                (false, Some(then)) => json!({"Type": "Pass", "Next": then}),
                (false, None) => json!({"Type": "Pass", "End": true}),
            };
            (name(at), state)
        })
        .collect()
}

/// A counter that goes round until it reaches `rounds`: three states a round.
fn round(rounds: u32, then: &str) -> serde_json::Map<String, Value> {
    let states = json!({
        "Zero": {"Type": "Pass", "Result": 0, "ResultPath": "$.n", "Next": "More"},
        "More": {"Type": "Choice", "Default": then,
            "Choices": [{"Variable": "$.n", "NumericLessThan": rounds, "Next": "Add"}]},
        "Add": {"Type": "Pass", "ResultPath": "$.n", "Next": "Keep",
            "InputPath": "$.n", "Parameters": {"n.$": "States.MathAdd($, 1)"}},
        "Keep": {"Type": "Pass", "InputPath": "$.n.n", "ResultPath": "$.n", "Next": "More"}
    });
    match states {
        Value::Object(states) => states,
        _ => unreachable!("an object was written"),
    }
}

fn parallel(states_per_branch: usize) -> Value {
    let branch = |at: usize| {
        let prefix = format!("B{at}_");
        json!({"StartAt": format!("{prefix}0"), "States": chain(&prefix, states_per_branch, None)})
    };
    let branches: Vec<Value> = (0..10).map(branch).collect();
    json!({"Type": "Parallel", "Branches": branches, "End": true})
}

fn map() -> Value {
    let processor = json!({"StartAt": "I0", "States": chain("I", 3, None)});
    json!({"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": processor, "End": true})
}

/// `last` as the only state, or behind a loop that fills history with about 10,000 events. The loop
/// carries nothing but its counter; `input` comes in behind it.
fn behind(events_before: bool, last: Value, input: &Value) -> Value {
    let mut states = serde_json::Map::new();
    let mut start_at = MEASURED;
    if events_before {
        states = round(1_667, "Load");
        let load = json!({"Type": "Pass", "Result": input, "Next": MEASURED});
        states.insert("Load".to_owned(), load);
        start_at = "Zero";
    }
    states.insert(MEASURED.to_owned(), last);
    json!({"StartAt": start_at, "States": states})
}

fn main() {
    let items: Vec<u32> = (0..1_000).collect();
    let input = json!({ "items": items });
    let small = json!({});
    let choices = |rounds| {
        let mut states = round(rounds, "Last");
        states.insert("Last".to_owned(), json!({"Type": "Succeed"}));
        json!({"StartAt": "Zero", "States": states})
    };
    let long = |count| json!({"StartAt": "P0", "States": chain("P", count, None)});
    let cases = [
        ("200 Pass states", long(200), &small),
        ("9,999 Pass states", long(9_999), &small),
        ("Choice loop, 4,000 rounds", choices(4_000), &small),
        (
            "Parallel, 10 branches of 200",
            behind(false, parallel(200), &small),
            &small,
        ),
        (
            "Map, 1,000 items of 3 states",
            behind(false, map(), &input),
            &input,
        ),
        (
            "Parallel after 10,000 events",
            behind(true, parallel(200), &small),
            &small,
        ),
        (
            "Map after 10,000 events",
            behind(true, map(), &input),
            &small,
        ),
    ];
    println!("machine                          states/s    first tenth    last tenth");
    let mut grown = Vec::new();
    for (name, definition, input) in &cases {
        let machine = machine(definition);
        let begun = Instant::now();
        let mut best = Run::of(&machine, input);
        while begun.elapsed() < LENGTH {
            let run = Run::of(&machine, input);
            if run.length() < best.length() {
                best = run;
            }
        }
        let (first, last) = best.tenths();
        let per_second = best.states() as f64 / best.length().as_secs_f64();
        println!("{name:<30} {per_second:>10.0} {first:>11.0} ns {last:>10.0} ns");
        if last > first * GROWTH_MAX {
            grown.push(*name);
        }
    }
    if !grown.is_empty() {
        eprintln!(
            "a state costs more at the end than at the beginning: {}",
            grown.join(", ")
        );
        std::process::exit(1);
    }
}
