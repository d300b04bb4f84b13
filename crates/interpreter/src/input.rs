//! What may happen to an execution from outside.

use std::sync::Arc;

use crate::map_run::MapRunOutcome;
use crate::{Document, EventId, TimerId};

/// Something that happened outside.
#[derive(Clone, Debug)]
pub enum Input {
    /// A poll got the activity task that event `task` scheduled. Its clocks start now.
    ///
    /// `ActivityStarted` does not enter history yet: it is kept as pending and becomes an event with
    /// the next input that adds events. Until then [`Input::PutBack`] can take it back, and history
    /// is one that AWS could have written either way.
    HandOut {
        /// The scheduling event.
        task: EventId,
        /// As the poll named itself.
        worker_name: Option<Arc<str>>,
    },
    /// The hand-out is known not to have reached its worker: the clocks stop, the token dies.
    PutBack {
        /// The scheduling event.
        task: EventId,
    },
    /// A call whose result comes later ([`Pattern`](crate::Pattern)) was accepted.
    TaskSubmitted {
        /// The scheduling event.
        task: EventId,
        /// What the service answered.
        output: Document,
    },
    /// A worker, or a call that the caller made for us, is done.
    TaskSucceeded {
        /// The scheduling event.
        task: EventId,
        /// Which hand-out of it (1 for the first); a dead one is refused. 0 for calls; the token of a
        /// `.waitForTaskToken` call stands for hand-out 1.
        hand_out: u32,
        /// The result.
        output: Document,
    },
    /// A worker, or a call, failed.
    TaskFailed {
        /// The scheduling event.
        task: EventId,
        /// As above.
        hand_out: u32,
        /// Error name.
        error: Option<Arc<str>>,
        /// Cause.
        cause: Option<Arc<str>>,
    },
    /// A worker lives. Changes nothing but asks for its heartbeat timer to be wound up again.
    Heartbeat {
        /// The scheduling event.
        task: EventId,
        /// As above.
        hand_out: u32,
    },
    /// A timer came due.
    TimerFired(
        /// Which one.
        TimerId,
    ),
    /// `StopExecution`.
    Stop {
        /// Error name.
        error: Option<Arc<str>>,
        /// Cause.
        cause: Option<Arc<str>>,
    },
    /// `RedriveExecution`: a closed execution goes on where it stood.
    Redrive {
        /// Kept, so that the same request coming again is known.
        client_token: Option<Arc<str>>,
    },
    /// A map run that [`crate::Effect::StartMapRun`] asked for is over.
    MapRunEnded {
        /// Its `MapRunStarted`.
        event: EventId,
        /// How.
        outcome: MapRunOutcome,
    },
    /// The state machine is being deleted: the execution ends at its next transition.
    MachineDeleted,
    /// Go on where the step budget ran out.
    Continue,
}

/// Why an input changed nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The task is over, was put back, or the execution is closed: `TaskTimedOut` to a worker.
    TaskClosed,
    /// The timer is not armed (it was disarmed while it was on its way).
    TimerGone,
    /// The execution is closed.
    ExecutionClosed,
    /// The execution is not closed, or nothing is known any more of where it stood.
    NotRedrivable,
}
