//! The sweep: executions whose retention is over go, with their events, names and entries in lists.
//!
//! It is made in small steps, so that it never stands in anybody's way: the shard asks for some
//! ([`Output::FindExpired`]), somebody looks them up in the store ([`find_expired`]), and the shard
//! commits that they go ([`Message::FoundExpired`](crate::Message::FoundExpired)).
//!
//! Which executions expire is said by [`Search::ends_before`], for each type of machine: today those
//! of EXPRESS machines. They are found by the lists of their machines, and machines by their
//! definitions, which outlive them.

use interpreter::Status;
use store::{
    ExecutionId, ExecutionRemoval, ListingCursor, ListingKey, ListingQuery, NameClaim, RecordKind,
    Store, StoreError,
};

use crate::message::{Now, Output};
use crate::records::{self, DefinitionRecord, ListingSummary, list_of};
use crate::shapes::MachineType;
use crate::shard::Shard;

/// What is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Search {
    /// Only machines with greater numbers.
    pub after_machine: u64,
    /// EXPRESS executions that ended before this are expired, milliseconds since 1970.
    pub express_before_ms: i64,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Executions that are to go.
    pub removals: Vec<ExecutionRemoval>,
    /// Where to go on; `None` when all machines have been looked at.
    pub after_machine: Option<u64>,
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
    after_machine: u64,
}

impl Search {
    /// Executions of that type expire that ended before this; `None` when they never do.
    fn ends_before(&self, machine_type: MachineType) -> Option<i64> {
        match machine_type {
            MachineType::Standard => None,
            MachineType::Express => Some(self.express_before_ms),
        }
    }
}

impl Sweep {
    /// The first begins at once: what is kept may have become less while nobody swept.
    pub(crate) fn starting_at(now: Now) -> Sweep {
        Sweep {
            due_ms: Some(now.steady_ms),
            after_machine: 0,
        }
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
        let express_before_ms = self.clock.at(now).saturating_sub(self.express_retention_ms);
        out.push(Output::FindExpired(Search {
            after_machine: self.sweep.after_machine,
            express_before_ms,
        }));
    }

    /// Takes away what was found, and plans the next look.
    pub(crate) fn found_expired(&mut self, found: Found, now: Now, out: &mut Vec<Output>) {
        let Found {
            mut removals,
            after_machine,
        } = found;
        // Whoever works with one of them now finds it whole; the next sweep takes it.
        removals.retain(|removal| !self.executions.knows(removal.id));
        if !removals.is_empty() {
            let at_ms = self.clock.at(now);
            let number = self.next_commit();
            out.push(Output::Commit(store::Commit {
                number,
                at_ms,
                removals,
                ..store::Commit::default()
            }));
        }
        self.sweep.after_machine = after_machine.unwrap_or(0);
        self.sweep.due_ms = match after_machine {
            Some(_) => Some(now.steady_ms.saturating_add(PAUSE_MS)),
            // What is not kept is never left behind, so one sweep was enough.
            None if self.express_retention_ms == 0 => None,
            None => Some(now.steady_ms.saturating_add(INTERVAL_MS)),
        };
    }
}

/// Reads what [`Output::FindExpired`] asks for.
pub fn find_expired(store: &dyn Store, search: &Search) -> Result<Found, StoreError> {
    let mut removals = Vec::new();
    let mut machine = search.after_machine;
    for _ in 0..MACHINES_MAX {
        // Past all revisions of the machine before.
        let after = records::definition_key(machine, u64::MAX);
        let mut first = store.records(RecordKind::Definition, Some(&after), 1)?;
        let Some((key, bytes)) = first.pop() else {
            return Ok(Found {
                removals,
                after_machine: None,
            });
        };
        let read = || {
            let number = u64::from_be_bytes(*key.first_chunk()?);
            Some((number, records::decode::<DefinitionRecord>(&bytes)?))
        };
        let (number, definition) =
            read().ok_or_else(|| records::damaged("definition", &format!("after {machine}")))?;
        if let Some(before_ms) = search.ends_before(definition.machine_type) {
            let limit = EXECUTIONS_MAX - removals.len();
            let expired = expired_of(store, number, &definition, before_ms, limit)?;
            let is_full = expired.len() == limit;
            removals.extend(expired);
            if is_full {
                let after_machine = Some(machine);
                return Ok(Found {
                    removals,
                    after_machine,
                });
            }
        }
        machine = number;
    }
    Ok(Found {
        removals,
        after_machine: Some(machine),
    })
}

/// Closed executions of one machine that ended before `before_ms`.
fn expired_of(
    store: &dyn Store,
    machine: u64,
    definition: &DefinitionRecord,
    before_ms: i64,
    limit: usize,
) -> Result<Vec<ExecutionRemoval>, StoreError> {
    let closed = [
        Status::Succeeded,
        Status::Failed,
        Status::TimedOut,
        Status::Aborted,
    ];
    let rows = store.listings(&ListingQuery {
        machine,
        statuses: closed.map(|status| status as u8).to_vec(),
        before: Some(ListingCursor {
            time_ms: before_ms,
            execution: ExecutionId([0; 16]),
        }),
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
        Ok(ExecutionRemoval {
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
        })
    };
    rows.into_iter().map(removal).collect()
}
