//! Reading executions and definitions back into a shard's memory.

use std::sync::Arc;

use asl::StateMachine;
use store::{ExecutionId, Store, StoreError};

use crate::message::LoadedExecution;

/// Reads what [`crate::Output::LoadExecution`] asks for. `definitions` gives parsed definitions by
/// machine and revision, from a cache or by [`load_definition`].
pub fn load_execution(
    _store: &dyn Store,
    _id: ExecutionId,
    _definitions: &mut dyn FnMut(u64, u64) -> Result<Option<Arc<StateMachine>>, StoreError>,
) -> Result<Option<LoadedExecution>, StoreError> {
    Ok(None)
}

/// Reads what [`crate::Output::LoadDefinition`] asks for: the text, and the same parsed.
#[allow(clippy::type_complexity)]
pub fn load_definition(
    _store: &dyn Store,
    _machine: u64,
    _revision: u64,
) -> Result<Option<(Arc<str>, Arc<StateMachine>)>, StoreError> {
    Ok(None)
}
