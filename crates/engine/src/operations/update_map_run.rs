//! `UpdateMapRun`.

use crate::operations::describe_map_run;
use crate::rejection::Rejection;
use crate::shard::Shard;

/// What is asked. What is not given stays as it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// `mapRunArn`.
    pub map_run_arn: String,
    /// `maxConcurrency`: children at one time; 0 is as many as there may be.
    pub max_concurrency: Option<u32>,
    /// `toleratedFailurePercentage`, 0 to 100.
    pub tolerated_failure_percentage: Option<f64>,
    /// `toleratedFailureCount`, in items.
    pub tolerated_failure_count: Option<u64>,
}

/// What is answered: nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Response {}

impl Shard {
    /// Refuses: see [`describe_map_run::find`].
    pub(crate) fn update_map_run(&self, request: &Request) -> Result<Response, Rejection> {
        Err(describe_map_run::find(&request.map_run_arn))
    }
}
