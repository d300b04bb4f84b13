//! From commits to writes: what is checked, and which keys change.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use super::{KeyRange, Op, View};
use crate::commit::{Commit, Epoch, ExecutionRemoval, ExecutionWrite};
use crate::encoding::Head;
use crate::rows::{Direction, ExecutionId, ListingCursor};
use crate::{StoreError, encoding, keys};

/// The last write of each key wins, and an engine sees each key once.
///
/// That is not only thrift. An LSM engine gives one sequence number to all writes of a set and then
/// cannot tell which of two writes to the same key came later.
#[derive(Default)]
struct Writes(BTreeMap<Vec<u8>, Option<Vec<u8>>>);

impl Writes {
    fn put(&mut self, key: Vec<u8>, value: Vec<u8>) {
        self.0.insert(key, Some(value));
    }

    fn delete(&mut self, key: Vec<u8>) {
        self.0.insert(key, None);
    }

    /// Keys that are written and lie in `range`.
    fn keys_in(&self, range: &KeyRange) -> Vec<Vec<u8>> {
        let range = (range.start.clone(), range.end.clone());
        self.0.range(range).map(|(key, _)| key.clone()).collect()
    }

    fn into_ops(self) -> Result<Vec<Op>, StoreError> {
        let op = |(key, value): (Vec<u8>, _)| {
            if key.len() > keys::KEY_BYTES_MAX {
                let (length, max) = (key.len(), keys::KEY_BYTES_MAX);
                return Err(StoreError::Refused(format!(
                    "a key of {length} bytes; at most {max} are kept"
                )));
            }
            Ok(match value {
                Some(value) => Op::Put(key, value),
                None => Op::Delete(key),
            })
        };
        self.0.into_iter().map(op).collect()
    }
}

/// What some commits come to.
pub(super) struct Plan {
    /// The head after them.
    pub(super) head: Head,
    /// The writes that lead there.
    pub(super) ops: Vec<Op>,
    /// Revisions of the executions written.
    pub(super) revisions: BTreeMap<ExecutionId, u64>,
}

/// Plans `commits`, or refuses the whole. `stored` tells what an execution is at before them; `view` is
/// what they change, looked at when an execution goes.
pub(super) fn plan<V: View>(
    stored: &dyn Fn(&ExecutionWrite) -> Result<u64, StoreError>,
    view: &dyn Fn() -> V,
    head: &Head,
    epoch: Epoch,
    commits: &[Commit],
) -> Result<Plan, StoreError> {
    let mut writes = Writes::default();
    let mut revisions = BTreeMap::new();
    let mut last_commit = head.last_commit;
    let mut at_ms = head.at_ms;
    let mut tally = &head.tally;
    for commit in commits {
        let expected = last_commit.checked_add(1);
        if Some(commit.number) != expected {
            return Err(StoreError::Refused(format!(
                "commit {} after commit {last_commit}",
                commit.number
            )));
        }
        last_commit = commit.number;
        at_ms = at_ms.max(commit.at_ms);
        if !commit.tally.is_empty() {
            tally = &commit.tally;
        }
        for write in &commit.executions {
            let before = match revisions.get(&write.id) {
                Some(&revision) => revision,
                None => stored(write)?,
            };
            check(write, before)?;
            revisions.insert(write.id, write.revision);
            add_execution(&mut writes, write);
        }
        for removal in &commit.removals {
            revisions.insert(removal.id, 0);
            remove_execution(&mut writes, view, removal)?;
        }
        for record in &commit.records {
            let key = keys::record(record.kind, &record.key);
            match &record.value {
                Some(value) => writes.put(key, encoding::opaque(value)),
                None => writes.delete(key),
            }
        }
    }
    let head = Head {
        last_commit,
        epoch,
        at_ms,
        tally: tally.clone(),
    };
    writes.put(keys::head(), encoding::head(&head));
    Ok(Plan {
        head,
        ops: writes.into_ops()?,
        revisions,
    })
}

/// The revision on disk; 0 where there is none.
pub(super) fn stored_revision(view: &impl View, id: ExecutionId) -> Result<u64, StoreError> {
    Ok(view
        .get(&keys::execution(id), encoding::revision_from)?
        .transpose()?
        .unwrap_or(0))
}

fn check(write: &ExecutionWrite, stored: u64) -> Result<(), StoreError> {
    let refuse = |what: String| {
        Err(StoreError::Refused(format!(
            "execution {}: {what}",
            hex(write.id)
        )))
    };
    if Some(write.revision) != stored.checked_add(1) {
        return refuse(format!(
            "revision {} after revision {stored}",
            write.revision
        ));
    }
    if write.name.is_some() && write.revision != 1 {
        return refuse(format!("a name is claimed at revision {}", write.revision));
    }
    if let Some(run) = &write.events {
        let last = run.first.checked_add(run.count);
        if run.first == 0 || run.count == 0 || last.is_none() {
            return refuse(format!("a run of {} events from {}", run.count, run.first));
        }
    }
    Ok(())
}

/// Rows that go are taken away before rows that come are put: where one write drops and arms the same
/// key, the row stays. A timer too many is told from a live one when it fires; a timer too few leaves
/// an execution waiting for ever.
fn add_execution(writes: &mut Writes, write: &ExecutionWrite) {
    let id = write.id;
    writes.put(keys::execution(id), encoding::execution(write));
    for part in &write.parts {
        let key = keys::part(id, part.part);
        match &part.bytes {
            Some(bytes) => writes.put(key, encoding::opaque(bytes)),
            None => writes.delete(key),
        }
    }
    if let Some(run) = &write.events
        && !write.events_in_row
    {
        writes.put(keys::events(id, run.first), encoding::events(run));
    }
    for moved in &write.listings {
        let to = &moved.to;
        if let Some((status, time_ms)) = moved.from {
            writes.delete(keys::listing(
                to.machine,
                status,
                ListingCursor {
                    time_ms,
                    execution: id,
                },
            ));
        }
        let at = ListingCursor {
            time_ms: to.time_ms,
            execution: to.execution,
        };
        writes.put(
            keys::listing(to.machine, to.status, at),
            encoding::opaque(&to.summary),
        );
    }
    if let Some(claim) = &write.name {
        writes.put(keys::name(&claim.machine, &claim.name), encoding::name(id));
    }
    for drop in &write.timers_dropped {
        writes.delete(keys::timer(drop.due_ms, id, drop.timer));
    }
    for timer in &write.timers {
        writes.put(
            keys::timer(timer.due_ms, timer.execution, timer.timer),
            encoding::timer(timer),
        );
    }
    for drop in &write.tasks_dropped {
        writes.delete(keys::task(&drop.queue, drop.position));
    }
    for task in &write.tasks {
        writes.put(keys::task(&task.queue, task.position), encoding::task(task));
    }
}

/// Everything that [`add_execution`] may have put for an execution, in the store or in this set.
fn remove_execution<V: View>(
    writes: &mut Writes,
    view: &dyn Fn() -> V,
    removal: &ExecutionRemoval,
) -> Result<(), StoreError> {
    let id = removal.id;
    let row = keys::execution(id);
    match &removal.runs {
        Some(runs) => {
            for first in runs {
                writes.delete(keys::events(id, *first));
            }
        }
        None => {
            let view = view();
            let parts_kept = match writes.0.get(&row) {
                Some(Some(value)) => encoding::parts_kept_from(value)?,
                Some(None) => 0,
                None => view
                    .get(&row, encoding::parts_kept_from)?
                    .transpose()?
                    .unwrap_or(0),
            };
            // Most have no parts, and need not be looked through for them.
            let parts = (parts_kept > 0).then(|| keys::parts_of(id));
            for range in [keys::event_runs(id, 0, u32::MAX)].into_iter().chain(parts) {
                let mut gone = writes.keys_in(&range);
                view.scan(&range, Direction::Forward, |key, _| {
                    gone.push(key.to_vec());
                    ControlFlow::Continue(())
                })?;
                for key in gone {
                    writes.delete(key);
                }
            }
        }
    }
    writes.delete(row);
    for listing in &removal.listings {
        let at = ListingCursor {
            time_ms: listing.time_ms,
            execution: id,
        };
        writes.delete(keys::listing(listing.machine, listing.status, at));
    }
    if let Some(claim) = &removal.name {
        let key = keys::name(&claim.machine, &claim.name);
        let claimed = match writes.0.get(&key) {
            Some(Some(value)) => Some(encoding::name_from(value)?),
            Some(None) => None,
            None if removal.runs.is_some() => Some(id),
            None => view().get(&key, encoding::name_from)?.transpose()?,
        };
        if claimed == Some(id) {
            writes.delete(key);
        }
    }
    for drop in &removal.timers_dropped {
        writes.delete(keys::timer(drop.due_ms, id, drop.timer));
    }
    for drop in &removal.tasks_dropped {
        writes.delete(keys::task(&drop.queue, drop.position));
    }
    Ok(())
}

fn hex(id: ExecutionId) -> String {
    id.0.iter().map(|byte| format!("{byte:02x}")).collect()
}
