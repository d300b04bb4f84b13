//! Keeping: what a commit is, and what every store must hold to.
//!
//! A [`Store`] takes [`Commit`]s and gives rows back. It knows which rows belong together and in
//! which order they are read; it does not know what an event means or what a snapshot holds: those
//! are bytes to it.
//!
//! What is absent here is the point:
//!
//! - no read-modify-write: the shard's owner holds the state, so the one condition is the epoch;
//! - no group commit: the caller hands over all commits that may share one sync;
//! - nothing of ours is used, so nothing here can decide about an execution.

mod commit;
mod encoding;
mod keys;
mod kv;
mod memory;
mod rows;
#[cfg(feature = "suite")]
pub mod suite;

pub use commit::{
    Commit, CommitNumber, Epoch, EventRun, ExecutionRemoval, ExecutionWrite, ListingKey,
    ListingMove, NameClaim, PartWrite, RecordWrite, TaskDrop, TimerDrop,
};
pub use keys::{KEY_BYTES_MAX, TABLES};
pub use kv::{KeyRange, Kv, KvStore, Op, View};
pub use memory::{MemoryEngine, MemoryStore, MemoryView};
pub use rows::{
    Direction, ExecutionId, ExecutionRow, Listing, ListingCursor, ListingQuery, RecordKind,
    TaskRow, TimerKey, TimerRow,
};

/// Why a store could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Somebody else owns the shard now; nothing was written.
    #[error("fenced: epoch {ours} is older than epoch {theirs}")]
    Fenced {
        /// The epoch the commit carried.
        ours: u64,
        /// The epoch in force.
        theirs: u64,
    },
    /// The commit contradicts what is stored, so its author is wrong about the state of the shard: a
    /// bug, never a matter of luck. Nothing was written.
    #[error("store: refused: {0}")]
    Refused(String),
    /// The disk or the engine under the store failed. After a failed commit nothing may be promised.
    #[error("store: {0}")]
    Io(String),
    /// What was read is not what was written.
    #[error("store: damaged: {0}")]
    Damaged(String),
}

/// A durable home of executions. All methods block.
pub trait Store: Send + Sync {
    /// Writes `commits` in order, each whole or not at all, and returns when all are durable.
    ///
    /// A commit whose rows are visible to a reader is durable. After an error nothing is known and
    /// the process must end: a failed sync is never tried again.
    fn commit(&self, epoch: Epoch, commits: &[Commit]) -> Result<(), StoreError>;

    /// Whoever waited for the commits made until now has been answered: what the store still has to do
    /// with them, and had put off so as not to be in the way, may begin.
    fn answered(&self) {}

    /// The number of the last commit that is durable; 0 in an empty store.
    fn last_commit(&self) -> Result<CommitNumber, StoreError>;

    /// The latest `at_ms` of any durable commit; 0 in an empty store. For recovery.
    fn latest_ms(&self) -> Result<i64, StoreError>;

    /// One execution, its snapshot and the parts of it as one commit left them.
    fn execution(&self, id: ExecutionId) -> Result<Option<ExecutionRow>, StoreError>;

    /// The same, if it has no parts and its row takes no more than so many bytes: a look at one row.
    /// `None` for any other execution, and where there is none.
    fn small_execution(
        &self,
        id: ExecutionId,
        bytes_max: usize,
    ) -> Result<Option<ExecutionRow>, StoreError>;

    /// The execution of that name, as claimed by [`NameClaim`].
    fn execution_by_name(
        &self,
        machine: &str,
        name: &str,
    ) -> Result<Option<ExecutionId>, StoreError>;

    /// Runs of events, in `direction`, beginning with the run that holds event `from`, until at least
    /// `limit` events past `from` are covered or history ends.
    fn events(
        &self,
        id: ExecutionId,
        from: u32,
        direction: Direction,
        limit: u32,
    ) -> Result<Vec<EventRun>, StoreError>;

    /// A page of a listing, newest first.
    fn listings(&self, query: &ListingQuery) -> Result<Vec<Listing>, StoreError>;

    /// Entries of one status in one list, oldest first, strictly newer than `after` when given.
    fn listings_oldest_first(
        &self,
        machine: u64,
        status: u8,
        after: Option<ListingCursor>,
        limit: usize,
    ) -> Result<Vec<Listing>, StoreError>;

    /// A small record.
    fn record(&self, kind: RecordKind, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;

    /// Records of a kind in key order, strictly after `after` when given.
    #[allow(clippy::type_complexity)]
    fn records(
        &self,
        kind: RecordKind,
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<(Vec<u8>, Vec<u8>)>, StoreError>;

    /// The last [`Commit::tally`] that is durable; empty when there was none.
    fn tally(&self) -> Result<Vec<u8>, StoreError>;

    /// Timers that are due before `before_ms`, in order of due time, strictly behind `after` when
    /// given.
    fn timers_before(
        &self,
        before_ms: i64,
        after: Option<TimerKey>,
        limit: usize,
    ) -> Result<Vec<TimerRow>, StoreError>;

    /// Tasks of a queue in order of position, strictly behind `after` when given.
    fn tasks_of(
        &self,
        queue: &str,
        after: Option<u64>,
        limit: usize,
    ) -> Result<Vec<TaskRow>, StoreError>;

    /// Every timer, in order of due time; for checks, and for stores of versions without tallies.
    fn timers(&self, visit: &mut dyn FnMut(TimerRow)) -> Result<(), StoreError>;

    /// Every task, in order of queue and position; as above.
    fn tasks(&self, visit: &mut dyn FnMut(TaskRow)) -> Result<(), StoreError>;
}
