//! Finds what goes next, in the store.
//!
//! Machines are found by their definitions, which outlive them, and executions by the lists of their
//! machines, the oldest first.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use interpreter::Status;
use store::{
    ExecutionRemoval, Listing, ListingCursor, ListingKey, NameClaim, RecordKind, Store, StoreError,
};

use super::place::{Front, List, Place, Survey};
use super::{EXECUTIONS_MAX, Expired, Found, Search};
use crate::footprint;
use crate::map_runs::{self, Children};
use crate::names;
use crate::records::{self, DefinitionRecord, ListingSummary, list_of};
use crate::shapes::MachineType;

/// Most machines looked at in one search.
const MACHINES_MAX: usize = 64;

/// Entries read of a list at first, and by how much more each time: most lists give one of a step, some
/// give all. A list that gave some to the step before is read at once for as many, and the one behind.
const READ_FIRST: usize = 4;
const READ_MORE: usize = 4;

/// The ways to end.
const CLOSED: [Status; 4] = [
    Status::Succeeded,
    Status::Failed,
    Status::TimedOut,
    Status::Aborted,
];

/// Reads what [`Output::FindExpired`](crate::Output::FindExpired) asks for. When that fails, the search
/// may be tried again, and begins anew.
pub fn find_expired(store: &dyn Store, search: &mut Search) -> Result<Found, StoreError> {
    let place = std::mem::take(&mut search.place);
    let step = Step {
        store,
        search,
        place,
        ahead: BTreeMap::new(),
        expired: Vec::new(),
        bytes_over: search.bytes_over,
    };
    step.find()
}

/// One search.
struct Step<'a> {
    store: &'a dyn Store,
    search: &'a Search,
    place: Place,
    ahead: BTreeMap<List, Ahead>,
    expired: Vec<Expired>,
    /// Bytes still to be found.
    bytes_over: u64,
}

/// Entries of a list that were read and not yet taken.
#[derive(Default)]
struct Ahead {
    rows: VecDeque<Listing>,
    /// The last that was read.
    last: Option<ListingCursor>,
    read: usize,
    taken: usize,
    is_all: bool,
}

impl Step<'_> {
    fn find(mut self) -> Result<Found, StoreError> {
        loop {
            if self.place.survey.is_some() && !self.survey()? {
                return Ok(self.found(true, false));
            }
            while let Some((machine_type, front)) = self.next_due() {
                if self.expired.len() >= EXECUTIONS_MAX {
                    return Ok(self.found(true, false));
                }
                if !self.take(machine_type, front)? {
                    return Ok(self.found(true, true));
                }
            }
            if self.place.is_surveyed || !self.wants_survey() {
                return Ok(self.found(false, false));
            }
            self.place.survey = Some(Survey {
                after_machine: 0,
                settled_ms: self.search.settled_ms,
            });
        }
    }

    fn found(mut self, has_more: bool, must_be_gone: bool) -> Found {
        let taken = self.ahead.iter().map(|(list, ahead)| (*list, ahead.taken));
        self.place.taken = taken.filter(|(_, taken)| *taken > 0).collect();
        Found {
            expired: self.expired,
            place: self.place,
            has_more,
            must_be_gone,
        }
    }

    /// Whether something may be wanted that is behind none of the fronts.
    fn wants_survey(&self) -> bool {
        let before = [
            self.search.standard_before_ms,
            self.search.express_before_ms,
        ];
        let by_time = before.into_iter().flatten().max();
        // Many may end in the very millisecond up to which all is known, while the clock stands still.
        self.bytes_over > 0 || by_time.is_some_and(|before| before > self.place.known_ms)
    }

    /// Looks at some machines. Returns whether all have been looked at.
    fn survey(&mut self) -> Result<bool, StoreError> {
        for _ in 0..MACHINES_MAX {
            let Some(survey) = &mut self.place.survey else {
                break;
            };
            // Past all revisions of the machine before.
            let after = records::definition_key(survey.after_machine, u64::MAX);
            let found = self
                .store
                .records(RecordKind::Definition, Some(&after), 1)?;
            let Some((key, bytes)) = found.into_iter().next() else {
                self.place.known_ms = survey.settled_ms;
                self.place.is_surveyed = true;
                self.place.survey = None;
                return Ok(true);
            };
            let read = || {
                let number = u64::from_be_bytes(*key.first_chunk()?);
                Some((number, records::decode::<DefinitionRecord>(&bytes)?))
            };
            let (number, definition) = read().ok_or_else(|| {
                records::damaged("definition", &format!("after {}", survey.after_machine))
            })?;
            survey.after_machine = number;
            let machine_name: Arc<str> = definition.machine_name.as_str().into();
            for status in CLOSED {
                let list = (number, status as u8);
                let after = self.place.passed.get(&list).copied();
                let oldest = self
                    .store
                    .listings_oldest_first(number, status as u8, after, 1)?;
                let fronts = self.place.fronts(definition.machine_type);
                fronts.extend(oldest.first().map(|row| front(row, &machine_name)));
            }
        }
        Ok(self.place.survey.is_none())
    }

    /// The list whose oldest entry is to go next.
    fn next_due(&self) -> Option<(MachineType, Front)> {
        let of = |machine_type| match machine_type {
            MachineType::Standard => self.place.standard.first(),
            MachineType::Express => self.place.express.first(),
        };
        let fronts = [MachineType::Standard, MachineType::Express]
            .into_iter()
            .filter_map(|machine_type| Some((machine_type, of(machine_type)?)));
        let mut oldest: Option<(MachineType, &Front)> = None;
        for (machine_type, front) in fronts {
            // Its children are going, so it goes too.
            let is_begun = matches!(&self.place.begun, Some((id, _)) if *id == front.execution);
            let before = self.search.ends_before(machine_type);
            if is_begun || before.is_some_and(|before| front.time_ms < before) {
                return Some((machine_type, front.clone()));
            }
            if oldest.is_none_or(|(_, other)| front < other) {
                oldest = Some((machine_type, front));
            }
        }
        let until_ms = self.place.known_ms.min(self.search.settled_ms);
        let (machine_type, front) = oldest.filter(|_| self.bytes_over > 0)?;
        (front.time_ms <= until_ms).then(|| (machine_type, front.clone()))
    }

    /// Finds the execution at the front of a list. Returns whether that is all there is to do for it
    /// now.
    fn take(&mut self, machine_type: MachineType, at: Front) -> Result<bool, StoreError> {
        self.place.fronts(machine_type).remove(&at);
        let Some(row) = self.read(at.list)? else {
            return Ok(true);
        };
        if (row.time_ms, row.execution) != (at.time_ms, at.execution) {
            // It was redriven: the next takes its place, and its turn comes in time.
            let front = front(row, &at.machine_name);
            self.place.fronts(machine_type).insert(front);
            return Ok(true);
        }
        let Some(row) = self.take_read(at.list) else {
            return Ok(true);
        };
        let summary = ListingSummary::decode(&row.summary)
            .ok_or_else(|| records::damaged("a list of", &at.machine_name))?;
        let has_map_runs = summary.taken.as_ref().is_none_or(|it| it.has_map_runs);
        let begun = self.place.begun.take_if(|(id, _)| *id == row.execution);
        let children = match has_map_runs {
            false => Children::Gone(Vec::new()),
            true => {
                let after = begun.and_then(|(_, after)| after);
                let room = EXECUTIONS_MAX - self.expired.len();
                map_runs::expire(self.store, row.execution, after, room)?
            }
        };
        match children {
            Children::Go(expired, after) => {
                let of_it = |expired| Expired {
                    child_of: Some(row.execution),
                    ..expired
                };
                self.expired.extend(expired.into_iter().map(of_it));
                self.place.begun = Some((row.execution, after));
                self.place.fronts(machine_type).insert(at);
                return Ok(false);
            }
            Children::Stay => self.place.leave_behind(),
            Children::Gone(records) => {
                let bytes = summary.taken.as_ref().map_or(0, |taken| taken.bytes);
                self.bytes_over = self.bytes_over.saturating_sub(bytes);
                self.expired.push(Expired {
                    execution: Some(removal(&row, summary, machine_type, &at.machine_name)),
                    records,
                    bytes,
                    child_of: None,
                });
            }
        }
        self.pass(machine_type, &at, &row)
    }

    /// One entry of a list is done: the next is at its front.
    fn pass(
        &mut self,
        machine_type: MachineType,
        at: &Front,
        row: &Listing,
    ) -> Result<bool, StoreError> {
        if row.time_ms < self.search.settled_ms {
            let cursor = ListingCursor {
                time_ms: row.time_ms,
                execution: row.execution,
            };
            self.place.passed.insert(at.list, cursor);
        }
        if let Some(next) = self.read(at.list)? {
            let next = front(next, &at.machine_name);
            self.place.fronts(machine_type).insert(next);
        }
        Ok(true)
    }

    /// The next entry of a list that was not taken yet.
    fn read(&mut self, list: List) -> Result<Option<&Listing>, StoreError> {
        let ahead = self.ahead.entry(list).or_default();
        if ahead.rows.is_empty() && !ahead.is_all {
            let as_before = self.place.taken.get(&list).map_or(0, |taken| taken + 1);
            ahead.read = match ahead.read {
                0 => as_before.max(READ_FIRST),
                read => (read * READ_MORE).min(EXECUTIONS_MAX),
            };
            let after = ahead.last.or(self.place.passed.get(&list).copied());
            let (machine, status) = list;
            let rows = self
                .store
                .listings_oldest_first(machine, status, after, ahead.read)?;
            ahead.is_all = rows.len() < ahead.read;
            ahead.last = rows.last().map(|row| ListingCursor {
                time_ms: row.time_ms,
                execution: row.execution,
            });
            ahead.rows = rows.into();
        }
        Ok(ahead.rows.front())
    }

    /// Takes what [`Step::read`] has just shown.
    fn take_read(&mut self, list: List) -> Option<Listing> {
        let ahead = self.ahead.get_mut(&list)?;
        ahead.taken += 1;
        ahead.rows.pop_front()
    }
}

fn front(row: &Listing, machine_name: &Arc<str>) -> Front {
    Front {
        time_ms: row.time_ms,
        execution: row.execution,
        list: (row.machine, row.status),
        machine_name: Arc::clone(machine_name),
    }
}

fn removal(
    row: &Listing,
    summary: ListingSummary,
    machine_type: MachineType,
    machine_name: &str,
) -> ExecutionRemoval {
    let qualified = [
        summary.state_machine_version_arn,
        summary.state_machine_alias_arn,
    ];
    let qualified = qualified.into_iter().flatten();
    let machine = row.machine;
    let lists = std::iter::once(machine).chain(qualified.map(|arn| list_of(machine, &arn)));
    let is_claimed =
        machine_type == MachineType::Standard && !names::is_id(&summary.name, row.execution);
    let name = is_claimed.then(|| NameClaim {
        machine: machine_name.to_owned(),
        name: summary.name,
    });
    let runs = summary.taken.map(|taken| taken.runs);
    let mut runs = runs.and_then(footprint::runs_to_remove);
    if interpreter::breaks::awake("r40-events") {
        runs.iter_mut().for_each(|runs| runs.truncate(1));
    }
    ExecutionRemoval {
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
        runs,
    }
}
