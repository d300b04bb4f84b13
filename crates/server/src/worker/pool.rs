//! What the slots of a worker share: how many tasks may be taken, who is at work, and whether to stop.

use std::collections::BTreeMap;
use std::sync::mpsc::Sender;
use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use integrations::command::Event;

/// How long a worker that was told twice to stop waits for its commands to be gone and reported.
const ABORT_PATIENCE: Duration = Duration::from_secs(5);

/// Why a worker stops.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// It was told to stop, or took all the tasks it may; every result was sent.
    Drained,
    /// It was told to stop again; the process ends with this code.
    Aborted(u8),
    /// The service refuses it for good, for this reason.
    Refused(String),
}

/// See the module.
pub(super) struct Pool {
    state: Mutex<State>,
    changed: Condvar,
    limit: Option<usize>,
}

#[derive(Default)]
struct State {
    taken: usize,
    polling: usize,
    busy: BTreeMap<usize, Sender<Event>>,
    end: Option<End>,
    answered: bool,
    outage: bool,
}

/// A task in hand. The pool does not stop while one is there.
pub(super) struct Busy<'a> {
    pool: &'a Pool,
    number: usize,
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.pool.change(|state| state.busy.remove(&self.number));
    }
}

impl Pool {
    /// A pool that takes at most `limit` tasks.
    pub(super) fn new(limit: Option<usize>) -> Pool {
        Pool {
            state: Mutex::default(),
            changed: Condvar::new(),
            limit,
        }
    }

    /// Whether the caller shall poll; waits while all tasks that may be taken are being polled for.
    pub(super) fn begin_poll(&self) -> bool {
        let limit = self.limit.unwrap_or(usize::MAX);
        let mut state = self.lock();
        loop {
            if state.end.is_some() || state.taken >= limit {
                return false;
            }
            if state.taken + state.polling < limit {
                state.polling += 1;
                return true;
            }
            state = self.wait_for_change(state);
        }
    }

    /// The poll brought nothing.
    pub(super) fn end_poll(&self) {
        self.change(|state| state.polling -= 1);
    }

    /// The poll brought a task. `abort` is told if the worker shall not wait for it.
    pub(super) fn begin_task(&self, abort: Sender<Event>) -> Busy<'_> {
        let number = self.change(|state| {
            state.polling -= 1;
            state.taken += 1;
            if matches!(state.end, Some(End::Aborted(_))) {
                let _ = abort.send(Event::Abort);
            }
            state.busy.insert(state.taken, abort);
            state.taken
        });
        Busy { pool: self, number }
    }

    /// Takes no more tasks. The first reason stays, except that an abort beats a drain.
    ///
    /// Gives how many tasks are in hand.
    pub(super) fn end(&self, end: End) -> usize {
        self.change(|state| {
            match (&state.end, &end) {
                (None, _) | (Some(End::Drained | End::Refused(_)), End::Aborted(_)) => {
                    if matches!(end, End::Aborted(_)) {
                        for slot in state.busy.values() {
                            // A slot whose command has just exited does not listen any more.
                            let _ = slot.send(Event::Abort);
                        }
                    }
                    state.end = Some(end);
                }
                _ => {}
            }
            state.busy.len()
        })
    }

    /// Whether the worker was told twice to stop.
    pub(super) fn aborted(&self) -> bool {
        matches!(self.lock().end, Some(End::Aborted(_)))
    }

    /// Notes that the service answered, or that it did not. Gives whether that is news.
    pub(super) fn note_outage(&self, outage: bool) -> bool {
        let mut state = self.lock();
        state.answered |= !outage;
        std::mem::replace(&mut state.outage, outage) != outage
    }

    /// Whether the service has ever answered a poll of this worker.
    pub(super) fn was_answered(&self) -> bool {
        self.lock().answered
    }

    /// Waits before the next poll; ends early when there will be none.
    pub(super) fn pause_polling(&self, length: Duration) {
        self.pause(length, |state| state.end.is_some());
    }

    /// Waits before the next attempt to report; ends early when there will be none.
    pub(super) fn pause_reporting(&self, length: Duration) {
        self.pause(length, |state| matches!(state.end, Some(End::Aborted(_))));
    }

    fn pause(&self, length: Duration, over: impl Fn(&State) -> bool) {
        let state = self.lock();
        let waited = self
            .changed
            .wait_timeout_while(state, length, |state| !over(state));
        drop(waited);
    }

    /// Waits until nothing is left to do, and says why.
    pub(super) fn wait(&self, for_polls: bool) -> End {
        let limit = self.limit.unwrap_or(usize::MAX);
        let mut state = self.lock();
        loop {
            if let Some(End::Aborted(code)) = state.end {
                return self.wait_briefly(state, code);
            }
            let takes_none = state.end.is_some() || state.taken >= limit;
            let polls_matter = for_polls && state.polling > 0;
            if takes_none && state.busy.is_empty() && !polls_matter {
                return state.end.clone().unwrap_or(End::Drained);
            }
            state = self.wait_for_change(state);
        }
    }

    fn wait_briefly(&self, mut state: MutexGuard<'_, State>, code: u8) -> End {
        let deadline = Instant::now() + ABORT_PATIENCE;
        while !state.busy.is_empty() {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            let waited = self.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(|poisoned| poisoned.into_inner()).0;
        }
        End::Aborted(code)
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let result = change(&mut self.lock());
        self.changed.notify_all();
        result
    }

    fn wait_for_change<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        self.changed
            .wait(state)
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn no_more_polls_are_open_than_tasks_may_be_taken() {
        let pool = Pool::new(Some(2));
        assert!(pool.begin_poll() && pool.begin_poll());
        let first = pool.begin_task(mpsc::channel().0);
        pool.end_poll();
        assert!(pool.begin_poll());
        let second = pool.begin_task(mpsc::channel().0);
        assert!(!pool.begin_poll());
        drop((first, second));
        assert_eq!(pool.wait(true), End::Drained);
    }

    #[test]
    fn a_drain_waits_for_tasks_and_for_polls_if_they_matter() {
        let pool = Pool::new(None);
        assert!(pool.begin_poll() && pool.begin_poll());
        let busy = pool.begin_task(mpsc::channel().0);
        assert_eq!(pool.end(End::Drained), 1);
        assert!(!pool.begin_poll());
        drop(busy);
        assert_eq!(pool.wait(false), End::Drained);
        pool.end_poll();
        assert_eq!(pool.wait(true), End::Drained);
    }

    #[test]
    fn an_abort_reaches_the_tasks_in_hand_and_those_that_still_come() {
        let pool = Pool::new(None);
        assert!(pool.begin_poll() && pool.begin_poll());
        let (early, told_early) = mpsc::channel();
        let (late, told_late) = mpsc::channel();
        let first = pool.begin_task(early);
        pool.end(End::Drained);
        assert!(told_early.try_recv().is_err());
        pool.end(End::Aborted(143));
        let second = pool.begin_task(late);
        assert_eq!(
            (told_early.try_recv(), told_late.try_recv()),
            (Ok(Event::Abort), Ok(Event::Abort))
        );
        drop((first, second));
        assert_eq!(pool.wait(true), End::Aborted(143));
    }

    #[test]
    fn the_first_refusal_is_the_one_that_is_told() {
        let pool = Pool::new(None);
        pool.end(End::Refused("first".into()));
        pool.end(End::Refused("second".into()));
        pool.end(End::Drained);
        assert_eq!(pool.wait(true), End::Refused("first".into()));
    }
}
