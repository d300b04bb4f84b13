//! From keys back to rows.

use std::collections::VecDeque;
use std::ops::ControlFlow;

use super::{KeyRange, View};
use crate::commit::EventRun;
use crate::rows::{
    Direction, ExecutionId, ExecutionRow, Listing, ListingCursor, ListingQuery, RecordKind,
    TaskRow, TimerKey, TimerRow,
};
use crate::{StoreError, encoding, keys};

/// Most entries read at once from one status of a listing.
///
/// A page over several statuses takes from each only what the merge uses up, in portions of this
/// size, so that a page of 100 over six statuses does not read 600 rows.
const LISTING_PORTION: usize = 64;

/// Visits `range` with a visitor that may fail, and stops at its first failure.
fn scan(
    view: &impl View,
    range: &KeyRange,
    direction: Direction,
    mut visit: impl FnMut(&[u8], &[u8]) -> Result<ControlFlow<()>, StoreError>,
) -> Result<(), StoreError> {
    let mut failure = None;
    view.scan(range, direction, |key, value| match visit(key, value) {
        Ok(flow) => flow,
        Err(error) => {
            failure = Some(error);
            ControlFlow::Break(())
        }
    })?;
    failure.map_or(Ok(()), Err)
}

fn damaged_key(table: &str) -> StoreError {
    StoreError::Damaged(format!("a key among {table} cannot be read"))
}

pub(super) fn execution(
    view: &impl View,
    id: ExecutionId,
) -> Result<Option<ExecutionRow>, StoreError> {
    let row = view.get(&keys::execution(id), encoding::execution_from)?;
    let Some((mut row, parts_kept)) = row.transpose()? else {
        return Ok(None);
    };
    if parts_kept > 0 {
        scan(
            view,
            &keys::parts_of(id),
            Direction::Forward,
            |key, value| {
                let part = keys::part_number(key).ok_or_else(|| damaged_key("parts"))?;
                row.parts
                    .insert(part, encoding::opaque_from("part", value)?);
                Ok(ControlFlow::Continue(()))
            },
        )?;
        if row.parts.len() != parts_kept as usize {
            return Err(StoreError::Damaged(format!(
                "an execution has {} parts and should have {parts_kept}",
                row.parts.len()
            )));
        }
    }
    Ok(Some(row))
}

pub(super) fn small_execution(
    view: &impl View,
    id: ExecutionId,
    bytes_max: usize,
) -> Result<Option<ExecutionRow>, StoreError> {
    let is_small = |bytes: &[u8]| bytes.len() <= bytes_max;
    let row = view.get(&keys::execution(id), |bytes| {
        is_small(bytes).then(|| encoding::execution_from(bytes))
    })?;
    let found = row.flatten().transpose()?;
    Ok(found.and_then(|(row, parts_kept)| (parts_kept == 0).then_some(row)))
}

pub(super) fn events(
    view: &impl View,
    id: ExecutionId,
    from: u32,
    direction: Direction,
    limit: u32,
) -> Result<Vec<EventRun>, StoreError> {
    let mut runs = Vec::new();
    if limit == 0 {
        return Ok(runs);
    }
    let row = view.get(&keys::execution(id), encoding::events_in_row_from)?;
    if let Some(run) = row.transpose()?.flatten() {
        let is_wanted = match direction {
            Direction::Forward => u64::from(run.first) + u64::from(run.count) > from.into(),
            Direction::Backward => run.first <= from,
        };
        runs.extend(is_wanted.then_some(run));
        return Ok(runs);
    }
    let range = match direction {
        Direction::Backward => keys::event_runs(id, 0, from),
        Direction::Forward => keys::event_runs(id, first_of_run_with(view, id, from)?, u32::MAX),
    };
    let mut covered = 0u64;
    scan(view, &range, direction, |key, value| {
        let first = keys::first_event_of(key).ok_or_else(|| damaged_key("events"))?;
        let run = encoding::events_from(first, value)?;
        let end = u64::from(first) + u64::from(run.count);
        covered += match direction {
            // The run found first may end before `from`, when `from` lies past the end of history.
            Direction::Forward => match end.checked_sub(from.max(first).into()) {
                None | Some(0) => return Ok(ControlFlow::Continue(())),
                Some(events) => events,
            },
            Direction::Backward => end.min(u64::from(from) + 1) - u64::from(first),
        };
        runs.push(run);
        Ok(if covered >= limit.into() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        })
    })?;
    Ok(runs)
}

/// Where the run begins that holds event `from`: runs are kept under their first event, so it is the
/// last one that begins at or before `from`.
fn first_of_run_with(view: &impl View, id: ExecutionId, from: u32) -> Result<u32, StoreError> {
    // A history begins with event 1, and most are read from there: no need to look.
    if from <= 1 {
        return Ok(from);
    }
    let mut first = from;
    scan(
        view,
        &keys::event_runs(id, 0, from),
        Direction::Backward,
        |key, _| {
            first = keys::first_event_of(key).ok_or_else(|| damaged_key("events"))?;
            Ok(ControlFlow::Break(()))
        },
    )?;
    Ok(first)
}

/// The entries of one status that the merge has not taken yet.
struct Portion {
    status: u8,
    entries: VecDeque<Listing>,
    /// Where the next portion begins; `None` when there is none.
    rest: Option<KeyRange>,
}

impl Portion {
    fn newest(
        &mut self,
        view: &impl View,
        machine: u64,
        wanted: usize,
    ) -> Result<Option<Place>, StoreError> {
        if self.entries.is_empty() {
            self.refill(view, machine, wanted)?;
        }
        Ok(self
            .entries
            .front()
            .map(|entry| (entry.time_ms, entry.execution)))
    }

    fn refill(&mut self, view: &impl View, machine: u64, wanted: usize) -> Result<(), StoreError> {
        let Some(range) = self.rest.take() else {
            return Ok(());
        };
        let size = wanted.min(LISTING_PORTION);
        scan(view, &range, Direction::Forward, |key, value| {
            let at = keys::listing_of(key).ok_or_else(|| damaged_key("listings"))?;
            self.entries.push_back(Listing {
                machine,
                status: self.status,
                time_ms: at.time_ms,
                execution: at.execution,
                summary: encoding::opaque_from("listing", value)?,
            });
            if self.entries.len() < size {
                return Ok(ControlFlow::Continue(()));
            }
            self.rest = Some(keys::listings(machine, self.status, Some(at)));
            Ok(ControlFlow::Break(()))
        })
    }
}

/// What a page is sorted by, newest first.
type Place = (i64, ExecutionId);

pub(super) fn listings(view: &impl View, query: &ListingQuery) -> Result<Vec<Listing>, StoreError> {
    let mut statuses = query.statuses.clone();
    statuses.sort_unstable();
    statuses.dedup();
    let portion = |status| Portion {
        status,
        entries: VecDeque::new(),
        rest: Some(keys::listings(query.machine, status, query.before)),
    };
    let mut portions: Vec<Portion> = statuses.into_iter().map(portion).collect();
    let mut page = Vec::new();
    while page.len() < query.limit {
        let mut newest: Option<(Place, &mut Portion)> = None;
        for portion in &mut portions {
            let Some(place) = portion.newest(view, query.machine, query.limit - page.len())? else {
                continue;
            };
            if newest.as_ref().is_none_or(|(other, _)| place > *other) {
                newest = Some((place, portion));
            }
        }
        let Some(entry) = newest.and_then(|(_, portion)| portion.entries.pop_front()) else {
            break;
        };
        page.push(entry);
    }
    Ok(page)
}

pub(super) fn listings_oldest_first(
    view: &impl View,
    machine: u64,
    status: u8,
    after: Option<ListingCursor>,
    limit: usize,
) -> Result<Vec<Listing>, StoreError> {
    let range = keys::listings_after(machine, status, after);
    up_to(limit, view, &range, Direction::Backward, |key, value| {
        let at = keys::listing_of(key).ok_or_else(|| damaged_key("listings"))?;
        Ok(Listing {
            machine,
            status,
            time_ms: at.time_ms,
            execution: at.execution,
            summary: encoding::opaque_from("listing", value)?,
        })
    })
}

/// Key and value of a small record.
type Record = (Vec<u8>, Vec<u8>);

pub(super) fn records(
    view: &impl View,
    kind: RecordKind,
    after: Option<&[u8]>,
    limit: usize,
) -> Result<Vec<Record>, StoreError> {
    up_to(
        limit,
        view,
        &keys::records(kind, after),
        Direction::Forward,
        |key, value| {
            let key = keys::record_of(key).ok_or_else(|| damaged_key("records"))?;
            Ok((key.to_vec(), encoding::opaque_from("record", value)?))
        },
    )
}

pub(super) fn timers_before(
    view: &impl View,
    before_ms: i64,
    after: Option<TimerKey>,
    limit: usize,
) -> Result<Vec<TimerRow>, StoreError> {
    let range = keys::timers_before(before_ms, after);
    up_to(limit, view, &range, Direction::Forward, |key, value| {
        let key = keys::timer_of(key).ok_or_else(|| damaged_key("timers"))?;
        encoding::timer_from(key, value)
    })
}

pub(super) fn tasks_of(
    view: &impl View,
    queue: &str,
    after: Option<u64>,
    limit: usize,
) -> Result<Vec<TaskRow>, StoreError> {
    up_to(
        limit,
        view,
        &keys::tasks_of(queue, after),
        Direction::Forward,
        |key, value| {
            let (queue, position) = keys::task_of(key).ok_or_else(|| damaged_key("tasks"))?;
            encoding::task_from(queue, position, value)
        },
    )
}

/// The first rows of a range.
fn up_to<R>(
    limit: usize,
    view: &impl View,
    range: &KeyRange,
    direction: Direction,
    read: impl Fn(&[u8], &[u8]) -> Result<R, StoreError>,
) -> Result<Vec<R>, StoreError> {
    let mut rows = Vec::new();
    if limit == 0 {
        return Ok(rows);
    }
    scan(view, range, direction, |key, value| {
        rows.push(read(key, value)?);
        Ok(if rows.len() < limit {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        })
    })?;
    Ok(rows)
}

pub(super) fn timers(view: &impl View, visit: &mut dyn FnMut(TimerRow)) -> Result<(), StoreError> {
    scan(
        view,
        &keys::all_timers(),
        Direction::Forward,
        |key, value| {
            let key = keys::timer_of(key).ok_or_else(|| damaged_key("timers"))?;
            visit(encoding::timer_from(key, value)?);
            Ok(ControlFlow::Continue(()))
        },
    )
}

pub(super) fn tasks(view: &impl View, visit: &mut dyn FnMut(TaskRow)) -> Result<(), StoreError> {
    scan(
        view,
        &keys::all_tasks(),
        Direction::Forward,
        |key, value| {
            let (queue, position) = keys::task_of(key).ok_or_else(|| damaged_key("tasks"))?;
            visit(encoding::task_from(queue, position, value)?);
            Ok(ControlFlow::Continue(()))
        },
    )
}
