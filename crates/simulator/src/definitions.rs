//! State machines made up by chance, and what is known of their states.
//!
//! Names of states are unique within a run, so a checker that meets one in a history knows what the
//! definition asked for without reading it again.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::dice::Dice;

/// One `Retry` of a Task state.
#[derive(Clone, Debug)]
pub struct RetrySpec {
    /// `ErrorEquals`, one name.
    pub error: &'static str,
    /// `IntervalSeconds`.
    pub interval_seconds: i64,
    /// `MaxAttempts`.
    pub max_attempts: u32,
    /// `BackoffRate`.
    pub backoff_rate: i64,
    /// `MaxDelaySeconds`.
    pub max_delay_seconds: Option<i64>,
    /// `JitterStrategy` is `FULL`.
    pub jitter: bool,
}

/// What a state asks for, as far as checkers want to know.
#[derive(Clone, Debug)]
pub enum StateSpec {
    /// An activity's task.
    Task {
        /// `Retry`, in order.
        retry: Vec<RetrySpec>,
    },
    /// A Wait of so many milliseconds.
    Wait(
        /// Milliseconds.
        i64,
    ),
    /// A Wait until the moment in the execution's input.
    WaitUntil,
    /// A Distributed Map.
    Distributed {
        /// How many items its reader finds; `None`: they are in the execution's input.
        read: Option<usize>,
    },
    /// A Map.
    Map {
        /// `MaxConcurrency`; 0 is none.
        max_concurrency: usize,
    },
    /// A Pass that shows the [`WORD`] of the variable `word`.
    Recall,
}

/// Makes definitions.
#[derive(Debug)]
pub struct Author {
    dice: Dice,
    names: u32,
    activities: Vec<String>,
    /// Whether the machine that is being made begins with an `Assign` of the [`WORD`].
    has_word: bool,
    /// By state name.
    pub specs: BTreeMap<String, StateSpec>,
}

/// What a variable holds from the first state on. No event of history has it, so it is in the snapshot or
/// in a part of it.
pub const WORD: &str = "not to be forgotten";

/// Member of the input that a Parallel state puts its result in.
pub const PARALLEL_RESULT: &str = "p";

/// Member of the input that a Map state puts its result in.
pub const MAP_RESULT: &str = "m";

/// Member of the input that a Distributed Map puts its result in.
pub const DISTRIBUTED_RESULT: &str = "d";

/// Errors that workers fail with; definitions retry and catch them.
pub const ERRORS: &[&str] = &["Flaky", "Broken"];

impl Author {
    /// An author whose tasks are for these activities.
    pub fn new(dice: Dice, activities: Vec<String>) -> Author {
        Author {
            dice,
            names: 0,
            activities,
            specs: BTreeMap::new(),
            has_word: false,
        }
    }

    /// A definition's text.
    pub fn definition(&mut self) -> String {
        if self.dice.chance(25) {
            return self.distributed().to_string();
        }
        self.has_word = true;
        let mut machine = self.line(2, false);
        self.has_word = false;
        let word = json!({
            "Type": "Pass", "Assign": { "word": WORD }, "Next": machine["StartAt"].take(),
        });
        let name = self.name("Word");
        machine["States"][&name] = word;
        machine["StartAt"] = json!(name);
        if self.dice.chance(10) {
            machine["TimeoutSeconds"] = json!(self.dice.span(20, 200));
        }
        machine.to_string()
    }

    /// A Distributed Map, whose children have tasks and branches of their own.
    fn distributed(&mut self) -> Value {
        let mut processor = self.line(1, true);
        processor["ProcessorConfig"] =
            json!({ "Mode": "DISTRIBUTED", "ExecutionType": "STANDARD" });
        let name = self.name("Distributed");
        let mut state = json!({
            "Type": "Map", "ItemProcessor": processor, "MaxConcurrency": self.dice.span(0, 3),
            "ResultPath": format!("$.{DISTRIBUTED_RESULT}"), "End": true,
        });
        let read = self.dice.chance(50).then(|| self.dice.index(9));
        match read {
            Some(count) => {
                state["ItemReader"] = json!({
                    "Resource": "arn:aws:states:::s3:getObject",
                    "ReaderConfig": { "InputType": "JSON" },
                    "Parameters": { "Bucket": "b", "Key": count.to_string() },
                });
            }
            None => state["ItemsPath"] = json!("$.items"),
        }
        if self.dice.chance(30) {
            state["ToleratedFailurePercentage"] = json!(self.dice.span(20, 100));
        }
        if self.dice.chance(30) {
            let retry = json!({ "ErrorEquals": ["States.ALL"], "MaxAttempts": 1 });
            state["Retry"] = json!([retry]);
        }
        self.specs
            .insert(name.clone(), StateSpec::Distributed { read });
        json!({ "StartAt": name.clone(), "States": { name: state } })
    }

    fn name(&mut self, kind: &str) -> String {
        self.names += 1;
        format!("{kind}{}", self.names)
    }

    /// States one after another. Within a Map the input is an item, so nothing may look into it.
    fn line(&mut self, depth: u32, bare: bool) -> Value {
        let length = 1 + self.dice.index(if depth == 2 { 4 } else { 2 });
        let mut line: Vec<(String, Value)> = Vec::new();
        let mut caught: Option<String> = None;
        for _ in 0..length {
            let (name, mut state) = self.state(depth, bare);
            let may_fail = matches!(state["Type"].as_str(), Some("Task" | "Parallel" | "Map"));
            if may_fail && self.dice.chance(40) {
                let target = match &caught {
                    Some(name) => name.clone(),
                    None => self.name("Caught"),
                };
                let path = if bare { Value::Null } else { json!("$.error") };
                state["Catch"] =
                    json!([{ "ErrorEquals": ["States.ALL"], "ResultPath": path, "Next": target }]);
                caught = Some(target);
            }
            line.push((name, state));
        }
        let mut states = serde_json::Map::new();
        let names: Vec<String> = line.iter().map(|(name, _)| name.clone()).collect();
        let last = line.len() - 1;
        for (at, (name, mut state)) in line.into_iter().enumerate() {
            if state["Type"] == "Fail" && at < last {
                state = json!({ "Type": "Pass" });
            }
            if state["Type"] == "Fail" {
                states.insert(name, state);
                continue;
            }
            if state["Type"] == "Choice" {
                // To the next or, for small numbers, to the one after that.
                let next = self.next_of_choice(&names, at, &mut states);
                let over = names.get(at + 2).unwrap_or(&next).clone();
                state["Choices"] =
                    json!([{ "Variable": "$.n", "NumericLessThan": 5, "Next": over }]);
                state["Default"] = json!(next);
            } else if at == last {
                state["End"] = json!(true);
            } else {
                state["Next"] = json!(names[at + 1]);
            }
            states.insert(name, state);
        }
        if let Some(name) = caught {
            let state = if self.dice.chance(20) {
                json!({ "Type": "Fail", "Error": "Given", "Cause": "up" })
            } else {
                json!({ "Type": "Pass", "End": true })
            };
            states.insert(name, state);
        }
        json!({ "StartAt": names[0], "States": states })
    }

    fn next_of_choice(
        &mut self,
        names: &[String],
        at: usize,
        states: &mut serde_json::Map<String, Value>,
    ) -> String {
        match names.get(at + 1) {
            Some(next) => next.clone(),
            None => {
                let end = self.name("End");
                states.insert(end.clone(), json!({ "Type": "Succeed" }));
                end
            }
        }
    }

    fn state(&mut self, depth: u32, bare: bool) -> (String, Value) {
        match self.dice.roll(100) {
            0..45 => self.task(bare),
            45..55 => {
                let seconds = self.dice.span(1, 30);
                let name = self.name("Wait");
                self.specs
                    .insert(name.clone(), StateSpec::Wait(seconds * 1000));
                (name, json!({ "Type": "Wait", "Seconds": seconds }))
            }
            55..62 if !bare => {
                let name = self.name("Until");
                self.specs.insert(name.clone(), StateSpec::WaitUntil);
                (name, json!({ "Type": "Wait", "TimestampPath": "$.at" }))
            }
            62..70 if !bare => (self.name("Choice"), json!({ "Type": "Choice" })),
            70..82 if depth > 0 => {
                let branches: Vec<Value> = (0..self.dice.span(2, 3))
                    .map(|_| self.line(depth - 1, bare))
                    .collect();
                let path = if bare {
                    Value::Null
                } else {
                    json!(format!("$.{PARALLEL_RESULT}"))
                };
                let state = json!({ "Type": "Parallel", "Branches": branches, "ResultPath": path });
                (self.name("Parallel"), state)
            }
            82..92 if depth > 0 && !bare => {
                let processor = self.line(depth - 1, true);
                let name = self.name("Map");
                let lanes = self.dice.span(0, 2);
                let max_concurrency = usize::try_from(lanes).unwrap_or_default();
                let spec = StateSpec::Map { max_concurrency };
                self.specs.insert(name.clone(), spec);
                let state = json!({
                    "Type": "Map", "ItemsPath": "$.items", "ItemProcessor": processor,
                    "MaxConcurrency": lanes, "ResultPath": format!("$.{MAP_RESULT}"),
                });
                (name, state)
            }
            92..94 => (
                self.name("Fail"),
                json!({ "Type": "Fail", "Error": "Flaky", "Cause": "as written" }),
            ),
            94..97 if self.has_word => {
                let name = self.name("Recall");
                let path = if bare { "$" } else { "$.w" };
                self.specs.insert(name.clone(), StateSpec::Recall);
                let state = json!({
                    "Type": "Pass", "Parameters": { "word.$": "$word" }, "ResultPath": path,
                    // A copy, which is gone when the line it belongs to has ended.
                    "Assign": { format!("of{name}"): { "word.$": "$word" } },
                });
                (name, state)
            }
            _ => (self.name("Pass"), json!({ "Type": "Pass" })),
        }
    }

    fn task(&mut self, bare: bool) -> (String, Value) {
        let name = self.name("Task");
        let activity = self
            .dice
            .pick(&self.activities)
            .cloned()
            .unwrap_or_default();
        let path = if bare { Value::Null } else { json!("$.r") };
        let mut state = json!({ "Type": "Task", "Resource": activity, "ResultPath": path });
        let timeout = self.dice.chance(70).then(|| self.dice.span(5, 60));
        if let Some(seconds) = timeout {
            state["TimeoutSeconds"] = json!(seconds);
        }
        if self.dice.chance(40) {
            let most = timeout.unwrap_or(30) - 1;
            state["HeartbeatSeconds"] = json!(self.dice.span(2, most.max(2)));
        }
        let mut retry = Vec::new();
        if self.dice.chance(50) {
            retry.push(self.retrier("Flaky"));
        }
        if self.dice.chance(25) {
            retry.push(self.retrier("States.Timeout"));
        }
        let written: Vec<Value> = retry.iter().map(written).collect();
        if !written.is_empty() {
            state["Retry"] = json!(written);
        }
        self.specs.insert(name.clone(), StateSpec::Task { retry });
        (name, state)
    }

    fn retrier(&mut self, error: &'static str) -> RetrySpec {
        RetrySpec {
            error,
            interval_seconds: self.dice.span(1, 8),
            max_attempts: self.dice.span(1, 3) as u32,
            backoff_rate: self.dice.span(2, 3),
            max_delay_seconds: self.dice.chance(30).then_some(10),
            jitter: self.dice.chance(25),
        }
    }
}

fn written(retry: &RetrySpec) -> Value {
    let mut value = json!({
        "ErrorEquals": [retry.error],
        "IntervalSeconds": retry.interval_seconds,
        "MaxAttempts": retry.max_attempts,
        "BackoffRate": retry.backoff_rate,
    });
    if let Some(seconds) = retry.max_delay_seconds {
        value["MaxDelaySeconds"] = json!(seconds);
    }
    if retry.jitter {
        value["JitterStrategy"] = json!("FULL");
    }
    value
}
