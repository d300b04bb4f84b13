//! Room on the disk under the data folder: who may still write, and who must wait.
//!
//! The engine below waits for ever for a disk that is full, so it is asked for nothing that the disk
//! may not have room for. A reserve is kept: when free space falls below it, what begins something
//! new is refused, while what ends or frees something goes on; below half of it nothing is committed
//! until there is room again. See decision 9.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::{Duration, Instant};

use engine::Operation;
use tokio::sync::watch;

use crate::exit;
use crate::log::{self, Level};

/// How often free space is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// A commit that takes longer than this holds up all who come after it.
const COMMIT_TIMEOUT_MS: i64 = 10_000;
/// How long a request that is under way may wait for a disk that takes nothing.
const PATIENCE: Duration = Duration::from_secs(5);

/// How much room there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    /// More than the reserve.
    Plenty,
    /// Part of the reserve: nothing new begins.
    Short,
    /// Less than half of the reserve, or a disk that does not answer: nothing is committed.
    None,
}

impl Room {
    /// The room that so many free bytes are. Somewhat more is asked for to get out of a state than
    /// to stay out of it, or each freed kilobyte would open and shut the door.
    fn of(free: u64, reserve: u64, before: Room) -> Room {
        let enough = |line: u64, was_below: bool| {
            let line = if was_below { line + line / 8 } else { line };
            free >= line
        };
        match () {
            () if !enough(reserve / 2, before == Room::None) => Room::None,
            () if !enough(reserve, before != Room::Plenty) => Room::Short,
            () => Room::Plenty,
        }
    }
}

/// Shared by all who write. The default is a store that needs no disk.
#[derive(Clone, Debug)]
pub struct Space(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// The folder, and the bytes to be kept free beside it.
    disk: Option<(PathBuf, u64)>,
    room: watch::Sender<Room>,
    began: Instant,
    /// When the commit under way began, in milliseconds after `began`; negative when there is none.
    committing_since_ms: AtomicI64,
    stopping: AtomicBool,
}

impl Default for Space {
    fn default() -> Space {
        Space::new(None)
    }
}

impl Space {
    fn new(disk: Option<(PathBuf, u64)>) -> Space {
        Space(Arc::new(Inner {
            disk,
            room: watch::Sender::new(Room::Plenty),
            began: Instant::now(),
            committing_since_ms: AtomicI64::new(-1),
            stopping: AtomicBool::new(false),
        }))
    }

    /// Looks after the disk under `folder`, on a thread of its own. A reserve larger than a tenth of
    /// the disk becomes that, unless the operator asked for it (`exactly`).
    pub fn watch(folder: PathBuf, reserve: u64, exactly: bool) -> io::Result<Space> {
        let disk = rustix::fs::statvfs(&folder)?;
        let tenth = disk.f_blocks.saturating_mul(disk.f_frsize) / 10;
        let reserve = if exactly { reserve } else { reserve.min(tenth) };
        let space = Space::new(Some((folder, reserve)));
        space.look(space.elapsed_ms());
        let watching = space.clone();
        std::thread::Builder::new()
            .name("disk".into())
            .spawn(move || {
                while !watching.0.stopping.load(Ordering::Relaxed) {
                    watching.look(watching.elapsed_ms());
                    std::thread::sleep(LOOK_EVERY);
                }
            })?;
        Ok(space)
    }

    /// Free bytes for this user; `None` without a disk.
    pub fn free_bytes(&self) -> Option<u64> {
        let (folder, _) = self.0.disk.as_ref()?;
        let disk = rustix::fs::statvfs(folder).ok()?;
        Some(disk.f_bavail.saturating_mul(disk.f_frsize))
    }

    /// The room there was when last looked at.
    pub fn room(&self) -> Room {
        *self.0.room.borrow()
    }

    /// Whether what is left belongs to the store alone.
    pub fn is_short(&self) -> bool {
        self.room() != Room::Plenty
    }

    /// Whether an operation that writes must be refused now.
    pub fn refuses(&self, operation: Operation) -> bool {
        match self.room() {
            Room::Plenty => false,
            Room::Short => !ends_something(operation),
            Room::None => true,
        }
    }

    /// Waits until there is plenty.
    pub async fn plenty(&self) {
        let mut room = self.0.room.subscribe();
        // The sender lives as long as this does.
        let _ = room.wait_for(|room| *room == Room::Plenty).await;
    }

    /// Waits until nothing has been committed for some time. Who waits for a commit then gives up.
    pub async fn stalled(&self) {
        let mut room = self.0.room.subscribe();
        loop {
            let _ = room.wait_for(|room| *room == Room::None).await;
            let over = room.wait_for(|room| *room != Room::None);
            if tokio::time::timeout(PATIENCE, over).await.is_err() {
                return;
            }
        }
    }

    /// Runs a commit when there is room for it.
    pub fn commit<T>(&self, commit: impl FnOnce() -> T) -> T {
        if self.0.disk.is_none() {
            return commit();
        }
        // Looked at each time: what the thread saw a moment ago may be gone.
        while self.look_at_free() == Room::None {
            if self.0.stopping.load(Ordering::Relaxed) {
                exit::now(
                    exit::STORE,
                    "stopped with a full disk: what waited for it was not acknowledged and is not kept",
                );
            }
            std::thread::sleep(LOOK_EVERY);
        }
        let since = &self.0.committing_since_ms;
        since.store(self.elapsed_ms(), Ordering::Relaxed);
        let done = commit();
        since.store(-1, Ordering::Relaxed);
        done
    }

    /// Nothing need be waited for any more.
    pub fn stop(&self) {
        self.0.stopping.store(true, Ordering::Relaxed);
    }

    fn elapsed_ms(&self) -> i64 {
        i64::try_from(self.0.began.elapsed().as_millis()).unwrap_or(i64::MAX)
    }

    fn look(&self, now_ms: i64) {
        let since = self.0.committing_since_ms.load(Ordering::Relaxed);
        if since >= 0 && now_ms - since > COMMIT_TIMEOUT_MS {
            self.found(Room::None, || "a commit takes too long".to_owned());
        } else {
            self.look_at_free();
        }
    }

    fn look_at_free(&self) -> Room {
        let (Some((_, reserve)), Some(free)) = (&self.0.disk, self.free_bytes()) else {
            return Room::Plenty;
        };
        let room = Room::of(free, *reserve, self.room());
        self.found(room, || format!("{} MiB are free", free >> 20));
        room
    }

    fn found(&self, room: Room, why: impl FnOnce() -> String) {
        // Everybody who waits for a commit listens: they are woken by a change only.
        let changed = self
            .0
            .room
            .send_if_modified(|known| std::mem::replace(known, room) != room);
        if !changed {
            return;
        }
        let reserve = self.0.disk.as_ref().map_or(0, |(_, reserve)| reserve >> 20);
        let (level, what) = match room {
            Room::Plenty => (Level::Info, "the disk has room again"),
            Room::Short => (
                Level::Error,
                "the disk is nearly full: nothing new is begun until there is room",
            ),
            Room::None => (
                Level::Error,
                "the disk takes nothing: every write is refused until it does",
            ),
        };
        log::line(level, what, &[("why", &why()), ("reserve_mib", &reserve)]);
    }
}

/// What brings executions to their end or frees room is worth the reserve.
fn ends_something(operation: Operation) -> bool {
    matches!(
        operation,
        Operation::StopExecution
            | Operation::SendTaskSuccess
            | Operation::SendTaskFailure
            | Operation::SendTaskHeartbeat
            | Operation::UntagResource
    ) || operation.name().starts_with("Delete")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_door_shuts_at_the_reserve_and_opens_above_it() {
        let mut room = Room::Plenty;
        for (free, expected) in [
            (100, Room::Plenty),
            (99, Room::Short),
            (50, Room::Short),
            (49, Room::None),
            (55, Room::None),
            (56, Room::Short),
            (111, Room::Short),
            (112, Room::Plenty),
            (0, Room::None),
            (500, Room::Plenty),
        ] {
            room = Room::of(free, 100, room);
            assert_eq!(room, expected, "{free} free");
        }
    }

    #[test]
    fn only_what_ends_or_frees_goes_on_in_the_reserve() {
        let space = Space::default();
        assert!(!space.refuses(Operation::StartExecution));
        space.found(Room::Short, String::new);
        assert!(space.refuses(Operation::StartExecution));
        assert!(space.refuses(Operation::CreateStateMachine));
        assert!(!space.refuses(Operation::StopExecution));
        assert!(!space.refuses(Operation::DeleteStateMachine));
        assert!(!space.refuses(Operation::SendTaskSuccess));
        space.found(Room::None, String::new);
        assert!(space.refuses(Operation::StopExecution));
    }

    #[test]
    fn who_waits_hears_of_changes_only() {
        let space = Space::default();
        let mut heard = space.0.room.subscribe();
        for (room, is_news) in [
            (Room::Plenty, false),
            (Room::Short, true),
            (Room::Short, false),
            (Room::Plenty, true),
        ] {
            space.found(room, String::new);
            assert_eq!(heard.has_changed().unwrap(), is_news, "{room:?}");
            heard.mark_unchanged();
        }
    }

    #[test]
    fn a_commit_that_hangs_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let space = Space::new(Some((folder.path().to_owned(), 0)));
        space.commit(|| {
            let since = space.0.committing_since_ms.load(Ordering::Relaxed);
            space.look(since + COMMIT_TIMEOUT_MS);
            assert_eq!(space.room(), Room::Plenty);
            space.look(since + COMMIT_TIMEOUT_MS + 1);
            assert_eq!(space.room(), Room::None);
        });
        space.look(i64::MAX);
        assert_eq!(space.room(), Room::Plenty, "it came to its end");
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_for_a_commit_gives_up_when_nothing_moves() {
        let space = Space::default();
        let short = tokio::time::timeout(PATIENCE * 10, space.stalled()).await;
        assert!(short.is_err(), "all is well");
        space.found(Room::None, String::new);
        space.stalled().await;
    }
}
