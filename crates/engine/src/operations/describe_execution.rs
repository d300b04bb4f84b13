//! `DescribeExecution`.

use crate::shapes::ExecutionDescription;

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// `executionArn`.
    pub execution_arn: String,
    /// `includedData` is `METADATA_ONLY`.
    pub metadata_only: bool,
}

/// What is answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Response {
    /// What is to be shown.
    pub description: ExecutionDescription,
}
