//! What clients asked for and what they were told: the one side of every check.

use std::collections::BTreeMap;

use store::ExecutionId;

use crate::checkers::Resources;
use crate::ledger::Moment;
use crate::world::process::{Delivery, Waiting};

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// No answer yet.
    Waiting,
    /// A complete 200.
    Acked,
    /// Refused, by that exception.
    Refused(String),
    /// The process ended before the answer, or failed: it happened or it did not.
    Unknown,
}

/// A `StartExecution`.
#[derive(Clone, Debug)]
pub struct Start {
    /// Name of the state machine.
    pub machine: String,
    /// ARN of the machine, or of a version or an alias of it.
    pub machine_arn: String,
    /// Name of the execution, when one was given.
    pub name: Option<String>,
    /// The input, which carries a mark that all starts of the same kind share.
    pub input: String,
    /// What became of it.
    pub fate: Fate,
    /// As answered.
    pub execution_arn: String,
    /// As answered.
    pub start_ms: i64,
    /// The start that this one is another try of.
    pub again: Option<usize>,
    /// Whether it has been tried again.
    pub retried: bool,
}

/// A `SendTaskSuccess` or `SendTaskFailure` with a token that was handed out.
#[derive(Clone, Debug)]
pub struct Completion {
    /// Whose task.
    pub execution: ExecutionId,
    /// The scheduling event.
    pub event: u32,
    /// The output, or error and cause.
    pub result: Result<String, (String, String)>,
    /// What became of it.
    pub fate: Fate,
    /// Whether an earlier completion of this task was acknowledged before this one was sent.
    pub closed_before: bool,
}

/// A `SendTaskHeartbeat`.
#[derive(Clone, Debug)]
pub struct Beat {
    /// Whose task.
    pub execution: ExecutionId,
    /// The scheduling event.
    pub event: u32,
    /// When the engine took it in.
    pub heard: Option<Moment>,
    /// What became of it.
    pub fate: Fate,
}

/// A `StopExecution`.
#[derive(Clone, Debug)]
pub struct Stop {
    /// Which execution.
    pub execution_arn: String,
    /// What became of it.
    pub fate: Fate,
    /// As answered.
    pub stop_ms: i64,
}

/// A `RedriveExecution`.
#[derive(Clone, Debug)]
pub struct Redrive {
    /// Which execution.
    pub execution_arn: String,
    /// As given.
    pub client_token: Option<String>,
    /// What became of it.
    pub fate: Fate,
    /// As answered.
    pub redrive_ms: i64,
}

/// A change of a state machine, or of what belongs to it.
#[derive(Clone, Debug)]
pub struct Change {
    /// ARN of the machine.
    pub machine: String,
    /// What changes; empty where only the answer says.
    pub what: String,
    /// How it looks afterwards; `None` when it is gone.
    pub new: Option<String>,
    /// What became of it.
    pub fate: Fate,
}

/// What a reader was shown of an execution.
#[derive(Clone, Debug, Default)]
pub struct Shown {
    /// Events by id, as they were written in the answer.
    pub events: BTreeMap<u32, String>,
    /// The status once it was not `RUNNING`.
    pub closed: Option<String>,
}

/// See the page.
#[derive(Debug, Default)]
pub struct Journal {
    /// In order.
    pub starts: Vec<Start>,
    /// In order.
    pub completions: Vec<Completion>,
    /// In order.
    pub beats: Vec<Beat>,
    /// In order.
    pub stops: Vec<Stop>,
    /// In order.
    pub redrives: Vec<Redrive>,
    /// In order.
    pub changes: Vec<Change>,
    /// What is known of machines, versions and aliases.
    pub resources: Resources,
    /// By execution ARN.
    pub shown: BTreeMap<String, Shown>,
    /// Tasks that arrived, and the workers that got them.
    pub arrived: BTreeMap<(ExecutionId, u32), String>,
    /// Tasks whose answers were lost in a crash.
    pub lost: u64,
}

impl Journal {
    /// Whether a start is another try of an earlier one.
    pub fn is_again(&self, at: usize) -> bool {
        self.starts
            .get(at)
            .is_some_and(|start| start.again.is_some())
    }

    /// Answers on their way when the process ended.
    pub fn crashed(&mut self, deliveries: &[Waiting<Delivery>]) {
        self.lost += deliveries.len() as u64;
    }

    /// Whether a completion of that task was acknowledged.
    pub fn is_closed(&self, execution: ExecutionId, event: u32) -> bool {
        self.completions
            .iter()
            .any(|it| it.execution == execution && it.event == event && it.fate == Fate::Acked)
    }
}
