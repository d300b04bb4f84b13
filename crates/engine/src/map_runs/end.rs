//! How children are counted, and how a map run ends.

use interpreter::{Document, EventId, Failure, Input, MapRunOutcome, Status};
use store::{Commit, ExecutionId};

use super::begin::threshold_exceeded;
use super::lookup::Lookup;
use super::records::{self, ChildRow, State};
use super::results::Transformation;
use super::{Asked, MapRunId, Resting};
use crate::executions::{Live, Turn, Work};
use crate::message::{Now, Output};
use crate::shard::Shard;

impl Shard {
    /// A commit is being made of a child that began, ended or was redriven: it is counted with it.
    pub(crate) fn count_child(
        &mut self,
        id: ExecutionId,
        live: &Live,
        turn: &Turn,
        commit: &mut Commit,
    ) {
        let execution = &live.execution;
        let Some(child) = &execution.birth().child else {
            return;
        };
        let map_run = MapRunId(child.map_run);
        let begins = live.revision == 0 || turn.redriven_from.is_some();
        if !begins && turn.closed.is_none() {
            return;
        }
        let Some(run) = self.map_runs.open.get_mut(&map_run) else {
            return;
        };
        let row = ChildRow {
            execution: id.0,
            items: child.items,
            status: execution.status(),
            redrive: run.progress.redrives,
        };
        commit
            .records
            .push(records::child(map_run, child.index, &row));
        if let Some(status) = turn.closed {
            let forgotten = interpreter::breaks::awake("r64") && child.index % 2 == 1;
            if !forgotten {
                run.progress.children.ended(status, 1);
                run.progress.items.ended(status, child.items.into());
            }
            if run.progress.state == State::Running && run.progress.is_exceeded(&run.record.plan) {
                run.fail(threshold_exceeded());
            }
        }
        self.map_runs.touch(map_run);
    }

    /// Aborts children, those that were found before others are looked for.
    pub(super) fn abort_children(
        &mut self,
        id: MapRunId,
        left: usize,
        out: &mut Vec<Output>,
    ) -> usize {
        let Some(run) = self.map_runs.open.get_mut(&id) else {
            return 0;
        };
        let mut told = 0;
        while told < left
            && let Some((_, child)) = run.found.pop_front()
        {
            told += 1;
            self.agenda
                .push_back((child, Work::AbortChild { map_run: id }));
        }
        if told == left {
            self.map_runs.wake(id);
        } else {
            self.look_for_children(id, out);
        }
        told.max(1)
    }

    /// A child of a map run that nobody waits for any more is here.
    pub(crate) fn abort_child(
        &mut self,
        id: ExecutionId,
        live: &mut Live,
        map_run: MapRunId,
        now: Now,
        out: &mut Vec<Output>,
    ) {
        let child = &live.execution.birth().child;
        if child
            .as_ref()
            .is_none_or(|child| child.map_run != map_run.0)
        {
            return;
        }
        let input = Input::Stop {
            error: None,
            cause: None,
        };
        // A refusal means that it has ended meanwhile.
        let _ = self.input(id, live, input, now, out);
    }

    /// The map run has failed, and its children have ended: its execution is told.
    pub(super) fn report_failure(&mut self, id: MapRunId, _out: &mut Vec<Output>) -> usize {
        let Some(run) = self.map_runs.open.get_mut(&id) else {
            return 0;
        };
        if run.asked == Some(Asked::Execution) {
            return 0;
        }
        let failure = run.progress.failure.clone().unwrap_or_default();
        self.tell_execution(id, MapRunOutcome::Failed(failure));
        1
    }

    fn tell_execution(&mut self, id: MapRunId, outcome: MapRunOutcome) {
        if let Some(run) = self.map_runs.open.get_mut(&id) {
            run.asked = Some(Asked::Execution);
            let work = Work::MapRunEnded {
                map_run: id,
                outcome,
            };
            self.agenda.push_back((run.parent(), work));
        }
    }

    /// All children have ended: the result is put together.
    pub(super) fn find_result(&mut self, id: MapRunId, out: &mut Vec<Output>) -> usize {
        if !self.map_runs.is_durable(id, self.durable) {
            return 0;
        }
        let bytes_max = self.limits.payload_bytes_max;
        let Some(run) = self.map_runs.open.get_mut(&id) else {
            return 0;
        };
        if run.asked.is_some() {
            return 0;
        }
        run.asked = Some(Asked::Result);
        let plan = &run.record.plan;
        match plan.writer.as_ref() {
            Some(writer) if writer.resource.is_some() => out.push(Output::WriteResults {
                after: run.last_commit,
                map_run: id,
                map_run_arn: std::sync::Arc::clone(&plan.map_run_arn),
                writer: writer.clone(),
            }),
            writer => out.push(Output::LookUpMapRun(Lookup::Result {
                map_run: id,
                transformation: Transformation::of(writer.map(|writer| &*writer.config)),
                bytes_max,
            })),
        }
        1
    }

    /// The result was found, or written where the author wanted it.
    pub(crate) fn result_is_known(
        &mut self,
        id: MapRunId,
        result: Result<Option<Document>, (String, String)>,
    ) {
        let Some(run) = self.map_runs.open.get_mut(&id) else {
            return;
        };
        if run.asked != Some(Asked::Result) {
            return;
        }
        run.asked = None;
        if run.progress.state != State::Finishing {
            return self.map_runs.wake(id);
        }
        let outcome = match result {
            Ok(result) => MapRunOutcome::Succeeded(result),
            Err((error, cause)) => MapRunOutcome::Failed(Failure {
                error: Some(error.into()),
                cause: Some(cause.into()),
            }),
        };
        self.tell_execution(id, outcome);
    }

    /// The execution of a map run that is over is here.
    pub(crate) fn map_run_over(
        &mut self,
        parent: ExecutionId,
        live: &mut Live,
        id: MapRunId,
        outcome: MapRunOutcome,
        now: Now,
        out: &mut Vec<Output>,
    ) {
        let Some(run) = self.map_runs.open.get_mut(&id) else {
            return;
        };
        run.asked = None;
        if run.progress.state == State::Aborting {
            // It went on without the map run meanwhile.
            return self.map_runs.wake(id);
        }
        let event = run.record.plan.event;
        let ended = match &outcome {
            MapRunOutcome::Succeeded(_) => (State::Succeeded, None),
            MapRunOutcome::Failed(failure) => (State::Failed, Some(failure.clone())),
        };
        let mut turn = Turn::default();
        turn.map_run_over = Some((id, ended.0, ended.1));
        let input = Input::MapRunEnded { event, outcome };
        if self.step(parent, live, input, &mut turn, now).is_ok() {
            self.finish(parent, live, turn, now, out);
        }
    }

    /// A commit is being made in which a map run ends.
    pub(crate) fn end_map_run(
        &mut self,
        id: MapRunId,
        state: State,
        failure: Option<Failure>,
        commit: &mut Commit,
    ) {
        let Some(mut run) = self.map_runs.open.remove(&id) else {
            return;
        };
        assert_eq!(
            run.progress.children.running, 0,
            "no child outlives its map run"
        );
        run.progress.state = state;
        run.progress.failure = failure;
        run.progress.stop_ms = Some(commit.at_ms);
        commit.records.extend(records::ended(id, &run.progress));
        self.map_runs.dirty.remove(&id);
        self.map_runs.ready.remove(&id);
        self.map_runs
            .by_owner
            .remove(&(run.parent(), run.record.plan.event));
        let resting = Resting {
            record: run.record,
            progress: run.progress,
            last_commit: commit.number,
        };
        self.map_runs.resting.insert(id, Some(resting));
    }

    /// A commit is being made with which an execution goes on without its map run.
    pub(crate) fn abort_map_run(&mut self, parent: ExecutionId, event: EventId) {
        let Some(&id) = self.map_runs.by_owner.get(&(parent, event)) else {
            return;
        };
        if let Some(run) = self.map_runs.open.get_mut(&id) {
            run.progress.state = State::Aborting;
            run.look_anew();
            self.map_runs.touch(id);
        }
    }

    /// The children of a map run that nobody waits for have ended.
    pub(super) fn end_aborted(&mut self, id: MapRunId, now: Now, out: &mut Vec<Output>) -> usize {
        let at_ms = self.clock.at(now);
        let number = self.next_commit();
        let mut commit = Commit {
            number,
            at_ms,
            ..Commit::default()
        };
        self.end_map_run(id, State::Aborted, None, &mut commit);
        self.map_runs.flush(&mut commit);
        out.push(Output::Commit(commit));
        1
    }
}

/// Whether the status is one that a redrive of the map run takes up again.
pub(super) fn is_unsuccessful(status: Status) -> bool {
    matches!(status, Status::Failed | Status::TimedOut | Status::Aborted)
}
