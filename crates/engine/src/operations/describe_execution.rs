//! `DescribeExecution`.

use interpreter::{Document, Execution};
use store::{ExecutionId, ExecutionRow, RecordKind, Store};

use crate::arn::{self, Owner};
use crate::load;
use crate::operations::redrive_execution::not_redrivable;
use crate::operations::stop_execution::does_not_exist;
use crate::read::ReadError;
use crate::records::{self, MachineRecord};
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

pub(crate) fn read(
    request: &Request,
    store: &dyn Store,
    owner: &Owner,
    now_ms: i64,
) -> Result<Response, ReadError> {
    let (id, row) = find(&request.execution_arn, store, owner)?;
    let execution = load::restore(store, id, &row)?;
    let shown = |document: &Document| (!request.metadata_only).then(|| document.clone());
    let birth = execution.birth();
    let failure = execution.failure().filter(|_| !request.metadata_only);
    let text = |text: &Option<std::sync::Arc<str>>| text.as_deref().map(str::to_owned);
    let description = ExecutionDescription {
        execution_arn: birth.execution_arn.to_string(),
        state_machine_arn: birth.state_machine_arn.to_string(),
        name: birth.name.to_string(),
        status: execution.status(),
        start_ms: execution.start_ms(),
        stop_ms: execution.stop_ms(),
        input: shown(execution.input()),
        output: execution.output().and_then(shown),
        trace_header: text(&birth.trace_header),
        error: failure.and_then(|failure| text(&failure.error)),
        cause: failure.and_then(|failure| text(&failure.cause)),
        state_machine_version_arn: text(&birth.state_machine_version_arn),
        state_machine_alias_arn: text(&birth.state_machine_alias_arn),
        redrive_count: execution.redrive_count(),
        redrive_ms: execution.redrive_ms(),
        redrive_status: redrive_status(&execution, store, now_ms)?,
    };
    Ok(Response { description })
}

/// The execution of that ARN.
pub(crate) fn find(
    execution_arn: &str,
    store: &dyn Store,
    owner: &Owner,
) -> Result<(ExecutionId, ExecutionRow), ReadError> {
    let execution = arn::parse_execution(execution_arn)?;
    if !owner.owns(execution_arn) || execution.label.is_some() {
        return Err(does_not_exist(execution_arn).into());
    }
    let Some(id) = store.execution_by_name(execution.machine, execution.name)? else {
        return Err(does_not_exist(execution_arn).into());
    };
    let row = store
        .execution(id)?
        .ok_or_else(|| records::damaged("execution", execution_arn))?;
    Ok((id, row))
}

/// `redriveStatus` and `redriveStatusReason`.
fn redrive_status(
    execution: &Execution,
    store: &dyn Store,
    now_ms: i64,
) -> Result<(String, Option<String>), ReadError> {
    let birth = execution.birth();
    let key = birth.state_machine_name.as_bytes();
    let machine = store.record(RecordKind::StateMachine, key)?;
    let exists = machine
        .and_then(|bytes| records::decode::<MachineRecord>(&bytes))
        .is_some_and(|machine| machine.number == birth.machine);
    Ok(match not_redrivable(execution, exists, now_ms) {
        None => ("REDRIVABLE".to_owned(), None),
        reason => ("NOT_REDRIVABLE".to_owned(), reason),
    })
}

/// The execution as a value, for readers that look inside.
pub(crate) fn restored(
    id: ExecutionId,
    row: &ExecutionRow,
    store: &dyn Store,
) -> Result<Execution, ReadError> {
    Ok(load::restore(store, id, row)?)
}
