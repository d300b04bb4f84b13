//! How many states a second one execution enters, and whether the next one costs what the first did.
//!
//! `cargo run --release -p interpreter --example steps_per_second`, with `--quick` for shorter runs and
//! `--csv` for programs; `cargo xtask bench` shows its figures among the others. For each machine:
//! states entered per second, and what a state cost in the first and in the last tenth of the run, in
//! nanoseconds. The two must be alike: a step may not cost more because many were done before it, or
//! because many branches are open beside it.

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
const GROWTH_MAX: f64 = 1.2;
/// A run is repeated for at least so long, and at least [`REPEATS_MIN`] times.
const LENGTH: Duration = Duration::from_secs(2);
/// The same with `--quick`.
const LENGTH_QUICK: Duration = Duration::from_millis(300);
/// Fewer repeats say too little of any one turn.
const REPEATS_MIN: usize = 3;

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
    fn of(machine: &StateMachine, input: &Value, steps_max: u32) -> Run {
        let moment = Moment {
            now_ms: 1_700_000_000_000,
            world: &Nowhere,
            steps_max,
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

    /// Every run does the same, turn by turn; of each turn the shortest counts, for that one was
    /// disturbed least.
    fn best(self, other: Run) -> Run {
        assert_eq!(self.turns.len(), other.turns.len(), "runs are alike");
        let turns = self.turns.into_iter().zip(other.turns);
        let turns = turns.map(|(one, another)| {
            assert_eq!(one.1, another.1, "turns are alike");
            (one.0.min(another.0), one.1)
        });
        Run {
            turns: turns.collect(),
        }
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
        child: None,
    }
}

fn machine(definition: &Value, machine_type: MachineType) -> StateMachine {
    let parsed = asl::parse(&definition.to_string(), machine_type);
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

/// A Map over `$.items` with so many Pass states to an item.
fn map(states_per_item: usize) -> Value {
    let processor = json!({"StartAt": "I0", "States": chain("I", states_per_item, None)});
    json!({"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": processor, "End": true})
}

/// The same, whose iterations each get their item by way of the context object.
fn selecting_map(states_per_item: usize) -> Value {
    let mut map = map(states_per_item);
    map["ItemSelector"] = json!({"n.$": "$$.Map.Item.Value"});
    map
}

/// The same in JSONata.
fn jsonata_map(states_per_item: usize) -> Value {
    let processor = json!({"StartAt": "I0", "States": chain("I", states_per_item, None)});
    json!({
        "Type": "Map",
        "QueryLanguage": "JSONata",
        "Items": "{% $states.input.items %}",
        "ItemSelector": {"n": "{% $states.context.Map.Item.Value %}"},
        "ItemProcessor": processor,
        "End": true
    })
}

/// States in a row that each write a small result into a large input.
fn rewriting(count: usize) -> Value {
    let mut states = chain("P", count, None);
    for (at, state) in states.values_mut().enumerate() {
        state["Result"] = json!(at);
        state["ResultPath"] = json!("$.at");
    }
    json!({"StartAt": "P0", "States": states})
}

fn items(count: u32) -> Value {
    json!({ "items": (0..count).collect::<Vec<u32>>() })
}

/// As large as an input may be, with room for what is written into it.
fn largest() -> Value {
    let item = "a text of some length, as they come in orders";
    let count = (interpreter::Limits::default().payload_bytes_max - 100) / (item.len() + 3);
    json!({ "items": vec![item; count] })
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

/// What is measured.
struct Case {
    name: &'static str,
    definition: Value,
    input: Value,
    machine_type: MachineType,
    steps_per_turn: u32,
}

impl Case {
    fn new(name: &'static str, definition: Value, input: Value) -> Case {
        Case {
            name,
            definition,
            input,
            machine_type: MachineType::Standard,
            steps_per_turn: STEPS_PER_TURN,
        }
    }

    /// Its history has more events than a STANDARD execution's may have.
    fn express(self) -> Case {
        Case {
            machine_type: MachineType::Express,
            ..self
        }
    }

    /// It has so few states that each is a turn.
    fn one_by_one(self) -> Case {
        Case {
            steps_per_turn: 1,
            ..self
        }
    }

    fn measure(&self, length: Duration) -> Run {
        let machine = machine(&self.definition, self.machine_type);
        let run = || Run::of(&machine, &self.input, self.steps_per_turn);
        let begun = Instant::now();
        let mut best = run();
        let mut repeats = 1;
        while repeats < REPEATS_MIN || begun.elapsed() < length {
            best = best.best(run());
            repeats += 1;
        }
        best
    }
}

fn cases() -> Vec<Case> {
    let small = || json!({});
    let choices = |rounds| {
        let mut states = round(rounds, "Last");
        states.insert("Last".to_owned(), json!({"Type": "Succeed"}));
        json!({"StartAt": "Zero", "States": states})
    };
    let long = |count| json!({"StartAt": "P0", "States": chain("P", count, None)});
    let alone = |last| behind(false, last, &json!({}));
    vec![
        Case::new("200 Pass states", long(200), small()),
        Case::new("9,999 Pass states", long(9_999), small()),
        // Six events a round and eight around them: all that a history holds, but for two.
        Case::new("Choice loop, 25,000 events", choices(4_165), small()),
        Case::new(
            "Parallel, 10 branches of 200",
            alone(parallel(200)),
            small(),
        ),
        Case::new("Map, 1,000 items of 3 states", alone(map(3)), items(1_000)),
        Case::new("Map, 10,000 items, EXPRESS", alone(map(3)), items(10_000)).express(),
        Case::new(
            "Map, 1,000 items, ItemSelector",
            alone(selecting_map(3)),
            items(1_000),
        ),
        Case::new(
            "Map, 10,000 items, ItemSelector",
            alone(selecting_map(3)),
            items(10_000),
        )
        .express(),
        Case::new(
            "Map, 1,000 items, JSONata",
            alone(jsonata_map(3)),
            items(1_000),
        ),
        Case::new(
            "Parallel after 10,000 events",
            behind(true, parallel(200), &small()),
            small(),
        ),
        Case::new(
            "Map after 10,000 events",
            behind(true, map(3), &items(1_000)),
            small(),
        ),
        Case::new("256 KiB through 10 states", long(10), largest()).one_by_one(),
        Case::new("256 KiB rewritten by 10 states", rewriting(10), largest()).one_by_one(),
    ]
}

fn main() {
    let given: Vec<String> = std::env::args().skip(1).collect();
    let flag = |name: &str| given.iter().any(|it| it == name);
    let only = given.iter().find(|it| !it.starts_with("--"));
    let length = match flag("--quick") {
        true => LENGTH_QUICK,
        false => LENGTH,
    };
    let csv = flag("--csv");
    match csv {
        true => println!("machine,states_per_second,first_tenth_ns,last_tenth_ns"),
        false => println!(
            "machine                              states/s    first tenth    last tenth  growth"
        ),
    }
    let mut grown = Vec::new();
    let all = cases().into_iter();
    for case in all.filter(|it| only.is_none_or(|only| it.name.contains(only.as_str()))) {
        let best = case.measure(length);
        let name = case.name;
        let (first, last) = best.tenths();
        let per_second = best.states() as f64 / best.length().as_secs_f64();
        let growth = last / first;
        match csv {
            true => println!("\"{name}\",{per_second:.0},{first:.0},{last:.0}"),
            false => println!(
                "{name:<34} {per_second:>10.0} {first:>11.0} ns {last:>10.0} ns {growth:>7.2}"
            ),
        }
        if growth > GROWTH_MAX {
            grown.push(name);
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
