//! A store over ordered keys: one implementation of [`Store`] for every engine that can commit a set
//! of writes at once and scan in key order.
//!
//! An engine is what [`Kv`] asks for and nothing more, so an adapter is a page long. Everything that
//! can be got wrong about rows (which keys, in which order, checked against what) is here, once.

mod plan;
mod read;
mod revisions;

use std::ops::Bound;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::commit::{Commit, CommitNumber, Epoch, ExecutionWrite};
use crate::encoding::Head;
use crate::rows::{
    Direction, ExecutionId, ExecutionRow, Listing, ListingCursor, ListingQuery, RecordKind,
    TaskRow, TimerKey, TimerRow,
};
use crate::{EventRun, Store, StoreError, encoding, keys};
use revisions::Revisions;

/// An engine: ordered keys, written in atomic sets.
pub trait Kv: Send + Sync {
    /// The keys as they were at one moment.
    type View<'a>: View
    where
        Self: 'a;

    /// Writes all of `ops` or none, and returns when they are durable.
    ///
    /// No key comes twice, and keys come in ascending order. Nothing of them may be visible to a new
    /// view before it is durable. After an error this is not called again.
    fn commit(&self, ops: Vec<Op>) -> Result<(), StoreError>;

    /// See [`Store::answered`].
    fn answered(&self) {}

    /// The keys as they are now: whole commits, never a part of one.
    ///
    /// An engine may make commits wait while a view lives, so views are short.
    fn view(&self) -> Self::View<'_>;

    /// The keys as they were not long ago, at once: the last commits may be missing where an engine
    /// would have to be waited for.
    fn recent_view(&self) -> Self::View<'_> {
        self.view()
    }
}

/// What one look at an engine sees, however long it looks.
pub trait View {
    /// Reads one value.
    fn get<R>(&self, key: &[u8], decode: impl FnOnce(&[u8]) -> R) -> Result<Option<R>, StoreError>;

    /// Visits the keys of `range` and their values, in `direction`, until the visitor breaks.
    fn scan(
        &self,
        range: &KeyRange,
        direction: Direction,
        visit: impl FnMut(&[u8], &[u8]) -> ControlFlow<()>,
    ) -> Result<(), StoreError>;
}

/// One write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// Sets a key to a value.
    Put(Vec<u8>, Vec<u8>),
    /// Removes a key, which need not exist.
    Delete(Vec<u8>),
}

/// Keys from `start` to `end`, which are bounded on both sides.
///
/// `start` is never after `end`, and all keys between them begin with the first byte of `start`: a
/// range lies within one table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRange {
    /// Where it starts.
    pub start: Bound<Vec<u8>>,
    /// Where it ends.
    pub end: Bound<Vec<u8>>,
}

/// A [`Store`] over an engine.
///
/// It checks what the engine cannot: that nobody with an older epoch writes, that commits are
/// numbered without gaps, and that an execution's revision grows by one, so that no bug above can
/// overwrite an execution with an older one. Those that were written lately are remembered for that,
/// others are read.
#[derive(Debug)]
pub struct KvStore<E> {
    engine: E,
    /// Held through a commit: commits are one after the other.
    written: Mutex<Written>,
    /// What [`Store::last_commit`] answers, without waiting for the commit under way.
    last_commit: AtomicU64,
    /// Set by the first failure of the engine to commit, never unset.
    failed: AtomicBool,
}

/// What the last commit left.
#[derive(Debug)]
struct Written {
    head: Head,
    revisions: Revisions,
}

impl<E: Kv> KvStore<E> {
    /// The store that `engine` holds; an engine without keys is an empty store.
    pub fn open(engine: E) -> Result<Self, StoreError> {
        let head = match engine.view().get(&keys::head(), encoding::head_from)? {
            Some(head) => head?,
            None => Head {
                last_commit: 0,
                epoch: Epoch(0),
                at_ms: 0,
                tally: Vec::new(),
            },
        };
        let last_commit = AtomicU64::new(head.last_commit);
        Ok(Self {
            engine,
            written: Mutex::new(Written {
                head,
                revisions: Revisions::default(),
            }),
            last_commit,
            failed: AtomicBool::new(false),
        })
    }

    /// The engine underneath.
    pub fn engine(&self) -> &E {
        &self.engine
    }

    fn view(&self) -> Result<E::View<'_>, StoreError> {
        self.check_alive()?;
        Ok(self.engine.view())
    }

    fn check_alive(&self) -> Result<(), StoreError> {
        if self.failed.load(Ordering::Acquire) {
            return Err(StoreError::Io(
                "an earlier commit failed; the process must end".into(),
            ));
        }
        Ok(())
    }

    fn written(&self) -> MutexGuard<'_, Written> {
        // Plain values replaced after the commit, so a panic cannot leave them half made.
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<E: Kv> Store for KvStore<E> {
    fn commit(&self, epoch: Epoch, commits: &[Commit]) -> Result<(), StoreError> {
        let mut written = self.written();
        let head = &written.head;
        self.check_alive()?;
        if epoch < head.epoch {
            return Err(StoreError::Fenced {
                ours: epoch.0,
                theirs: head.epoch.0,
            });
        }
        if commits.is_empty() && epoch == head.epoch {
            return Ok(());
        }
        let stored = |write: &ExecutionWrite| match written.revisions.get(write.id) {
            Some(revision) => Ok(revision),
            // Nothing, for all but a bug: not worth waiting for.
            None if write.revision == 1 => {
                plan::stored_revision(&self.engine.recent_view(), write.id)
            }
            None => plan::stored_revision(&self.engine.view(), write.id),
        };
        let plan = plan::plan(&stored, &|| self.engine.view(), head, epoch, commits)?;
        let last_commit = plan.head.last_commit;
        if let Err(error) = self.engine.commit(plan.ops) {
            self.failed.store(true, Ordering::Release);
            return Err(error);
        }
        written.head = plan.head;
        written.revisions.adopt(plan.revisions);
        self.last_commit.store(last_commit, Ordering::Release);
        Ok(())
    }

    fn latest_ms(&self) -> Result<i64, StoreError> {
        self.check_alive()?;
        Ok(self.written().head.at_ms)
    }

    fn answered(&self) {
        self.engine.answered();
    }

    fn last_commit(&self) -> Result<CommitNumber, StoreError> {
        self.check_alive()?;
        Ok(self.last_commit.load(Ordering::Acquire))
    }

    fn execution(&self, id: ExecutionId) -> Result<Option<ExecutionRow>, StoreError> {
        read::execution(&self.view()?, id)
    }

    fn small_execution(
        &self,
        id: ExecutionId,
        bytes_max: usize,
    ) -> Result<Option<ExecutionRow>, StoreError> {
        read::small_execution(&self.view()?, id, bytes_max)
    }

    fn execution_by_name(
        &self,
        machine: &str,
        name: &str,
    ) -> Result<Option<ExecutionId>, StoreError> {
        self.view()?
            .get(&keys::name(machine, name), encoding::name_from)?
            .transpose()
    }

    fn events(
        &self,
        id: ExecutionId,
        from: u32,
        direction: Direction,
        limit: u32,
    ) -> Result<Vec<EventRun>, StoreError> {
        read::events(&self.view()?, id, from, direction, limit)
    }

    fn listings(&self, query: &ListingQuery) -> Result<Vec<Listing>, StoreError> {
        read::listings(&self.view()?, query)
    }

    fn listings_oldest_first(
        &self,
        machine: u64,
        status: u8,
        after: Option<ListingCursor>,
        limit: usize,
    ) -> Result<Vec<Listing>, StoreError> {
        read::listings_oldest_first(&self.view()?, machine, status, after, limit)
    }

    fn record(&self, kind: RecordKind, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let decode = |value: &[u8]| encoding::opaque_from("record", value);
        self.view()?
            .get(&keys::record(kind, key), decode)?
            .transpose()
    }

    fn records(
        &self,
        kind: RecordKind,
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<(Vec<u8>, Vec<u8>)>, StoreError> {
        read::records(&self.view()?, kind, after, limit)
    }

    fn tally(&self) -> Result<Vec<u8>, StoreError> {
        self.check_alive()?;
        Ok(self.written().head.tally.clone())
    }

    fn timers_before(
        &self,
        before_ms: i64,
        after: Option<TimerKey>,
        limit: usize,
    ) -> Result<Vec<TimerRow>, StoreError> {
        read::timers_before(&self.view()?, before_ms, after, limit)
    }

    fn tasks_of(
        &self,
        queue: &str,
        after: Option<u64>,
        limit: usize,
    ) -> Result<Vec<TaskRow>, StoreError> {
        read::tasks_of(&self.view()?, queue, after, limit)
    }

    fn timers(&self, visit: &mut dyn FnMut(TimerRow)) -> Result<(), StoreError> {
        read::timers(&self.view()?, visit)
    }

    fn tasks(&self, visit: &mut dyn FnMut(TaskRow)) -> Result<(), StoreError> {
        read::tasks(&self.view()?, visit)
    }
}

#[cfg(test)]
mod tests;
