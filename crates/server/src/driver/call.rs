//! A call to an integration.

use std::sync::Arc;

use interpreter::{Document, EventId};
use store::ExecutionId;

/// What an integration is to do, and for whom.
#[derive(Debug)]
pub struct Call {
    /// Whose call.
    pub execution: ExecutionId,
    /// The scheduling event.
    pub task: EventId,
    /// The resource, as the definition names it.
    pub resource: Arc<str>,
    /// What to call it with.
    pub parameters: Document,
    /// What the service answered when it took the call in: it is to be watched to its end.
    pub submitted: Option<Document>,
    /// Whether it may have been made before the process was started.
    pub again: bool,
}

/// What those who make calls are told.
#[derive(Debug)]
pub enum Errand {
    /// A call to make.
    Make(Call),
    /// A call to give up, if it is under way: nobody waits for its result any more.
    GiveUp {
        /// Whose call.
        execution: ExecutionId,
        /// The scheduling event.
        task: EventId,
    },
}
