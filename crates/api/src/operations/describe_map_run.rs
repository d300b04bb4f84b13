//! `DescribeMapRun`.

use engine::Request;
use engine::operations::describe_map_run as operation;
use engine::shapes::{MapRunCounts, MapRunStatus};
use serde::Deserialize;

use super::{Context, Decoded};
use crate::arns;
use crate::decode::{self, Text};
use crate::members::LONG_ARN;
use crate::refusal::Refusal;
use crate::write;

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Input<'a> {
    #[serde(borrow)]
    map_run_arn: Option<Text<'a>>,
}

pub(super) fn decode(body: &[u8], context: &Context<'_>) -> Result<Decoded, Refusal> {
    let input: Input<'_> = decode::read(body)?;
    let mut checks = context.checks();
    let map_run_arn = checks.required("mapRunArn", input.map_run_arn, &LONG_ARN);
    checks.finish()?;
    arns::map_run(context.owner, &map_run_arn)?;
    let map_run_arn = map_run_arn.into_string();
    Ok(Request::DescribeMapRun(operation::Request { map_run_arn }).into())
}

pub(super) fn encode(response: &operation::Response, out: &mut write::Object<'_>) {
    let it = &response.description;
    out.text("mapRunArn", &it.map_run_arn);
    out.text("executionArn", &it.execution_arn);
    let status = match it.status {
        MapRunStatus::Running => "RUNNING",
        MapRunStatus::Succeeded => "SUCCEEDED",
        MapRunStatus::Failed => "FAILED",
        MapRunStatus::Aborted => "ABORTED",
    };
    out.text("status", status);
    out.moment("startDate", it.start_ms);
    if let Some(stop_ms) = it.stop_ms {
        out.moment("stopDate", stop_ms);
    }
    out.number("maxConcurrency", it.max_concurrency.into());
    out.real(
        "toleratedFailurePercentage",
        it.tolerated_failure_percentage,
    );
    out.number("toleratedFailureCount", it.tolerated_failure_count);
    counts(out, "itemCounts", &it.item_counts);
    counts(out, "executionCounts", &it.execution_counts);
    out.number("redriveCount", it.redrive_count.into());
    if let Some(redrive_ms) = it.redrive_ms {
        out.moment("redriveDate", redrive_ms);
    }
}

fn counts(out: &mut write::Object<'_>, name: &str, counts: &MapRunCounts) {
    out.object(name, |out| {
        out.number("pending", counts.pending);
        out.number("running", counts.running);
        out.number("succeeded", counts.succeeded);
        out.number("failed", counts.failed);
        out.number("timedOut", counts.timed_out);
        out.number("aborted", counts.aborted);
        out.number("total", counts.total);
        out.number("resultsWritten", counts.results_written);
        if let Some(failures) = counts.failures_not_redrivable {
            out.number("failuresNotRedrivable", failures);
        }
        if let Some(pending) = counts.pending_redrive {
            out.number("pendingRedrive", pending);
        }
    });
}
