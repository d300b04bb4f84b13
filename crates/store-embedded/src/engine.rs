//! fjall as an ordered key-value engine.

use std::ops::{Bound, ControlFlow};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use fjall::compaction::Leveled;
use fjall::{
    Database, Keyspace, KeyspaceCreateOptions, LsmError, PersistMode, Readable, Snapshot, UserKey,
};
use store::{Direction, KeyRange, Kv, Op, StoreError, TABLES, View};

use crate::logged::Behind;
use crate::{OpenError, Options};

/// Bytes of a memtable before it is written out as a table.
///
/// A quarter of fjall's default: measured on two cores, the longest commit at saturation fell from
/// 0.9 to 0.3 s and recovery became shorter, for 1.6 times the bytes written by compaction.
const MEMTABLE_BYTES: u64 = 16 << 20;

/// Bytes of a table after compaction, half of fjall's default, and tables of the first level before they
/// are merged into the next, twice as many.
///
/// What a flush writes begins a little before the end of what is there: executions that ran while
/// memtables changed lie in both. So the last table of the next level is written again with every so
/// many flushes. The next level holds as many tables as this: with fewer and smaller ones levels fill
/// sooner, and what was saved is spent on moving on. A folder keeps what it was made with.
const TABLE_BYTES: u64 = 32 << 20;
const FIRST_LEVEL_TABLES: u8 = 8;

/// Bytes of full journals before the memtables that hold them back are flushed: the least that fjall
/// takes. A journal is full at 64 MB, so none waits beside the next for long. All of them are read at
/// a start after a crash, at 6 ms of CPU time for each MB: measured with a million executions.
const JOURNAL_BYTES_MAX: u64 = 64 << 20;

/// Everything that is in none of [`TABLES`]: little, and replaced all the time.
///
/// Each table has a keyspace of its own. Its rows arrive in nearly ascending order of key, so what a
/// flush writes hardly overlaps what is there, and compaction moves it instead of writing it again.
/// Within one keyspace every flush would write to all tables at once, from their first keys to their
/// last, and would be merged with everything. Figures in decision 20.
const ROWS: &str = "rows";

/// Most bytes of rows that are moved at once.
const MOVED_BYTES_MAX: usize = 4 << 20;

/// Which keyspaces there are before a folder is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keyspaces {
    /// None.
    New,
    /// `events`, and `rows` for all other tables; perhaps some more, if a move was cut short.
    Two,
    /// All.
    EachTable,
}

/// The engine. Values are neither separated from keys nor ever cleared, and compaction is leveled:
/// the paths of fjall that lost data before are not taken.
pub(crate) struct FjallEngine {
    // Dropped before the database, which waits for its own threads.
    /// By the first byte of their keys.
    tables: Vec<(u8, Keyspace)>,
    rows: Keyspace,
    database: Database,
}

impl FjallEngine {
    /// Nothing is made that is missing, where it should be there.
    pub(crate) fn open(
        path: &Path,
        options: &Options,
        found: Keyspaces,
    ) -> Result<Self, OpenError> {
        // fjall panics on some kinds of foreign and damaged files. Those are facts about the disk, so
        // they become an error with a path like every other.
        let opened = catch_unwind(AssertUnwindSafe(|| {
            Self::open_or_panic(path, options, found)
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

    fn open_or_panic(path: &Path, options: &Options, found: Keyspaces) -> fjall::Result<Self> {
        let database = Database::builder(path)
            .cache_size(options.cache_bytes)
            .max_journaling_size(JOURNAL_BYTES_MAX)
            .worker_threads(options.workers.max(1))
            .open()?;
        let exists = |name| database.keyspace_exists(name);
        let is_whole = match found {
            Keyspaces::New => true,
            Keyspaces::Two => [ROWS, "events"].into_iter().all(exists),
            Keyspaces::EachTable => exists(ROWS) && TABLES.iter().all(|(_, name)| exists(name)),
        };
        if !is_whole {
            return Err(fjall::Error::Unrecoverable);
        }
        let options = || {
            let leveled = Leveled::default()
                .with_table_target_size(TABLE_BYTES)
                .with_l0_threshold(FIRST_LEVEL_TABLES);
            KeyspaceCreateOptions::default()
                .max_memtable_size(MEMTABLE_BYTES)
                .compaction_strategy(Arc::new(leveled))
        };
        let rows = database.keyspace(ROWS, options)?;
        let tables = TABLES.map(|(first, name)| Ok((first, database.keyspace(name, options)?)));
        let engine = Self {
            tables: tables.into_iter().collect::<fjall::Result<_>>()?,
            rows,
            database,
        };
        if found == Keyspaces::Two {
            engine.move_tables()?;
        }
        Ok(engine)
    }

    fn keyspace(&self, key: &[u8]) -> &Keyspace {
        let own = self
            .tables
            .iter()
            .find(|(first, _)| Some(first) == key.first());
        own.map_or(&self.rows, |(_, keyspace)| keyspace)
    }

    /// Moves what lies in `rows` and has a keyspace of its own, durably. A row is always in one of them,
    /// and what was begun and cut short goes on.
    fn move_tables(&self) -> fjall::Result<()> {
        for (first, keyspace) in &self.tables {
            let mut start = Bound::Included(UserKey::from([*first]));
            loop {
                let (mut batch, mut bytes) = (self.database.batch(), 0);
                let end = Bound::Excluded(UserKey::from([*first + 1]));
                for row in self.rows.range((start.clone(), end)) {
                    let (key, value) = row.into_inner()?;
                    bytes += key.len() + value.len();
                    start = Bound::Excluded(key.clone());
                    batch.insert(keyspace, key.clone(), value);
                    batch.remove(&self.rows, key);
                    if bytes > MOVED_BYTES_MAX {
                        break;
                    }
                }
                if bytes == 0 {
                    break;
                }
                batch.commit()?;
            }
        }
        self.database.persist(PersistMode::SyncAll)
    }

    pub(crate) fn disk_bytes(&self) -> Result<u64, StoreError> {
        self.database.disk_space().map_err(failure)
    }
}

impl Behind for FjallEngine {
    fn apply(&self, ops: &[&Op]) -> Result<(), StoreError> {
        let mut batch = self.database.batch();
        for op in ops {
            match op {
                Op::Put(key, value) => {
                    batch.insert(self.keyspace(key), key.as_slice(), value.as_slice());
                }
                Op::Delete(key) => batch.remove(self.keyspace(key), key.as_slice()),
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
        self.apply(&ops.iter().collect::<Vec<_>>())?;
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
