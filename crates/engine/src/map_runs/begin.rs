//! How a map run and its children begin.

use std::sync::Arc;

use interpreter::{Birth, Child, Document, Failure, MapRunPlan, Moment};
use store::{Commit, ExecutionId};

use super::inputs::{Next, next_of};
use super::records::{self, MapRunRecord, Progress, State};
use super::{
    Asked, BUFFER_BYTES, INPUT_BYTES_PER_TICK_MAX, ItemsRead, MapRun, MapRunId, READ_BYTES_MAX,
    READ_ITEMS_MAX,
};
use crate::executions::{Live, Turn, Work};
use crate::ids;
use crate::message::{Now, Output};
use crate::quarantine::guarded;
use crate::shard::{STEPS_PER_TURN_MAX, Shard};

impl Shard {
    /// A Map state has started a map run, in a commit that is being made.
    pub(crate) fn start_map_run(
        &mut self,
        parent: ExecutionId,
        live: &Live,
        plan: MapRunPlan,
        commit: &mut Commit,
    ) {
        let id = MapRunId::of_arn(&plan.map_run_arn).expect("an ARN that was made ends in a UUID");
        let birth = live.execution.birth();
        let record = MapRunRecord {
            execution: parent.0,
            execution_arn: birth.execution_arn.to_string(),
            machine: birth.machine,
            machine_name: birth.state_machine_name.to_string(),
            start_ms: commit.at_ms,
            plan,
        };
        commit.records.extend(records::start(id, &record));
        let progress = Progress::of(&record.plan);
        let event = record.plan.event;
        let run = MapRun::new(record, progress, commit.number);
        self.map_runs.by_owner.insert((parent, event), id);
        self.map_runs.open.insert(id, run);
        self.map_runs.touch(id);
    }

    /// Begins more children, if there are lanes and items for them: reads items first, or asks for the
    /// execution, whose state says what they begin with.
    pub(super) fn begin_more(&mut self, id: MapRunId, left: usize, out: &mut Vec<Output>) -> usize {
        let Some(run) = self.map_runs.open.get_mut(&id) else {
            return 0;
        };
        if run.asked.is_some() || run.progress.is_exhausted || run.free_lanes() == 0 {
            return 0;
        }
        let Some(reader) = &run.record.plan.reader else {
            return self.ask_execution(id, left);
        };
        if run.wants_items() {
            let position = run.buffer.ahead().cloned().flatten();
            run.asked = Some(Asked::Items);
            out.push(Output::ReadItems {
                after: run.last_commit,
                map_run: id,
                source: reader.clone(),
                position,
                items_max: READ_ITEMS_MAX,
                bytes_max: READ_BYTES_MAX,
            });
            return 1;
        }
        self.ask_execution(id, left)
    }

    fn ask_execution(&mut self, id: MapRunId, left: usize) -> usize {
        let Some(run) = self.map_runs.open.get_mut(&id) else {
            return 0;
        };
        run.asked = Some(Asked::Execution);
        let children_max = left.min(run.free_lanes());
        let work = Work::BeginChildren {
            map_run: id,
            children_max,
        };
        self.agenda.push_back((run.parent(), work));
        children_max
    }

    /// Items have come, or a reader has failed.
    pub(crate) fn items_read(&mut self, id: MapRunId, read: Result<ItemsRead, (String, String)>) {
        let Some(run) = self.map_runs.open.get_mut(&id) else {
            return;
        };
        if run.asked != Some(Asked::Items) {
            return;
        }
        run.asked = None;
        match read {
            Ok(read) => {
                let begun = run.progress.items_begun;
                let most = run
                    .record
                    .plan
                    .items_max
                    .map(|most| most.saturating_sub(begun));
                run.buffer.fill(read, most);
                let (_, is_exhausted) = run.buffer.position();
                if is_exhausted {
                    // Not written down: whoever asks again finds nothing again.
                    run.progress.is_exhausted = true;
                    let plan = &run.record.plan;
                    if run.progress.is_exceeded(plan) {
                        run.fail(threshold_exceeded());
                    }
                }
            }
            Err((error, cause)) => run.fail(Failure {
                error: Some(error.into()),
                cause: Some(cause.into()),
            }),
        }
        self.map_runs.wake(id);
    }

    /// The execution is here: children begin, all in one commit.
    pub(crate) fn begin_children(
        &mut self,
        parent: ExecutionId,
        live: &mut Live,
        id: MapRunId,
        children_max: usize,
        now: Now,
        out: &mut Vec<Output>,
    ) {
        let Some(mut run) = self.map_runs.open.remove(&id) else {
            return;
        };
        run.asked = None;
        let mut begun = Vec::new();
        let mut bytes = 0;
        let mut failure = None;
        let room = children_max.min(run.free_lanes());
        while run.progress.state == State::Running
            && begun.len() < room
            && bytes < INPUT_BYTES_PER_TICK_MAX
        {
            match self.next_child(parent, live, &mut run, now) {
                Ok(Some(next)) => {
                    bytes += next.input.text().len();
                    let index = run.progress.children.begun();
                    run.progress.children.running += 1;
                    run.progress.items.running += u64::from(next.items);
                    begun.push((index, next));
                }
                Ok(None) => break,
                Err(why) => {
                    failure = Some(why);
                    break;
                }
            }
        }
        let (has_failed, wants_items) = (failure.is_some(), run.wants_items());
        if let Some(failure) = failure {
            run.fail(failure);
        }
        if begun.is_empty() && !has_failed {
            self.map_runs.open.insert(id, run);
            if wants_items {
                self.map_runs.wake(id);
            }
            return;
        }
        let plan = run.record.plan.clone();
        self.map_runs.open.insert(id, run);
        self.map_runs.touch(id);
        let number = self.next_commit();
        let mut commit = Commit {
            number,
            at_ms: self.clock.at(now),
            ..Commit::default()
        };
        let mut owed = Vec::new();
        for (index, next) in begun {
            let child = Child {
                map_run_arn: Arc::clone(&plan.map_run_arn),
                map_run: id.0,
                index,
                items: next.items,
                is_express: plan.is_express,
            };
            let start = ChildStart {
                parent: live.execution.birth(),
                definition: &live.definition,
                logging: live.logging.as_ref(),
                label: &plan.label,
                start_at: &plan.start_at,
            };
            self.begin_child(&start, child, next.input, &mut commit, now, &mut owed);
        }
        self.map_runs.flush(&mut commit);
        self.map_runs.ahead.push_back(number);
        out.push(Output::Commit(commit));
        out.append(&mut owed);
    }

    /// What the next child begins with; `None` when there is no item for one (yet).
    fn next_child(
        &mut self,
        parent: ExecutionId,
        live: &mut Live,
        run: &mut MapRun,
        now: Now,
    ) -> Result<Option<Next>, Failure> {
        let at_ms = self.clock.at(now);
        let limits = self.limits;
        let world = self.seen_by(parent);
        let at = Moment {
            now_ms: at_ms,
            world: &world,
            steps_max: STEPS_PER_TURN_MAX,
            limits,
        };
        let next = guarded(|| next_of(live, run, &at));
        let next = next.unwrap_or_else(|panic| {
            live.poison = Some(panic);
            Ok(None)
        })?;
        let Some(next) = next else {
            return Ok(None);
        };
        run.take(u64::from(next.items));
        if next.input.text().len() > limits.payload_bytes_max {
            return Err(Failure::data_limit(&run.record.plan.state_name));
        }
        Ok(Some(next))
    }

    /// Begins one child within a commit.
    pub(super) fn begin_child(
        &mut self,
        start: &ChildStart<'_>,
        child: Child,
        input: Document,
        commit: &mut Commit,
        now: Now,
        owed: &mut Vec<Output>,
    ) {
        let at_ms = commit.at_ms;
        let id = self.ids.execution(at_ms);
        let name = ids::uuid_of(id);
        let ChildStart { parent, label, .. } = start;
        let machine = format!("{}/{label}", parent.state_machine_name);
        let owner = &self.world.owner;
        let execution_arn = match child.is_express {
            true => owner.express_execution_arn(&machine, &name, &name),
            false => owner.execution_arn(&machine, &name),
        };
        let birth = Birth {
            execution_arn: execution_arn.as_str().into(),
            name: name.into(),
            state_machine_arn: owner.state_machine_arn(&machine).into(),
            seed: self.ids.number(),
            trace_header: None,
            // It is pinned to the same revision, yet nobody started it by a version or an alias.
            state_machine_version_arn: None,
            state_machine_alias_arn: None,
            child: Some(child),
            ..(*parent).clone()
        };
        let world = self.seen_by(id);
        let moment = Moment {
            now_ms: at_ms,
            world: &world,
            steps_max: STEPS_PER_TURN_MAX,
            limits: self.limits,
        };
        let started = guarded(|| {
            interpreter::start_child(start.definition, birth, start.start_at, input, &moment)
        });
        let (execution, step) = match started {
            Ok(Some(started)) => started,
            lost => {
                // It never was; its lane stays taken, as that of a child in quarantine does.
                owed.push(Output::Quarantined {
                    execution: id,
                    execution_arn: Some(execution_arn.into()),
                    panic: lost.err().unwrap_or_else(|| "no such state".to_owned()),
                });
                return;
            }
        };
        let mut live = Live::new(execution, Arc::clone(start.definition), 0);
        live.logging = start.logging.map(Arc::clone);
        let mut turn = Turn::default();
        turn.absorb(id, step, at_ms, now, &mut self.delivery, &mut self.timers);
        self.serve_within(id, &mut live, &mut turn, now);
        self.executions_open += 1;
        self.finish_within(id, &mut live, turn, commit, owed);
        if live.execution.status() == interpreter::Status::Running {
            self.put_back(id, Box::new(live), owed);
        }
    }
}

/// What all children of a map run have in common.
pub(super) struct ChildStart<'a> {
    /// Of the execution that they are children of, or of one of them: the same in what is taken over.
    pub(super) parent: &'a Birth,
    pub(super) definition: &'a Arc<asl::StateMachine>,
    pub(super) logging: Option<&'a Arc<crate::watching::LogPlan>>,
    pub(super) label: &'a str,
    pub(super) start_at: &'a str,
}

pub(crate) fn threshold_exceeded() -> Failure {
    Failure {
        error: Some("States.ExceedToleratedFailureThreshold".into()),
        cause: Some("The specified tolerated failure threshold was exceeded".into()),
    }
}

impl MapRun {
    /// Whether items should be read before more children begin.
    pub(super) fn wants_items(&self) -> bool {
        if self.buffer.ahead().is_none() {
            return false;
        }
        let batch = self.record.plan.batches.as_ref();
        let batch = batch.map_or(1, |batches| batches.items_max.unwrap_or(u64::MAX));
        let batch = usize::try_from(batch).unwrap_or(usize::MAX);
        self.buffer.len() < batch && self.buffer.bytes() < BUFFER_BYTES
    }

    /// So many more items belong to children.
    fn take(&mut self, items: u64) {
        let progress = &mut self.progress;
        progress.items_begun += items;
        match self.record.plan.length {
            Some(length) => progress.is_exhausted = progress.items_begun >= length,
            None => {
                self.buffer
                    .give(usize::try_from(items).unwrap_or(usize::MAX));
                (progress.position, progress.is_exhausted) = self.buffer.position();
            }
        }
    }
}
