//! `ListMapRuns`.

use store::Store;

use crate::arn::Owner;
use crate::operations::describe_execution;
use crate::read::ReadError;
use crate::shapes::MapRunListItem;

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// `executionArn`.
    pub execution_arn: String,
    /// At most so many; the door has made 0 and nothing into 100.
    pub limit: usize,
    /// Id of the last map run of the page before, out of an authenticated token.
    pub after: Option<String>,
}

/// What is answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Response {
    /// Newest first.
    pub map_runs: Vec<MapRunListItem>,
    /// Id to go on after, when there is more.
    pub next: Option<String>,
}

/// No execution has map runs yet; see [`super::describe_map_run`].
pub(crate) fn read(
    request: &Request,
    store: &dyn Store,
    owner: &Owner,
) -> Result<Response, ReadError> {
    describe_execution::find(&request.execution_arn, store, owner, false)?;
    Ok(Response {
        map_runs: Vec::new(),
        next: None,
    })
}
