//! R6, R14, R29, R32 and R43: the rows of the store against the commits, and against one another.

use std::collections::{BTreeMap, BTreeSet};

use engine::operations::list_executions;
use engine::{Request, Response};
use interpreter::limits::EXECUTION_SECONDS_MAX;
use interpreter::{EventDetails, Status, TimerKind};
use store::{Direction, ExecutionId, Store, TaskRow, TimerRow};

use super::Seen;
use super::histories::{end, is_outcome};
use crate::violated;
use crate::world::drive::short;
use crate::world::{World, owner};

/// Rows by execution.
#[derive(Default)]
struct Rows {
    timers: BTreeMap<ExecutionId, Vec<TimerRow>>,
    tasks: BTreeMap<ExecutionId, Vec<TaskRow>>,
}

/// Whether a timer is the end of the longest time that an execution may take. Every execution has that,
/// so it is none of the things that must wake it.
pub fn is_last_resort(row: &TimerRow) -> bool {
    row.kind == TimerKind::ExecutionTimeout as u8
        && row.span_ms == EXECUTION_SECONDS_MAX.saturating_mul(1_000)
}

impl World {
    fn rows(&self) -> Rows {
        let mut rows = Rows::default();
        self.store
            .timers(&mut |row| rows.timers.entry(row.execution).or_default().push(row))
            .expect("timers in memory can be read");
        self.store
            .tasks(&mut |row| rows.tasks.entry(row.execution).or_default().push(row))
            .expect("tasks in memory can be read");
        rows
    }

    /// What the store holds.
    pub fn check_books(&mut self, all: &[Seen]) {
        let rows = self.rows();
        self.check_whole(all, &rows);
        for seen in all {
            let timers = rows.timers.get(&seen.id).map_or(&[][..], Vec::as_slice);
            let tasks = rows.tasks.get(&seen.id).map_or(&[][..], Vec::as_slice);
            let arn = &seen.arn;
            let running = seen.description.status == Status::Running;
            // A map run wakes it, and whether anything wakes that is R64.
            let has_map_run = seen.map_runs().iter().any(|(_, goes_on)| *goes_on);
            let is_asleep = timers.iter().all(is_last_resort) && tasks.is_empty();
            if running && is_asleep && !has_map_run {
                violated!(self, 32, "{arn} is running, and nothing will ever wake it");
            }
            if !running && !timers.is_empty() {
                violated!(self, 29, "{arn} has ended, and timers {timers:?} have not");
            }
            self.check_tasks(seen, running, tasks);
        }
    }

    /// R6: commits are whole. What they said and what the store holds is the same.
    fn check_whole(&mut self, all: &[Seen], rows: &Rows) {
        for seen in all {
            let arn = &seen.arn;
            let mut timers: Vec<&TimerRow> =
                seen.account.timers.values().map(|(row, _)| row).collect();
            timers.sort_by_key(|row| (row.due_ms, row.timer));
            let stored = rows.timers.get(&seen.id).map_or(&[][..], Vec::as_slice);
            if !timers.iter().copied().eq(stored.iter()) {
                violated!(
                    self,
                    6,
                    "{arn}: timers {stored:?} are stored, and {timers:?} were committed"
                );
            }
            let mut tasks: Vec<&TaskRow> = seen.account.tasks.values().collect();
            tasks.sort_by_key(|row| (row.queue.clone(), row.position));
            let stored = rows.tasks.get(&seen.id).map_or(&[][..], Vec::as_slice);
            if !tasks.iter().copied().eq(stored.iter()) {
                violated!(
                    self,
                    6,
                    "{arn}: tasks {stored:?} are stored, and {tasks:?} were committed"
                );
            }
            if seen.description.status as u8 != seen.account.status {
                violated!(self, 6, "{arn}: its status is not what was committed");
            }
            // A start that is not in doubt is shown before it is written.
            let shown = seen.events.len();
            let pending = seen
                .account
                .tasks
                .values()
                .filter(|row| row.handed_out)
                .count();
            let written = seen.account.written.len();
            if shown < written || shown > written + pending {
                violated!(
                    self,
                    6,
                    "{arn}: {shown} events are shown, {written} were committed"
                );
            }
        }
        let known: BTreeSet<ExecutionId> = all.iter().map(|seen| seen.id).collect();
        for id in rows.timers.keys().chain(rows.tasks.keys()) {
            if !known.contains(id) {
                violated!(self, 6, "rows of {} belong to no execution", short(*id));
            }
        }
        self.check_listed(all);
    }

    /// R6: every execution is listed, once, with its status.
    fn check_listed(&mut self, all: &[Seen]) {
        let mut listed: BTreeMap<String, (usize, Status)> = BTreeMap::new();
        for machine in self.cast.machines.clone() {
            let request = Request::ListExecutions(list_executions::Request {
                state_machine_arn: Some(owner().state_machine_arn(&machine)),
                map_run_arn: None,
                status: None,
                redriven: None,
                limit: 100_000,
                before: None,
            });
            match self.inspect(&request) {
                Ok(Response::ListExecutions(page)) => {
                    for item in page.executions {
                        let entry = listed.entry(item.execution_arn).or_insert((0, item.status));
                        entry.0 += 1;
                    }
                }
                Ok(_) => {}
                Err(error) => violated!(self, 6, "{machine} cannot be listed: {error}"),
            }
        }
        // Children are listed by their map runs: R64.
        for seen in all.iter().filter(|seen| !seen.account.is_child) {
            let found = listed.remove(&seen.arn);
            if found != Some((1, seen.description.status)) {
                violated!(
                    self,
                    6,
                    "{} is {:?}, and is listed as {found:?}",
                    seen.arn,
                    seen.description.status
                );
            }
        }
        for arn in listed.keys() {
            violated!(self, 6, "{arn} is listed, and was never committed");
        }
    }

    /// R14: every attempt that was scheduled and has not ended is in one place.
    fn check_tasks(&mut self, seen: &Seen, running: bool, rows: &[TaskRow]) {
        let arn = &seen.arn;
        let mut open: BTreeSet<u32> = BTreeSet::new();
        if running {
            let mut ends: BTreeSet<u32> = BTreeSet::new();
            for event in &seen.events {
                match &event.details {
                    EventDetails::ActivityScheduled { .. } => drop(open.insert(event.id)),
                    details if end(details).is_some() => open.clear(),
                    details if is_outcome(details) => {
                        if let Some(started) = seen.event(event.previous) {
                            ends.insert(started.previous);
                        }
                    }
                    _ => {}
                }
            }
            open.retain(|event| !ends.contains(event));
        }
        let places: BTreeSet<u32> = rows.iter().map(|row| row.event).collect();
        // What a failing branch aborts is over without an event of its own: only its row tells.
        let aborts = seen
            .events
            .iter()
            .any(|event| matches!(event.details, EventDetails::StateAborted { .. }));
        let lost: Vec<&u32> = open.difference(&places).collect();
        let ghosts: Vec<&u32> = places.difference(&open).collect();
        if places.len() != rows.len() || !ghosts.is_empty() || (!lost.is_empty() && !aborts) {
            violated!(
                self,
                14,
                "{arn}: attempts {open:?} are open, and {places:?} are queued or handed out"
            );
        }
    }

    /// R40: what is gone is wholly gone.
    pub fn check_gone(&mut self) {
        let gone = &self.ledger.gone.accounts;
        let mut left = Vec::new();
        for (id, account) in gone {
            let row = self.store.execution(*id);
            let events = self.store.events(*id, 1, Direction::Forward, 1);
            let named = self
                .store
                .execution_by_name(&account.machine, &account.name);
            let is_gone = matches!(row, Ok(None))
                && events.is_ok_and(|events| events.is_empty())
                && named.is_ok_and(|named| named != Some(*id));
            if !is_gone {
                left.push(account.arn.clone());
            }
        }
        for arn in left {
            violated!(self, 40, "{arn} is gone, and something of it is left");
        }
    }

    /// R14 and R43: what the engine counts is what the store holds.
    pub fn check_gauges(&mut self) {
        let rows = self.rows();
        let gauges = self.process.shard.gauges();
        let tasks = || rows.tasks.values().flatten();
        let queued = tasks().filter(|row| !row.handed_out).count() as u64;
        let handed_out = tasks().filter(|row| row.handed_out).count() as u64;
        let timers = rows.timers.values().flatten().count() as u64;
        let open = self
            .ledger
            .accounts
            .values()
            .filter(|account| account.status == 0)
            .count() as u64;
        for row in tasks().filter(|row| !row.handed_out) {
            if !self.process.shard.will_find_task(row) {
                violated!(
                    self,
                    14,
                    "{row:?} is queued, and the engine will not find it"
                );
            }
        }
        for row in rows.timers.values().flatten() {
            if !self.process.shard.will_find_timer(row) {
                violated!(
                    self,
                    30,
                    "{row:?} is armed, and the engine will not find it"
                );
            }
        }
        let counted = [
            gauges.executions_open,
            gauges.tasks_queued,
            gauges.tasks_handed_out,
            gauges.timers,
            gauges.closed_bytes,
        ];
        let closed_bytes = self.ledger.accounts.keys().map(|id| {
            let row = self.store.execution(*id).ok().flatten();
            let closed = row.and_then(|row| engine::closed_bytes(&row.holds?));
            closed.map_or(0, |(bytes, _)| bytes)
        });
        let stored = [open, queued, handed_out, timers, closed_bytes.sum()];
        if counted != stored {
            violated!(
                self,
                43,
                "open, queued, handed out, timers, bytes of closed ones: the engine counts {counted:?}, the store holds {stored:?}"
            );
        }
    }
}
