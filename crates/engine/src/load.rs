//! Reading executions and definitions back into memory.

use std::collections::BTreeMap;
use std::sync::Arc;

use asl::StateMachine;
use interpreter::history::{self, StoredEvent};
use interpreter::{Document, EventId, Execution};
use store::{Direction, EventRun, ExecutionId, ExecutionRow, Store, StoreError};

use crate::message::LoadedExecution;
use crate::operations::describe_state_machine;
use crate::read::ReadError;
use crate::records;
use crate::watching::LogPlan;

/// A revision of a state machine, as executions need it.
#[derive(Clone, Debug)]
pub struct Definition {
    /// The text.
    pub text: Arc<str>,
    /// The same parsed.
    pub machine: Arc<StateMachine>,
    /// What it wants logged.
    pub logging: Option<Arc<LogPlan>>,
}

/// Most events read at once for the documents they hold: each may be 256 KiB.
const EVENTS_AT_ONCE: u32 = 64;

/// Reads what [`crate::Output::LoadExecution`] asks for. `definitions` gives parsed definitions by
/// machine and revision, from a cache or by [`load_definition`].
pub fn load_execution(
    store: &dyn Store,
    id: ExecutionId,
    definitions: &mut dyn FnMut(u64, u64) -> Result<Option<Definition>, StoreError>,
) -> Result<Option<LoadedExecution>, StoreError> {
    let Some(row) = store.execution(id)? else {
        return Ok(None);
    };
    let wanted = Execution::documents_of(&row.snapshot, &row.parts);
    let documents = documents(store, id, &row, wanted.ok_or_else(unreadable)?)?;
    let execution = restored(&row, &mut |home| documents.get(&home).cloned())?;
    let birth = execution.birth();
    let definition = definitions(birth.machine, birth.machine_revision)?.ok_or_else(|| {
        records::damaged(
            "definition",
            &format!("{}.{}", birth.machine, birth.machine_revision),
        )
    })?;
    Ok(Some(LoadedExecution {
        row,
        documents,
        definition: definition.machine,
        logging: definition.logging,
    }))
}

/// Reads what [`crate::Output::LoadDefinition`] asks for. `None` when this version of the service
/// cannot parse it.
pub fn load_definition(
    store: &dyn Store,
    machine: u64,
    revision: u64,
) -> Result<Option<Definition>, StoreError> {
    let read = || {
        let row = describe_state_machine::revision(store, machine, revision)?;
        let text = describe_state_machine::text(store, machine, &row)?;
        Ok((text, row.machine_type, LogPlan::of(&row.head.logging)))
    };
    let (text, machine_type, logging) = read().map_err(|error| match error {
        ReadError::Store(error) => error,
        ReadError::Rejected(rejection) => StoreError::Damaged(rejection.message),
    })?;
    // What was accepted once stays so, whatever the limit is now.
    let parsed = asl::parse_within(&text, machine_type.into(), usize::MAX).machine;
    Ok(parsed.map(|machine| Definition {
        text,
        machine: Arc::new(machine),
        logging,
    }))
}

/// The execution of a row, for those who only look at it: of its documents its input and its output are
/// there. What its lines stand on, such as the outputs of thousands of items, is not read.
pub(crate) fn restore(
    store: &dyn Store,
    id: ExecutionId,
    row: &ExecutionRow,
) -> Result<Execution, StoreError> {
    let wanted = Execution::documents_shown(&row.snapshot).ok_or_else(unreadable)?;
    let shown = documents(store, id, row, wanted)?;
    let unread = Document::from_text("null");
    restored(row, &mut |home| {
        let document = shown.get(&home).unwrap_or(&unread);
        Some(document.clone())
    })
}

fn restored(
    row: &ExecutionRow,
    document: &mut dyn FnMut(EventId) -> Option<Document>,
) -> Result<Execution, StoreError> {
    Execution::restore(&row.snapshot, &row.parts, document).ok_or_else(unreadable)
}

pub(crate) fn unreadable() -> StoreError {
    StoreError::Damaged("a snapshot does not read".into())
}

/// The documents that stand in those events, which are in order. Those that stand near each other are
/// read at once: the outputs of a Map's items are thousands, each a few events behind the last.
fn documents(
    store: &dyn Store,
    id: ExecutionId,
    row: &ExecutionRow,
    wanted: Vec<EventId>,
) -> Result<BTreeMap<EventId, Document>, StoreError> {
    let mut found = BTreeMap::new();
    let mut left = &wanted[..];
    while let Some(&home) = left.first() {
        let near = left.partition_point(|event| event - home < EVENTS_AT_ONCE);
        let (now, later) = left.split_at(near);
        let last = now.last().unwrap_or(&home);
        let events = match &row.events {
            Some(run) => decoded(run)?,
            None => events(store, id, home, last - home + 1)?,
        };
        for event in events {
            if now.binary_search(&event.id()).is_ok()
                && let Some(document) = event.own_document()
            {
                found.insert(event.id(), document);
            }
        }
        if let Some(missing) = now.iter().find(|event| !found.contains_key(event)) {
            return Err(StoreError::Damaged(format!(
                "event {missing} holds no document"
            )));
        }
        left = later;
    }
    Ok(found)
}

/// The document whose text stands in event `home`.
pub(crate) fn document(
    store: &dyn Store,
    id: ExecutionId,
    home: EventId,
) -> Result<Option<Document>, StoreError> {
    Ok(events(store, id, home, 1)?
        .iter()
        .find(|event| event.id() == home)
        .and_then(|event| event.own_document()))
}

/// So many events from the first one on, and those that were written with them.
fn events(
    store: &dyn Store,
    id: ExecutionId,
    first: EventId,
    count: u32,
) -> Result<Vec<StoredEvent>, StoreError> {
    let mut events = Vec::new();
    for run in store.events(id, first, Direction::Forward, count)? {
        events.extend(decoded(&run)?);
    }
    Ok(events)
}

fn decoded(run: &EventRun) -> Result<Vec<StoredEvent>, StoreError> {
    history::decode(&run.bytes)
        .map_err(|_| StoreError::Damaged(format!("the events at {} do not read", run.first)))
}
