//! An execution that is redriven goes on with its map run: the children that did not succeed are taken
//! up again, each once, and then the items that were not begun.
//!
//! A STANDARD child is redriven as any execution is. An EXPRESS one cannot be: another one takes its
//! place, on the same input, and it goes.

use interpreter::{EventId, Input, Status};
use store::{Commit, ExecutionId, ExecutionRemoval, ListingKey};

use super::begin::ChildStart;
use super::lookup::{Lookup, StoredMapRun};
use super::records::{self, ChildRow, State};
use super::{MapRun, MapRunId};
use crate::executions::{Live, Turn, Work};
use crate::message::{Now, Output, Ticket};
use crate::operations::redrive_execution::not_redrivable;
use crate::operations::{Response, describe_map_run, update_map_run};
use crate::records::list_of;
use crate::rejection::Rejection;
use crate::shard::Shard;

/// Why an execution cannot be redriven whose map run is gone, or is going.
pub(crate) const NOT_KEPT: &str = "Execution cannot be redriven: its map run is not kept any more. Start \
                                   a new execution instead";

/// Whether the map runs of an execution can go on.
pub(crate) enum Known {
    /// They can.
    All,
    /// This one must be looked up first.
    MustLookUp(MapRunId),
    /// One cannot.
    Not(&'static str),
}

impl Shard {
    /// What is known of the map runs that a redrive would go on with.
    pub(crate) fn known_map_runs(&self, live: &Live) -> Known {
        for arn in live.execution.map_runs_to_redrive() {
            let Some(id) = MapRunId::of_arn(&arn) else {
                continue;
            };
            if self.map_runs.is_open(id) {
                return Known::Not(
                    "Execution cannot be redriven yet: child executions of its map run are still \
                     being aborted. Try again in a moment",
                );
            }
            match self.map_runs.resting.get(&id) {
                Some(Some(_)) => {}
                Some(None) => {
                    return Known::Not(NOT_KEPT);
                }
                None => return Known::MustLookUp(id),
            }
        }
        Known::All
    }

    /// Looks a map run up, and does the work again afterwards.
    pub(crate) fn after_lookup(
        &mut self,
        map_run: MapRunId,
        id: ExecutionId,
        work: Work,
        out: &mut Vec<Output>,
    ) {
        let waiting = self.map_runs.waiting.entry(map_run).or_default();
        waiting.push((id, work));
        if waiting.len() == 1 && !self.map_runs.updates.contains_key(&map_run) {
            out.push(Output::LookUpMapRun(Lookup::MapRun(map_run)));
        }
    }

    /// Looks a map run up that is not open, to say why it cannot be updated.
    pub(crate) fn update_after_lookup(
        &mut self,
        map_run: MapRunId,
        ticket: Ticket,
        map_run_arn: &str,
        out: &mut Vec<Output>,
    ) {
        let waiting = self.map_runs.updates.entry(map_run).or_default();
        waiting.push((ticket, map_run_arn.to_owned()));
        if waiting.len() == 1 && !self.map_runs.waiting.contains_key(&map_run) {
            out.push(Output::LookUpMapRun(Lookup::MapRun(map_run)));
        }
    }

    pub(super) fn map_run_loaded(
        &mut self,
        id: MapRunId,
        found: Option<Box<StoredMapRun>>,
        out: &mut Vec<Output>,
    ) {
        for (ticket, arn) in self.map_runs.updates.remove(&id).unwrap_or_default() {
            let is_this = |it: &StoredMapRun| *it.record.plan.map_run_arn == *arn;
            let rejection = match found.as_deref().is_some_and(is_this) {
                true => update_map_run::completed(),
                false => describe_map_run::not_found(&arn),
            };
            let answer: Result<Response, Rejection> = Err(rejection);
            self.reply(ticket, 0, answer, out);
        }
        if !self.map_runs.is_open(id) {
            let resting = self.map_runs.resting.entry(id);
            resting.or_insert_with(|| found.map(|found| found.at_rest()));
        }
        let waiting = self.map_runs.waiting.remove(&id).unwrap_or_default();
        self.agenda.extend(waiting);
    }

    /// A commit is being made in which an execution goes on with a map run.
    pub(crate) fn redrive_map_run(
        &mut self,
        parent: ExecutionId,
        event: EventId,
        commit: &mut Commit,
    ) {
        let resting = &mut self.map_runs.resting;
        let id = resting.iter().find_map(|(id, resting)| {
            let record = &resting.as_ref()?.record;
            (record.execution == parent.0 && record.plan.event == event).then_some(*id)
        });
        let Some(id) = id else {
            panic!("a map run is looked up before it is redriven");
        };
        let Some(Some(resting)) = resting.remove(&id) else {
            panic!("found a moment ago");
        };
        let mut progress = resting.progress;
        progress.state = State::Running;
        progress.stop_ms = None;
        progress.failure = None;
        progress.redrives += 1;
        progress.redrive_ms = Some(commit.at_ms);
        progress.children.redrive();
        progress.items.redrive();
        commit.records.extend(records::reopened(id, &progress));
        let run = MapRun::new(resting.record, progress, commit.number);
        self.map_runs.by_owner.insert((parent, event), id);
        self.map_runs.open.insert(id, run);
        self.map_runs.wake(id);
    }

    /// Takes children up again, those that were found before others are looked for.
    pub(super) fn redrive_children(
        &mut self,
        id: MapRunId,
        left: usize,
        out: &mut Vec<Output>,
    ) -> usize {
        let Some(run) = self.map_runs.open.get_mut(&id) else {
            return 0;
        };
        let room = left.min(run.free_lanes());
        let mut told = 0;
        while told < room
            && let Some((_, child)) = run.found.pop_front()
        {
            told += 1;
            self.agenda
                .push_back((child, Work::RedriveChild { map_run: id }));
        }
        if run.found.is_empty() {
            self.look_for_children(id, out);
        }
        told.max(1)
    }

    /// A child that did not succeed is here.
    pub(crate) fn redrive_child(
        &mut self,
        id: ExecutionId,
        live: &mut Live,
        map_run: MapRunId,
        now: Now,
        out: &mut Vec<Output>,
    ) {
        let at_ms = self.clock.at(now);
        let execution = &live.execution;
        let Some(child) = execution.birth().child.clone() else {
            return;
        };
        let Some(run) = self.map_runs.open.get_mut(&map_run) else {
            return;
        };
        let is_over = execution.status() != Status::Running;
        if child.map_run != map_run.0 || run.progress.state != State::Running || !is_over {
            return;
        }
        run.progress.children.pending_redrive -= 1;
        run.progress.items.pending_redrive -= u64::from(child.items);
        if child.is_express {
            run.progress.children.running += 1;
            run.progress.items.running += u64::from(child.items);
            return self.replace_child(id, live, map_run, now, out);
        }
        let machine_exists = self.machine_names.contains_key(&execution.birth().machine);
        let limits = &self.limits;
        if not_redrivable(execution, machine_exists, limits, at_ms).is_some() {
            let items = u64::from(child.items);
            for (counts, count) in [
                (&mut run.progress.children, 1),
                (&mut run.progress.items, items),
            ] {
                counts.running += count;
                counts.ended(execution.status(), count);
                counts.not_redrivable += count;
            }
            let row = ChildRow {
                execution: id.0,
                items: child.items,
                status: execution.status(),
                redrive: run.progress.redrives,
            };
            if run.progress.is_exceeded(&run.record.plan) {
                run.fail(super::begin::threshold_exceeded());
            }
            self.map_runs.touch(map_run);
            let row = records::child(map_run, child.index, &row);
            return self.commit_map_runs(vec![row], now, out);
        }
        run.progress.children.running += 1;
        run.progress.items.running += u64::from(child.items);
        self.map_runs.touch(map_run);
        let mut turn = Turn::default();
        turn.redriven_from = Some(live.listed_at());
        let client_token = None;
        if self
            .step(id, live, Input::Redrive { client_token }, &mut turn, now)
            .is_ok()
        {
            self.finish(id, live, turn, now, out);
        }
    }

    /// Another child takes the place of an EXPRESS one.
    fn replace_child(
        &mut self,
        id: ExecutionId,
        live: &mut Live,
        map_run: MapRunId,
        now: Now,
        out: &mut Vec<Output>,
    ) {
        let Some(run) = self.map_runs.open.get(&map_run) else {
            return;
        };
        let plan = run.record.plan.clone();
        let birth = live.execution.birth().clone();
        let Some(child) = birth.child.clone() else {
            return;
        };
        let number = self.next_commit();
        let (status, time_ms) = live.listed_at();
        let mut commit = Commit {
            number,
            at_ms: self.clock.at(now),
            removals: vec![ExecutionRemoval {
                id,
                listings: vec![ListingKey {
                    machine: list_of(birth.machine, &child.map_run_arn),
                    status: status as u8,
                    time_ms,
                }],
                name: None,
                timers_dropped: Vec::new(),
                tasks_dropped: Vec::new(),
                runs: live.footprint.known_runs(),
            }],
            ..Commit::default()
        };
        live.last_commit = number;
        self.no_longer_closed(live.footprint.closed_bytes());
        let mut owed = Vec::new();
        let start = ChildStart {
            parent: &birth,
            definition: &live.definition,
            logging: live.logging.as_ref(),
            label: &plan.label,
            start_at: &plan.start_at,
        };
        let input = live.execution.input().clone();
        self.map_runs.touch(map_run);
        self.begin_child(&start, child, input, &mut commit, now, &mut owed);
        commit.tally = self.tally();
        self.map_runs.flush(&mut commit);
        self.executions.closed(number, id);
        out.push(Output::Commit(commit));
        out.append(&mut owed);
    }
}
