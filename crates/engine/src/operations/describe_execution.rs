//! `DescribeExecution`.

use interpreter::{Document, Execution, Status};
use store::{ExecutionId, ExecutionRow, RecordKind, Store, StoreError};

use crate::arn::{self, AnyExecution, Owner};
use crate::ids;
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
    express_kept: bool,
    limits: &interpreter::Limits,
) -> Result<Response, ReadError> {
    let (id, row) = find(&request.execution_arn, store, owner, express_kept)?;
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
        map_run_arn: birth
            .child
            .as_ref()
            .map(|child| child.map_run_arn.to_string()),
        redrive_status: redrive_status(&execution, store, limits, now_ms)?,
    };
    Ok(Response { description })
}

/// The execution of that ARN.
pub(crate) fn find(
    execution_arn: &str,
    store: &dyn Store,
    owner: &Owner,
    express_kept: bool,
) -> Result<(ExecutionId, ExecutionRow), ReadError> {
    let missing = || ReadError::from(does_not_exist(execution_arn));
    let damaged = || records::damaged("execution", execution_arn);
    match arn::parse_any_execution(execution_arn)? {
        AnyExecution::Express { .. } if !express_kept => {
            Err(arn::out_of_place(execution_arn).into())
        }
        _ if !owner.owns(execution_arn) => Err(missing()),
        AnyExecution::Standard(execution) => {
            if let Some(found) = by_id(execution.name, execution_arn, store)? {
                return Ok(found);
            }
            let id = store.execution_by_name(execution.machine, execution.name)?;
            let id = id.ok_or_else(missing)?;
            Ok((id, store.execution(id)?.ok_or_else(damaged)?))
        }
        AnyExecution::Express { id } | AnyExecution::Child { id } => {
            by_id(id, execution_arn, store)?.ok_or_else(missing)
        }
    }
}

/// The execution of that id, if all of its ARN is right.
fn by_id(
    id: &str,
    execution_arn: &str,
    store: &dyn Store,
) -> Result<Option<(ExecutionId, ExecutionRow)>, StoreError> {
    let Some(id) = ids::execution_of(id) else {
        return Ok(None);
    };
    let Some(row) = store.execution(id)? else {
        return Ok(None);
    };
    let arn = Execution::arn_of(&row.snapshot).ok_or_else(load::unreadable)?;
    Ok((*arn == *execution_arn).then_some((id, row)))
}

/// `redriveStatus` and `redriveStatusReason`.
fn redrive_status(
    execution: &Execution,
    store: &dyn Store,
    limits: &interpreter::Limits,
    now_ms: i64,
) -> Result<(String, Option<String>), ReadError> {
    let birth = execution.birth();
    if let Ok(AnyExecution::Express { .. }) = arn::parse_any_execution(&birth.execution_arn) {
        let reason = "EXPRESS executions cannot be redriven";
        return Ok(("NOT_REDRIVABLE".to_owned(), Some(reason.to_owned())));
    }
    if birth.child.is_some() {
        // It is redriven with the execution that started its map run, or not at all.
        return Ok(match execution.status() {
            Status::Failed | Status::TimedOut | Status::Aborted => {
                ("REDRIVABLE_BY_MAP_RUN".to_owned(), None)
            }
            status => {
                let status = match status {
                    Status::Running => "RUNNING",
                    _ => "SUCCEEDED",
                };
                let reason = format!("Execution is {status} and cannot be redriven");
                ("NOT_REDRIVABLE".to_owned(), Some(reason))
            }
        });
    }
    let key = birth.state_machine_name.as_bytes();
    let machine = store.record(RecordKind::StateMachine, key)?;
    let exists = machine
        .and_then(|bytes| records::decode::<MachineRecord>(&bytes))
        .is_some_and(|machine| machine.number == birth.machine);
    Ok(match not_redrivable(execution, exists, limits, now_ms) {
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
