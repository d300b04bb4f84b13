//! `DescribeMapRun`.

use store::Store;

use crate::arn::{self, Owner};
use crate::map_runs::records::{Counts, MapRunRecord, Progress};
use crate::map_runs::{self, MapRunId};
use crate::read::ReadError;
use crate::rejection::{ErrorName, Rejection};
use crate::shapes::{MapRunCounts, MapRunDescription, MapRunStatus};

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// `mapRunArn`.
    pub map_run_arn: String,
}

/// What is answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Response {
    /// What is to be shown.
    pub description: MapRunDescription,
}

pub(crate) fn read(
    request: &Request,
    store: &dyn Store,
    owner: &Owner,
) -> Result<Response, ReadError> {
    let (_, record, progress) = find(&request.map_run_arn, store, owner)?;
    Ok(Response {
        description: describe(&record, &progress),
    })
}

/// The map run of that ARN.
pub(crate) fn find(
    map_run_arn: &str,
    store: &dyn Store,
    owner: &Owner,
) -> Result<(MapRunId, MapRunRecord, Progress), ReadError> {
    arn::parse_map_run(map_run_arn)?;
    let missing = || ReadError::from(not_found(map_run_arn));
    let id = MapRunId::of_arn(map_run_arn).filter(|_| owner.owns(map_run_arn));
    let id = id.ok_or_else(missing)?;
    let stored = map_runs::stored(store, id)?.ok_or_else(missing)?;
    // The id was found; the names around it must be right, too.
    if *stored.record.plan.map_run_arn != *map_run_arn {
        return Err(missing());
    }
    Ok((id, stored.record, stored.progress))
}

pub(crate) fn not_found(map_run_arn: &str) -> Rejection {
    Rejection::new(
        ErrorName::ResourceNotFound,
        format!("Resource not found: '{map_run_arn}'"),
    )
    .with_resource(map_run_arn)
}

fn describe(record: &MapRunRecord, progress: &Progress) -> MapRunDescription {
    let plan = &record.plan;
    let status = progress.status();
    // How many items a reader will still find, nobody knows.
    let length = plan.length.unwrap_or(progress.items_begun);
    let items_pending = length.saturating_sub(progress.items_begun);
    let children_pending = match plan.batches {
        // Nor how many batches they will make.
        Some(_) => 0,
        None => items_pending,
    };
    MapRunDescription {
        map_run_arn: plan.map_run_arn.to_string(),
        execution_arn: record.execution_arn.clone(),
        status,
        start_ms: record.start_ms,
        stop_ms: progress.stop_ms,
        max_concurrency: progress.max_concurrency,
        tolerated_failure_percentage: progress.tolerated_failure_percentage,
        tolerated_failure_count: progress.tolerated_failure_count,
        item_counts: counts(&progress.items, items_pending, status, progress),
        execution_counts: counts(&progress.children, children_pending, status, progress),
        redrive_count: progress.redrives,
        redrive_ms: progress.redrive_ms,
    }
}

fn counts(
    counts: &Counts,
    pending: u64,
    status: MapRunStatus,
    progress: &Progress,
) -> MapRunCounts {
    let is_over = status != MapRunStatus::Running;
    MapRunCounts {
        pending,
        running: counts.running,
        succeeded: counts.succeeded,
        failed: counts.failed,
        timed_out: counts.timed_out,
        aborted: counts.aborted,
        total: counts.begun() + pending,
        results_written: match status {
            MapRunStatus::Succeeded => counts.succeeded,
            _ => 0,
        },
        failures_not_redrivable: (is_over && counts.not_redrivable > 0)
            .then_some(counts.not_redrivable),
        pending_redrive: (progress.redrives > 0).then_some(counts.pending_redrive),
    }
}
