//! `DescribeStateMachineForExecution`.

use crate::shapes::StateMachineDescription;

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
    /// The machine as the execution is pinned to it.
    pub description: StateMachineDescription,
    /// `updateDate`, milliseconds since 1970.
    pub update_ms: i64,
}
