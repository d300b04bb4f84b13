//! The default store: one folder on disk, one process at a time.
//!
//! [`EmbeddedStore`] is [`KvStore`](store::KvStore) over fjall, an LSM engine, plus what a folder
//! needs that an engine does not care for: that nobody else is in it, that it is ours, that it is
//! whole, that strangers cannot read it, and that it holds what it held when it was last written.
//!
//! What fjall promises, read in its source (3.1.13) and relied upon here:
//!
//! - a batch is written to the journal, then synced, and only then put into the memtable, all under
//!   the journal's lock (`batch/mod.rs`), so no row is visible before it is durable;
//! - a snapshot sees up to the last batch that is wholly in the memtable (`snapshot_tracker.rs`), so
//!   no reader sees half a commit: every read here goes through a snapshot;
//! - all rows of a batch share one sequence number, so a batch must not hold a key twice; `KvStore`
//!   sees to that;
//! - after a failed write or sync the database refuses every further write.
//!
//! And what it does not promise, which is why [`folder`] and [`acknowledged`] exist: a journal that is
//! missing or damaged in its structure is cut short and the rest served as if nothing had been there.

mod acknowledged;
mod ahead;
mod engine;
mod error;
mod folder;
mod log;
mod logged;
mod permissions;
mod table_list;

use std::path::PathBuf;

use store::{
    Commit, CommitNumber, Direction, Epoch, EventRun, ExecutionId, ExecutionRow, KvStore, Listing,
    ListingCursor, ListingQuery, RecordKind, Store, StoreError, TaskRow, TimerKey, TimerRow,
};

use acknowledged::Acknowledged;
use engine::FjallEngine;
use folder::Folder;
use log::Folder as LogFolder;
use logged::LoggedEngine;

pub use error::OpenError;

/// Where the store is and what it may use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The folder; it is made if it does not exist.
    pub path: PathBuf,
    /// Most bytes of blocks read from disk that are kept in memory.
    pub cache_bytes: u64,
    /// Threads that flush and compact, at least 1.
    pub workers: usize,
    /// Bytes of one file of the commit log. At least two are kept; what one holds is read again when
    /// the store is opened after a crash.
    pub log_segment_bytes: u64,
    /// Open a store that has lost acknowledged commits, instead of refusing.
    ///
    /// For an operator who has read [`OpenError::Behind`] and has no better copy.
    pub accept_loss: bool,
}

impl Options {
    /// What suits most: the page cache of the system does the rest.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            cache_bytes: 64 << 20,
            workers: 4,
            log_segment_bytes: 16 << 20,
            accept_loss: false,
        }
    }
}

/// What it took to open a store, for the operator's log. After a crash it is more than after a stop:
/// what lay in memory is read again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opening {
    /// Groups of commits that the engine took over from the commit log.
    pub groups_replayed: u64,
    /// Bytes of keys and values in these groups.
    pub bytes_replayed: u64,
}

/// A store in a folder.
///
/// When it is dropped the folder is free for the next; nothing acknowledged waits for that.
pub struct EmbeddedStore {
    // Dropped in this order: the last word on what was acknowledged, the engine, the lock.
    acknowledged: Acknowledged,
    store: KvStore<LoggedEngine<FjallEngine, LogFolder>>,
    folder: Folder,
    opening: Opening,
}

impl EmbeddedStore {
    /// Opens the store in `options.path`, or makes one where there is nothing yet.
    ///
    /// The process's umask is tightened to `077`, since the engine makes its files by itself.
    pub fn open(options: Options) -> Result<Self, OpenError> {
        let mut folder = Folder::lock(&options.path)?;
        folder.prepare(options.accept_loss)?;
        let engine = FjallEngine::open(&folder.engine_path(), &options, folder.keyspaces())?;
        let disk = LogFolder::new(folder.log_path());
        let engine =
            LoggedEngine::open(engine, disk, options.log_segment_bytes, folder.is_new_log())
                .map_err(|error| folder.damaged(error))?;
        let replayed = engine.replayed();
        let store = KvStore::open(engine).map_err(|error| folder.damaged(error))?;
        let last_commit = store.last_commit().map_err(|error| folder.damaged(error))?;
        let acknowledged = Acknowledged::open(&folder, last_commit, options.accept_loss)?;
        folder.finish()?;
        Ok(Self {
            acknowledged,
            store,
            folder,
            opening: Opening {
                groups_replayed: replayed.groups,
                bytes_replayed: replayed.bytes,
            },
        })
    }

    /// What it took to open it.
    pub fn opening(&self) -> Opening {
        self.opening
    }

    /// What was found and put right while opening, one sentence each, for the operator's log.
    pub fn warnings(&self) -> &[String] {
        self.folder.warnings()
    }

    /// Bytes on disk, journal included.
    pub fn disk_bytes(&self) -> Result<u64, StoreError> {
        let log = self
            .folder
            .log_bytes()
            .map_err(|error| StoreError::Io(error.to_string()))?;
        Ok(log + self.store.engine().engine().disk_bytes()?)
    }
}

impl std::fmt::Debug for EmbeddedStore {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut store = out.debug_struct("EmbeddedStore");
        store
            .field("path", &self.folder.path())
            .finish_non_exhaustive()
    }
}

impl Store for EmbeddedStore {
    fn commit(&self, epoch: Epoch, commits: &[Commit]) -> Result<(), StoreError> {
        self.store.commit(epoch, commits)?;
        if let Some(last) = commits.last() {
            self.acknowledged.note(last.number);
        }
        Ok(())
    }

    fn answered(&self) {
        self.store.answered();
    }

    fn last_commit(&self) -> Result<CommitNumber, StoreError> {
        self.store.last_commit()
    }

    fn latest_ms(&self) -> Result<i64, StoreError> {
        self.store.latest_ms()
    }

    fn execution(&self, id: ExecutionId) -> Result<Option<ExecutionRow>, StoreError> {
        self.store.execution(id)
    }

    fn small_execution(
        &self,
        id: ExecutionId,
        bytes_max: usize,
    ) -> Result<Option<ExecutionRow>, StoreError> {
        self.store.small_execution(id, bytes_max)
    }

    fn execution_by_name(
        &self,
        machine: &str,
        name: &str,
    ) -> Result<Option<ExecutionId>, StoreError> {
        self.store.execution_by_name(machine, name)
    }

    fn events(
        &self,
        id: ExecutionId,
        from: u32,
        direction: Direction,
        limit: u32,
    ) -> Result<Vec<EventRun>, StoreError> {
        self.store.events(id, from, direction, limit)
    }

    fn listings(&self, query: &ListingQuery) -> Result<Vec<Listing>, StoreError> {
        self.store.listings(query)
    }

    fn listings_oldest_first(
        &self,
        machine: u64,
        status: u8,
        after: Option<ListingCursor>,
        limit: usize,
    ) -> Result<Vec<Listing>, StoreError> {
        self.store
            .listings_oldest_first(machine, status, after, limit)
    }

    fn record(&self, kind: RecordKind, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.store.record(kind, key)
    }

    fn records(
        &self,
        kind: RecordKind,
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<(Vec<u8>, Vec<u8>)>, StoreError> {
        self.store.records(kind, after, limit)
    }

    fn tally(&self) -> Result<Vec<u8>, StoreError> {
        self.store.tally()
    }

    fn timers_before(
        &self,
        before_ms: i64,
        after: Option<TimerKey>,
        limit: usize,
    ) -> Result<Vec<TimerRow>, StoreError> {
        self.store.timers_before(before_ms, after, limit)
    }

    fn tasks_of(
        &self,
        queue: &str,
        after: Option<u64>,
        limit: usize,
    ) -> Result<Vec<TaskRow>, StoreError> {
        self.store.tasks_of(queue, after, limit)
    }

    fn timers(&self, visit: &mut dyn FnMut(TimerRow)) -> Result<(), StoreError> {
        self.store.timers(visit)
    }

    fn tasks(&self, visit: &mut dyn FnMut(TaskRow)) -> Result<(), StoreError> {
        self.store.tasks(visit)
    }
}
