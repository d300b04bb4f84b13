//! A call to an integration.

use std::sync::Arc;

use engine::MapRunId;
use interpreter::{Document, EventId};
use store::ExecutionId;

use crate::calls::items::Reading;

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
#[allow(dead_code)] // until readers and writers take them
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
    /// Items to read for a map run: see [`engine::Output::ReadItems`].
    ReadItems(Reading),
    /// Results of a map run to write: see [`engine::Output::WriteResults`].
    WriteResults {
        /// Whose results.
        map_run: MapRunId,
        /// Its ARN.
        map_run_arn: Arc<str>,
        /// How.
        writer: interpreter::Work,
    },
}
