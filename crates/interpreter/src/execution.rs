//! An execution as a value, and the two doors that change it.

use std::sync::Arc;

use asl::StateMachine;

use crate::history::Event;
use crate::{Document, Effect, Failure, Input, Refusal};

/// How an execution stands. The numbers are part of the store's format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[repr(u8)]
pub enum Status {
    /// Going on.
    Running = 0,
    /// Reached its end.
    Succeeded = 1,
    /// Failed.
    Failed = 2,
    /// Ran into the machine's `TimeoutSeconds`.
    TimedOut = 3,
    /// Stopped.
    Aborted = 4,
    /// Waits for a redrive of its map run's budget.
    PendingRedrive = 5,
}

/// What an execution is born with, and keeps.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct Birth {
    /// `$$.Execution.Id`.
    pub execution_arn: Arc<str>,
    /// `$$.Execution.Name`.
    pub name: Arc<str>,
    /// `$$.StateMachine.Id`.
    pub state_machine_arn: Arc<str>,
    /// `$$.StateMachine.Name`.
    pub state_machine_name: Arc<str>,
    /// `$$.Execution.RoleArn`.
    pub role_arn: Arc<str>,
    /// The engine's number of the state machine.
    pub machine: u64,
    /// Which revision of the definition it is pinned to.
    pub machine_revision: u64,
    /// Where its own randomness comes from.
    pub seed: u64,
    /// As given to `StartExecution`.
    pub trace_header: Option<Arc<str>>,
    /// The version it was started by.
    pub state_machine_version_arn: Option<Arc<str>>,
    /// The alias it was started by.
    pub state_machine_alias_arn: Option<Arc<str>>,
}

/// What a step may ask of the world around it, without changing it.
pub trait World {
    /// Whether an activity of that ARN exists now.
    fn activity_exists(&self, arn: &str) -> bool;
    /// `us-east-1` and the like, for `TaskScheduled.region`.
    fn region(&self) -> &str;
}

/// When and where a step happens.
pub struct Moment<'a> {
    /// Milliseconds since 1970, never less than at the step before.
    pub now_ms: i64,
    /// The world around.
    pub world: &'a dyn World,
    /// The token under which the task of a given event and hand-out would be known (`$$.Task.Token`).
    pub steps_max: u32,
}

/// One execution.
#[derive(Debug)]
pub struct Execution {
    _todo: (),
}

/// What a step did.
#[derive(Debug, Default)]
pub struct Step {
    /// Events to append, in order.
    pub events: Vec<Event>,
    /// What the caller owes the world, in order.
    pub effects: Vec<Effect>,
}

/// Begins an execution and runs it until every branch waits or the step budget is spent.
pub fn start(_machine: &StateMachine, _birth: Birth, _input: Document, _at: &Moment<'_>) -> (Execution, Step) {
    (Execution { _todo: () }, Step::default())
}

/// Moves an execution on. On a refusal nothing has changed.
pub fn step(
    _execution: &mut Execution,
    _machine: &StateMachine,
    _input: Input,
    _at: &Moment<'_>,
) -> Result<Step, Refusal> {
    Ok(Step::default())
}

impl Execution {
    /// Status now.
    pub fn status(&self) -> Status {
        Status::Running
    }
    /// What it was born with.
    pub fn birth(&self) -> &Birth {
        unimplemented!("furnished with the interpreter")
    }
    /// Milliseconds since 1970.
    pub fn start_ms(&self) -> i64 {
        0
    }
    /// Milliseconds since 1970; set when closed.
    pub fn stop_ms(&self) -> Option<i64> {
        None
    }
    /// How many events history holds; pending `ActivityStarted` are not counted.
    pub fn events(&self) -> u32 {
        0
    }
    /// Its input.
    pub fn input(&self) -> &Document {
        unimplemented!("furnished with the interpreter")
    }
    /// Its output, when it succeeded.
    pub fn output(&self) -> Option<&Document> {
        None
    }
    /// Error and cause, when it failed or was stopped.
    pub fn failure(&self) -> Option<&Failure> {
        None
    }
    /// The events that pending hand-outs will become, in order: `(task, event)`. Shown to readers as far
    /// as deliveries are not in doubt.
    pub fn pending(&self) -> Vec<(u32, Event)> {
        Vec::new()
    }
    /// Everything that is not in history, as bytes with a format version.
    pub fn snapshot(&self) -> Vec<u8> {
        Vec::new()
    }
    /// The events whose documents [`Execution::restore`] will ask for.
    pub fn documents_of(_snapshot: &[u8]) -> Option<Vec<u32>> {
        None
    }
    /// The execution that [`Execution::snapshot`] wrote; `None` when the bytes are damaged.
    pub fn restore(_snapshot: &[u8], _document: &mut dyn FnMut(u32) -> Option<Document>) -> Option<Execution> {
        None
    }
}
