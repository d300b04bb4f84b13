//! `DescribeMapRun`.

use crate::arn;
use crate::read::ReadError;
use crate::rejection::{ErrorName, Rejection};
use crate::shapes::MapRunDescription;

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

pub(crate) fn read(request: &Request) -> Result<Response, ReadError> {
    Err(find(&request.map_run_arn).into())
}

/// Looks for a map run. There is none: nothing starts one yet, since an execution that comes to a Map
/// state in DISTRIBUTED mode fails there.
pub(crate) fn find(map_run_arn: &str) -> Rejection {
    match arn::parse_map_run(map_run_arn) {
        Ok(_) => Rejection::new(
            ErrorName::ResourceNotFound,
            format!("Resource not found: '{map_run_arn}'"),
        )
        .with_resource(map_run_arn),
        Err(rejection) => rejection,
    }
}
