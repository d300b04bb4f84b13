//! Which execution has a name.
//!
//! One that got a name when it was started claims it, in a row of its own. One that got none is named by
//! its id, which leads to it by itself: nothing is written for its name, and nothing is to be taken away
//! with it.

use interpreter::{Birth, Execution};
use store::{ExecutionId, Store, StoreError};

use crate::arn::{self, AnyExecution};
use crate::ids;

/// The execution of `machine` called `name`, of a STANDARD machine; one that is there.
pub fn execution_named(
    store: &dyn Store,
    machine: &str,
    name: &str,
) -> Result<Option<ExecutionId>, StoreError> {
    if let Some(id) = ids::execution_of(name)
        && let Some(row) = store.execution(id)?
        && let Some(arn) = Execution::arn_of(&row.snapshot)
        && let Ok(AnyExecution::Standard(execution)) = arn::parse_any_execution(&arn)
        && (execution.machine, execution.name) == (machine, name)
    {
        return Ok(Some(id));
    }
    let named = store.execution_by_name(machine, name)?;
    // A row that leads nowhere holds no name: else a start would look again and again.
    match named {
        Some(id) if store.execution(id)?.is_none() => Ok(None),
        named => Ok(named),
    }
}

/// Whether an execution claims its name.
pub(crate) fn claims(id: ExecutionId, birth: &Birth, is_express: bool) -> bool {
    // The ARN of an EXPRESS execution holds its id, and names may repeat. So does the name of a child of
    // a map run.
    !is_express && birth.child.is_none() && !is_id(&birth.name, id)
}

/// Whether a name is the execution's id.
pub(crate) fn is_id(name: &str, id: ExecutionId) -> bool {
    ids::execution_of(name) == Some(id)
}
