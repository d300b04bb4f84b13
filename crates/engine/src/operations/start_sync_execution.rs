//! `StartSyncExecution`: an EXPRESS execution whose caller waits for its end.
//!
//! It lives in memory and is never taken up after a crash, so it runs at most once. Nothing of it is
//! written while it runs; when EXPRESS executions are kept, one commit writes it down at its end.
//! See decision 13.

use interpreter::{Document, Event, Execution, Status};
use store::{CommitNumber, ExecutionId};

use crate::calls::put_out_calls;
use crate::executions::{Live, Turn};
use crate::message::{Now, Output, Ticket};
use crate::operations::start_execution;
use crate::rejection::{ErrorName, Rejection};
use crate::shapes::MachineType;
use crate::shard::{Shard, WaitingStart};

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// What is to be started, as `StartExecution` would.
    pub start: start_execution::Request,
    /// `includedData` is `METADATA_ONLY`.
    pub metadata_only: bool,
}

/// What is answered.
#[derive(Clone, Debug)]
pub struct Response {
    /// `executionArn`.
    pub execution_arn: String,
    /// `stateMachineArn`.
    pub state_machine_arn: String,
    /// `name`.
    pub name: String,
    /// `startDate`, milliseconds since 1970.
    pub start_ms: i64,
    /// `stopDate`, milliseconds since 1970.
    pub stop_ms: i64,
    /// `status`: `SUCCEEDED`, `FAILED` or `TIMED_OUT`.
    pub status: Status,
    /// `error`.
    pub error: Option<String>,
    /// `cause`.
    pub cause: Option<String>,
    /// `input`; `None` for `METADATA_ONLY`.
    pub input: Option<Document>,
    /// `output`.
    pub output: Option<Document>,
    /// `traceHeader`.
    pub trace_header: Option<String>,
    /// `billingDetails.billedDurationInMilliseconds`.
    pub billed_ms: u64,
    /// `billingDetails.billedMemoryUsedInMB`.
    pub billed_memory_mb: u64,
}

/// Durations are billed in steps of so many milliseconds. Source: AWS pricing of Express workflows.
const BILLED_STEP_MS: u64 = 100;

/// Memory is billed in steps of so many megabytes, and no execution here needs more than one. Source:
/// as above.
const BILLED_MEMORY_MB: u64 = 64;

/// Most executions that callers wait for at a time. They are in memory and cannot leave it, whether
/// their callers still wait or not.
pub(crate) const SYNC_EXECUTIONS_MAX: usize = 20_000;

/// Most bytes of history that such an execution collects to be kept. One that needs more runs on, and
/// is not kept.
const HISTORY_BYTES_MAX: usize = 4 << 20;

/// What an event weighs beside its document, in bytes.
const EVENT_BYTES: usize = 256;

/// Who waits for the end of an execution, and what has happened to it so far.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub(crate) ticket: Ticket,
    pub(crate) metadata_only: bool,
    /// What the execution stands on: the answer must not show it before it is durable.
    pub(crate) after: CommitNumber,
    pub(crate) history: History,
}

/// The events of an execution that is not in the store.
#[derive(Debug)]
pub(crate) enum History {
    /// To be kept.
    Kept {
        /// In order.
        events: Vec<Event>,
        /// About as much memory.
        bytes: usize,
    },
    /// Nobody will ask for it, or it became too large.
    Dropped,
}

impl History {
    pub(crate) fn new(is_kept: bool) -> History {
        match is_kept {
            true => History::Kept {
                events: Vec::new(),
                bytes: 0,
            },
            false => History::Dropped,
        }
    }

    fn extend(&mut self, more: Vec<Event>) {
        let History::Kept { events, bytes } = self else {
            return;
        };
        *bytes += more.iter().map(weight).sum::<usize>();
        events.extend(more);
        if *bytes > HISTORY_BYTES_MAX {
            *self = History::Dropped;
        }
    }
}

fn weight(event: &Event) -> usize {
    let document = event.details.document();
    EVENT_BYTES + document.map_or(0, |document| document.text().len())
}

impl Shard {
    /// Starts an execution that is answered when it has ended.
    pub(crate) fn start_sync_execution(
        &mut self,
        ticket: Ticket,
        request: Request,
        now: Now,
        out: &mut Vec<Output>,
    ) {
        let arn = &request.start.state_machine_arn;
        let refused = if self.type_of(arn) == Some(MachineType::Standard) {
            Some(type_not_supported())
        } else if self.sync_executions >= SYNC_EXECUTIONS_MAX {
            let message = format!(
                "{SYNC_EXECUTIONS_MAX} synchronous executions are running; try again when some have ended."
            );
            Some(Rejection::new(ErrorName::ServiceUnavailable, message))
        } else {
            None
        };
        match refused {
            Some(rejection) => self.reply(ticket, self.issued, Err(rejection), out),
            None => {
                let start = WaitingStart {
                    ticket,
                    request: request.start,
                    lookup: None,
                    chosen: None,
                    sync: Some(request.metadata_only),
                };
                self.begin_execution(start, now, out);
            }
        }
    }

    /// What [`Shard::finish`] does for an execution that somebody waits for: nothing is written, and
    /// what the turn leads to happens at once.
    pub(crate) fn finish_waiting(
        &mut self,
        id: ExecutionId,
        live: &mut Live,
        mut turn: Turn,
        now: Now,
        out: &mut Vec<Output>,
    ) -> CommitNumber {
        let Some(mut waiting) = live.waiting.take() else {
            return self.records_commit;
        };
        waiting.history.extend(std::mem::take(&mut turn.events));
        let after = waiting.after;
        put_out_calls(id, &mut turn, after, out);
        if turn.closed.is_none() {
            live.waiting = Some(waiting);
            return after;
        }
        self.executions_open -= 1;
        self.sync_executions -= 1;
        let response = answer(&live.execution, waiting.metadata_only);
        let response = super::Response::StartSyncExecution(response);
        self.reply(waiting.ticket, after, Ok(response), out);
        if let History::Kept { events, .. } = waiting.history {
            turn.events = events;
            self.write(id, live, turn, now, out);
        }
        after
    }
}

/// What the caller is told of an execution that has ended.
pub(crate) fn answer(execution: &Execution, metadata_only: bool) -> Response {
    let birth = execution.birth();
    let shown = |document: &Document| (!metadata_only).then(|| document.clone());
    let text = |text: &Option<std::sync::Arc<str>>| text.as_deref().map(str::to_owned);
    let stop_ms = execution.stop_ms().unwrap_or(execution.start_ms());
    let lasted_ms = stop_ms.saturating_sub(execution.start_ms());
    let lasted_ms = u64::try_from(lasted_ms).unwrap_or(0).max(1);
    // The model knows three ends. One that was stopped, or whose machine was deleted, did not succeed.
    let status = match execution.status() {
        Status::Aborted => Status::Failed,
        other => other,
    };
    let failure = execution.failure();
    let (error, cause) = match status {
        Status::TimedOut => (Some("States.Timeout".to_owned()), None),
        _ => (
            failure.and_then(|failure| text(&failure.error)),
            failure.and_then(|failure| text(&failure.cause)),
        ),
    };
    Response {
        execution_arn: birth.execution_arn.to_string(),
        state_machine_arn: birth.state_machine_arn.to_string(),
        name: birth.name.to_string(),
        start_ms: execution.start_ms(),
        stop_ms,
        status,
        error,
        cause: cause.filter(|_| !metadata_only),
        input: shown(execution.input()),
        output: execution.output().and_then(shown),
        trace_header: text(&birth.trace_header),
        billed_ms: lasted_ms.next_multiple_of(BILLED_STEP_MS),
        billed_memory_mb: BILLED_MEMORY_MB,
    }
}

/// What the operation of one type of machine says to the other.
pub(crate) fn type_not_supported() -> Rejection {
    Rejection::new(
        ErrorName::StateMachineTypeNotSupported,
        "This operation is not supported by this type of state machine",
    )
}
