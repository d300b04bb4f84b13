//! One operation, one file: what its bytes say on the way in, and on the way out.

mod create_activity;
mod create_state_machine;
mod create_state_machine_alias;
mod delete_activity;
mod delete_state_machine;
mod delete_state_machine_alias;
mod delete_state_machine_version;
mod describe_activity;
mod describe_execution;
mod describe_map_run;
mod describe_state_machine;
mod describe_state_machine_alias;
mod describe_state_machine_for_execution;
mod get_activity_task;
mod get_execution_history;
mod list_activities;
mod list_executions;
mod list_map_runs;
mod list_state_machine_aliases;
mod list_state_machine_versions;
mod list_state_machines;
mod list_tags_for_resource;
mod publish_state_machine_version;
mod redrive_execution;
mod send_task_failure;
mod send_task_heartbeat;
mod send_task_success;
mod start_execution;
mod start_sync_execution;
mod stop_execution;
mod tag_resource;
mod test_state;
mod untag_resource;
mod update_map_run;
mod update_state_machine;
mod update_state_machine_alias;
mod validate_state_machine_definition;

pub(crate) use describe_execution::status_name;

use engine::arn::Owner;
use engine::{Operation, Request, Response};

use crate::checks::Checks;
use crate::paging::{Binding, PageKey, Pages};
use crate::refusal::Refusal;
use crate::write::{Object, object};
use crate::{Answer, CONTENT_TYPE, DoorLimits, Head, error_names};

/// What decoding needs beside the body.
pub(crate) struct Context<'a> {
    pub(crate) owner: &'a Owner,
    pub(crate) page_key: &'a PageKey,
    pub(crate) limits: &'a DoorLimits,
    pub(crate) head: &'a Head<'a>,
    pub(crate) now_ms: i64,
}

impl Context<'_> {
    /// The constraints of the model, within the operator's limits.
    pub(crate) fn checks(&self) -> Checks {
        Checks::within(*self.limits)
    }
}

/// A request, and what its answer will need to know of it.
#[derive(Debug)]
pub(crate) struct Decoded {
    pub(crate) request: Request,
    pub(crate) binding: Option<Binding>,
    pub(crate) include_data: bool,
}

impl From<Request> for Decoded {
    fn from(request: Request) -> Decoded {
        Decoded {
            request,
            binding: None,
            include_data: true,
        }
    }
}

/// Reads the body of `operation`; the error is the answer.
pub(crate) fn decode(
    operation: Operation,
    body: &[u8],
    context: &Context<'_>,
) -> Result<Decoded, Answer> {
    let decoded: Result<Decoded, Refusal> = match operation {
        Operation::CreateActivity => create_activity::decode(body, context),
        Operation::DescribeActivity => describe_activity::decode(body, context),
        Operation::ListActivities => list_activities::decode(body, context),
        Operation::DeleteActivity => delete_activity::decode(body, context),
        Operation::GetActivityTask => get_activity_task::decode(body, context),
        Operation::SendTaskSuccess => send_task_success::decode(body, context),
        Operation::SendTaskFailure => send_task_failure::decode(body, context),
        Operation::SendTaskHeartbeat => send_task_heartbeat::decode(body, context),
        Operation::CreateStateMachine => create_state_machine::decode(body, context),
        Operation::DescribeStateMachine => describe_state_machine::decode(body, context),
        Operation::UpdateStateMachine => update_state_machine::decode(body, context),
        Operation::DeleteStateMachine => delete_state_machine::decode(body, context),
        Operation::ListStateMachines => list_state_machines::decode(body, context),
        Operation::PublishStateMachineVersion => {
            publish_state_machine_version::decode(body, context)
        }
        Operation::ListStateMachineVersions => list_state_machine_versions::decode(body, context),
        Operation::DeleteStateMachineVersion => delete_state_machine_version::decode(body, context),
        Operation::CreateStateMachineAlias => create_state_machine_alias::decode(body, context),
        Operation::DescribeStateMachineAlias => describe_state_machine_alias::decode(body, context),
        Operation::UpdateStateMachineAlias => update_state_machine_alias::decode(body, context),
        Operation::DeleteStateMachineAlias => delete_state_machine_alias::decode(body, context),
        Operation::ListStateMachineAliases => list_state_machine_aliases::decode(body, context),
        Operation::StartExecution => start_execution::decode(body, context),
        Operation::StartSyncExecution => start_sync_execution::decode(body, context),
        Operation::DescribeExecution => describe_execution::decode(body, context),
        Operation::DescribeStateMachineForExecution => {
            describe_state_machine_for_execution::decode(body, context)
        }
        Operation::StopExecution => stop_execution::decode(body, context),
        Operation::RedriveExecution => redrive_execution::decode(body, context),
        Operation::ListExecutions => list_executions::decode(body, context),
        Operation::GetExecutionHistory => get_execution_history::decode(body, context),
        Operation::DescribeMapRun => describe_map_run::decode(body, context),
        Operation::ListMapRuns => list_map_runs::decode(body, context),
        Operation::UpdateMapRun => update_map_run::decode(body, context),
        Operation::TagResource => tag_resource::decode(body, context),
        Operation::UntagResource => untag_resource::decode(body, context),
        Operation::ListTagsForResource => list_tags_for_resource::decode(body, context),
        Operation::ValidateStateMachineDefinition => {
            validate_state_machine_definition::decode(body, context)
        }
        Operation::TestState => test_state::decode(body, context),
    };
    decoded.map_err(|refusal| error_names::refused(operation, &refusal))
}

/// Writes an answer. `include_data` is `includeExecutionData` of a history.
pub(crate) fn encode(response: &Response, pages: &Pages<'_>, include_data: bool) -> Answer {
    let body = object(|out: &mut Object<'_>| match response {
        Response::CreateActivity(response) => create_activity::encode(response, out),
        Response::DescribeActivity(response) => describe_activity::encode(response, out),
        Response::ListActivities(response) => list_activities::encode(response, out, pages),
        Response::GetActivityTask(response) => get_activity_task::encode(response, out),
        Response::CreateStateMachine(response) => create_state_machine::encode(response, out),
        Response::DescribeStateMachine(response) => describe_state_machine::encode(response, out),
        Response::UpdateStateMachine(response) => update_state_machine::encode(response, out),
        Response::ListStateMachines(response) => list_state_machines::encode(response, out, pages),
        Response::PublishStateMachineVersion(response) => {
            publish_state_machine_version::encode(response, out)
        }
        Response::ListStateMachineVersions(response) => {
            list_state_machine_versions::encode(response, out, pages)
        }
        Response::CreateStateMachineAlias(response) => {
            create_state_machine_alias::encode(response, out)
        }
        Response::DescribeStateMachineAlias(response) => {
            describe_state_machine_alias::encode(response, out)
        }
        Response::UpdateStateMachineAlias(response) => {
            update_state_machine_alias::encode(response, out)
        }
        Response::ListStateMachineAliases(response) => {
            list_state_machine_aliases::encode(response, out, pages)
        }
        Response::StartExecution(response) => start_execution::encode(response, out),
        Response::StartSyncExecution(response) => start_sync_execution::encode(response, out),
        Response::DescribeExecution(response) => describe_execution::encode(response, out),
        Response::DescribeStateMachineForExecution(response) => {
            describe_state_machine_for_execution::encode(response, out)
        }
        Response::StopExecution(response) => stop_execution::encode(response, out),
        Response::RedriveExecution(response) => redrive_execution::encode(response, out),
        Response::ListExecutions(response) => list_executions::encode(response, out, pages),
        Response::GetExecutionHistory(response) => {
            get_execution_history::encode(response, out, pages, include_data)
        }
        Response::DescribeMapRun(response) => describe_map_run::encode(response, out),
        Response::ListMapRuns(response) => list_map_runs::encode(response, out, pages),
        Response::ListTagsForResource(response) => list_tags_for_resource::encode(response, out),
        Response::ValidateStateMachineDefinition(response) => {
            validate_state_machine_definition::encode(response, out)
        }
        Response::TestState(response) => test_state::encode(response, out),
        Response::DeleteActivity(_)
        | Response::SendTaskSuccess(_)
        | Response::SendTaskFailure(_)
        | Response::SendTaskHeartbeat(_)
        | Response::DeleteStateMachine(_)
        | Response::UpdateMapRun(_)
        | Response::DeleteStateMachineVersion(_)
        | Response::DeleteStateMachineAlias(_)
        | Response::TagResource(_)
        | Response::UntagResource(_) => {}
    });
    Answer {
        status: 200,
        content_type: CONTENT_TYPE,
        body,
    }
}
