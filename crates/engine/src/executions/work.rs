//! What is to happen to an execution, once it is in memory and free.

use interpreter::{Document, Input, MapRunOutcome, TimerId};

use crate::map_runs::MapRunId;
use crate::message::Ticket;
use crate::operations::Operation;

/// One piece of work.
#[derive(Clone, Debug)]
pub(crate) enum Work {
    /// An input that the caller of an operation is told the outcome of.
    Input(Input, Ticket, Operation),
    /// `RedriveExecution`.
    Redrive {
        /// Who asks.
        ticket: Ticket,
        /// `clientToken`.
        client_token: Option<std::sync::Arc<str>>,
    },
    /// `StopExecution` of an execution that its ARN names by its id.
    StopById {
        /// Who asks.
        ticket: Ticket,
        /// The request: whether the id in its ARN is of that execution is still to be seen.
        request: Box<crate::operations::stop_execution::Request>,
    },
    /// A timer came due.
    Timer(TimerId),
    /// An integration answered.
    CallDone {
        /// The scheduling event.
        task: u32,
        /// Its result, or error name and cause.
        result: Result<Document, (String, String)>,
    },
    /// A call whose result was not durable when the process ended.
    CallAgain {
        /// The scheduling event.
        task: u32,
    },
    /// A map run of this execution has lanes for more children.
    BeginChildren {
        /// Which.
        map_run: MapRunId,
        /// At most so many.
        children_max: usize,
    },
    /// A map run of this execution is over.
    MapRunEnded {
        /// Which.
        map_run: MapRunId,
        /// How.
        outcome: MapRunOutcome,
    },
    /// Nobody waits any more for the map run that this execution is a child of.
    AbortChild {
        /// Which.
        map_run: MapRunId,
    },
    /// The map run that this execution is a child of goes on.
    RedriveChild {
        /// Which.
        map_run: MapRunId,
    },
    /// A task is meant for a poll.
    Offer {
        /// The poll.
        ticket: Ticket,
        /// The scheduling event.
        event: u32,
    },
    /// A `StartExecution` under a name that exists.
    Join {
        /// The request's ticket.
        ticket: Ticket,
        /// The request, to begin anew with when the execution is gone.
        request: Box<crate::operations::start_execution::Request>,
    },
}
