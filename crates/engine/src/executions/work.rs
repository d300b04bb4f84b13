//! What is to happen to an execution, once it is in memory and free.

use interpreter::{Input, TimerId};

use crate::message::Ticket;
use crate::operations::Operation;

/// Who is told how it went.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    /// Nobody.
    Nobody,
    /// The caller of an operation.
    Caller(Ticket, Operation),
}

/// One piece of work.
#[derive(Clone, Debug)]
pub(crate) enum Work {
    /// An input of the interpreter.
    Input(Input, Answer),
    /// A timer came due.
    Timer(TimerId),
    /// A call whose result was not durable when the process ended.
    CallAgain {
        /// The scheduling event.
        task: u32,
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
