//! What a map run needs to know that only the store knows.

use interpreter::{Document, Status};
use store::{ExecutionId, ListingCursor, ListingQuery, RecordKind, Store, StoreError};

use super::end::is_unsuccessful;
use super::records::{self, ChildRow, MapRunRecord, Progress};
use super::results::{Transformation, result};
use super::{MapRunId, Resting};
use crate::records as small;

/// What is to be looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// Children that run.
    Running(
        /// Whose.
        MapRunId,
    ),
    /// Children that did not succeed, and were not taken up again in this redrive.
    Unsuccessful {
        /// Whose.
        map_run: MapRunId,
        /// The first child to look at.
        from: u64,
        /// Which redrive.
        redrive: u32,
    },
    /// The outputs of all children that succeeded, in the order of their items.
    Result {
        /// Whose.
        map_run: MapRunId,
        /// What is made of them.
        transformation: Transformation,
        /// Beyond so many bytes the result is `None`.
        bytes_max: usize,
    },
    /// A map run that is not open.
    MapRun(
        /// Which.
        MapRunId,
    ),
}

/// What was looked up.
#[derive(Debug)]
pub enum LookedUp {
    /// Children.
    Children {
        /// Whose.
        map_run: MapRunId,
        /// Index, and which execution it is.
        found: Vec<(u64, ExecutionId)>,
        /// Where to look on.
        next: Option<u64>,
    },
    /// The result; `None` when it is larger than any payload.
    Result {
        /// Whose.
        map_run: MapRunId,
        /// As JSON.
        result: Option<Document>,
    },
    /// A map run; `None` when there is none of that id.
    MapRun {
        /// Which.
        map_run: MapRunId,
        /// What the store has of it.
        found: Option<Box<StoredMapRun>>,
    },
}

/// A map run as the store has it.
#[derive(Debug)]
pub struct StoredMapRun {
    pub(crate) record: MapRunRecord,
    pub(crate) progress: Progress,
}

/// Most children looked at, or found, in one look.
const CHILDREN_MAX: usize = 256;

/// Most rows of children read in one go.
pub(super) const ROWS_MAX: usize = 1_000;

/// Reads what [`crate::Output::LookUpMapRun`] asks for.
pub fn look_up_map_run(store: &dyn Store, lookup: &Lookup) -> Result<LookedUp, StoreError> {
    match *lookup {
        Lookup::Running(map_run) => running(store, map_run),
        Lookup::Unsuccessful {
            map_run,
            from,
            redrive,
        } => unsuccessful(store, map_run, from, redrive),
        Lookup::Result {
            map_run,
            transformation,
            bytes_max,
        } => Ok(LookedUp::Result {
            map_run,
            result: result(store, map_run, transformation, bytes_max)?,
        }),
        Lookup::MapRun(map_run) => Ok(LookedUp::MapRun {
            map_run,
            found: whole(store, map_run)?.map(Box::new),
        }),
    }
}

/// A map run that has all its children. They go the first one first, when its retention is over.
fn whole(store: &dyn Store, id: MapRunId) -> Result<Option<StoredMapRun>, StoreError> {
    let Some(map_run) = stored(store, id)? else {
        return Ok(None);
    };
    let first = rows(store, id, 0, 1)?.first().map(|(index, _)| *index);
    let has_all = first == Some(0) || map_run.progress.children.begun() == 0;
    Ok(has_all.then_some(map_run))
}

/// A map run.
pub(crate) fn stored(store: &dyn Store, id: MapRunId) -> Result<Option<StoredMapRun>, StoreError> {
    let Some(bytes) = store.record(RecordKind::MapRun, &id.0)? else {
        return Ok(None);
    };
    let damaged = || small::damaged("a map run", &format!("{id:?}"));
    let record = small::decode(&bytes).ok_or_else(damaged)?;
    // It may move from one place to the other, or back, between two reads.
    for kind in [
        RecordKind::MapRunOpen,
        RecordKind::MapRunEnded,
        RecordKind::MapRunOpen,
        RecordKind::MapRunEnded,
    ] {
        if let Some(bytes) = store.record(kind, &id.0)? {
            let progress = small::decode(&bytes).ok_or_else(damaged)?;
            return Ok(Some(StoredMapRun { record, progress }));
        }
    }
    Err(damaged())
}

/// All that run; there are at most [`MAP_RUN_LANES_MAX`](super::MAP_RUN_LANES_MAX).
fn running(store: &dyn Store, map_run: MapRunId) -> Result<LookedUp, StoreError> {
    let Some(bytes) = store.record(RecordKind::MapRun, &map_run.0)? else {
        return Err(small::damaged("a map run", &format!("{map_run:?}")));
    };
    let record: MapRunRecord = small::decode(&bytes)
        .ok_or_else(|| small::damaged("a map run", &format!("{map_run:?}")))?;
    let list = small::list_of(record.machine, &record.plan.map_run_arn);
    let mut found = Vec::new();
    let mut before: Option<ListingCursor> = None;
    loop {
        let rows = store.listings(&ListingQuery {
            machine: list,
            statuses: vec![Status::Running as u8],
            before,
            limit: CHILDREN_MAX,
        })?;
        let is_last = rows.len() < CHILDREN_MAX;
        for row in rows {
            before = Some(ListingCursor {
                time_ms: row.time_ms,
                execution: row.execution,
            });
            found.push((0, row.execution));
        }
        if is_last {
            break;
        }
    }
    Ok(LookedUp::Children {
        map_run,
        found,
        next: None,
    })
}

fn unsuccessful(
    store: &dyn Store,
    map_run: MapRunId,
    from: u64,
    redrive: u32,
) -> Result<LookedUp, StoreError> {
    let (mut found, mut at) = (Vec::new(), Some(from));
    while let Some(from) = at
        && found.len() < CHILDREN_MAX
    {
        let rows = rows(store, map_run, from, ROWS_MAX)?;
        at = match rows.last() {
            Some((last, _)) if rows.len() == ROWS_MAX => Some(last + 1),
            _ => None,
        };
        for (index, row) in rows {
            if is_unsuccessful(row.status) && row.redrive < redrive {
                found.push((index, ExecutionId(row.execution)));
            }
        }
    }
    Ok(LookedUp::Children {
        map_run,
        found,
        next: at,
    })
}

/// Rows of children, from the `from`-th on.
pub(super) fn rows(
    store: &dyn Store,
    id: MapRunId,
    from: u64,
    limit: usize,
) -> Result<Vec<(u64, ChildRow)>, StoreError> {
    // Keys are read strictly after another one.
    let after = match from.checked_sub(1) {
        Some(before) => records::child_key(id, before),
        None => id.0.to_vec(),
    };
    let rows = store.records(RecordKind::MapRunChild, Some(&after), limit)?;
    let of_this = rows
        .into_iter()
        .take_while(|(key, _)| key.starts_with(&id.0));
    of_this
        .map(|(key, bytes)| {
            let read = || {
                let index = u64::from_be_bytes(key.get(16..)?.try_into().ok()?);
                Some((index, small::decode(&bytes)?))
            };
            read().ok_or_else(|| small::damaged("a child of a map run", &format!("{id:?}")))
        })
        .collect()
}

impl StoredMapRun {
    /// For a redrive; nothing of it is on its way to the disk.
    pub(super) fn at_rest(self) -> Resting {
        Resting {
            record: self.record,
            progress: self.progress,
            last_commit: 0,
        }
    }
}
