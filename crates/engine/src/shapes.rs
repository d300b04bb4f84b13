//! Shapes that several operations share.

use std::sync::Arc;

use interpreter::{Document, Status};
use serde::{Deserialize, Serialize};

/// A tag.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tag {
    /// 1 to 128 characters.
    pub key: String,
    /// 0 to 256 characters.
    pub value: String,
}

/// `encryptionConfiguration`: stored and echoed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EncryptionConfiguration {
    /// `type`: `AWS_OWNED_KEY` or `CUSTOMER_MANAGED_KMS_KEY`.
    pub kind: String,
    /// `kmsKeyId`.
    pub kms_key_id: Option<String>,
    /// `kmsDataKeyReusePeriodSeconds`, 60 to 900.
    pub reuse_period_seconds: Option<u32>,
}

impl Default for EncryptionConfiguration {
    fn default() -> Self {
        EncryptionConfiguration {
            kind: "AWS_OWNED_KEY".into(),
            kms_key_id: None,
            reuse_period_seconds: None,
        }
    }
}

/// `loggingConfiguration`: stored and echoed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoggingConfiguration {
    /// `level`: `ALL`, `ERROR`, `FATAL`, `OFF`.
    pub level: String,
    /// `includeExecutionData`.
    pub include_execution_data: bool,
    /// `destinations[].cloudWatchLogsLogGroup.logGroupArn`; an empty list is echoed, no list is not.
    pub destinations: Option<Vec<String>>,
}

impl Default for LoggingConfiguration {
    fn default() -> Self {
        LoggingConfiguration {
            level: "OFF".into(),
            include_execution_data: false,
            destinations: None,
        }
    }
}

/// `type` of a state machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum MachineType {
    /// `STANDARD`.
    #[default]
    Standard,
    /// `EXPRESS`.
    Express,
}

impl From<MachineType> for asl::MachineType {
    fn from(machine_type: MachineType) -> asl::MachineType {
        match machine_type {
            MachineType::Standard => asl::MachineType::Standard,
            MachineType::Express => asl::MachineType::Express,
        }
    }
}

/// `status` of a state machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MachineStatus {
    /// `ACTIVE`.
    Active,
    /// `DELETING`.
    Deleting,
}

/// An item of `ListActivities`.
#[derive(Clone, Debug, PartialEq)]
pub struct ActivityListItem {
    /// `activityArn`.
    pub activity_arn: String,
    /// `name`.
    pub name: String,
    /// `creationDate`, milliseconds since 1970.
    pub creation_ms: i64,
}

/// A task in a worker's hands.
#[derive(Clone, Debug)]
pub struct ActivityTask {
    /// `taskToken`.
    pub task_token: String,
    /// `input`: JSON text.
    pub input: Document,
}

impl PartialEq for ActivityTask {
    fn eq(&self, other: &Self) -> bool {
        self.task_token == other.task_token && self.input.text() == other.input.text()
    }
}

/// An item of `ListStateMachines`.
#[derive(Clone, Debug, PartialEq)]
pub struct StateMachineListItem {
    /// `stateMachineArn`.
    pub state_machine_arn: String,
    /// `name`.
    pub name: String,
    /// `type`.
    pub machine_type: MachineType,
    /// `creationDate`, milliseconds since 1970.
    pub creation_ms: i64,
}

/// An item of `routingConfiguration`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Routing {
    /// `stateMachineVersionArn`.
    pub state_machine_version_arn: String,
    /// `weight`: of 100 executions.
    pub weight: u32,
}

/// An item of `ListStateMachineVersions`.
#[derive(Clone, Debug, PartialEq)]
pub struct VersionListItem {
    /// `stateMachineVersionArn`.
    pub state_machine_version_arn: String,
    /// `creationDate`, milliseconds since 1970.
    pub creation_ms: i64,
}

/// An item of `ListStateMachineAliases`.
#[derive(Clone, Debug, PartialEq)]
pub struct AliasListItem {
    /// `stateMachineAliasArn`.
    pub state_machine_alias_arn: String,
    /// `creationDate`, milliseconds since 1970.
    pub creation_ms: i64,
}

/// What `DescribeStateMachine` and `DescribeStateMachineForExecution` show.
#[derive(Clone, Debug, PartialEq)]
pub struct StateMachineDescription {
    /// `stateMachineArn`.
    pub state_machine_arn: String,
    /// `name`.
    pub name: String,
    /// `status`.
    pub status: MachineStatus,
    /// `definition`; `None` for `METADATA_ONLY`, which shows `{}`.
    pub definition: Option<Arc<str>>,
    /// `roleArn`.
    pub role_arn: String,
    /// `type`.
    pub machine_type: MachineType,
    /// `creationDate`, milliseconds since 1970.
    pub creation_ms: i64,
    /// `loggingConfiguration`.
    pub logging: LoggingConfiguration,
    /// `tracingConfiguration.enabled`.
    pub tracing: bool,
    /// `encryptionConfiguration`.
    pub encryption: EncryptionConfiguration,
    /// `revisionId`, absent until the first update.
    pub revision_id: Option<String>,
    /// `description`, of a version.
    pub description: Option<String>,
    /// `label`, of the item processor of a Distributed Map.
    pub label: Option<String>,
    /// `mapRunArn`, where it is the machine of a child of that map run.
    pub map_run_arn: Option<String>,
    /// `variableReferences`: state and its variables, in order; shown when not empty.
    pub variable_references: Vec<(String, Vec<String>)>,
}

/// What `DescribeExecution` shows.
#[derive(Clone, Debug)]
pub struct ExecutionDescription {
    /// `executionArn`.
    pub execution_arn: String,
    /// `stateMachineArn`.
    pub state_machine_arn: String,
    /// `name`.
    pub name: String,
    /// `status`.
    pub status: Status,
    /// `startDate`, milliseconds since 1970.
    pub start_ms: i64,
    /// `stopDate`, milliseconds since 1970.
    pub stop_ms: Option<i64>,
    /// `input`; `None` for `METADATA_ONLY`.
    pub input: Option<Document>,
    /// `output`.
    pub output: Option<Document>,
    /// `mapRunArn`, of a child of a map run.
    pub map_run_arn: Option<String>,
    /// `traceHeader`.
    pub trace_header: Option<String>,
    /// `error`.
    pub error: Option<String>,
    /// `cause`.
    pub cause: Option<String>,
    /// `stateMachineVersionArn`.
    pub state_machine_version_arn: Option<String>,
    /// `stateMachineAliasArn`.
    pub state_machine_alias_arn: Option<String>,
    /// `redriveCount`.
    pub redrive_count: u32,
    /// `redriveDate`, milliseconds since 1970.
    pub redrive_ms: Option<i64>,
    /// `redriveStatus` and `redriveStatusReason`.
    pub redrive_status: (String, Option<String>),
}

impl PartialEq for ExecutionDescription {
    fn eq(&self, other: &Self) -> bool {
        format!("{self:?}") == format!("{other:?}")
    }
}

/// An item of `ListExecutions`.
#[derive(Clone, Debug, PartialEq)]
pub struct ExecutionListItem {
    /// `executionArn`.
    pub execution_arn: String,
    /// `stateMachineArn`.
    pub state_machine_arn: String,
    /// `mapRunArn`, of a child of a map run.
    pub map_run_arn: Option<String>,
    /// `itemCount`, of a child of a map run.
    pub item_count: Option<u32>,
    /// `name`.
    pub name: String,
    /// `status`.
    pub status: Status,
    /// `startDate`, milliseconds since 1970.
    pub start_ms: i64,
    /// `stopDate`, milliseconds since 1970.
    pub stop_ms: Option<i64>,
    /// `stateMachineVersionArn`.
    pub state_machine_version_arn: Option<String>,
    /// `stateMachineAliasArn`.
    pub state_machine_alias_arn: Option<String>,
    /// `redriveCount`.
    pub redrive_count: u32,
    /// `redriveDate`, milliseconds since 1970.
    pub redrive_ms: Option<i64>,
}

/// `status` of a map run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MapRunStatus {
    /// `RUNNING`.
    Running,
    /// `SUCCEEDED`.
    Succeeded,
    /// `FAILED`.
    Failed,
    /// `ABORTED`.
    Aborted,
}

/// How many items, or child executions, of a map run stand where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MapRunCounts {
    /// `pending`: not started.
    pub pending: u64,
    /// `running`.
    pub running: u64,
    /// `succeeded`.
    pub succeeded: u64,
    /// `failed`.
    pub failed: u64,
    /// `timedOut`.
    pub timed_out: u64,
    /// `aborted`.
    pub aborted: u64,
    /// `total`.
    pub total: u64,
    /// `resultsWritten`, by a ResultWriter.
    pub results_written: u64,
    /// `failuresNotRedrivable`, once the map run has ended.
    pub failures_not_redrivable: Option<u64>,
    /// `pendingRedrive`, once the map run was redriven.
    pub pending_redrive: Option<u64>,
}

/// What `DescribeMapRun` shows.
#[derive(Clone, Debug, PartialEq)]
pub struct MapRunDescription {
    /// `mapRunArn`.
    pub map_run_arn: String,
    /// `executionArn`: the execution that started it.
    pub execution_arn: String,
    /// `status`.
    pub status: MapRunStatus,
    /// `startDate`, milliseconds since 1970.
    pub start_ms: i64,
    /// `stopDate`, milliseconds since 1970.
    pub stop_ms: Option<i64>,
    /// `maxConcurrency`; 0 is as many as there may be.
    pub max_concurrency: u32,
    /// `toleratedFailurePercentage`.
    pub tolerated_failure_percentage: f64,
    /// `toleratedFailureCount`.
    pub tolerated_failure_count: u64,
    /// `itemCounts`.
    pub item_counts: MapRunCounts,
    /// `executionCounts`.
    pub execution_counts: MapRunCounts,
    /// `redriveCount`.
    pub redrive_count: u32,
    /// `redriveDate`, milliseconds since 1970.
    pub redrive_ms: Option<i64>,
}

/// An item of `ListMapRuns`.
#[derive(Clone, Debug, PartialEq)]
pub struct MapRunListItem {
    /// `executionArn`: the execution that started it.
    pub execution_arn: String,
    /// `mapRunArn`.
    pub map_run_arn: String,
    /// `stateMachineArn`, with the label of the Map state: what its children run.
    pub state_machine_arn: String,
    /// `startDate`, milliseconds since 1970.
    pub start_ms: i64,
    /// `stopDate`, milliseconds since 1970.
    pub stop_ms: Option<i64>,
}
