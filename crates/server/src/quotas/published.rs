//! What AWS publishes.
//!
//! Source: AWS Developer Guide, "Service quotas", "Quotas related to API action throttling": the
//! figures of US East (N. Virginia), US West (Oregon) and Europe (Ireland). Other regions have less.

use super::{Counts, Rate};

/// The bucket of an operation; `None`: no figure is published.
pub(super) fn rate(operation: &str) -> Option<Rate> {
    let (burst, per_second) = match operation {
        "GetActivityTask" | "SendTaskSuccess" | "SendTaskFailure" | "SendTaskHeartbeat" => {
            (3_000, 500)
        }
        "StartExecution" | "RedriveExecution" => (1_300, 300),
        super::START_EXPRESS => (6_000, 6_000),
        "StopExecution" => (1_000, 200),
        "GetExecutionHistory" => (400, 20),
        "DescribeExecution" => (300, 15),
        "DescribeStateMachine" => (200, 20),
        "ListExecutions" => (200, 5),
        "ListActivities" => (100, 10),
        "ListStateMachines" => (100, 5),
        "TestState" => (50, 10),
        "DescribeActivity"
        | "DescribeMapRun"
        | "DescribeStateMachineAlias"
        | "DescribeStateMachineForExecution"
        | "TagResource"
        | "UntagResource" => (200, 1),
        "StartSyncExecution" => return None,
        _ => (100, 1),
    };
    Some(Rate {
        burst,
        per_second: f64::from(per_second),
    })
}

/// How many there may be.
pub(super) const COUNTS: Counts = Counts {
    state_machines: Some(100_000),
    activities: Some(100_000),
    open_executions: Some(1_000_000),
};
