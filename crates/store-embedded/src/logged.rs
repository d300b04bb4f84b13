//! The engine behind the log.
//!
//! A commit is durable, and answered, when it is in the log. Then a thread of its own applies it to the
//! engine, together with whatever else has come meanwhile: rows that were written twice are applied
//! once, and the engine's own flushes and compactions hold up nobody who waits for a commit. Nor does the
//! thread's waking: it begins when those who waited have been answered, or when somebody wants a view.
//!
//! A view shows what was durable when it was asked for: it looks through the last groups of writes itself,
//! and waits for the engine only when that is far behind.

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use store::{Direction, KeyRange, Kv, Op, StoreError, View};

use crate::ahead::{Overlay, Writes, merged};
use crate::log::{Disk, Group, Log, LogError, Sealed, Segments};

/// An engine that keeps what it is given in its own time.
pub(crate) trait Behind: Kv + 'static {
    /// Writes all of `ops` or none. They are visible when this returns, and durable sometime.
    fn apply(&self, ops: &[&Op]) -> Result<(), StoreError>;

    /// Returns when everything applied is durable.
    fn persist(&self) -> Result<(), StoreError>;
}

/// Most bytes of writes that are in the log and not in the engine. A commit beyond that waits: it
/// bounds memory, and the time a start takes after a crash.
const BEHIND_BYTES_MAX: usize = 64 << 20;

/// Most groups that a view looks through; where there are more it waits. Twice as many as are left lying,
/// so that it rarely does.
const AHEAD_GROUPS_MAX: u64 = 16;

/// Fewer groups than this are left where they are: views look through them, and what is written and soon
/// written over, or taken away, never reaches the engine.
const APPLY_GROUPS_MIN: usize = 8;

/// Most bytes of writes applied at once.
const APPLY_BYTES_MAX: usize = 4 << 20;

/// Where the engine remembers the last group applied: before all tables, so that nothing is in its way.
const APPLIED_KEY: [u8; 1] = [0];

/// See the module's page.
pub(crate) struct LoggedEngine<E: Behind, D: Disk> {
    log: Mutex<Log<D>>,
    replayed: Replayed,
    shared: Arc<Shared<E, D>>,
    thread: Option<JoinHandle<()>>,
}

struct Shared<E, D: Disk> {
    engine: E,
    segments: Arc<Segments<D>>,
    queue: Mutex<Queue<D>>,
    /// What came into the queue is to be applied, or it was closed.
    filled: Condvar,
    /// Something was applied, or nothing ever will be any more.
    applied: Condvar,
}

struct Queue<D: Disk> {
    /// What is to be done, in order.
    entries: VecDeque<Entry<D>>,
    /// The groups after `applied`, up to `logged`: those among `entries`, and before them those that are
    /// being applied.
    ahead: VecDeque<Writes>,
    /// Of all that is ahead.
    bytes: usize,
    /// The last group in the log.
    logged: Group,
    /// The last group that the engine is known to show.
    applied: Group,
    closed: bool,
    failure: Option<String>,
}

enum Entry<D: Disk> {
    Writes(Writes),
    Sealed(Sealed<D::File>),
}

/// What the engine took over from the log when it was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Replayed {
    pub(crate) groups: u64,
    /// Of keys and values.
    pub(crate) bytes: u64,
}

/// Why a logged engine does not open.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoggedError {
    #[error("{0}")]
    Log(#[from] LogError),
    #[error("{0}")]
    Store(#[from] StoreError),
    #[error("{0}")]
    Io(#[from] std::io::Error),
}

impl<E: Behind, D: Disk> LoggedEngine<E, D> {
    /// Opens the log, has the engine take over what only the log has, and goes on. `is_new`: there is
    /// no log yet.
    pub(crate) fn open(
        engine: E,
        disk: D,
        segment_bytes: u64,
        is_new: bool,
    ) -> Result<Self, LoggedError> {
        let (log, replayed) = if is_new {
            (Log::create(disk, segment_bytes)?, Replayed::default())
        } else {
            let applied = engine
                .view()
                .get(&APPLIED_KEY, |value| {
                    value.try_into().map(u64::from_be_bytes)
                })?
                .unwrap_or(Ok(0))
                .map_err(|_| LogError::Damaged("the engine's place in it is no number".into()))?;
            recover(&engine, disk, segment_bytes, applied)?
        };
        let logged = log.last_group();
        let segments = log.segments();
        let shared = Arc::new(Shared {
            engine,
            segments,
            queue: Mutex::new(Queue {
                entries: VecDeque::new(),
                ahead: VecDeque::new(),
                bytes: 0,
                logged,
                applied: logged,
                closed: false,
                failure: None,
            }),
            filled: Condvar::new(),
            applied: Condvar::new(),
        });
        let behind = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("apply".into())
            .spawn(move || behind.run())?;
        Ok(Self {
            log: Mutex::new(log),
            replayed,
            shared,
            thread: Some(thread),
        })
    }

    pub(crate) fn engine(&self) -> &E {
        &self.shared.engine
    }

    pub(crate) fn replayed(&self) -> Replayed {
        self.replayed
    }
}

impl<E: Behind, D: Disk> Drop for LoggedEngine<E, D> {
    /// Waits until the engine has everything, so that the next start has nothing to do.
    fn drop(&mut self) {
        self.shared.queue().closed = true;
        self.shared.filled.notify_all();
        let Some(thread) = self.thread.take() else {
            return;
        };
        // Whatever could not be done is in the log, and is done at the next start.
        let is_done = thread.join().is_ok() && self.shared.queue().failure.is_none();
        if let Ok(log) = self.log.get_mut().map_err(|_| ())
            && is_done
        {
            let _ = log.restart();
        }
    }
}

impl<E, D> Kv for LoggedEngine<E, D>
where
    E: Behind,
    D: Disk,
{
    type View<'a> = LoggedView<E::View<'a>>;

    fn commit(&self, ops: Vec<Op>) -> Result<(), StoreError> {
        // Whoever panicked while appending left a log that may end in half a record; `Store` does not
        // commit after a failure, and a panic ends the process.
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        let appended = log
            .append(&ops)
            .map_err(|error| StoreError::Io(error.to_string()))?;
        self.shared.take(appended.group, ops, appended.sealed)
    }

    fn answered(&self) {
        if self.shared.queue().ahead.len() >= APPLY_GROUPS_MIN {
            self.shared.filled.notify_one();
        }
    }

    fn view(&self) -> LoggedView<E::View<'_>> {
        let queue = self.shared.wait_until_near();
        if let Some(failure) = &queue.failure {
            return LoggedView::Failed(failure.clone());
        }
        // Under the lock: of the groups that are ahead the engine may show some first ones by then, and
        // none that comes later.
        let engine = self.shared.engine.view();
        let ahead = queue.ahead.iter().cloned().collect();
        LoggedView::Whole(Overlay { engine, ahead })
    }

    fn recent_view(&self) -> LoggedView<E::View<'_>> {
        LoggedView::Whole(Overlay {
            engine: self.shared.engine.view(),
            ahead: Vec::new(),
        })
    }
}

impl<E: Behind, D: Disk> Shared<E, D> {
    fn queue(&self) -> MutexGuard<'_, Queue<D>> {
        // Changed by a few assignments each time: a panic elsewhere cannot leave it half made.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(
        &self,
        group: Group,
        ops: Vec<Op>,
        sealed: Option<Sealed<D::File>>,
    ) -> Result<(), StoreError> {
        let bytes = bytes_of(&ops);
        let mut queue = self.queue();
        while queue.bytes > BEHIND_BYTES_MAX && queue.failure.is_none() {
            self.filled.notify_one();
            queue = self
                .applied
                .wait(queue)
                .unwrap_or_else(PoisonError::into_inner);
        }
        if let Some(failure) = &queue.failure {
            return Err(StoreError::Io(failure.clone()));
        }
        let writes = Arc::new(ops);
        queue.entries.extend(sealed.map(Entry::Sealed));
        queue.entries.push_back(Entry::Writes(Arc::clone(&writes)));
        queue.ahead.push_back(writes);
        queue.bytes += bytes;
        queue.logged = group;
        let is_much = queue.bytes > APPLY_BYTES_MAX;
        drop(queue);
        if is_much {
            self.filled.notify_one();
        }
        Ok(())
    }

    /// Until what is in the log now is not far ahead of the engine, or nothing will ever be applied.
    fn wait_until_near(&self) -> MutexGuard<'_, Queue<D>> {
        let mut queue = self.queue();
        let wanted = queue.logged.saturating_sub(AHEAD_GROUPS_MAX);
        if queue.applied < wanted {
            self.filled.notify_one();
        }
        while queue.applied < wanted && queue.failure.is_none() {
            queue = self
                .applied
                .wait(queue)
                .unwrap_or_else(PoisonError::into_inner);
        }
        queue
    }

    /// The thread.
    fn run(&self) {
        // A panic must not leave views waiting for ever.
        struct Guard<'a, E: Behind, D: Disk>(&'a Shared<E, D>);
        impl<E: Behind, D: Disk> Drop for Guard<'_, E, D> {
            fn drop(&mut self) {
                if std::thread::panicking() {
                    self.0.fail("the engine panicked".into());
                }
            }
        }
        let _guard = Guard(self);
        if let Err(error) = self.segments.prepare() {
            return self.fail(error.to_string());
        }
        while let Some(turn) = self.next_turn() {
            if let Err(error) = self.apply(turn) {
                return self.fail(error.to_string());
            }
        }
        if let Err(error) = self.engine.persist() {
            self.fail(error.to_string());
        }
    }

    fn fail(&self, failure: String) {
        self.queue().failure = Some(failure);
        self.applied.notify_all();
    }

    /// What there is to do next, in order; `None` when all is done and no more will come.
    fn next_turn(&self) -> Option<Turn<D>> {
        let mut queue = self.queue();
        while queue.entries.is_empty() {
            if queue.closed {
                return None;
            }
            queue = self
                .filled
                .wait(queue)
                .unwrap_or_else(PoisonError::into_inner);
        }
        let mut turn = Turn {
            groups: Vec::new(),
            bytes: 0,
            sealed: None,
        };
        while turn.sealed.is_none() && turn.bytes < APPLY_BYTES_MAX {
            match queue.entries.pop_front() {
                None => break,
                Some(Entry::Writes(ops)) => {
                    turn.bytes += bytes_of(&ops);
                    turn.groups.push(ops);
                }
                Some(Entry::Sealed(sealed)) => turn.sealed = Some(sealed),
            }
        }
        Some(turn)
    }

    fn apply(&self, turn: Turn<D>) -> Result<(), LoggedError> {
        let groups = turn.groups.len() as u64;
        if groups > 0 {
            // Only this thread changes it.
            let last = self.queue().applied + groups;
            apply(&self.engine, &turn.groups, last)?;
            let mut queue = self.queue();
            queue.applied = last;
            queue.bytes -= turn.bytes;
            queue.ahead.drain(..turn.groups.len());
            drop(queue);
            self.applied.notify_all();
        }
        if let Some(sealed) = turn.sealed {
            // The file in reserve has just been taken.
            self.segments.prepare()?;
            self.engine.persist()?;
            self.segments.free(sealed)?;
        }
        Ok(())
    }
}

/// Reads the log into the engine, a few groups at a time.
fn recover<E: Behind, D: Disk>(
    engine: &E,
    disk: D,
    segment_bytes: u64,
    applied: Group,
) -> Result<(Log<D>, Replayed), LoggedError> {
    let mut replayed = Replayed::default();
    let mut groups = Vec::new();
    let mut bytes = 0;
    let mut last = 0;
    let replay = |group, ops: Vec<Op>| {
        let bytes_of_group = bytes_of(&ops);
        replayed.groups += 1;
        replayed.bytes += bytes_of_group as u64;
        bytes += bytes_of_group;
        last = group;
        groups.push(Arc::new(ops));
        if bytes >= APPLY_BYTES_MAX {
            bytes = 0;
            apply(engine, &std::mem::take(&mut groups), group)?;
        }
        Ok(())
    };
    let log = Log::recover::<LoggedError>(disk, segment_bytes, applied, replay)?;
    if !groups.is_empty() {
        apply(engine, &groups, last)?;
    }
    engine.persist()?;
    Ok((log.finish()?, replayed))
}

/// What is applied in one go: groups, and then perhaps the end of the segment they lay in.
struct Turn<D: Disk> {
    groups: Vec<Writes>,
    bytes: usize,
    sealed: Option<Sealed<D::File>>,
}

/// Applies groups to an engine, and where the last of them leaves it.
fn apply<E: Behind>(engine: &E, groups: &[Writes], last: Group) -> Result<(), StoreError> {
    let place = Op::Put(APPLIED_KEY.to_vec(), last.to_be_bytes().to_vec());
    let mut ops = merged(groups.iter().map(|group| group.as_slice()));
    ops.push(&place);
    engine.apply(&ops)
}

fn bytes_of(ops: &[Op]) -> usize {
    ops.iter()
        .map(|op| match op {
            Op::Put(key, value) => key.len() + value.len(),
            Op::Delete(key) => key.len(),
        })
        .sum()
}

/// What the engine shows, or why it shows nothing any more.
pub(crate) enum LoggedView<V> {
    Whole(Overlay<V>),
    Failed(String),
}

impl<V: View> View for LoggedView<V> {
    fn get<R>(&self, key: &[u8], decode: impl FnOnce(&[u8]) -> R) -> Result<Option<R>, StoreError> {
        match self {
            LoggedView::Whole(view) => view.get(key, decode),
            LoggedView::Failed(failure) => Err(StoreError::Io(failure.clone())),
        }
    }

    fn scan(
        &self,
        range: &KeyRange,
        direction: Direction,
        visit: impl FnMut(&[u8], &[u8]) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        match self {
            LoggedView::Whole(view) => view.scan(range, direction, visit),
            LoggedView::Failed(failure) => Err(StoreError::Io(failure.clone())),
        }
    }
}
