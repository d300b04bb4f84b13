//! What is written together.

use crate::rows::{ExecutionId, Listing, RecordKind, TaskRow, TimerRow};

/// Commits of one shard are numbered from 1 without gaps.
pub type CommitNumber = u64;

/// Who may write: constant 0 on one node, the fence on several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Epoch(pub u64);

/// One atomic change: a step of an execution, or a change of a small record, or both.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Commit {
    /// Its place in the shard's order.
    pub number: CommitNumber,
    /// When it was made, in milliseconds since 1970; after a restart time goes on from there.
    pub at_ms: i64,
    /// Executions that changed.
    pub executions: Vec<ExecutionWrite>,
    /// Executions that go, with all that is kept of them.
    pub removals: Vec<ExecutionRemoval>,
    /// Small records that changed.
    pub records: Vec<RecordWrite>,
    /// What the shard counts, after this commit, so that it need not count again at its next start.
    /// Opaque here; empty: as it was.
    pub tally: Vec<u8>,
}

/// What a step of one execution writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExecutionWrite {
    /// Which execution.
    pub id: ExecutionId,
    /// Revision after this write; 1 for the first. Stored, and asserted to grow by one.
    pub revision: u64,
    /// The next snapshot, whole but for its parts.
    pub snapshot: Vec<u8>,
    /// Parts of the snapshot that changed, that came, or that went: those that are not named here stay
    /// as they were.
    pub parts: Vec<PartWrite>,
    /// How many parts there are after this write, so that who reads the execution need look for none
    /// where there are none, and knows when one is missing.
    pub parts_kept: u32,
    /// Which timers and tasks are its own, as the shard writes it down: who reads the execution need
    /// not look for their rows. Opaque here.
    pub holds: Vec<u8>,
    /// Events appended, if any; with `events_in_row`, all there are.
    pub events: Option<EventRun>,
    /// Whether `events` are kept in the execution's row, and no others are kept anywhere else. They are
    /// in no row then once a write says otherwise, so that one appends them all.
    pub events_in_row: bool,
    /// Where the execution stands in each of its listings, when that changed.
    pub listings: Vec<ListingMove>,
    /// The name it claims; only with revision 1.
    pub name: Option<NameClaim>,
    /// Timers armed.
    pub timers: Vec<TimerRow>,
    /// Timers disarmed.
    pub timers_dropped: Vec<TimerDrop>,
    /// Tasks queued, or queued tasks whose value changed (same queue and position).
    pub tasks: Vec<TaskRow>,
    /// Tasks that are over.
    pub tasks_dropped: Vec<TaskDrop>,
}

impl ExecutionWrite {
    /// A write of an empty snapshot and nothing else.
    pub fn of(id: ExecutionId, revision: u64) -> ExecutionWrite {
        ExecutionWrite {
            id,
            revision,
            snapshot: Vec::new(),
            parts: Vec::new(),
            parts_kept: 0,
            holds: Vec::new(),
            events: None,
            events_in_row: false,
            listings: Vec::new(),
            name: None,
            timers: Vec::new(),
            timers_dropped: Vec::new(),
            tasks: Vec::new(),
            tasks_dropped: Vec::new(),
        }
    }
}

/// Puts or deletes a part of an execution's snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartWrite {
    /// Its number within the execution.
    pub part: u32,
    /// The part, whole; `None` deletes. Opaque here.
    pub bytes: Option<Vec<u8>>,
}

/// Takes an execution away: its row, its parts, its events, and what leads to it. One that is not there
/// is no error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExecutionRemoval {
    /// Which execution.
    pub id: ExecutionId,
    /// Its entries in the listings.
    pub listings: Vec<ListingKey>,
    /// The name it claimed. A name that another execution has claimed since is left alone.
    pub name: Option<NameClaim>,
    /// Its timers.
    pub timers_dropped: Vec<TimerDrop>,
    /// Its tasks.
    pub tasks_dropped: Vec<TaskDrop>,
    /// The first events of its runs but for one in its row, from whoever knows them all, and knows that it
    /// has no parts and that nobody else has claimed its name since: then nothing is read to take it away.
    /// `None`: the store looks.
    pub runs: Option<Vec<u32>>,
}

/// Where an execution stands in the listings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListingKey {
    /// As in [`Listing`].
    pub machine: u64,
    /// As in [`Listing`].
    pub status: u8,
    /// As in [`Listing`].
    pub time_ms: i64,
}

/// Events that follow one another, kept together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventRun {
    /// Id of the first event, from 1.
    pub first: u32,
    /// How many events; at least 1.
    pub count: u32,
    /// The events; what they mean is the interpreter's business.
    pub bytes: Vec<u8>,
}

/// An execution's entry in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListingMove {
    /// Key of the entry that goes: status and time as they were.
    pub from: Option<(u8, i64)>,
    /// The entry that comes.
    pub to: Listing,
}

/// Makes an execution findable by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameClaim {
    /// Name of the state machine.
    pub machine: String,
    /// Name of the execution.
    pub name: String,
}

/// Disarms a timer: the key of its row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimerDrop {
    /// As in the row.
    pub due_ms: i64,
    /// As in the row.
    pub timer: u32,
}

/// Takes a task away: the key of its row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskDrop {
    /// As in the row.
    pub queue: String,
    /// As in the row.
    pub position: u64,
}

/// Puts or deletes a small record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordWrite {
    /// Which table.
    pub kind: RecordKind,
    /// Its key; records of a kind are listed in byte order of it.
    pub key: Vec<u8>,
    /// `None` deletes.
    pub value: Option<Vec<u8>>,
}
