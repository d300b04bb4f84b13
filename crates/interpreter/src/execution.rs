//! An execution as a value, and what can be read from it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use asl::StateMachine;

use crate::frame::{Frame, FrameId, PendingStart};
use crate::history::{Event, EventDetails, EventId};
use crate::limits::Limits;
use crate::map_run::Child;
use crate::random::Stream;
use crate::redrive::Redrives;
use crate::snapshot::Parts;
use crate::test_state::Trial;
use crate::{Document, Effect, Failure, TimerId};

/// How an execution stands. The numbers are part of the store's format.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[repr(u8)]
pub enum Status {
    /// Going on.
    Running = 0,
    /// Reached its end.
    Succeeded = 1,
    /// Failed.
    Failed = 2,
    /// Ran into the machine's `TimeoutSeconds`.
    TimedOut = 3,
    /// Stopped.
    Aborted = 4,
    /// Waits for a redrive of its map run's budget.
    PendingRedrive = 5,
}

/// What an execution is born with, and keeps.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Birth {
    /// `$$.Execution.Id`.
    pub execution_arn: Arc<str>,
    /// `$$.Execution.Name`.
    pub name: Arc<str>,
    /// `$$.StateMachine.Id`.
    pub state_machine_arn: Arc<str>,
    /// `$$.StateMachine.Name`.
    pub state_machine_name: Arc<str>,
    /// `$$.Execution.RoleArn`.
    pub role_arn: Arc<str>,
    /// The engine's number of the state machine.
    pub machine: u64,
    /// Which revision of the definition it is pinned to.
    pub machine_revision: u64,
    /// Where its own randomness comes from.
    pub seed: u64,
    /// As given to `StartExecution`.
    pub trace_header: Option<Arc<str>>,
    /// The version it was started by.
    pub state_machine_version_arn: Option<Arc<str>>,
    /// The alias it was started by.
    pub state_machine_alias_arn: Option<Arc<str>>,
    /// What makes it a child of a map run, if it is one. In a snapshot it stands apart.
    #[serde(skip)]
    pub child: Option<Child>,
}

/// What a step may ask of the world around it, without changing it.
pub trait World {
    /// Whether an activity of that ARN exists now.
    fn activity_exists(&self, arn: &str) -> bool;
    /// `us-east-1` and the like, for `TaskScheduled.region`.
    fn region(&self) -> &str;
    /// The token of a task whose answer comes from whoever is given it (`.waitForTaskToken`): it must
    /// lead back to this execution, the scheduling event `task` and hand-out 1. `None` where there are
    /// no such tokens; `$$.Task.Token` is then missing.
    fn task_token(&self, execution_arn: &str, task: EventId) -> Option<String> {
        let _ = (execution_arn, task);
        None
    }
}

/// When and where a step happens.
pub struct Moment<'a> {
    /// Milliseconds since 1970, never less than at the step before.
    pub now_ms: i64,
    /// The world around.
    pub world: &'a dyn World,
    /// Most states to enter in this step; at least one is entered. What is left to do then waits for
    /// a [`crate::TimerKind::Continue`] timer, or for [`crate::Input::Continue`].
    pub steps_max: u32,
    /// How much there may be of everything.
    pub limits: Limits,
}

/// One execution.
#[derive(Debug)]
pub struct Execution {
    pub(crate) birth: Birth,
    pub(crate) status: Status,
    pub(crate) start_ms: i64,
    pub(crate) stop_ms: Option<i64>,
    pub(crate) input: Document,
    /// The value of `input` once more, lent to the context object each time one is built: a Map that
    /// shows each iteration its item there would otherwise copy all its items for each of them.
    pub(crate) input_to_lend: Option<serde_json::Value>,
    pub(crate) output: Option<Document>,
    pub(crate) failure: Option<Failure>,
    /// How many events history holds.
    pub(crate) events: EventId,
    /// Timestamp of the last of them.
    pub(crate) last_ms: i64,
    /// Where its lines stand; of a closed execution that may be redriven, where they stood.
    pub(crate) frames: BTreeMap<FrameId, Frame>,
    /// Frames about to enter their state, in order.
    pub(crate) ready: VecDeque<FrameId>,
    /// Hand-outs that are not in history yet, in order.
    pub(crate) pending: Vec<PendingStart>,
    pub(crate) next_frame: u32,
    pub(crate) next_timer: u32,
    /// How many random numbers were drawn.
    pub(crate) drawn: u64,
    /// When it must be over, by `TimeoutSeconds` or by the limit: the timer, and the moment.
    pub(crate) deadline: Option<(TimerId, i64)>,
    /// Armed while the step budget of a turn was too small.
    pub(crate) go_on: Option<TimerId>,
    pub(crate) machine_deleted: bool,
    pub(crate) redrives: Redrives,
    /// What of it is kept apart from its snapshot.
    pub(crate) parts: Parts,
    /// Whether the frames know where their states are; not so after a restore.
    pub(crate) located: bool,
    /// Set when the execution exists only to try one state; never kept.
    pub(crate) trial: Option<Box<Trial>>,
}

/// What a step did.
#[derive(Debug, Default)]
pub struct Step {
    /// Events to append, in order.
    pub events: Vec<Event>,
    /// What the caller owes the world, in order.
    pub effects: Vec<Effect>,
}

/// An activity task or a call that is not over, as [`Execution::task`] shows it.
#[derive(Clone, Debug)]
pub struct Task {
    /// The Task state it belongs to.
    pub state_name: Arc<str>,
    /// What the worker or the call gets.
    pub input: Document,
    /// The resource that is called; none for the task of an activity.
    pub call: Option<Arc<str>>,
    /// What the service answered to a call that is now watched.
    pub submitted: Option<Document>,
    /// How often it was handed out so far.
    pub hand_outs: u32,
    /// Whether it is handed out now. Always so for a call.
    pub handed: bool,
}

impl Execution {
    /// A new one, in which nothing has happened yet.
    pub(crate) fn born(birth: Birth, input: Document, now_ms: i64) -> Execution {
        Execution {
            birth,
            status: Status::Running,
            start_ms: now_ms,
            stop_ms: None,
            input,
            input_to_lend: None,
            output: None,
            failure: None,
            events: 0,
            last_ms: now_ms,
            frames: BTreeMap::new(),
            ready: VecDeque::new(),
            pending: Vec::new(),
            next_frame: 0,
            next_timer: 0,
            drawn: 0,
            deadline: None,
            go_on: None,
            machine_deleted: false,
            redrives: Redrives::default(),
            parts: Parts::default(),
            located: true,
            trial: None,
        }
    }

    /// Status now.
    pub fn status(&self) -> Status {
        self.status
    }

    /// What it was born with.
    pub fn birth(&self) -> &Birth {
        &self.birth
    }

    /// Milliseconds since 1970.
    pub fn start_ms(&self) -> i64 {
        self.start_ms
    }

    /// Milliseconds since 1970; set when closed.
    pub fn stop_ms(&self) -> Option<i64> {
        self.stop_ms
    }

    /// How many events history holds; pending `ActivityStarted` are not counted.
    pub fn events(&self) -> u32 {
        self.events
    }

    /// Its input.
    pub fn input(&self) -> &Document {
        &self.input
    }

    /// Its output, when it succeeded.
    pub fn output(&self) -> Option<&Document> {
        self.output.as_ref()
    }

    /// Error and cause, when it failed or was stopped.
    pub fn failure(&self) -> Option<&Failure> {
        self.failure.as_ref()
    }

    /// The task that event `task` scheduled, while it is not over.
    pub fn task(&self, task: EventId) -> Option<Task> {
        let frame = self.frame(self.frame_of_task(task)?);
        let open = frame.open_task()?;
        Some(Task {
            state_name: Arc::clone(&frame.state_name),
            input: open.input.clone(),
            call: open.call.clone(),
            submitted: open.submitted.clone(),
            hand_outs: open.hand_outs,
            handed: open.handed,
        })
    }

    /// The events that pending hand-outs will become, in order: `(task, event)`. Shown to readers as far
    /// as deliveries are not in doubt. No EXPRESS execution has any: there are no activities in them.
    pub fn pending(&self, limits: &Limits) -> Vec<(u32, Event)> {
        let ids = self.events + 1..limits.history_events_max;
        ids.zip(&self.pending)
            .map(|(id, start)| {
                let details = EventDetails::ActivityStarted {
                    worker_name: start.worker_name.clone(),
                };
                let event = Event {
                    id,
                    previous: start.task,
                    timestamp_ms: start.at_ms,
                    details,
                };
                (start.task, event)
            })
            .collect()
    }

    /// The frame that waits for the task scheduled by that event.
    pub(crate) fn frame_of_task(&self, task: EventId) -> Option<FrameId> {
        let waits = |frame: &Frame| frame.open_task().is_some_and(|open| open.scheduled == task);
        self.frames
            .iter()
            .find(|(_, frame)| waits(frame))
            .map(|(id, _)| *id)
    }

    /// The frame that the timer runs for.
    pub(crate) fn frame_of_timer(&self, timer: TimerId) -> Option<FrameId> {
        let runs = |frame: &Frame| frame.timers().contains(&Some(timer));
        self.frames
            .iter()
            .find(|(_, frame)| runs(frame))
            .map(|(id, _)| *id)
    }

    pub(crate) fn frame(&self, id: FrameId) -> &Frame {
        self.frames
            .get(&id)
            .expect("a frame that is named is there")
    }

    pub(crate) fn frame_mut(&mut self, id: FrameId) -> &mut Frame {
        self.frames
            .get_mut(&id)
            .expect("a frame that is named is there")
    }

    pub(crate) fn stream(&self) -> Stream {
        Stream {
            seed: self.birth.seed,
            drawn: self.drawn,
        }
    }

    pub(crate) fn new_frame(&mut self, frame: Frame) -> FrameId {
        let id = FrameId(self.next_frame);
        self.next_frame += 1;
        self.frames.insert(id, frame);
        id
    }

    pub(crate) fn new_timer(&mut self) -> TimerId {
        let id = TimerId(self.next_timer);
        self.next_timer += 1;
        id
    }

    /// After a restore: finds the frames' states in the definition by their names.
    pub(crate) fn locate(&mut self, machine: &StateMachine) {
        if self.located {
            return;
        }
        for frame in self.frames.values_mut() {
            frame.state = machine
                .find(&frame.state_name)
                .expect("the definition that an execution is pinned to holds its states");
        }
        self.located = true;
    }
}
