//! What one message does to one execution, gathered into one commit.

use std::collections::BTreeMap;

use interpreter::{
    Birth, Due, Effect, Event, EventId, Failure, Limits, MapRunPlan, PartChange, Status, Step,
    TimerId, TimerKind,
};
use store::{
    Commit, EventRun, ExecutionId, ExecutionRemoval, ExecutionWrite, Listing, ListingKey,
    ListingMove, NameClaim, PartWrite, TaskDrop, TaskRow, TimerDrop, TimerRow,
};

use super::Live;
use crate::arn;
use crate::delivery::{Delivery, OUTBOX};
use crate::holds::Holds;
use crate::map_runs::MapRunId;
use crate::map_runs::records::State;
use crate::message::{Now, Ticket};
use crate::names;
use crate::records::{ListingSummary, Taken, list_of};
use crate::shapes::ActivityTask;
use crate::timers::{Armed, FireAt, Timers};

/// A call owed to an integration.
#[derive(Debug)]
pub(crate) struct OwedCall {
    pub(crate) task: u32,
    pub(crate) resource: std::sync::Arc<str>,
    pub(crate) parameters: interpreter::Document,
    pub(crate) submitted: Option<interpreter::Document>,
}

/// What a turn does to a map run of its execution.
#[derive(Debug)]
pub(crate) enum MapRunChange {
    /// It starts.
    Start(Box<MapRunPlan>),
    /// It goes on.
    Redrive(EventId),
    /// Nobody waits for it any more.
    Abort(EventId),
}

/// The changes of a turn. Rows that a turn both adds and drops are never written.
#[derive(Debug, Default)]
pub(crate) struct Turn {
    pub(crate) events: Vec<Event>,
    timers: BTreeMap<TimerId, TimerRow>,
    timers_dropped: Vec<TimerDrop>,
    tasks: BTreeMap<u32, TaskRow>,
    tasks_dropped: Vec<TaskDrop>,
    pub(crate) calls: Vec<OwedCall>,
    /// Calls that are under way for nothing now.
    pub(crate) cancelled: Vec<u32>,
    /// The task whose call has just come back: there is nothing left of it to cancel.
    pub(crate) came_back: Option<u32>,
    /// Answers owed to polls: ticket, scheduling event, what the worker gets.
    pub(crate) hand_outs: Vec<(Ticket, u32, ActivityTask)>,
    /// Queues that got a task in this turn.
    pub(crate) queues: Vec<std::sync::Arc<str>>,
    pub(crate) closed: Option<Status>,
    /// What happens to its map runs, in order.
    pub(crate) map_runs: Vec<MapRunChange>,
    /// The map run that is over with this turn, and how.
    pub(crate) map_run_over: Option<(MapRunId, State, Option<Failure>)>,
    /// How the execution was listed before a redrive in this turn.
    pub(crate) redriven_from: Option<(Status, i64)>,
    changed: bool,
}

impl Turn {
    /// Takes in what a step did.
    pub(crate) fn absorb(
        &mut self,
        id: ExecutionId,
        step: Step,
        at_ms: i64,
        now: Now,
        delivery: &mut Delivery,
        timers: &mut Timers,
    ) {
        self.changed |= !step.events.is_empty();
        self.events.extend(step.events);
        for effect in step.effects {
            self.changed |= !matches!(effect, Effect::RewindTimer { .. });
            match effect {
                Effect::ScheduleActivityTask { task, activity } => {
                    let name = arn::activity_name(&activity)
                        .expect("a valid definition names activities by ARN");
                    let row = delivery.schedule(name, id, task);
                    self.queues.push(delivery.queue_name(name));
                    self.tasks.insert(task, row);
                }
                Effect::Call {
                    task,
                    resource,
                    parameters,
                    submitted,
                } => {
                    // What is watched now has been in the outbox since it was scheduled.
                    if submitted.is_none() {
                        let row = delivery.schedule(OUTBOX, id, task);
                        self.tasks.insert(task, row);
                    }
                    self.calls.push(OwedCall {
                        task,
                        resource,
                        parameters,
                        submitted,
                    });
                }
                Effect::RequeueTask { task } => self.touch_task(id, task, delivery),
                Effect::CloseTask { task } => {
                    self.tasks.remove(&task);
                    let Some(entry) = delivery.close(id, task) else {
                        continue;
                    };
                    // One that waits for its token was answered, and is not under way.
                    let is_call = &*entry.queue == OUTBOX && entry.hand_outs == 0;
                    if is_call && self.came_back != Some(task) {
                        let owed = self.calls.len();
                        self.calls.retain(|call| call.task != task);
                        if self.calls.len() == owed {
                            self.cancelled.push(task);
                        }
                    }
                    if entry.stored {
                        let queue = entry.queue.to_string();
                        self.tasks_dropped.push(TaskDrop {
                            queue,
                            position: entry.position,
                        });
                    }
                }
                Effect::ArmTimer { timer, kind, due } => {
                    self.arm(id, timer, kind, due, at_ms, now, timers)
                }
                Effect::RewindTimer { timer, after_ms } => {
                    timers.rewind(id, timer, FireAt::after(after_ms, now));
                }
                Effect::DisarmTimer { timer } => self.disarm(id, timer, timers),
                Effect::StartMapRun(plan) => self.map_runs.push(MapRunChange::Start(plan)),
                Effect::RedriveMapRun { event } => {
                    self.map_runs.push(MapRunChange::Redrive(event));
                }
                Effect::AbortMapRun { event } => self.map_runs.push(MapRunChange::Abort(event)),
                Effect::Closed { status } => self.closed = Some(status),
            }
        }
    }

    /// The task's row changed: it is written with this turn.
    pub(crate) fn touch_task(&mut self, id: ExecutionId, task: u32, delivery: &Delivery) {
        if let Some(entry) = delivery.tasks.get(&(id, task)) {
            self.changed = true;
            self.tasks.insert(task, entry.row(id, task));
        }
    }

    /// Takes a timer away: one that fired, or one that is no longer wanted.
    pub(crate) fn disarm(&mut self, id: ExecutionId, timer: TimerId, timers: &mut Timers) {
        self.timers.remove(&timer);
        if let Some(armed) = timers.disarm(id, timer)
            && armed.stored
            && !interpreter::breaks::awake("r29")
        {
            self.changed = true;
            self.timers_dropped.push(TimerDrop {
                due_ms: armed.due_ms,
                timer: timer.0,
            });
        }
    }

    #[allow(clippy::too_many_arguments)]
    fn arm(
        &mut self,
        id: ExecutionId,
        timer: TimerId,
        kind: TimerKind,
        due: Due,
        at_ms: i64,
        now: Now,
        timers: &mut Timers,
    ) {
        let (fire, due_ms, span_ms) = match due {
            Due::After(span) => (FireAt::after(span, now), at_ms.saturating_add(span), span),
            Due::At(ms) => (FireAt::Wall(ms), ms, 0),
        };
        let armed = Armed {
            fire,
            due_ms,
            kind,
            span_ms: u64::try_from(span_ms).unwrap_or(0),
            stored: false,
        };
        timers.arm(id, timer, armed);
        self.timers.insert(
            timer,
            TimerRow {
                due_ms,
                execution: id,
                timer: timer.0,
                kind: kind as u8,
                span_ms: armed.span_ms,
                steady: timers.steady(&armed),
            },
        );
    }

    /// Whether there is anything to write.
    pub(crate) fn is_empty(&self) -> bool {
        !self.changed
    }

    /// What this turn writes, in the commit of that number.
    pub(crate) fn into_write(
        self,
        number: u64,
        id: ExecutionId,
        live: &mut Live,
        delivery: &mut Delivery,
        timers: &mut Timers,
        limits: &Limits,
    ) -> ExecutionWrite {
        for task in self.tasks.keys() {
            delivery.committed(id, *task, number);
        }
        for timer in self.timers.keys() {
            timers.mark_stored(id, *timer);
        }
        let is_new = live.revision == 0;
        let events = self.events.first().map(|first| EventRun {
            first: first.id,
            count: u32::try_from(self.events.len()).expect("a turn is bounded by the step budget"),
            bytes: interpreter::history::encode(&self.events),
        });
        let moves = is_new || self.closed.is_some() || self.redriven_from.is_some();
        let (status, time_ms) = self.redriven_from.unwrap_or_else(|| live.listed_open_at());
        let from = (!is_new).then_some((status as u8, time_ms));
        let snapshot = live.execution.snapshot(limits);
        let claims = names::claims(id, live.execution.birth(), live.is_express());
        let execution = &live.execution;
        let events = live.short_history.add(events, is_new);
        let footprint = &mut live.footprint;
        footprint.add(&events);
        footprint.keep_parts(snapshot.parts_kept, snapshot.parts_bytes);
        // What its entries in lists say of it stays as it is while they stay.
        if moves {
            let end = execution.stop_ms().map(|ms| (execution.status(), ms));
            let birth = execution.birth();
            footprint.close(end, &snapshot.bytes, birth, lists(birth).count(), claims);
        }
        let birth = live.execution.birth();
        let name = (is_new && claims).then(|| NameClaim {
            machine: birth.state_machine_name.to_string(),
            name: birth.name.to_string(),
        });
        let listings = if moves {
            let moved = |to| ListingMove { from, to };
            listings(id, live).into_iter().map(moved).collect()
        } else {
            Vec::new()
        };
        live.revision += 1;
        live.last_commit = number;
        live.may_leave = true;
        let mut holds = Holds {
            timers: timers.held(id),
            footprint: live.footprint.clone(),
            ..Holds::default()
        };
        delivery.hold(id, &mut holds);
        let parts = snapshot.parts.into_iter();
        ExecutionWrite {
            id,
            revision: live.revision,
            snapshot: snapshot.bytes,
            parts: parts
                .map(|PartChange { part, bytes }| PartWrite { part, bytes })
                .collect(),
            parts_kept: snapshot.parts_kept,
            holds: holds.encode(),
            events: events.run,
            events_in_row: events.in_row,
            listings,
            name,
            timers: self.timers.into_values().collect(),
            timers_dropped: self.timers_dropped,
            tasks: self.tasks.into_values().collect(),
            tasks_dropped: self.tasks_dropped,
        }
    }

    /// The commit that takes away an execution of which nothing is kept after its end.
    pub(crate) fn into_removal(
        self,
        number: u64,
        at_ms: i64,
        id: ExecutionId,
        live: &mut Live,
    ) -> Commit {
        let (status, time_ms) = live.listed_open_at();
        live.last_commit = number;
        let removal = ExecutionRemoval {
            id,
            listings: lists(live.execution.birth())
                .map(|machine| ListingKey {
                    machine,
                    status: status as u8,
                    time_ms,
                })
                .collect(),
            name: None,
            timers_dropped: self.timers_dropped,
            tasks_dropped: self.tasks_dropped,
            runs: live.footprint.known_runs(),
        };
        Commit {
            number,
            at_ms,
            executions: Vec::new(),
            removals: vec![removal],
            records: Vec::new(),
            tally: Vec::new(),
        }
    }
}

impl Live {
    /// The status and the time an execution is listed by: its start, or its last redrive, while it
    /// runs; its end afterwards.
    pub(crate) fn listed_at(&self) -> (Status, i64) {
        match self.execution.stop_ms() {
            Some(stop_ms) => (self.execution.status(), stop_ms),
            None => self.listed_open_at(),
        }
    }

    /// How it is listed while it runs.
    fn listed_open_at(&self) -> (Status, i64) {
        let execution = &self.execution;
        let begun_ms = execution.redrive_ms().unwrap_or(execution.start_ms());
        (Status::Running, begun_ms)
    }
}

/// An execution's entries: in the list of its machine, and of the version and the alias that it was
/// started with.
fn listings(id: ExecutionId, live: &Live) -> Vec<Listing> {
    let execution = &live.execution;
    let birth = execution.birth();
    let summary = ListingSummary {
        name: birth.name.to_string(),
        start_ms: execution.start_ms(),
        stop_ms: execution.stop_ms(),
        state_machine_version_arn: birth.state_machine_version_arn.as_deref().map(Into::into),
        state_machine_alias_arn: birth.state_machine_alias_arn.as_deref().map(Into::into),
        redrive_count: execution.redrive_count(),
        redrive_ms: execution.redrive_ms(),
        item_count: birth.child.as_ref().map(|child| child.items),
        taken: live.footprint.closed.map(|closed| Taken {
            bytes: closed.bytes,
            runs: live.footprint.noted_runs(),
            has_map_runs: live.footprint.has_map_runs,
        }),
    };
    let (status, time_ms) = live.listed_at();
    let summary = summary.encode();
    lists(birth)
        .map(|list| Listing {
            machine: list,
            status: status as u8,
            time_ms,
            execution: id,
            summary: summary.clone(),
        })
        .collect()
}

/// The lists that an execution is in. A child of a map run is in that of its map run alone.
fn lists(birth: &Birth) -> impl Iterator<Item = u64> {
    let map_run = birth.child.as_ref().map(|child| &*child.map_run_arn);
    let qualified = [
        birth.state_machine_version_arn.as_deref(),
        birth.state_machine_alias_arn.as_deref(),
    ];
    let qualified = qualified.into_iter().flatten();
    let qualified = qualified.filter(move |_| map_run.is_none()).chain(map_run);
    let qualified = qualified.map(|arn| list_of(birth.machine, arn));
    map_run
        .is_none()
        .then_some(birth.machine)
        .into_iter()
        .chain(qualified)
}
