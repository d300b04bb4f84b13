//! One operation, one file: what is asked, what is answered, what it does.

pub mod create_activity;
pub mod create_state_machine;
pub mod create_state_machine_alias;
pub mod delete_activity;
pub mod delete_state_machine;
pub mod delete_state_machine_alias;
pub mod delete_state_machine_version;
pub mod describe_activity;
pub mod describe_execution;
pub mod describe_map_run;
pub mod describe_state_machine;
pub mod describe_state_machine_alias;
pub mod describe_state_machine_for_execution;
pub mod get_activity_task;
pub mod get_execution_history;
pub mod list_activities;
pub mod list_executions;
pub mod list_map_runs;
pub mod list_state_machine_aliases;
pub mod list_state_machine_versions;
pub mod list_state_machines;
pub mod list_tags_for_resource;
pub mod publish_state_machine_version;
pub mod redrive_execution;
pub mod send_task_failure;
pub mod send_task_heartbeat;
pub mod send_task_success;
pub mod start_execution;
pub mod start_sync_execution;
pub mod stop_execution;
pub mod tag_resource;
pub mod test_state;
pub mod untag_resource;
pub mod update_map_run;
pub mod update_state_machine;
pub mod update_state_machine_alias;
pub mod validate_state_machine_definition;

/// The operations this service knows by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Operation {
    CreateActivity,
    DescribeActivity,
    ListActivities,
    DeleteActivity,
    GetActivityTask,
    SendTaskSuccess,
    SendTaskFailure,
    SendTaskHeartbeat,
    CreateStateMachine,
    DescribeStateMachine,
    UpdateStateMachine,
    DeleteStateMachine,
    ListStateMachines,
    PublishStateMachineVersion,
    ListStateMachineVersions,
    DeleteStateMachineVersion,
    CreateStateMachineAlias,
    DescribeStateMachineAlias,
    UpdateStateMachineAlias,
    DeleteStateMachineAlias,
    ListStateMachineAliases,
    StartExecution,
    StartSyncExecution,
    DescribeExecution,
    DescribeStateMachineForExecution,
    StopExecution,
    RedriveExecution,
    ListExecutions,
    GetExecutionHistory,
    UpdateMapRun,
    ListMapRuns,
    DescribeMapRun,
    TagResource,
    UntagResource,
    ListTagsForResource,
    ValidateStateMachineDefinition,
    TestState,
}

impl Operation {
    /// Every operation.
    pub const ALL: &[Operation] = &[
        Operation::CreateActivity,
        Operation::DescribeActivity,
        Operation::ListActivities,
        Operation::DeleteActivity,
        Operation::GetActivityTask,
        Operation::SendTaskSuccess,
        Operation::SendTaskFailure,
        Operation::SendTaskHeartbeat,
        Operation::CreateStateMachine,
        Operation::DescribeStateMachine,
        Operation::UpdateStateMachine,
        Operation::DeleteStateMachine,
        Operation::ListStateMachines,
        Operation::PublishStateMachineVersion,
        Operation::ListStateMachineVersions,
        Operation::DeleteStateMachineVersion,
        Operation::CreateStateMachineAlias,
        Operation::DescribeStateMachineAlias,
        Operation::UpdateStateMachineAlias,
        Operation::DeleteStateMachineAlias,
        Operation::ListStateMachineAliases,
        Operation::StartExecution,
        Operation::StartSyncExecution,
        Operation::DescribeExecution,
        Operation::DescribeStateMachineForExecution,
        Operation::StopExecution,
        Operation::RedriveExecution,
        Operation::ListExecutions,
        Operation::GetExecutionHistory,
        Operation::UpdateMapRun,
        Operation::ListMapRuns,
        Operation::DescribeMapRun,
        Operation::TagResource,
        Operation::UntagResource,
        Operation::ListTagsForResource,
        Operation::ValidateStateMachineDefinition,
        Operation::TestState,
    ];

    /// The name, as in `X-Amz-Target`.
    pub const fn name(self) -> &'static str {
        match self {
            Operation::CreateActivity => "CreateActivity",
            Operation::DescribeActivity => "DescribeActivity",
            Operation::ListActivities => "ListActivities",
            Operation::DeleteActivity => "DeleteActivity",
            Operation::GetActivityTask => "GetActivityTask",
            Operation::SendTaskSuccess => "SendTaskSuccess",
            Operation::SendTaskFailure => "SendTaskFailure",
            Operation::SendTaskHeartbeat => "SendTaskHeartbeat",
            Operation::CreateStateMachine => "CreateStateMachine",
            Operation::DescribeStateMachine => "DescribeStateMachine",
            Operation::UpdateStateMachine => "UpdateStateMachine",
            Operation::DeleteStateMachine => "DeleteStateMachine",
            Operation::ListStateMachines => "ListStateMachines",
            Operation::PublishStateMachineVersion => "PublishStateMachineVersion",
            Operation::ListStateMachineVersions => "ListStateMachineVersions",
            Operation::DeleteStateMachineVersion => "DeleteStateMachineVersion",
            Operation::CreateStateMachineAlias => "CreateStateMachineAlias",
            Operation::DescribeStateMachineAlias => "DescribeStateMachineAlias",
            Operation::UpdateStateMachineAlias => "UpdateStateMachineAlias",
            Operation::DeleteStateMachineAlias => "DeleteStateMachineAlias",
            Operation::ListStateMachineAliases => "ListStateMachineAliases",
            Operation::StartExecution => "StartExecution",
            Operation::StartSyncExecution => "StartSyncExecution",
            Operation::DescribeExecution => "DescribeExecution",
            Operation::DescribeStateMachineForExecution => "DescribeStateMachineForExecution",
            Operation::StopExecution => "StopExecution",
            Operation::RedriveExecution => "RedriveExecution",
            Operation::ListExecutions => "ListExecutions",
            Operation::GetExecutionHistory => "GetExecutionHistory",
            Operation::UpdateMapRun => "UpdateMapRun",
            Operation::ListMapRuns => "ListMapRuns",
            Operation::DescribeMapRun => "DescribeMapRun",
            Operation::TagResource => "TagResource",
            Operation::UntagResource => "UntagResource",
            Operation::ListTagsForResource => "ListTagsForResource",
            Operation::ValidateStateMachineDefinition => "ValidateStateMachineDefinition",
            Operation::TestState => "TestState",
        }
    }

    /// Whether it only reads what is durable: such a request never enters a shard.
    pub const fn is_read(self) -> bool {
        matches!(
            self,
            Operation::DescribeActivity
                | Operation::ListActivities
                | Operation::DescribeStateMachine
                | Operation::ListStateMachines
                | Operation::ListStateMachineVersions
                | Operation::DescribeStateMachineAlias
                | Operation::ListStateMachineAliases
                | Operation::DescribeExecution
                | Operation::DescribeStateMachineForExecution
                | Operation::ListExecutions
                | Operation::GetExecutionHistory
                | Operation::DescribeMapRun
                | Operation::ListMapRuns
                | Operation::ListTagsForResource
                | Operation::ValidateStateMachineDefinition
        )
    }
}

/// A request that passed the door.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub enum Request {
    CreateActivity(create_activity::Request),
    DescribeActivity(describe_activity::Request),
    ListActivities(list_activities::Request),
    DeleteActivity(delete_activity::Request),
    GetActivityTask(get_activity_task::Request),
    SendTaskSuccess(send_task_success::Request),
    SendTaskFailure(send_task_failure::Request),
    SendTaskHeartbeat(send_task_heartbeat::Request),
    CreateStateMachine(create_state_machine::Request),
    DescribeStateMachine(describe_state_machine::Request),
    UpdateStateMachine(update_state_machine::Request),
    DeleteStateMachine(delete_state_machine::Request),
    ListStateMachines(list_state_machines::Request),
    PublishStateMachineVersion(publish_state_machine_version::Request),
    ListStateMachineVersions(list_state_machine_versions::Request),
    DeleteStateMachineVersion(delete_state_machine_version::Request),
    CreateStateMachineAlias(create_state_machine_alias::Request),
    DescribeStateMachineAlias(describe_state_machine_alias::Request),
    UpdateStateMachineAlias(update_state_machine_alias::Request),
    DeleteStateMachineAlias(delete_state_machine_alias::Request),
    ListStateMachineAliases(list_state_machine_aliases::Request),
    StartExecution(start_execution::Request),
    StartSyncExecution(start_sync_execution::Request),
    DescribeExecution(describe_execution::Request),
    DescribeStateMachineForExecution(describe_state_machine_for_execution::Request),
    StopExecution(stop_execution::Request),
    RedriveExecution(redrive_execution::Request),
    ListExecutions(list_executions::Request),
    GetExecutionHistory(get_execution_history::Request),
    UpdateMapRun(update_map_run::Request),
    ListMapRuns(list_map_runs::Request),
    DescribeMapRun(describe_map_run::Request),
    TagResource(tag_resource::Request),
    UntagResource(untag_resource::Request),
    ListTagsForResource(list_tags_for_resource::Request),
    ValidateStateMachineDefinition(validate_state_machine_definition::Request),
    TestState(Box<test_state::Request>),
}

/// An answer.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub enum Response {
    CreateActivity(create_activity::Response),
    DescribeActivity(describe_activity::Response),
    ListActivities(list_activities::Response),
    DeleteActivity(delete_activity::Response),
    GetActivityTask(get_activity_task::Response),
    SendTaskSuccess(send_task_success::Response),
    SendTaskFailure(send_task_failure::Response),
    SendTaskHeartbeat(send_task_heartbeat::Response),
    CreateStateMachine(create_state_machine::Response),
    DescribeStateMachine(describe_state_machine::Response),
    UpdateStateMachine(update_state_machine::Response),
    DeleteStateMachine(delete_state_machine::Response),
    ListStateMachines(list_state_machines::Response),
    PublishStateMachineVersion(publish_state_machine_version::Response),
    ListStateMachineVersions(list_state_machine_versions::Response),
    DeleteStateMachineVersion(delete_state_machine_version::Response),
    CreateStateMachineAlias(create_state_machine_alias::Response),
    DescribeStateMachineAlias(describe_state_machine_alias::Response),
    UpdateStateMachineAlias(update_state_machine_alias::Response),
    DeleteStateMachineAlias(delete_state_machine_alias::Response),
    ListStateMachineAliases(list_state_machine_aliases::Response),
    StartExecution(start_execution::Response),
    StartSyncExecution(start_sync_execution::Response),
    DescribeExecution(describe_execution::Response),
    DescribeStateMachineForExecution(describe_state_machine_for_execution::Response),
    StopExecution(stop_execution::Response),
    RedriveExecution(redrive_execution::Response),
    ListExecutions(list_executions::Response),
    GetExecutionHistory(get_execution_history::Response),
    UpdateMapRun(update_map_run::Response),
    ListMapRuns(list_map_runs::Response),
    DescribeMapRun(describe_map_run::Response),
    TagResource(tag_resource::Response),
    UntagResource(untag_resource::Response),
    ListTagsForResource(list_tags_for_resource::Response),
    ValidateStateMachineDefinition(validate_state_machine_definition::Response),
    TestState(Box<test_state::Response>),
}

impl Request {
    /// Which operation is asked for.
    pub fn operation(&self) -> Operation {
        match self {
            Request::CreateActivity(_) => Operation::CreateActivity,
            Request::DescribeActivity(_) => Operation::DescribeActivity,
            Request::ListActivities(_) => Operation::ListActivities,
            Request::DeleteActivity(_) => Operation::DeleteActivity,
            Request::GetActivityTask(_) => Operation::GetActivityTask,
            Request::SendTaskSuccess(_) => Operation::SendTaskSuccess,
            Request::SendTaskFailure(_) => Operation::SendTaskFailure,
            Request::SendTaskHeartbeat(_) => Operation::SendTaskHeartbeat,
            Request::CreateStateMachine(_) => Operation::CreateStateMachine,
            Request::DescribeStateMachine(_) => Operation::DescribeStateMachine,
            Request::UpdateStateMachine(_) => Operation::UpdateStateMachine,
            Request::DeleteStateMachine(_) => Operation::DeleteStateMachine,
            Request::ListStateMachines(_) => Operation::ListStateMachines,
            Request::PublishStateMachineVersion(_) => Operation::PublishStateMachineVersion,
            Request::ListStateMachineVersions(_) => Operation::ListStateMachineVersions,
            Request::DeleteStateMachineVersion(_) => Operation::DeleteStateMachineVersion,
            Request::CreateStateMachineAlias(_) => Operation::CreateStateMachineAlias,
            Request::DescribeStateMachineAlias(_) => Operation::DescribeStateMachineAlias,
            Request::UpdateStateMachineAlias(_) => Operation::UpdateStateMachineAlias,
            Request::DeleteStateMachineAlias(_) => Operation::DeleteStateMachineAlias,
            Request::ListStateMachineAliases(_) => Operation::ListStateMachineAliases,
            Request::StartExecution(_) => Operation::StartExecution,
            Request::StartSyncExecution(_) => Operation::StartSyncExecution,
            Request::DescribeExecution(_) => Operation::DescribeExecution,
            Request::DescribeStateMachineForExecution(_) => {
                Operation::DescribeStateMachineForExecution
            }
            Request::StopExecution(_) => Operation::StopExecution,
            Request::RedriveExecution(_) => Operation::RedriveExecution,
            Request::ListExecutions(_) => Operation::ListExecutions,
            Request::GetExecutionHistory(_) => Operation::GetExecutionHistory,
            Request::UpdateMapRun(_) => Operation::UpdateMapRun,
            Request::ListMapRuns(_) => Operation::ListMapRuns,
            Request::DescribeMapRun(_) => Operation::DescribeMapRun,
            Request::TagResource(_) => Operation::TagResource,
            Request::UntagResource(_) => Operation::UntagResource,
            Request::ListTagsForResource(_) => Operation::ListTagsForResource,
            Request::ValidateStateMachineDefinition(_) => Operation::ValidateStateMachineDefinition,
            Request::TestState(_) => Operation::TestState,
        }
    }

    /// Machine and execution name that the store must be asked for before this enters a shard; the
    /// answer goes along as [`crate::NameLookup`].
    pub fn name_to_look_up(&self) -> Option<(&str, &str)> {
        match self {
            Request::StartExecution(request) => request.name_to_look_up(),
            Request::StopExecution(request) => request.name_to_look_up(),
            Request::RedriveExecution(request) => request.name_to_look_up(),
            _ => None,
        }
    }
}
