//! The sweep: executions whose retention is over go, with their events, names and entries in lists.
//!
//! It is made in small steps, so that it never stands in anybody's way: the shard asks for some
//! ([`Output::FindExpired`]), somebody looks them up in the store ([`find_expired`]), and the shard
//! commits that they go ([`Message::FoundExpired`](crate::Message::FoundExpired)).
//!
//! Which executions expire is said by [`Search::ends_before`], for each type of machine. They are found
//! by the lists of their machines, and machines by their definitions, which outlive them. A search goes
//! on where the last one ended, so that it does not wade through what that one took away. The children
//! of map runs go before the execution that began them (`map_runs/expire.rs`).

use std::collections::{BTreeSet, VecDeque};

use interpreter::Status;
use store::{
    CommitNumber, ExecutionId, ExecutionRemoval, ListingCursor, ListingKey, ListingQuery,
    NameClaim, RecordKind, RecordWrite, Store, StoreError,
};

use crate::map_runs::{self, Children};
use crate::message::{Now, Output};
use crate::records::{self, DefinitionRecord, ListingSummary, list_of};
use crate::shapes::MachineType;
use crate::shard::Shard;

/// What is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search {
    /// Where to go on.
    pub place: Place,
    /// STANDARD executions that ended before this are expired, milliseconds since 1970; `None`: none.
    pub standard_before_ms: Option<i64>,
    /// EXPRESS executions that ended before this are expired, milliseconds since 1970.
    pub express_before_ms: i64,
}

/// How far a sweep has come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// This machine, and those before it, are done.
    after_machine: u64,
    /// Of the next one, executions up to this are done.
    before: Option<ListingCursor>,
    /// Of the next execution, children up to this are done: a key of their records.
    after_child: Option<Vec<u8>>,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// What is to go.
    pub expired: Vec<Expired>,
    /// Where to go on; `None` when all machines have been looked at.
    pub next: Option<Place>,
}

/// What goes together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expired {
    /// An execution.
    pub execution: Option<ExecutionRemoval>,
    /// Records that only lead to it, or tell of it.
    pub records: Vec<RecordWrite>,
}

/// Most executions found at a time: one commit takes them away.
const EXECUTIONS_MAX: usize = 256;

/// Most machines looked at in one search.
const MACHINES_MAX: usize = 64;

/// How long between two searches of one sweep, in milliseconds.
const PAUSE_MS: i64 = 50;

/// How long between two sweeps, in milliseconds. What expires may stay for so much longer.
const INTERVAL_MS: i64 = 60_000;

/// Where the sweep stands.
#[derive(Debug)]
pub(crate) struct Sweep {
    /// When to look next, on the steady clock; `None` while somebody looks, or for ever.
    due_ms: Option<i64>,
    place: Place,
    /// What commits that may not be durable take away.
    going: VecDeque<(CommitNumber, BTreeSet<ExecutionId>)>,
}

impl Search {
    /// Executions of that type expire that ended before this; `None` when they never do.
    fn ends_before(&self, machine_type: MachineType) -> Option<i64> {
        match machine_type {
            MachineType::Standard => self.standard_before_ms,
            MachineType::Express => Some(self.express_before_ms),
        }
    }
}

impl Sweep {
    /// The first begins at once: what is kept may have become less while nobody swept.
    pub(crate) fn starting_at(now: Now) -> Sweep {
        Sweep {
            due_ms: Some(now.steady_ms),
            place: Place::default(),
            going: VecDeque::new(),
        }
    }

    /// Whether an execution is being taken away. The store may still show it, and nothing more may be
    /// written of it.
    pub(crate) fn is_going(&mut self, id: ExecutionId, durable: CommitNumber) -> bool {
        while self
            .going
            .front()
            .is_some_and(|(commit, _)| *commit <= durable)
        {
            self.going.pop_front();
        }
        self.going.iter().any(|(_, going)| going.contains(&id))
    }

    pub(crate) fn due_ms(&self) -> Option<i64> {
        self.due_ms
    }
}

impl Shard {
    /// Looks for what is expired, when it is time to.
    pub(crate) fn sweep(&mut self, now: Now, out: &mut Vec<Output>) {
        if self.sweep.due_ms.is_none_or(|due| due > now.steady_ms) {
            return;
        }
        self.sweep.due_ms = None;
        let at_ms = self.clock.at(now);
        let retention_ms = Some(self.retention_ms).filter(|kept| *kept > 0);
        out.push(Output::FindExpired(Search {
            place: std::mem::take(&mut self.sweep.place),
            standard_before_ms: retention_ms.map(|kept| at_ms.saturating_sub(kept)),
            express_before_ms: at_ms.saturating_sub(self.express_retention_ms),
        }));
    }

    /// Takes away what was found, and plans the next look.
    pub(crate) fn found_expired(&mut self, found: Found, now: Now, out: &mut Vec<Output>) {
        let mut removals = Vec::new();
        let mut records = Vec::new();
        for expired in found.expired {
            // Whoever works with one of them now finds it whole; the next sweep takes it.
            let id = expired.execution.as_ref().map(|removal| removal.id);
            if !id.is_some_and(|id| self.executions.knows(id)) {
                removals.extend(expired.execution);
                records.extend(expired.records);
            }
        }
        if !removals.is_empty() || !records.is_empty() {
            let at_ms = self.clock.at(now);
            let number = self.next_commit();
            let going = removals.iter().map(|removal| removal.id).collect();
            self.sweep.going.push_back((number, going));
            out.push(Output::Commit(store::Commit {
                number,
                at_ms,
                removals,
                records,
                ..store::Commit::default()
            }));
        }
        self.sweep.due_ms = match found.next {
            Some(_) => Some(now.steady_ms.saturating_add(PAUSE_MS)),
            // What is not kept is never left behind, and what is kept for ever never goes: one sweep
            // was enough.
            None if self.express_retention_ms == 0 && self.retention_ms == 0 => None,
            None => Some(now.steady_ms.saturating_add(INTERVAL_MS)),
        };
        self.sweep.place = found.next.unwrap_or_default();
    }
}

/// Reads what [`Output::FindExpired`] asks for.
pub fn find_expired(store: &dyn Store, search: &Search) -> Result<Found, StoreError> {
    let mut found = Found::default();
    let mut place = search.place.clone();
    for _ in 0..MACHINES_MAX {
        // Past all revisions of the machine before.
        let after = records::definition_key(place.after_machine, u64::MAX);
        let mut first = store.records(RecordKind::Definition, Some(&after), 1)?;
        let Some((key, bytes)) = first.pop() else {
            return Ok(found);
        };
        let read = || {
            let number = u64::from_be_bytes(*key.first_chunk()?);
            Some((number, records::decode::<DefinitionRecord>(&bytes)?))
        };
        let (number, definition) = read().ok_or_else(|| {
            records::damaged("definition", &format!("after {}", place.after_machine))
        })?;
        if let Some(before_ms) = search.ends_before(definition.machine_type) {
            let machine = (number, &definition);
            if find_of_machine(store, machine, before_ms, &mut place, &mut found)? {
                found.next = Some(place);
                return Ok(found);
            }
        }
        place = Place {
            after_machine: number,
            ..Place::default()
        };
    }
    found.next = Some(place);
    Ok(found)
}

/// The executions of one machine that ended before `before_ms`. Returns whether there may be more.
fn find_of_machine(
    store: &dyn Store,
    (number, definition): (u64, &DefinitionRecord),
    before_ms: i64,
    place: &mut Place,
    found: &mut Found,
) -> Result<bool, StoreError> {
    let limit = EXECUTIONS_MAX - found.expired.len();
    let before = place.before.unwrap_or(ListingCursor {
        time_ms: before_ms,
        execution: ExecutionId([0; 16]),
    });
    let rows = expired_of(store, number, definition, before, limit)?;
    let is_full = rows.len() == limit;
    for (at, removal) in rows {
        let room = EXECUTIONS_MAX.saturating_sub(found.expired.len()).max(1);
        let after_child = place.after_child.take();
        match map_runs::expire(store, removal.id, after_child, room)? {
            Children::Go(expired, after) => {
                found.expired.extend(expired);
                place.after_child = after;
                return Ok(true);
            }
            Children::Stay => {}
            Children::Gone(records) => found.expired.push(Expired {
                execution: Some(removal),
                records,
            }),
        }
        place.before = Some(at);
    }
    Ok(is_full)
}

/// Closed executions of one machine that ended before `before`, and where they stand.
fn expired_of(
    store: &dyn Store,
    machine: u64,
    definition: &DefinitionRecord,
    before: ListingCursor,
    limit: usize,
) -> Result<Vec<(ListingCursor, ExecutionRemoval)>, StoreError> {
    let closed = [
        Status::Succeeded,
        Status::Failed,
        Status::TimedOut,
        Status::Aborted,
    ];
    let rows = store.listings(&ListingQuery {
        machine,
        statuses: closed.map(|status| status as u8).to_vec(),
        before: Some(before),
        limit,
    })?;
    let removal = |row: store::Listing| {
        let summary = ListingSummary::decode(&row.summary)
            .ok_or_else(|| records::damaged("a list of", &definition.machine_name))?;
        let qualified = [
            summary.state_machine_version_arn,
            summary.state_machine_alias_arn,
        ];
        let qualified = qualified.into_iter().flatten();
        let lists = std::iter::once(machine).chain(qualified.map(|arn| list_of(machine, &arn)));
        let name = match definition.machine_type {
            MachineType::Express => None,
            MachineType::Standard => Some(NameClaim {
                machine: definition.machine_name.clone(),
                name: summary.name,
            }),
        };
        let at = ListingCursor {
            time_ms: row.time_ms,
            execution: row.execution,
        };
        let removal = ExecutionRemoval {
            id: row.execution,
            listings: lists
                .map(|machine| ListingKey {
                    machine,
                    status: row.status,
                    time_ms: row.time_ms,
                })
                .collect(),
            name,
            timers_dropped: Vec::new(),
            tasks_dropped: Vec::new(),
        };
        Ok((at, removal))
    };
    rows.into_iter().map(removal).collect()
}
