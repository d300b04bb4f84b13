//! `DescribeStateMachineForExecution`.

use store::Store;

use crate::arn::Owner;
use crate::operations::{describe_execution, describe_state_machine};
use crate::read::ReadError;
use crate::records;
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

pub(crate) fn read(
    request: &Request,
    store: &dyn Store,
    owner: &Owner,
    express_kept: bool,
) -> Result<Response, ReadError> {
    let (id, row) = describe_execution::find(&request.execution_arn, store, owner, express_kept)?;
    let execution = describe_execution::restored(id, &row, store)?;
    let (machine, revision) = (
        execution.birth().machine,
        execution.birth().machine_revision,
    );
    let row = describe_state_machine::revision(store, machine, revision)?;
    let child = execution.birth().child.as_ref();
    let definition = if request.metadata_only && child.is_none() {
        None
    } else {
        Some(describe_state_machine::text(store, machine, &row)?)
    };
    let update_ms = row.head.update_ms;
    let mut description = describe_state_machine::describe(row, definition, owner);
    let machine_arn = &execution.birth().state_machine_arn;
    if let (Some(child), Some((_, label))) = (child, machine_arn.rsplit_once('/')) {
        let damaged = || records::damaged("definition of", machine_arn);
        description =
            describe_state_machine::labelled(description, label, owner).ok_or_else(damaged)?;
        description.map_run_arn = Some(child.map_run_arn.to_string());
    }
    Ok(Response {
        description,
        update_ms,
    })
}
