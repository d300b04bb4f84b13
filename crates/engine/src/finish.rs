//! The end of a turn: one commit, and the outputs that depend on it.

use store::{Commit, CommitNumber, ExecutionId};

use crate::calls::put_out_calls;
use crate::executions::{Live, MapRunChange, Turn};
use crate::message::{Now, Output};
use crate::shard::Shard;
use crate::watching::{LogEvents, Seen, StatusChange};

impl Shard {
    /// Turns a turn into a commit and the outputs that depend on it.
    pub(crate) fn finish(
        &mut self,
        id: ExecutionId,
        live: &mut Live,
        turn: Turn,
        now: Now,
        out: &mut Vec<Output>,
    ) {
        if live.poison.is_some() {
            // The answers that this turn owes are not given: those polls wait on.
            for (ticket, ..) in turn.hand_outs {
                self.park_again(ticket);
            }
            return;
        }
        if turn.is_empty() {
            return;
        }
        let log = LogEvents::select(live, &turn.events);
        // What a map run's children came to is part of its result, whatever their type.
        let is_child = live.execution.birth().child.is_some();
        let is_kept = !live.is_express() || is_child || self.express_retention_ms > 0;
        let after = if live.waiting.is_some() {
            self.finish_waiting(id, live, turn, now, out)
        } else if turn.closed.is_none() || is_kept {
            self.executions_open += u64::from(live.revision == 0 || turn.redriven_from.is_some());
            if turn.closed.is_some() {
                self.executions_open -= u64::from(!interpreter::breaks::awake("r43"));
            }
            self.write(id, live, turn, now, out)
        } else {
            self.finish_unkept(id, live, turn, now, out)
        };
        if let Some(log) = log {
            out.push(Output::Log { after, log });
        }
    }

    /// The end of an EXPRESS execution of which nothing is kept.
    fn finish_unkept(
        &mut self,
        id: ExecutionId,
        live: &mut Live,
        mut turn: Turn,
        now: Now,
        out: &mut Vec<Output>,
    ) -> CommitNumber {
        // What was begun and ended in one go is never written.
        if live.revision == 0 {
            return self.records_commit;
        }
        self.executions_open -= 1;
        let number = self.next_commit();
        let at_ms = self.clock.at(now);
        self.executions.closed(number, id);
        put_out_calls(id, &mut turn, number, out);
        let mut commit = turn.into_removal(number, at_ms, id, live);
        commit.tally = self.tally();
        out.push(Output::Commit(commit));
        number
    }

    /// The end of the turn of one of several executions that a commit is made of.
    pub(crate) fn finish_within(
        &mut self,
        id: ExecutionId,
        live: &mut Live,
        turn: Turn,
        commit: &mut Commit,
        owed: &mut Vec<Output>,
    ) {
        let log = LogEvents::select(live, &turn.events);
        self.executions_open -= u64::from(turn.closed.is_some());
        self.write_into(commit, id, live, turn, owed);
        if let Some(log) = log {
            let after = commit.number;
            owed.push(Output::Log { after, log });
        }
    }

    /// Commits a turn, and puts out what depends on that.
    pub(crate) fn write(
        &mut self,
        id: ExecutionId,
        live: &mut Live,
        turn: Turn,
        now: Now,
        out: &mut Vec<Output>,
    ) -> CommitNumber {
        let number = self.next_commit();
        let mut commit = Commit {
            number,
            at_ms: self.clock.at(now),
            ..Commit::default()
        };
        let at = out.len();
        self.write_into(&mut commit, id, live, turn, out);
        self.map_runs.flush(&mut commit);
        // Before all that depends on it.
        out.insert(at, Output::Commit(commit));
        number
    }

    /// Adds a turn to a commit, and what depends on that to what is owed.
    fn write_into(
        &mut self,
        commit: &mut Commit,
        id: ExecutionId,
        live: &mut Live,
        mut turn: Turn,
        owed: &mut Vec<Output>,
    ) {
        let number = commit.number;
        let at_ms = commit.at_ms;
        let hand_outs = std::mem::take(&mut turn.hand_outs);
        let mut calls = Vec::new();
        put_out_calls(id, &mut turn, number, &mut calls);
        let closed = turn.closed;
        let reopens = turn.redriven_from.is_some();
        let opens = live.revision == 0 || reopens;
        self.count_child(id, live, &turn, commit);
        if let Some((map_run, state, failure)) = turn.map_run_over.take() {
            self.end_map_run(map_run, state, failure, commit);
        }
        for change in std::mem::take(&mut turn.map_runs) {
            match change {
                MapRunChange::Start(plan) => {
                    live.footprint.has_map_runs = true;
                    self.start_map_run(id, live, *plan, commit);
                }
                MapRunChange::Redrive(event) => self.redrive_map_run(id, event, commit),
                MapRunChange::Abort(event) => self.abort_map_run(id, event),
            }
        }
        // What was closed until now is open again, or closes anew.
        self.no_longer_closed(live.footprint.closed_bytes());
        let (delivery, timers) = (&mut self.delivery, &mut self.timers);
        let write = turn.into_write(number, id, live, delivery, timers, &self.limits);
        self.closed_bytes += live.footprint.closed_bytes();
        self.sweep.count(closed.is_some());
        if reopens {
            self.sweep.reopened(number, id);
        }
        commit.executions.push(write);
        commit.tally = self.tally();
        if closed.is_some() {
            self.executions.closed(number, id);
        }
        for (ticket, event, task) in hand_outs {
            owed.push(Output::HandOut {
                ticket,
                after: number,
                task,
                execution: id,
                event,
            });
        }
        let seen = Seen {
            at_ms,
            opens,
            closes: closed.is_some(),
            machine_exists: self
                .machine_names
                .contains_key(&live.execution.birth().machine),
            limits: self.limits,
        };
        // AWS tells of STANDARD executions only.
        if !live.is_express() {
            for change in StatusChange::of(live, &seen) {
                owed.push(Output::StatusChanged {
                    after: number,
                    change: Box::new(change),
                });
            }
        }
        owed.append(&mut calls);
    }
}
