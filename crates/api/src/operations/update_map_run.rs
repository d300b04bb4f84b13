//! `UpdateMapRun`.

use engine::Request;
use engine::operations::update_map_run as operation;
use serde::Deserialize;

use super::{Context, Decoded};
use crate::arns;
use crate::decode::{self, Text};
use crate::members::{
    LONG_ARN, MAX_CONCURRENCY, TOLERATED_FAILURE_COUNT, TOLERATED_FAILURE_PERCENTAGE,
};
use crate::refusal::Refusal;

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Input<'a> {
    #[serde(borrow)]
    map_run_arn: Option<Text<'a>>,
    max_concurrency: Option<i32>,
    tolerated_failure_percentage: Option<f64>,
    tolerated_failure_count: Option<i64>,
}

pub(super) fn decode(body: &[u8], context: &Context<'_>) -> Result<Decoded, Refusal> {
    let input: Input<'_> = decode::read(body)?;
    let mut checks = context.checks();
    let map_run_arn = checks.required("mapRunArn", input.map_run_arn, &LONG_ARN);
    checks.range("maxConcurrency", input.max_concurrency, &MAX_CONCURRENCY);
    checks.range(
        "toleratedFailurePercentage",
        input.tolerated_failure_percentage,
        &TOLERATED_FAILURE_PERCENTAGE,
    );
    checks.range(
        "toleratedFailureCount",
        input.tolerated_failure_count,
        &TOLERATED_FAILURE_COUNT,
    );
    checks.finish()?;
    arns::map_run(context.owner, &map_run_arn)?;
    Ok(Request::UpdateMapRun(operation::Request {
        map_run_arn: map_run_arn.into_string(),
        max_concurrency: input.max_concurrency.map(i32::unsigned_abs),
        tolerated_failure_percentage: input.tolerated_failure_percentage,
        tolerated_failure_count: input.tolerated_failure_count.map(i64::unsigned_abs),
    })
    .into())
}
