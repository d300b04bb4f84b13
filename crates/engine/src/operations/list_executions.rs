//! `ListExecutions`.

use crate::shapes::ExecutionListItem;
use interpreter::Status;
use store::ListingCursor;

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// `stateMachineArn` (or a version's, or an alias's).
    pub state_machine_arn: Option<String>,
    /// `mapRunArn`.
    pub map_run_arn: Option<String>,
    /// `statusFilter`.
    pub status: Option<Status>,
    /// `redriveFilter`: `true` for `REDRIVEN`.
    pub redriven: Option<bool>,
    /// At most so many; the door has made 0 and nothing into 100.
    pub limit: usize,
    /// Where to go on, out of an authenticated token.
    pub before: Option<ListingCursor>,
}

/// What is answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Response {
    /// Newest first.
    pub executions: Vec<ExecutionListItem>,
    /// Where to go on, when there is more.
    pub next: Option<ListingCursor>,
}
