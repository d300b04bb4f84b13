//! `ListMapRuns`.

use store::{RecordKind, Store};

use crate::arn::Owner;
use crate::ids;
use crate::map_runs::{self, MapRunId};
use crate::operations::describe_execution;
use crate::read::ReadError;
use crate::records;
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

pub(crate) fn read(
    request: &Request,
    store: &dyn Store,
    owner: &Owner,
) -> Result<Response, ReadError> {
    let arn = &request.execution_arn;
    let (execution, _) = describe_execution::find(arn, store, owner, false)?;
    let damaged = || records::damaged("map run of", arn);
    let from = match request.after.as_deref().and_then(ids::execution_of) {
        None => execution.0.to_vec(),
        Some(after) => {
            let stored = map_runs::stored(store, MapRunId(after.0))?.ok_or_else(damaged)?;
            map_runs::records::of_key(execution, stored.record.plan.event)
        }
    };
    let rows = store.records(RecordKind::MapRunOf, Some(&from), request.limit + 1)?;
    let mut ids: Vec<MapRunId> = rows
        .into_iter()
        .take_while(|(key, _)| key.starts_with(&execution.0))
        .filter_map(|(_, id)| Some(MapRunId(id.try_into().ok()?)))
        .collect();
    let more = ids.len() > request.limit;
    ids.truncate(request.limit);
    let next = ids.last().filter(|_| more);
    let next = next.map(|id| ids::uuid_of(store::ExecutionId(id.0)));
    let mut map_runs = Vec::with_capacity(ids.len());
    for id in ids {
        let stored = map_runs::stored(store, id)?.ok_or_else(damaged)?;
        let (record, progress) = (stored.record, stored.progress);
        let machine = format!("{}/{}", record.machine_name, record.plan.label);
        map_runs.push(MapRunListItem {
            execution_arn: record.execution_arn,
            map_run_arn: record.plan.map_run_arn.to_string(),
            state_machine_arn: owner.state_machine_arn(&machine),
            start_ms: record.start_ms,
            stop_ms: progress.stop_ms,
        });
    }
    Ok(Response { map_runs, next })
}
