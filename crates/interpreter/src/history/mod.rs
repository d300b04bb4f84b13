//! History events, as AWS names them, and how they are written down.
//!
//! The bytes of a payload are written once: an [`Event`] whose document was born in it holds the text,
//! every later one holds the number of that event. See [`encode`] and [`decode`].

mod decode;
mod documents;
mod encode;

use std::sync::Arc;

use crate::Document;

pub use decode::{HistoryDamaged, StoredEvent, decode};
pub use encode::{FORMAT_VERSION, encode, join};

/// Number of an event in its history, from 1.
pub type EventId = u32;

/// Error name and cause, each only when given.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Failure {
    /// Error name.
    pub error: Option<Arc<str>>,
    /// Cause.
    pub cause: Option<Arc<str>>,
}

/// One event. `D` is how it holds documents: whole ones in memory, places when written down.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct Event<D = Document> {
    /// Its number.
    pub id: EventId,
    /// `previousEventId`.
    pub previous: EventId,
    /// Milliseconds since 1970; never less than the event before.
    pub timestamp_ms: i64,
    /// What happened.
    pub details: EventDetails<D>,
}

/// The state types, for `…StateEntered`, `…StateExited` and `…StateAborted`.
#[allow(missing_docs)]
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
pub enum StateType {
    Task,
    Pass,
    Choice,
    Wait,
    Succeed,
    Fail,
    Parallel,
    Map,
}

/// What happened; fields as in `GetExecutionHistory`. New variants go at the end: the order is part
/// of the store's format.
#[allow(missing_docs)]
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub enum EventDetails<D = Document> {
    ExecutionStarted {
        input: D,
        role_arn: Arc<str>,
        state_machine_alias_arn: Option<Arc<str>>,
        state_machine_version_arn: Option<Arc<str>>,
    },
    ExecutionSucceeded {
        output: D,
    },
    ExecutionFailed(Failure),
    ExecutionAborted(Failure),
    ExecutionTimedOut(Failure),
    StateEntered {
        state_type: StateType,
        name: Arc<str>,
        input: D,
    },
    StateExited {
        state_type: StateType,
        name: Arc<str>,
        output: D,
        /// Name and JSON text of each variable that `Assign` set.
        assigned_variables: Vec<(Arc<str>, Arc<str>)>,
    },
    StateAborted {
        state_type: StateType,
    },
    ActivityScheduled {
        resource: Arc<str>,
        input: D,
        timeout_in_seconds: Option<u64>,
        heartbeat_in_seconds: Option<u64>,
    },
    ActivityStarted {
        worker_name: Option<Arc<str>>,
    },
    ActivitySucceeded {
        output: D,
    },
    ActivityFailed(Failure),
    ActivityTimedOut(Failure),
    ActivityScheduleFailed(Failure),
    TaskScheduled {
        resource_type: Arc<str>,
        resource: Arc<str>,
        region: Arc<str>,
        parameters: D,
        timeout_in_seconds: Option<u64>,
        heartbeat_in_seconds: Option<u64>,
        /// The role that the call is made with, when the state has `Credentials`.
        task_role_arn: Option<Arc<str>>,
    },
    TaskStarted {
        resource_type: Arc<str>,
        resource: Arc<str>,
    },
    TaskSubmitted {
        resource_type: Arc<str>,
        resource: Arc<str>,
        output: D,
    },
    TaskSucceeded {
        resource_type: Arc<str>,
        resource: Arc<str>,
        output: D,
    },
    TaskFailed {
        resource_type: Arc<str>,
        resource: Arc<str>,
        failure: Failure,
    },
    TaskTimedOut {
        resource_type: Arc<str>,
        resource: Arc<str>,
        failure: Failure,
    },
    TaskStartFailed {
        resource_type: Arc<str>,
        resource: Arc<str>,
        failure: Failure,
    },
    TaskSubmitFailed {
        resource_type: Arc<str>,
        resource: Arc<str>,
        failure: Failure,
    },
    LambdaFunctionScheduled {
        resource: Arc<str>,
        input: D,
        timeout_in_seconds: Option<u64>,
        /// As of `TaskScheduled`.
        task_role_arn: Option<Arc<str>>,
    },
    LambdaFunctionStarted,
    LambdaFunctionSucceeded {
        output: D,
    },
    LambdaFunctionFailed(Failure),
    LambdaFunctionTimedOut(Failure),
    LambdaFunctionScheduleFailed(Failure),
    LambdaFunctionStartFailed(Failure),
    ParallelStateStarted,
    ParallelStateSucceeded,
    ParallelStateFailed,
    MapStateStarted {
        length: u32,
    },
    MapStateSucceeded,
    MapStateFailed,
    MapIterationStarted {
        name: Arc<str>,
        index: u32,
    },
    MapIterationSucceeded {
        name: Arc<str>,
        index: u32,
    },
    MapIterationFailed {
        name: Arc<str>,
        index: u32,
    },
    MapIterationAborted {
        name: Arc<str>,
        index: u32,
    },
    EvaluationFailed {
        failure: Failure,
        location: Option<Arc<str>>,
        state: Arc<str>,
    },
    ExecutionRedriven {
        redrive_count: u32,
    },
    MapRunStarted {
        map_run_arn: Arc<str>,
    },
    MapRunSucceeded,
    MapRunFailed(Failure),
    MapRunAborted,
    MapRunRedriven {
        map_run_arn: Arc<str>,
        redrive_count: u32,
    },
}
