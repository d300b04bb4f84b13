//! What the world is told of executions without asking: log records and changes of status.
//!
//! Neither decides about anything here. Which events a state machine wants logged is known from the
//! revision that the execution is pinned to, so a machine whose level is `OFF` costs nothing.

use std::sync::Arc;

use interpreter::history::{Failure, StateType};
use interpreter::{Birth, Document, Event, EventDetails, Status};

use crate::executions::Live;
use crate::operations::redrive_execution::not_redrivable;
use crate::shapes::LoggingConfiguration;

/// Which events a state machine wants logged, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogPlan {
    /// `level`; never `OFF`.
    pub level: LogLevel,
    /// `includeExecutionData`.
    pub include_execution_data: bool,
    /// `logGroupArn` of the one destination.
    pub log_group_arn: Arc<str>,
}

/// `level` of a logging configuration that is not `OFF`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogLevel {
    /// Every event.
    All,
    /// What failed.
    Error,
    /// How the execution failed.
    Fatal,
}

/// Events for a log, in order.
#[derive(Clone, Debug)]
pub struct LogEvents {
    /// Where they go, and how much of them.
    pub plan: Arc<LogPlan>,
    /// Whose events.
    pub execution_arn: Arc<str>,
    /// How often the execution had been redriven by then.
    pub redrive_count: u32,
    /// The events, at least one.
    pub events: Vec<Event>,
}

/// An execution that began, or ended, or began again.
#[derive(Clone, Debug)]
pub struct StatusChange {
    /// Who.
    pub birth: Birth,
    /// The status it has now.
    pub status: Status,
    /// When it changed, milliseconds since 1970.
    pub at_ms: i64,
    /// `startDate`, milliseconds since 1970.
    pub start_ms: i64,
    /// `stopDate`, milliseconds since 1970.
    pub stop_ms: Option<i64>,
    /// `input`.
    pub input: Document,
    /// `output`.
    pub output: Option<Document>,
    /// `error` and `cause`.
    pub failure: Option<Failure>,
    /// `redriveCount`.
    pub redrive_count: u32,
    /// `redriveDate`, milliseconds since 1970.
    pub redrive_ms: Option<i64>,
    /// `redriveStatusReason`; `None` when it can be redriven.
    pub not_redrivable: Option<String>,
}

impl LogPlan {
    /// The plan of a configuration; `None` when nothing is to be logged.
    pub(crate) fn of(logging: &LoggingConfiguration) -> Option<Arc<LogPlan>> {
        let level = match logging.level.as_str() {
            "ALL" => LogLevel::All,
            "ERROR" => LogLevel::Error,
            "FATAL" => LogLevel::Fatal,
            _ => return None,
        };
        // The door sees to it that whoever logs names one destination.
        let destination = logging.destinations.as_ref()?.first()?;
        Some(Arc::new(LogPlan {
            level,
            include_execution_data: logging.include_execution_data,
            log_group_arn: destination.as_str().into(),
        }))
    }
}

impl LogLevel {
    /// Whether a log of this level has the event.
    ///
    /// Source: AWS Developer Guide, "Using CloudWatch Logs", table of event types by level. Events of
    /// activities are in none of its rows, so a task that fails shows at `ERROR` only when the
    /// execution fails of it; the same goes for `EvaluationFailed`.
    pub fn wants(self, event: &EventDetails) -> bool {
        use EventDetails as E;
        let fatal = matches!(
            event,
            E::ExecutionAborted(_) | E::ExecutionFailed(_) | E::ExecutionTimedOut(_)
        );
        match self {
            LogLevel::All => true,
            LogLevel::Fatal => fatal,
            LogLevel::Error => {
                let enters_fail = matches!(
                    event,
                    E::StateEntered {
                        state_type: StateType::Fail,
                        ..
                    }
                );
                fatal || enters_fail || failed_within(event)
            }
        }
    }
}

fn failed_within(event: &EventDetails) -> bool {
    use EventDetails as E;
    matches!(
        event,
        E::LambdaFunctionFailed(_)
            | E::LambdaFunctionScheduleFailed(_)
            | E::LambdaFunctionStartFailed(_)
            | E::LambdaFunctionTimedOut(_)
            | E::MapStateFailed
            | E::MapRunFailed(_)
            | E::MapRunAborted
            | E::MapIterationFailed { .. }
            | E::MapIterationAborted { .. }
            | E::ParallelStateFailed
            | E::StateAborted { .. }
            | E::TaskFailed { .. }
            | E::TaskStartFailed { .. }
            | E::TaskSubmitFailed { .. }
            | E::TaskTimedOut { .. }
    )
}

impl LogEvents {
    /// What the machine of an execution wants logged of `events`.
    pub(crate) fn select(live: &Live, events: &[Event]) -> Option<Box<LogEvents>> {
        let plan = live.logging.as_ref()?;
        let wanted: Vec<Event> = events
            .iter()
            .filter(|event| plan.level.wants(&event.details))
            .cloned()
            .collect();
        (!wanted.is_empty()).then(|| {
            Box::new(LogEvents {
                plan: Arc::clone(plan),
                execution_arn: Arc::clone(&live.execution.birth().execution_arn),
                redrive_count: live.execution.redrive_count(),
                events: wanted,
            })
        })
    }
}

impl StatusChange {
    /// What happened to the status of an execution in one commit, in order: it `opens` when it
    /// starts or is redriven, and `closes` when it ends.
    pub(crate) fn of(live: &Live, seen: &Seen) -> Vec<StatusChange> {
        let execution = &live.execution;
        let now = || StatusChange {
            birth: execution.birth().clone(),
            status: execution.status(),
            at_ms: seen.at_ms,
            start_ms: execution.start_ms(),
            stop_ms: execution.stop_ms(),
            input: execution.input().clone(),
            output: execution.output().cloned(),
            failure: execution.failure().cloned(),
            redrive_count: execution.redrive_count(),
            redrive_ms: execution.redrive_ms(),
            not_redrivable: not_redrivable(
                execution,
                seen.machine_exists,
                &seen.limits,
                seen.at_ms,
            ),
        };
        let mut changes = Vec::new();
        if seen.opens {
            // It was running, even when it has ended since.
            changes.push(StatusChange {
                status: Status::Running,
                stop_ms: None,
                output: None,
                failure: None,
                not_redrivable: Some("Execution is RUNNING and cannot be redriven".to_owned()),
                ..now()
            });
        }
        if seen.closes {
            changes.push(now());
        }
        changes
    }
}

/// What [`StatusChange::of`] must know of a commit.
pub(crate) struct Seen {
    pub(crate) at_ms: i64,
    pub(crate) opens: bool,
    pub(crate) closes: bool,
    pub(crate) machine_exists: bool,
    pub(crate) limits: interpreter::Limits,
}
