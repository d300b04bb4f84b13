//! What the caller owes the world after a step.

use std::sync::Arc;

use crate::history::EventId;
use crate::map_run::MapRunPlan;
use crate::{Document, Status};

/// Names one timer of an execution; never used twice in it.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
pub struct TimerId(pub u32);

/// When a timer is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// So many milliseconds from now, whatever the wall clock does meanwhile.
    After(
        /// Milliseconds.
        i64,
    ),
    /// When the wall clock shows this.
    At(
        /// Milliseconds since 1970.
        i64,
    ),
}

/// What a timer is for. The numbers are part of the store's format.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[repr(u8)]
pub enum TimerKind {
    /// A Wait state, relative.
    Wait = 0,
    /// A Wait state until a timestamp.
    WaitUntil = 1,
    /// `TimeoutSeconds` of a task.
    TaskTimeout = 2,
    /// `HeartbeatSeconds` of a task: after a restart it gets one full interval.
    Heartbeat = 3,
    /// A retry's delay.
    Retry = 4,
    /// `TimeoutSeconds` of the machine, or the longest time an execution may take.
    ExecutionTimeout = 5,
    /// The step budget ran out; due at once.
    Continue = 6,
}

/// Something the caller must do, after the commit of the step is durable where it shows.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Put the task into its activity's queue.
    ScheduleActivityTask {
        /// The scheduling event.
        task: EventId,
        /// The activity's ARN.
        activity: Arc<str>,
    },
    /// The task was put back: to the front of its queue.
    RequeueTask {
        /// The scheduling event.
        task: EventId,
    },
    /// The task is over: out of the queue, or out of the list of those handed out.
    CloseTask {
        /// The scheduling event.
        task: EventId,
    },
    /// Call an integration; the result comes back as `TaskSucceeded` or `TaskFailed`, or as
    /// `TaskSubmitted` when it is yet to come. After a crash it is called again.
    Call {
        /// The scheduling event.
        task: EventId,
        /// The resource, as the definition names it.
        resource: Arc<str>,
        /// What to call it with.
        parameters: Document,
        /// What the service answered when it took the call in. Then it is not to be called again, but
        /// watched to the end of what it began ([`Pattern::Sync`](crate::Pattern::Sync)).
        submitted: Option<Document>,
    },
    /// Wind up a timer.
    ArmTimer {
        /// Its name.
        timer: TimerId,
        /// What for.
        kind: TimerKind,
        /// When.
        due: Due,
    },
    /// A heartbeat came: the timer starts over. Not written down (see [`TimerKind::Heartbeat`]).
    RewindTimer {
        /// Its name.
        timer: TimerId,
        /// The interval in milliseconds.
        after_ms: i64,
    },
    /// Stop a timer.
    DisarmTimer {
        /// Its name.
        timer: TimerId,
    },
    /// Run the children of a Distributed Map; its end comes back as
    /// [`MapRunEnded`](crate::Input::MapRunEnded).
    StartMapRun(
        /// What is to be run.
        Box<MapRunPlan>,
    ),
    /// A map run that is over goes on: with the children that did not succeed, and with the items that
    /// were not begun.
    RedriveMapRun {
        /// Its `MapRunStarted`.
        event: EventId,
    },
    /// Nobody waits for a map run any more: it begins no more children, and those it has are aborted.
    AbortMapRun {
        /// Its `MapRunStarted`.
        event: EventId,
    },
    /// The execution is over.
    Closed {
        /// How.
        status: Status,
    },
}
