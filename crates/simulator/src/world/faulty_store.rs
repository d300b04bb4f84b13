//! A store in memory that can end a process in the middle of a group of commits, and fail to read.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use store::{
    Commit, CommitNumber, Direction, Epoch, EventRun, ExecutionId, ExecutionRow, Listing,
    ListingCursor, ListingQuery, MemoryStore, RecordKind, Store, StoreError, TaskRow, TimerKey,
    TimerRow,
};

/// No crash is set.
const NEVER: usize = usize::MAX;

/// See the page.
#[derive(Debug)]
pub struct FaultyStore {
    inner: MemoryStore,
    /// How many commits of the next group become durable before the process ends.
    durable_of_next_group: AtomicUsize,
    /// Whether the next read of an execution fails.
    read_fails: AtomicBool,
    /// Executions as they were before their last commit.
    before: Mutex<BTreeMap<ExecutionId, ExecutionRow>>,
    /// Whether the next read of an execution began before its last commit.
    reads_before: AtomicBool,
    /// Breaks `r14` and `r30`: rows that a process does not get to see that begins.
    pub hides_a_task: AtomicBool,
    /// See `hides_a_task`.
    pub hides_a_timer: AtomicBool,
}

impl FaultyStore {
    /// An empty store without faults.
    pub fn new() -> FaultyStore {
        FaultyStore {
            inner: MemoryStore::new(),
            durable_of_next_group: AtomicUsize::new(NEVER),
            read_fails: AtomicBool::new(false),
            before: Mutex::new(BTreeMap::new()),
            reads_before: AtomicBool::new(false),
            hides_a_task: AtomicBool::new(false),
            hides_a_timer: AtomicBool::new(false),
        }
    }

    /// The next group fails after so many of its commits.
    pub fn fail_next_group_after(&self, commits: usize) {
        self.durable_of_next_group.store(commits, Ordering::Relaxed);
    }

    /// The next read of an execution fails.
    pub fn fail_next_read(&self) {
        self.read_fails.store(true, Ordering::Relaxed);
    }

    /// The next read of an execution is a slow one: it began before the last commit.
    pub fn read_next_as_before(&self) {
        self.reads_before.store(true, Ordering::Relaxed);
    }

    fn before(&self) -> MutexGuard<'_, BTreeMap<ExecutionId, ExecutionRow>> {
        self.before.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps what a slow reader may still see.
    fn keep_before(&self, commits: &[Commit]) -> Result<(), StoreError> {
        for write in commits.iter().flat_map(|commit| &commit.executions) {
            if let Some(row) = self.inner.execution(write.id)? {
                self.before().insert(write.id, row);
            }
        }
        Ok(())
    }

    /// The process is gone, and with it what was set to happen to it.
    pub fn forget_faults(&self) {
        self.fail_next_group_after(NEVER);
        self.read_fails.store(false, Ordering::Relaxed);
        self.reads_before.store(false, Ordering::Relaxed);
    }
}

impl Default for FaultyStore {
    fn default() -> FaultyStore {
        FaultyStore::new()
    }
}

impl Store for FaultyStore {
    fn commit(&self, epoch: Epoch, commits: &[Commit]) -> Result<(), StoreError> {
        self.keep_before(commits)?;
        match self.durable_of_next_group.swap(NEVER, Ordering::Relaxed) {
            NEVER => self.inner.commit(epoch, commits),
            durable => {
                let durable = durable.min(commits.len());
                self.inner.commit(epoch, &commits[..durable])?;
                Err(StoreError::Io("the sync failed".into()))
            }
        }
    }

    fn last_commit(&self) -> Result<CommitNumber, StoreError> {
        self.inner.last_commit()
    }

    fn latest_ms(&self) -> Result<i64, StoreError> {
        self.inner.latest_ms()
    }

    fn execution(&self, id: ExecutionId) -> Result<Option<ExecutionRow>, StoreError> {
        if self.read_fails.swap(false, Ordering::Relaxed) {
            return Err(StoreError::Io("the read failed".into()));
        }
        if self.reads_before.swap(false, Ordering::Relaxed)
            && let Some(row) = self.before().get(&id)
        {
            return Ok(Some(row.clone()));
        }
        self.inner.execution(id)
    }

    fn small_execution(
        &self,
        id: ExecutionId,
        bytes_max: usize,
    ) -> Result<Option<ExecutionRow>, StoreError> {
        // The fault is for whoever reads the whole execution then.
        if self.read_fails.load(Ordering::Relaxed) || self.reads_before.load(Ordering::Relaxed) {
            return Ok(None);
        }
        self.inner.small_execution(id, bytes_max)
    }

    fn execution_by_name(
        &self,
        machine: &str,
        name: &str,
    ) -> Result<Option<ExecutionId>, StoreError> {
        self.inner.execution_by_name(machine, name)
    }

    fn events(
        &self,
        id: ExecutionId,
        from: u32,
        direction: Direction,
        limit: u32,
    ) -> Result<Vec<EventRun>, StoreError> {
        self.inner.events(id, from, direction, limit)
    }

    fn listings(&self, query: &ListingQuery) -> Result<Vec<Listing>, StoreError> {
        self.inner.listings(query)
    }

    fn listings_oldest_first(
        &self,
        machine: u64,
        status: u8,
        after: Option<ListingCursor>,
        limit: usize,
    ) -> Result<Vec<Listing>, StoreError> {
        self.inner
            .listings_oldest_first(machine, status, after, limit)
    }

    fn record(&self, kind: RecordKind, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.inner.record(kind, key)
    }

    fn records(
        &self,
        kind: RecordKind,
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<(Vec<u8>, Vec<u8>)>, StoreError> {
        self.inner.records(kind, after, limit)
    }

    fn tally(&self) -> Result<Vec<u8>, StoreError> {
        self.inner.tally()
    }

    fn timers_before(
        &self,
        before_ms: i64,
        after: Option<TimerKey>,
        limit: usize,
    ) -> Result<Vec<TimerRow>, StoreError> {
        let mut rows = self.inner.timers_before(before_ms, after, limit)?;
        if !rows.is_empty() && self.hides_a_timer.swap(false, Ordering::Relaxed) {
            rows.remove(0);
        }
        Ok(rows)
    }

    fn tasks_of(
        &self,
        queue: &str,
        after: Option<u64>,
        limit: usize,
    ) -> Result<Vec<TaskRow>, StoreError> {
        let mut rows = self.inner.tasks_of(queue, after, limit)?;
        let queued = rows.iter().position(|row| !row.handed_out);
        if let Some(at) = queued
            && self.hides_a_task.swap(false, Ordering::Relaxed)
        {
            rows.remove(at);
        }
        Ok(rows)
    }

    fn timers(&self, visit: &mut dyn FnMut(TimerRow)) -> Result<(), StoreError> {
        self.inner.timers(visit)
    }

    fn tasks(&self, visit: &mut dyn FnMut(TaskRow)) -> Result<(), StoreError> {
        self.inner.tasks(visit)
    }
}
