//! Hand-outs that readers must not be shown yet.

use std::collections::HashSet;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use interpreter::EventId;
use store::ExecutionId;

type Key = (ExecutionId, EventId);

/// Hand-outs whose commit may be durable while nobody knows yet whether their answer left.
#[derive(Debug, Default)]
pub struct Doubts {
    state: Mutex<State>,
    decided: Condvar,
}

#[derive(Debug, Default)]
struct State {
    open: HashSet<Key>,
    /// Being given to the kernel this very moment. A worker may have its task before its own server
    /// knows, so who reads about it waits for the few microseconds until that is known.
    leaving: HashSet<Key>,
    readers: usize,
    /// Put back while somebody was reading. A reader may have seen the store as it was before, so to
    /// all who read meanwhile the doubt goes on.
    put_back: HashSet<Key>,
}

impl Doubts {
    /// A task is being handed out. Said before its commit can be durable.
    pub fn open(&self, execution: ExecutionId, event: EventId) {
        self.state().open.insert((execution, event));
    }

    /// The first bytes of the answer are about to be given to the kernel.
    pub fn leaving(&self, execution: ExecutionId, event: EventId) {
        self.state().leaving.insert((execution, event));
    }

    /// They were not taken.
    pub fn stays(&self, execution: ExecutionId, event: EventId) {
        if self.state().leaving.remove(&(execution, event)) {
            self.decided.notify_all();
        }
    }

    /// The answer left: readers may see that the task has started.
    pub fn delivered(&self, execution: ExecutionId, event: EventId) {
        let mut state = self.state();
        state.open.remove(&(execution, event));
        state.put_back.remove(&(execution, event));
        if state.leaving.remove(&(execution, event)) {
            self.decided.notify_all();
        }
    }

    /// The task has been put back, and that is durable.
    pub fn settled(&self, execution: ExecutionId, event: EventId) {
        let mut state = self.state();
        if state.open.remove(&(execution, event)) && state.readers > 0 {
            state.put_back.insert((execution, event));
        }
    }

    /// Begins a read. To be taken before the store is looked at.
    pub fn reader(&self) -> Reader<'_> {
        self.state().readers += 1;
        Reader(self)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // No step leaves the sets half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Somebody who reads the store.
pub struct Reader<'a>(&'a Doubts);

impl Reader<'_> {
    /// Whether the hand-out may still be put back, or was while this reader read.
    pub fn in_doubt(&self, execution: ExecutionId, event: EventId) -> bool {
        let key = (execution, event);
        let mut state = self.0.state();
        while state.leaving.contains(&key) {
            state = self
                .0
                .decided
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        state.open.contains(&key) || state.put_back.contains(&key)
    }
}

impl Drop for Reader<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.readers -= 1;
        if state.readers == 0 {
            state.put_back.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXECUTION: ExecutionId = ExecutionId([7; 16]);

    #[test]
    fn a_reader_who_began_before_the_put_back_stays_in_doubt() {
        let doubts = Doubts::default();
        doubts.open(EXECUTION, 3);
        let early = doubts.reader();
        doubts.settled(EXECUTION, 3);
        assert!(early.in_doubt(EXECUTION, 3));
        drop(early);
        assert!(!doubts.reader().in_doubt(EXECUTION, 3));
    }

    #[test]
    fn what_left_is_shown_at_once() {
        let doubts = Doubts::default();
        let reader = doubts.reader();
        doubts.open(EXECUTION, 3);
        assert!(reader.in_doubt(EXECUTION, 3));
        assert!(!reader.in_doubt(EXECUTION, 4));
        doubts.delivered(EXECUTION, 3);
        assert!(!reader.in_doubt(EXECUTION, 3));
    }

    #[test]
    fn a_task_put_back_and_handed_out_anew_is_shown_once_that_left() {
        let doubts = Doubts::default();
        let reader = doubts.reader();
        doubts.open(EXECUTION, 3);
        doubts.settled(EXECUTION, 3);
        doubts.open(EXECUTION, 3);
        doubts.delivered(EXECUTION, 3);
        assert!(!reader.in_doubt(EXECUTION, 3));
    }
}
