//! What the engine is told, and whose turn it is to run it.
//!
//! Whoever has something for the engine while nobody runs it does so on its own thread: handing it to
//! another would cost a wake-up, and a second one to come back. Who comes meanwhile leaves what it has
//! and goes. The engine's thread runs what is due by the clock, and what a visitor leaves behind who has
//! been at it for long enough.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::Event;
use crate::clock::Clock;

/// The wall clock may jump while nothing happens, and something be due sooner for it.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// See the module's page.
#[derive(Debug)]
pub(super) struct Inbox {
    state: Mutex<State>,
    /// The engine's thread has something to do, or to wait for.
    called: Condvar,
}

#[derive(Debug)]
struct State {
    events: VecDeque<Event>,
    turn: Turn,
    /// When something is due by the steady clock, as the last turn left it.
    due_ms: Option<i64>,
    /// Until when the engine's thread sleeps if nobody calls it; `i64::MAX`: for ever.
    sleeps_until_ms: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    /// Whoever comes takes it. There are no events then.
    Nobodys,
    /// Somebody runs the engine, and looks for events again before leaving.
    Taken,
    /// Left to the engine's thread, which has been called.
    OfTheThread,
    /// The engine is gone. What is told now is told to nobody.
    Over,
}

impl Inbox {
    /// An inbox whose first turn is the engine's thread's.
    pub(super) fn new() -> Inbox {
        Inbox {
            state: Mutex::new(State {
                events: VecDeque::new(),
                turn: Turn::OfTheThread,
                due_ms: None,
                sleeps_until_ms: i64::MAX,
            }),
            called: Condvar::new(),
        }
    }

    /// Puts an event in. Returns whether the caller has the turn now; `visits`: whether it would take it.
    #[must_use = "who has the turn must run the engine"]
    pub(super) fn put(&self, event: Event, visits: bool) -> bool {
        let mut state = self.state();
        if state.turn == Turn::Over {
            // Dropped only now: it may tell us something itself.
            drop(state);
            return false;
        }
        state.events.push_back(event);
        if state.turn != Turn::Nobodys {
            return false;
        }
        if !visits {
            self.call(state);
            return false;
        }
        state.turn = Turn::Taken;
        true
    }

    /// Takes out what is there, for whoever has the turn. `taken` is empty.
    pub(super) fn take(&self, taken: &mut VecDeque<Event>) {
        std::mem::swap(&mut self.state().events, taken);
    }

    /// Ends a turn. Returns whether it goes on instead: more has come, and the caller `stays` for it.
    pub(super) fn leave(&self, due_ms: Option<i64>, stays: bool) -> bool {
        let mut state = self.state();
        state.due_ms = due_ms;
        if !state.events.is_empty() {
            if !stays {
                self.call(state);
            }
            return stays;
        }
        state.turn = Turn::Nobodys;
        if due_ms.is_some_and(|due_ms| due_ms < state.sleeps_until_ms) {
            drop(state);
            self.called.notify_one();
        }
        false
    }

    /// The engine is gone.
    pub(super) fn end(&self) {
        let mut state = self.state();
        state.turn = Turn::Over;
        let left = std::mem::take(&mut state.events);
        drop(state);
        self.called.notify_one();
        drop(left);
    }

    /// For the engine's thread: returns when it has the turn, or `false` when there will be none.
    pub(super) fn await_turn(&self, clock: &Clock) -> bool {
        let mut state = self.state();
        let mut is_due = false;
        loop {
            match state.turn {
                Turn::Over => return false,
                Turn::Nobodys if !is_due => {}
                Turn::Nobodys | Turn::OfTheThread => {
                    state.turn = Turn::Taken;
                    return true;
                }
                Turn::Taken => {}
            }
            let due_ms = match state.turn {
                Turn::Nobodys => state.due_ms,
                // Whoever runs the engine does what is due, and says what is next.
                _ => None,
            };
            (state, is_due) = match due_ms {
                None => {
                    state.sleeps_until_ms = i64::MAX;
                    let called = self.called.wait(state);
                    (called.unwrap_or_else(PoisonError::into_inner), false)
                }
                Some(due_ms) => {
                    let sleep = clock.until(due_ms).min(LOOK_AGAIN);
                    state.sleeps_until_ms = due_ms;
                    let woken = self.called.wait_timeout(state, sleep);
                    let (state, timeout) = woken.unwrap_or_else(PoisonError::into_inner);
                    (state, timeout.timed_out())
                }
            };
        }
    }

    fn call(&self, mut state: MutexGuard<'_, State>) {
        state.turn = Turn::OfTheThread;
        drop(state);
        self.called.notify_one();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Changed by a few assignments each time: a panic elsewhere cannot leave it half made.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whoever asks is told everything, as if it had the turn for ever.
    #[cfg(test)]
    pub(super) fn always_taken() -> Inbox {
        let inbox = Inbox::new();
        inbox.state().turn = Turn::Taken;
        inbox
    }

    #[cfg(test)]
    pub(super) fn next(&self) -> Option<Event> {
        self.state().events.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use engine::Message;

    use super::*;

    fn put(inbox: &Inbox) -> bool {
        inbox.put(Event::Message(Message::Tick), true)
    }

    fn take(inbox: &Inbox) -> usize {
        let mut taken = VecDeque::new();
        inbox.take(&mut taken);
        taken.len()
    }

    /// An inbox that nobody runs.
    fn free() -> (Inbox, Clock) {
        let (inbox, clock) = (Inbox::new(), Clock::start());
        assert!(!put(&inbox), "the first turn is the thread's");
        assert!(inbox.await_turn(&clock));
        assert_eq!(take(&inbox), 1);
        assert!(!inbox.leave(None, true));
        (inbox, clock)
    }

    #[test]
    fn who_comes_first_runs_the_engine_for_all_who_come_meanwhile() {
        let (inbox, _) = free();
        assert!(put(&inbox));
        assert!(!put(&inbox));
        assert_eq!(take(&inbox), 2);
        assert!(!put(&inbox));
        assert!(inbox.leave(None, true), "one more has come");
        assert_eq!(take(&inbox), 1);
        assert!(!inbox.leave(None, true));
        assert!(put(&inbox), "it is anybody's again");
    }

    #[test]
    fn the_thread_goes_on_where_a_visitor_leaves() {
        let (inbox, clock) = free();
        assert!(put(&inbox));
        assert_eq!(take(&inbox), 1);
        assert!(!put(&inbox));
        assert!(!inbox.leave(None, false), "it does not stay");
        assert!(!put(&inbox), "it is the thread's");
        assert!(inbox.await_turn(&clock));
        assert_eq!(take(&inbox), 2);
    }

    #[test]
    fn the_thread_runs_the_engine_for_who_cannot() {
        let (inbox, clock) = free();
        assert!(!inbox.put(Event::Message(Message::Tick), false));
        assert!(inbox.await_turn(&clock));
        assert_eq!(take(&inbox), 1);
    }

    #[test]
    fn the_thread_does_what_is_due() {
        let (inbox, clock) = free();
        assert!(put(&inbox));
        assert_eq!(take(&inbox), 1);
        assert!(!inbox.leave(Some(clock.now().steady_ms), true));
        assert!(inbox.await_turn(&clock));
        assert_eq!(take(&inbox), 0);
    }

    #[test]
    fn a_visitor_wakes_the_thread_for_what_is_due_sooner() {
        let (inbox, clock) = free();
        std::thread::scope(|scope| {
            // It sleeps for ever by now, or will see what is due: the same to it.
            let thread = scope.spawn(|| inbox.await_turn(&clock));
            assert!(put(&inbox));
            assert_eq!(take(&inbox), 1);
            assert!(!inbox.leave(Some(clock.now().steady_ms), true));
            assert!(thread.join().unwrap());
        });
    }

    #[test]
    fn nobody_runs_what_is_over() {
        let (inbox, clock) = free();
        assert!(put(&inbox));
        inbox.end();
        assert!(!put(&inbox));
        assert!(!inbox.await_turn(&clock));
    }
}
