//! The end of what is kept of map runs: children go before the execution whose map run they are of.

use store::{
    ExecutionId, ExecutionRemoval, ExecutionRow, ListingKey, RecordKind, RecordWrite, Store,
    StoreError,
};

use super::MapRunId;
use super::lookup::stored;
use super::records::ChildRow;
use crate::holds::Holds;
use crate::load;
use crate::records::{self as small, list_of};
use crate::sweep::Expired;

/// What there is of the map runs of an execution that is expired.
pub(crate) enum Children {
    /// These go first; and where to go on.
    Go(Vec<Expired>, Option<Vec<u8>>),
    /// Somebody works with one of them, or has a moment ago: it is too soon.
    Stay,
    /// No child is left. These records go with the execution.
    Gone(Vec<RecordWrite>),
}

/// Most map runs of one execution looked at in one go.
const MAP_RUNS_MAX: usize = 256;

/// At most `limit` children of the map runs of `execution`, behind `after`.
pub(crate) fn expire(
    store: &dyn Store,
    execution: ExecutionId,
    after: Option<Vec<u8>>,
    limit: usize,
) -> Result<Children, StoreError> {
    let mut gone = Vec::new();
    let rows = store.records(RecordKind::MapRunOf, Some(&execution.0), MAP_RUNS_MAX)?;
    let is_full = rows.len() == MAP_RUNS_MAX;
    let own = |key: &[u8]| key.starts_with(&execution.0);
    let is_full = is_full && rows.last().is_some_and(|(key, _)| own(key));
    for (key, id) in rows.into_iter().filter(|(key, _)| own(key)) {
        gone.push(delete(RecordKind::MapRunOf, key));
        let Ok(id) = <[u8; 16]>::try_from(id.as_slice()) else {
            continue;
        };
        if store.record(RecordKind::MapRunOpen, &id)?.is_some() {
            return Ok(Children::Stay);
        }
        let Some(map_run) = stored(store, MapRunId(id))? else {
            continue;
        };
        let from = after.as_deref().filter(|after| after.starts_with(&id));
        let list = list_of(map_run.record.machine, &map_run.record.plan.map_run_arn);
        let children = children(store, &id, from.unwrap_or(&id), list, limit)?;
        if let Some(last) = children.last().and_then(|child| child.records.first()) {
            let last = last.key.clone();
            return Ok(Children::Go(children, Some(last)));
        }
        // Some were left where they were, or are not gone for good.
        if from.is_some() && !self::children(store, &id, &id, list, 1)?.is_empty() {
            return Ok(Children::Stay);
        }
        gone.push(delete(RecordKind::MapRun, id.to_vec()));
        gone.push(delete(RecordKind::MapRunEnded, id.to_vec()));
    }
    Ok(match is_full {
        false => Children::Gone(gone),
        true => Children::Go(
            vec![Expired {
                execution: None,
                records: gone,
                ..Expired::default()
            }],
            None,
        ),
    })
}

/// Children whose records are behind the key `from`, each with its record.
fn children(
    store: &dyn Store,
    map_run: &[u8],
    from: &[u8],
    list: u64,
    limit: usize,
) -> Result<Vec<Expired>, StoreError> {
    let rows = store.records(RecordKind::MapRunChild, Some(from), limit)?;
    let own = rows.into_iter().filter(|(key, _)| key.starts_with(map_run));
    let mut found = Vec::new();
    for (key, bytes) in own {
        let child: ChildRow =
            small::decode(&bytes).ok_or_else(|| small::damaged("a child", &format!("{key:?}")))?;
        let id = ExecutionId(child.execution);
        let mut records = vec![delete(RecordKind::MapRunChild, key)];
        let row = store.execution(id)?;
        let holds = row.as_ref().and_then(|row| row.holds.as_deref());
        let holds = holds.and_then(Holds::decode).unwrap_or_default();
        // A child may have map runs of its own.
        let may_have = holds.footprint.closed.is_none() || holds.footprint.has_map_runs;
        let own = match may_have {
            true => expire(store, id, None, limit)?,
            false => Children::Gone(Vec::new()),
        };
        match own {
            Children::Gone(more) => records.extend(more),
            Children::Go(first, _) if found.is_empty() => return Ok(first),
            Children::Go(..) => return Ok(found),
            Children::Stay => continue,
        }
        found.push(Expired {
            bytes: holds.footprint.closed_bytes(),
            execution: match row {
                Some(row) => Some(removal(store, id, &row, &holds, list)?),
                None => None,
            },
            records,
            child_of: None,
        });
    }
    Ok(found)
}

fn removal(
    store: &dyn Store,
    id: ExecutionId,
    row: &ExecutionRow,
    holds: &Holds,
    list: u64,
) -> Result<ExecutionRemoval, StoreError> {
    let end = match holds.footprint.closed {
        Some(closed) => Some((closed.status, closed.stop_ms)),
        // Written by a version that did not say.
        None => {
            let child = load::restore(store, id, row)?;
            child.stop_ms().map(|ms| (child.status() as u8, ms))
        }
    };
    let listed = end.map(|(status, time_ms)| ListingKey {
        machine: list,
        status,
        time_ms,
    });
    Ok(ExecutionRemoval {
        id,
        listings: listed.into_iter().collect(),
        name: None,
        timers_dropped: Vec::new(),
        tasks_dropped: Vec::new(),
        runs: holds.footprint.known_runs(),
    })
}

fn delete(kind: RecordKind, key: Vec<u8>) -> RecordWrite {
    let value = None;
    RecordWrite { kind, key, value }
}
