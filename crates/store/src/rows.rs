//! What is read back.

use std::collections::BTreeMap;

use crate::commit::EventRun;

/// Names an execution inside the service: 48 bits of milliseconds since 1970, big-endian, then 80
/// bits that the shard chose. Ids therefore sort by time of birth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExecutionId(pub [u8; 16]);

/// An execution as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExecutionRow {
    /// Grows by one with each write.
    pub revision: u64,
    /// The snapshot; what it means is the interpreter's business.
    pub snapshot: Vec<u8>,
    /// The parts of the snapshot by their numbers, as the same commit left them.
    pub parts: BTreeMap<u32, Vec<u8>>,
    /// What [`ExecutionWrite::holds`](crate::ExecutionWrite::holds) said; `None` when a version of the
    /// service wrote it that said nothing.
    pub holds: Option<Vec<u8>>,
    /// All its events, if its row keeps them.
    pub events: Option<EventRun>,
}

/// Where a timer stands among all: by due time, execution and timer.
pub type TimerKey = (i64, ExecutionId, u32);

/// An armed timer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimerRow {
    /// When it is due, in milliseconds since 1970.
    pub due_ms: i64,
    /// Whose it is.
    pub execution: ExecutionId,
    /// Which of the execution's timers.
    pub timer: u32,
    /// What it is for; opaque here.
    pub kind: u8,
    /// The length of time it was armed for, in milliseconds; 0 when it waits for a timestamp.
    pub span_ms: u64,
    /// The process that armed it, by a number of its own choice, and when it is due on the clock of
    /// that process, which no other knows.
    pub steady: Option<(u64, i64)>,
}

impl TimerRow {
    /// Its place.
    pub fn key(&self) -> TimerKey {
        (self.due_ms, self.execution, self.timer)
    }
}

/// A task that waits in a queue or is in somebody's hands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskRow {
    /// The queue: an activity's name, or the outbox.
    pub queue: String,
    /// Place in the queue; grows with the order of scheduling.
    pub position: u64,
    /// Whose task it is.
    pub execution: ExecutionId,
    /// The event that scheduled it.
    pub event: u32,
    /// How often it was handed out; 0 while it was never.
    pub hand_outs: u32,
    /// Whether somebody holds it now.
    pub handed_out: bool,
}

/// Small records by kind. The numbers are part of the store's format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum RecordKind {
    /// What the store itself is: format, account, region, the key of task tokens.
    Service = 0,
    /// Activities, by name.
    Activity = 1,
    /// State machines, by name.
    StateMachine = 2,
    /// Definitions, by machine and revision.
    Definition = 3,
    /// Tags, by ARN.
    Tags = 4,
    /// Versions of state machines.
    Version = 5,
    /// Aliases of state machines.
    Alias = 6,
    /// Map runs: what does not change.
    MapRun = 7,
    /// How map runs stand that are open.
    MapRunOpen = 8,
    /// How map runs ended.
    MapRunEnded = 9,
    /// Map runs by the execution that started them.
    MapRunOf = 10,
    /// Children of map runs, in the order of their items.
    MapRunChild = 11,
}

/// An execution's entry in the listings of its machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// Number of the state machine.
    pub machine: u64,
    /// Status; opaque here.
    pub status: u8,
    /// The time it is listed by, milliseconds since 1970.
    pub time_ms: i64,
    /// Which execution.
    pub execution: ExecutionId,
    /// What a list shows of it, so that no row need be read; opaque here.
    pub summary: Vec<u8>,
}

/// Where a listing goes on: strictly older than this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ListingCursor {
    /// Time of the last entry shown.
    pub time_ms: i64,
    /// Its execution.
    pub execution: ExecutionId,
}

/// A page of executions of one machine, newest first by (time, execution).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListingQuery {
    /// Number of the state machine.
    pub machine: u64,
    /// Only these statuses; all of them are merged by time.
    pub statuses: Vec<u8>,
    /// Where to go on.
    pub before: Option<ListingCursor>,
    /// At most so many.
    pub limit: usize,
}

/// Which way a history is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Ascending ids.
    Forward,
    /// Descending ids.
    Backward,
}
