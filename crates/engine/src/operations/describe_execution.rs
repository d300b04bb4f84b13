//! `DescribeExecution`.

use interpreter::{Document, Execution, Status};
use store::{ExecutionId, ExecutionRow, RecordKind, Store, StoreError};

use crate::arn::{self, AnyExecution, Owner};
use crate::ids;
use crate::load;
use crate::operations::redrive_execution::not_redrivable;
use crate::operations::stop_execution::does_not_exist;
use crate::read::{ReadError, Reader};
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

/// How long ago an execution may have begun so that its rows surely lie in memory.
const LATELY_MS: u64 = 60_000;

/// Most bytes of an execution's row that are read on the way.
const SMALL_BYTES_MAX: usize = 16 << 10;

pub(crate) fn read(request: &Request, reader: &Reader<'_>) -> Result<Response, ReadError> {
    let Reader { store, owner, .. } = *reader;
    let (id, row) = find(&request.execution_arn, store, owner, reader.express_kept)?;
    described(request, reader, id, &row)
}

/// The same for a small execution that began lately; nothing for others, and for what goes wrong.
pub(crate) fn read_lately_begun(request: &Request, reader: &Reader<'_>) -> Option<Response> {
    let Reader { store, owner, .. } = *reader;
    let row_of = |id| match reader.now_ms.abs_diff(ids::born_ms(id)) <= LATELY_MS {
        true => store.small_execution(id, SMALL_BYTES_MAX),
        false => Ok(None),
    };
    let arn = &request.execution_arn;
    let (id, row) = find_by(&row_of, arn, store, owner, reader.express_kept).ok()?;
    described(request, reader, id, &row).ok()
}

fn described(
    request: &Request,
    reader: &Reader<'_>,
    id: ExecutionId,
    row: &ExecutionRow,
) -> Result<Response, ReadError> {
    let store = reader.store;
    let execution = load::restore(store, id, row)?;
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
        redrive_status: redrive_status(&execution, reader)?,
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
    let row_of = |id| store.execution(id);
    find_by(&row_of, execution_arn, store, owner, express_kept)
}

/// The same where rows are looked up by `row_of`.
fn find_by(
    row_of: &dyn Fn(ExecutionId) -> Result<Option<ExecutionRow>, StoreError>,
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
            if let Some(found) = by_id(execution.name, execution_arn, row_of)? {
                return Ok(found);
            }
            let id = store.execution_by_name(execution.machine, execution.name)?;
            let id = id.ok_or_else(missing)?;
            Ok((id, row_of(id)?.ok_or_else(damaged)?))
        }
        AnyExecution::Express { id } | AnyExecution::Child { id } => {
            by_id(id, execution_arn, row_of)?.ok_or_else(missing)
        }
    }
}

/// The execution of that id, if all of its ARN is right.
fn by_id(
    id: &str,
    execution_arn: &str,
    row_of: &dyn Fn(ExecutionId) -> Result<Option<ExecutionRow>, StoreError>,
) -> Result<Option<(ExecutionId, ExecutionRow)>, StoreError> {
    let Some(id) = ids::execution_of(id) else {
        return Ok(None);
    };
    let Some(row) = row_of(id)? else {
        return Ok(None);
    };
    let arn = Execution::arn_of(&row.snapshot).ok_or_else(load::unreadable)?;
    Ok((*arn == *execution_arn).then_some((id, row)))
}

/// `redriveStatus` and `redriveStatusReason`.
fn redrive_status(
    execution: &Execution,
    reader: &Reader<'_>,
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
    let machine_exists = match execution.status() {
        Status::Failed | Status::TimedOut | Status::Aborted => {
            let key = birth.state_machine_name.as_bytes();
            let machine = reader.store.record(RecordKind::StateMachine, key)?;
            machine
                .and_then(|bytes| records::decode::<MachineRecord>(&bytes))
                .is_some_and(|machine| machine.number == birth.machine)
        }
        // Whatever became of it, these are not redriven.
        Status::Running | Status::PendingRedrive | Status::Succeeded => true,
    };
    let reason = not_redrivable(execution, machine_exists, reader.limits, reader.now_ms);
    Ok(match reason {
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
