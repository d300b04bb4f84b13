//! fjall as an ordered key-value engine.

use std::ops::{Bound, ControlFlow};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use fjall::{Database, Keyspace, KeyspaceCreateOptions, LsmError, PersistMode, Readable, Snapshot};
use store::{Direction, EVENTS_TABLE, KeyRange, Kv, Op, StoreError, View};

use crate::logged::Behind;
use crate::{OpenError, Options};

/// Bytes of a memtable before it is written out as a table.
///
/// A quarter of fjall's default: measured on two cores, the longest commit at saturation fell from
/// 0.9 to 0.3 s and recovery became shorter, for 1.6 times the bytes written by compaction.
const MEMTABLE_BYTES: u64 = 16 << 20;

/// Bytes of full journals before the memtables that hold them back are flushed: the least that fjall
/// takes. A journal is full at 64 MB, so none waits beside the next for long. All of them are read at
/// a start after a crash, at 6 ms of CPU time for each MB: measured with a million executions.
const JOURNAL_BYTES_MAX: u64 = 64 << 20;

/// Events have a keyspace of their own. They arrive in nearly ascending order of key, so their tables
/// hardly overlap and compaction moves them instead of writing them again; among rows that are
/// replaced all the time each of them would be written over and over. Measured at saturation: half
/// the bytes written, two thirds of the CPU time, stalls half as long as with one keyspace for all.
const EVENTS: &str = "events";

/// Everything else.
const ROWS: &str = "rows";

/// The engine. Values are neither separated from keys nor ever cleared, and compaction is leveled:
/// the paths of fjall that lost data before are not taken.
pub(crate) struct FjallEngine {
    // Dropped before the database, which waits for its own threads.
    events: Keyspace,
    rows: Keyspace,
    database: Database,
}

impl FjallEngine {
    /// `is_new` says that nothing was ever stored here; otherwise nothing is made that is missing.
    pub(crate) fn open(path: &Path, options: &Options, is_new: bool) -> Result<Self, OpenError> {
        // fjall panics on some kinds of foreign and damaged files. Those are facts about the disk, so
        // they become an error with a path like every other.
        let opened = catch_unwind(AssertUnwindSafe(|| {
            Self::open_or_panic(path, options, is_new)
        }));
        let what = match opened {
            Ok(Ok(engine)) => return Ok(engine),
            Ok(Err(fjall::Error::Io(source))) => {
                return Err(OpenError::Io {
                    path: path.into(),
                    source,
                });
            }
            Ok(Err(fjall::Error::Storage(LsmError::Io(source)))) => {
                return Err(OpenError::Io {
                    path: path.into(),
                    source,
                });
            }
            Ok(Err(error)) => error.to_string(),
            Err(_) => "the engine panicked while reading it".to_owned(),
        };
        Err(OpenError::Damaged {
            path: path.into(),
            what,
        })
    }

    fn open_or_panic(path: &Path, options: &Options, is_new: bool) -> fjall::Result<Self> {
        let database = Database::builder(path)
            .cache_size(options.cache_bytes)
            .max_journaling_size(JOURNAL_BYTES_MAX)
            .worker_threads(options.workers.max(1))
            .open()?;
        if !is_new
            && ![EVENTS, ROWS]
                .iter()
                .all(|name| database.keyspace_exists(name))
        {
            return Err(fjall::Error::Unrecoverable);
        }
        let options = || KeyspaceCreateOptions::default().max_memtable_size(MEMTABLE_BYTES);
        let events = database.keyspace(EVENTS, options)?;
        let rows = database.keyspace(ROWS, options)?;
        Ok(Self {
            events,
            rows,
            database,
        })
    }

    fn keyspace(&self, key: &[u8]) -> &Keyspace {
        if key.first() == Some(&EVENTS_TABLE) {
            &self.events
        } else {
            &self.rows
        }
    }

    pub(crate) fn disk_bytes(&self) -> Result<u64, StoreError> {
        self.database.disk_space().map_err(failure)
    }
}

impl Behind for FjallEngine {
    fn apply(&self, ops: Vec<Op>) -> Result<(), StoreError> {
        let mut batch = self.database.batch();
        for op in ops {
            match op {
                Op::Put(key, value) => batch.insert(self.keyspace(&key), key, value),
                Op::Delete(key) => batch.remove(self.keyspace(&key), key),
            }
        }
        batch.commit().map_err(failure)
    }

    fn persist(&self) -> Result<(), StoreError> {
        self.database
            .persist(PersistMode::SyncData)
            .map_err(failure)
    }
}

impl Kv for FjallEngine {
    type View<'a> = FjallView<'a>;

    fn commit(&self, ops: Vec<Op>) -> Result<(), StoreError> {
        self.apply(ops)?;
        self.persist()
    }

    fn view(&self) -> FjallView<'_> {
        FjallView {
            engine: self,
            snapshot: self.database.snapshot(),
        }
    }
}

/// A snapshot: it sees whole batches only.
pub(crate) struct FjallView<'a> {
    engine: &'a FjallEngine,
    snapshot: Snapshot,
}

impl View for FjallView<'_> {
    fn get<R>(&self, key: &[u8], decode: impl FnOnce(&[u8]) -> R) -> Result<Option<R>, StoreError> {
        let value = self
            .snapshot
            .get(self.engine.keyspace(key), key)
            .map_err(failure)?;
        Ok(value.map(|value| decode(&value)))
    }

    fn scan(
        &self,
        range: &KeyRange,
        direction: Direction,
        mut visit: impl FnMut(&[u8], &[u8]) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        let bounds = (
            range.start.as_ref().map(Vec::as_slice),
            range.end.as_ref().map(Vec::as_slice),
        );
        let (Bound::Included(start) | Bound::Excluded(start)) = bounds.0 else {
            return Err(StoreError::Refused("a scan without a start".into()));
        };
        let keyspace = self.engine.keyspace(start);
        let mut rows = self.snapshot.range::<&[u8], _>(keyspace, bounds);
        while let Some(row) = match direction {
            Direction::Forward => rows.next(),
            Direction::Backward => rows.next_back(),
        } {
            let (key, value) = row.into_inner().map_err(failure)?;
            if visit(&key, &value).is_break() {
                break;
            }
        }
        Ok(())
    }
}

/// What the system did is told from what was found on disk: the first may pass, the second does not.
fn failure(error: fjall::Error) -> StoreError {
    match error {
        fjall::Error::Io(error) | fjall::Error::Storage(LsmError::Io(error)) => {
            StoreError::Io(error.to_string())
        }
        fjall::Error::Poisoned | fjall::Error::Locked => StoreError::Io(error.to_string()),
        damage => StoreError::Damaged(damage.to_string()),
    }
}
