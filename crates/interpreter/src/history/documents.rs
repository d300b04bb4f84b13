//! The document of an event, and how to hold it in another way.
//!
//! An event has at most one document. The change of form names every kind of event, so a new one cannot
//! forget to say whether it has one.

use super::{Event, EventDetails};

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
                task_role_arn,
            } => E::TaskScheduled {
                resource_type,
                resource,
                region,
                parameters: change(parameters)?,
                timeout_in_seconds,
                heartbeat_in_seconds,
                task_role_arn,
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
                task_role_arn,
            } => E::LambdaFunctionScheduled {
                resource,
                input: change(input)?,
                timeout_in_seconds,
                task_role_arn,
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
            E::ExecutionRedriven { redrive_count } => E::ExecutionRedriven { redrive_count },
            E::MapRunStarted { map_run_arn } => E::MapRunStarted { map_run_arn },
            E::MapRunSucceeded => E::MapRunSucceeded,
            E::MapRunFailed(failure) => E::MapRunFailed(failure),
            E::MapRunAborted => E::MapRunAborted,
            E::MapRunRedriven {
                map_run_arn,
                redrive_count,
            } => E::MapRunRedriven {
                map_run_arn,
                redrive_count,
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
