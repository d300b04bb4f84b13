//! `GetExecutionHistory`.

use interpreter::{Event, EventId};

/// What is asked.
#[derive(Clone, Debug)]
pub struct Request {
    /// `executionArn`.
    pub execution_arn: String,
    /// At most so many; the door has made 0 and nothing into 100.
    pub limit: usize,
    /// `reverseOrder`.
    pub reverse: bool,
    /// `includeExecutionData`.
    pub include_data: bool,
    /// Id of the last event of the page before, out of an authenticated token.
    pub after: Option<EventId>,
}

/// What is answered.
#[derive(Clone, Debug)]
pub struct Response {
    /// In the order asked for.
    pub events: Vec<Event>,
    /// Id to go on after, when there is more.
    pub next: Option<EventId>,
}
