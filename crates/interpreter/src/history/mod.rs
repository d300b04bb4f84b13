//! History events, as AWS names them, and how they are written down.
//!
//! The bytes of a payload are written once: an [`Event`] whose document was born in it holds the text,
//! every later one holds the number of that event. See [`encode`] and [`decode`].

mod decode;
mod encode;

use std::sync::Arc;

use crate::Document;

pub use decode::{HistoryDamaged, StoredEvent, decode};
pub use encode::{FORMAT_VERSION, encode};

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
}

impl<D> EventDetails<D> {
    /// The one document of the event, if it has one.
    pub fn document(&self) -> Option<&D> {
        use EventDetails as E;
        match self {
            E::ExecutionStarted { input, .. }
            | E::StateEntered { input, .. }
            | E::ActivityScheduled { input, .. }
            | E::LambdaFunctionScheduled { input, .. } => Some(input),
            E::TaskScheduled { parameters, .. } => Some(parameters),
            E::ExecutionSucceeded { output }
            | E::StateExited { output, .. }
            | E::ActivitySucceeded { output }
            | E::TaskSubmitted { output, .. }
            | E::TaskSucceeded { output, .. }
            | E::LambdaFunctionSucceeded { output } => Some(output),
            _ => None,
        }
    }

    /// The same event with its document held in another way.
    pub fn map_document<T, Error>(
        self,
        change: &mut dyn FnMut(D) -> Result<T, Error>,
    ) -> Result<EventDetails<T>, Error> {
        use EventDetails as E;
        Ok(match self {
            E::ExecutionStarted {
                input,
                role_arn,
                state_machine_alias_arn,
                state_machine_version_arn,
            } => E::ExecutionStarted {
                input: change(input)?,
                role_arn,
                state_machine_alias_arn,
                state_machine_version_arn,
            },
            E::ExecutionSucceeded { output } => E::ExecutionSucceeded {
                output: change(output)?,
            },
            E::ExecutionFailed(failure) => E::ExecutionFailed(failure),
            E::ExecutionAborted(failure) => E::ExecutionAborted(failure),
            E::ExecutionTimedOut(failure) => E::ExecutionTimedOut(failure),
            E::StateEntered {
                state_type,
                name,
                input,
            } => E::StateEntered {
                state_type,
                name,
                input: change(input)?,
            },
            E::StateExited {
                state_type,
                name,
                output,
                assigned_variables,
            } => E::StateExited {
                state_type,
                name,
                output: change(output)?,
                assigned_variables,
            },
            E::StateAborted { state_type } => E::StateAborted { state_type },
            E::ActivityScheduled {
                resource,
                input,
                timeout_in_seconds,
                heartbeat_in_seconds,
            } => E::ActivityScheduled {
                resource,
                input: change(input)?,
                timeout_in_seconds,
                heartbeat_in_seconds,
            },
            E::ActivityStarted { worker_name } => E::ActivityStarted { worker_name },
            E::ActivitySucceeded { output } => E::ActivitySucceeded {
                output: change(output)?,
            },
            E::ActivityFailed(failure) => E::ActivityFailed(failure),
            E::ActivityTimedOut(failure) => E::ActivityTimedOut(failure),
            E::ActivityScheduleFailed(failure) => E::ActivityScheduleFailed(failure),
            E::TaskScheduled {
                resource_type,
                resource,
                region,
                parameters,
                timeout_in_seconds,
                heartbeat_in_seconds,
            } => E::TaskScheduled {
                resource_type,
                resource,
                region,
                parameters: change(parameters)?,
                timeout_in_seconds,
                heartbeat_in_seconds,
            },
            E::TaskStarted {
                resource_type,
                resource,
            } => E::TaskStarted {
                resource_type,
                resource,
            },
            E::TaskSubmitted {
                resource_type,
                resource,
                output,
            } => E::TaskSubmitted {
                resource_type,
                resource,
                output: change(output)?,
            },
            E::TaskSucceeded {
                resource_type,
                resource,
                output,
            } => E::TaskSucceeded {
                resource_type,
                resource,
                output: change(output)?,
            },
            E::TaskFailed {
                resource_type,
                resource,
                failure,
            } => E::TaskFailed {
                resource_type,
                resource,
                failure,
            },
            E::TaskTimedOut {
                resource_type,
                resource,
                failure,
            } => E::TaskTimedOut {
                resource_type,
                resource,
                failure,
            },
            E::TaskStartFailed {
                resource_type,
                resource,
                failure,
            } => E::TaskStartFailed {
                resource_type,
                resource,
                failure,
            },
            E::TaskSubmitFailed {
                resource_type,
                resource,
                failure,
            } => E::TaskSubmitFailed {
                resource_type,
                resource,
                failure,
            },
            E::LambdaFunctionScheduled {
                resource,
                input,
                timeout_in_seconds,
            } => E::LambdaFunctionScheduled {
                resource,
                input: change(input)?,
                timeout_in_seconds,
            },
            E::LambdaFunctionStarted => E::LambdaFunctionStarted,
            E::LambdaFunctionSucceeded { output } => E::LambdaFunctionSucceeded {
                output: change(output)?,
            },
            E::LambdaFunctionFailed(failure) => E::LambdaFunctionFailed(failure),
            E::LambdaFunctionTimedOut(failure) => E::LambdaFunctionTimedOut(failure),
            E::LambdaFunctionScheduleFailed(failure) => E::LambdaFunctionScheduleFailed(failure),
            E::LambdaFunctionStartFailed(failure) => E::LambdaFunctionStartFailed(failure),
            E::ParallelStateStarted => E::ParallelStateStarted,
            E::ParallelStateSucceeded => E::ParallelStateSucceeded,
            E::ParallelStateFailed => E::ParallelStateFailed,
            E::MapStateStarted { length } => E::MapStateStarted { length },
            E::MapStateSucceeded => E::MapStateSucceeded,
            E::MapStateFailed => E::MapStateFailed,
            E::MapIterationStarted { name, index } => E::MapIterationStarted { name, index },
            E::MapIterationSucceeded { name, index } => E::MapIterationSucceeded { name, index },
            E::MapIterationFailed { name, index } => E::MapIterationFailed { name, index },
            E::MapIterationAborted { name, index } => E::MapIterationAborted { name, index },
            E::EvaluationFailed {
                failure,
                location,
                state,
            } => E::EvaluationFailed {
                failure,
                location,
                state,
            },
        })
    }
}

impl<D> Event<D> {
    /// The same event with its document held in another way.
    pub fn map_document<T, E>(
        self,
        change: &mut dyn FnMut(D) -> Result<T, E>,
    ) -> Result<Event<T>, E> {
        Ok(Event {
            id: self.id,
            previous: self.previous,
            timestamp_ms: self.timestamp_ms,
            details: self.details.map_document(change)?,
        })
    }
}
