//! A frame: where one branch or item stands.
//!
//! The main line of an execution is a frame without a parent; every branch of a Parallel state and
//! every running iteration of a Map state is a frame of its own, whose parent stands in that state.
//! `D` is how a frame holds documents: whole ones in memory, places in a snapshot.

use std::collections::BTreeMap;
use std::sync::Arc;

use asl::definition::StateIndex;
use serde::{Deserialize, Serialize};

use crate::outputs::Outputs;
use crate::{Document, EventId, TimerId};

/// Names a frame within its execution; children have greater numbers than their parents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct FrameId(pub(crate) u32);

/// Where one branch or item stands.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Frame<D = Document> {
    /// The frame that waits for this one, and which branch or item of it this is.
    pub(crate) parent: Option<(FrameId, u32)>,
    /// The state it stands in, or is about to enter.
    pub(crate) state_name: Arc<str>,
    /// Where that state is in the definition; found again by name after a restore.
    #[serde(skip, default = "nowhere")]
    pub(crate) state: StateIndex,
    /// The last event of its chain: `previousEventId` of the next one.
    pub(crate) previous: EventId,
    /// What it assigned; inner frames read it too.
    pub(crate) variables: BTreeMap<Arc<str>, D>,
    /// The visit of the state.
    pub(crate) visit: Visit<D>,
    /// What it waits for.
    pub(crate) stand: Stand<D>,
}

/// One visit of a state, from its entry to its exit.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Visit<D = Document> {
    /// The state's raw input.
    pub(crate) input: D,
    /// Its `…StateEntered`; 0 before.
    pub(crate) entered: EventId,
    /// When that was.
    pub(crate) entered_ms: i64,
    /// Attempts each retrier has made; shorter than the list of retriers until they are needed.
    pub(crate) attempts: Vec<u64>,
    /// `$$.State.RetryCount`.
    pub(crate) retries: u32,
}

/// What a frame waits for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Stand<D = Document> {
    /// Its turn: it is in the execution's queue of frames ready to enter their state.
    Ready,
    /// A worker or a call.
    Task(OpenTask<D>),
    /// A Wait state's moment.
    Wait(TimerId),
    /// The delay of a retry.
    Retry(TimerId),
    /// Its branches or items.
    Join(Join<D>),
    /// A map run. New variants go at the end: the order is part of the format of snapshots.
    MapRun(OpenMapRun),
}

/// One attempt of a Task state.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct OpenTask<D = Document> {
    /// The scheduling event.
    pub(crate) scheduled: EventId,
    /// What the worker or the call gets.
    pub(crate) input: D,
    /// The resource that is called; none for an activity.
    pub(crate) call: Option<Arc<str>>,
    /// What the service answered to a call that is now watched. A part of its own in snapshots.
    #[serde(skip, default = "nothing")]
    pub(crate) submitted: Option<D>,
    /// How often it was handed out.
    pub(crate) hand_outs: u32,
    /// Whether it is handed out now. Always, for a call.
    pub(crate) handed: bool,
    /// Whether its `…Started` event is in history.
    pub(crate) started: bool,
    /// `TimeoutSeconds` in force.
    pub(crate) timeout_seconds: Option<u64>,
    /// `HeartbeatSeconds` in force.
    pub(crate) heartbeat_seconds: Option<u64>,
    /// The timer of the former, while it runs.
    pub(crate) timeout_timer: Option<TimerId>,
    /// The timer of the latter, while it runs.
    pub(crate) heartbeat_timer: Option<TimerId>,
}

/// A Parallel or Map state at work.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Join<D = Document> {
    /// Output of each branch or item, once there is one.
    pub(crate) outputs: Outputs<D>,
    /// How many frames are under way.
    pub(crate) running: u32,
    /// The next item to begin; all before it have begun.
    pub(crate) next: u32,
    /// Most frames at one time.
    pub(crate) lanes: u32,
    /// The items of a Map, read again from the state's input after a restore.
    #[serde(skip)]
    pub(crate) items: Option<Arc<Vec<serde_json::Value>>>,
    /// What an `ItemSelector` sees as `$`: the same for every item, found again after a restore.
    #[serde(skip)]
    pub(crate) selected_from: Option<Document>,
}

/// A Distributed Map at work, or one that was when the execution closed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct OpenMapRun {
    /// Its `MapRunStarted`.
    pub(crate) event: EventId,
    /// Its ARN.
    pub(crate) map_run_arn: Arc<str>,
    /// Whether it is going on: the caller owes its end.
    pub(crate) is_open: bool,
    /// How often it was redriven.
    pub(crate) redrives: u32,
    /// The items, where they are in the state's input; found again after a restore.
    #[serde(skip)]
    pub(crate) items: Option<crate::map_run::Items>,
    /// What an `ItemSelector` sees as `$`; found again after a restore.
    #[serde(skip)]
    pub(crate) selected_from: Option<Document>,
}

/// A handed-out task whose `ActivityStarted` is not in history yet.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct PendingStart {
    /// The frame that waits for the task.
    pub(crate) frame: FrameId,
    /// The scheduling event.
    pub(crate) task: EventId,
    /// As the poll named itself.
    pub(crate) worker_name: Option<Arc<str>>,
    /// When it was handed out.
    pub(crate) at_ms: i64,
}

fn nothing<D>() -> Option<D> {
    None
}

fn nowhere() -> StateIndex {
    StateIndex(u32::MAX)
}

impl Visit {
    /// A visit that is about to begin.
    pub(crate) fn of(input: Document) -> Visit {
        Visit {
            input,
            entered: 0,
            entered_ms: 0,
            attempts: Vec::new(),
            retries: 0,
        }
    }
}

impl Frame {
    /// The open task, when the frame waits for one.
    pub(crate) fn open_task(&self) -> Option<&OpenTask> {
        match &self.stand {
            Stand::Task(task) => Some(task),
            _ => None,
        }
    }

    /// The event of the map run that is going on for it.
    pub(crate) fn open_map_run(&self) -> Option<EventId> {
        match &self.stand {
            Stand::MapRun(run) if run.is_open => Some(run.event),
            _ => None,
        }
    }

    /// The timers that run for it.
    pub(crate) fn timers(&self) -> [Option<TimerId>; 2] {
        match &self.stand {
            Stand::Task(task) => [task.timeout_timer, task.heartbeat_timer],
            Stand::Wait(timer) | Stand::Retry(timer) => [Some(*timer), None],
            Stand::Ready | Stand::Join(_) | Stand::MapRun(_) => [None, None],
        }
    }
}

impl<D: Clone> Frame<D> {
    /// The same frame with its documents held in another way; without the outputs that are kept apart.
    pub(crate) fn map_documents<T>(
        &self,
        change: &mut dyn FnMut(&D) -> Option<T>,
    ) -> Option<Frame<T>> {
        let mut variables = BTreeMap::new();
        for (name, value) in &self.variables {
            variables.insert(Arc::clone(name), change(value)?);
        }
        Some(Frame {
            parent: self.parent,
            state_name: Arc::clone(&self.state_name),
            state: self.state,
            previous: self.previous,
            variables,
            visit: Visit {
                input: change(&self.visit.input)?,
                entered: self.visit.entered,
                entered_ms: self.visit.entered_ms,
                attempts: self.visit.attempts.clone(),
                retries: self.visit.retries,
            },
            stand: self.stand.map_documents(change)?,
        })
    }
}

impl<D: Clone> Stand<D> {
    fn map_documents<T>(&self, change: &mut dyn FnMut(&D) -> Option<T>) -> Option<Stand<T>> {
        Some(match self {
            Stand::Ready => Stand::Ready,
            Stand::MapRun(run) => Stand::MapRun(run.clone()),
            Stand::Wait(timer) => Stand::Wait(*timer),
            Stand::Retry(timer) => Stand::Retry(*timer),
            Stand::Task(task) => Stand::Task(OpenTask {
                scheduled: task.scheduled,
                input: change(&task.input)?,
                call: task.call.clone(),
                submitted: match &task.submitted {
                    Some(answer) => Some(change(answer)?),
                    None => None,
                },
                hand_outs: task.hand_outs,
                handed: task.handed,
                started: task.started,
                timeout_seconds: task.timeout_seconds,
                heartbeat_seconds: task.heartbeat_seconds,
                timeout_timer: task.timeout_timer,
                heartbeat_timer: task.heartbeat_timer,
            }),
            Stand::Join(join) => Stand::Join(Join {
                outputs: join.outputs.map_documents(change)?,
                running: join.running,
                next: join.next,
                lanes: join.lanes,
                items: join.items.clone(),
                selected_from: join.selected_from.clone(),
            }),
        })
    }
}
