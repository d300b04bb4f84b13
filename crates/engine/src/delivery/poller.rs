//! Polls: requests for work that wait.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use store::ExecutionId;

use crate::message::Ticket;

/// Where a poll stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PollState {
    /// Waits in its queue.
    Parked,
    /// A task is meant for it, whose execution is being read from the store.
    Offered,
    /// Its answer is on the way out.
    Delivering {
        /// Whose task.
        execution: ExecutionId,
        /// The scheduling event.
        event: u32,
    },
}

/// One `GetActivityTask`.
#[derive(Clone, Debug)]
pub(crate) struct Poll {
    pub(crate) queue: Arc<str>,
    pub(crate) worker_name: Option<Arc<str>>,
    /// When it is answered empty, on the steady clock.
    pub(crate) deadline_ms: i64,
    pub(crate) state: PollState,
}

/// Every poll of a shard.
#[derive(Debug, Default)]
pub(crate) struct Polls {
    polls: BTreeMap<Ticket, Poll>,
    deadlines: BTreeSet<(i64, Ticket)>,
}

impl Polls {
    pub(crate) fn insert(&mut self, ticket: Ticket, poll: Poll) {
        self.deadlines.insert((poll.deadline_ms, ticket));
        let before = self.polls.insert(ticket, poll);
        assert!(before.is_none(), "a ticket is used once");
    }

    pub(crate) fn get(&self, ticket: Ticket) -> Option<&Poll> {
        self.polls.get(&ticket)
    }

    pub(crate) fn set(&mut self, ticket: Ticket, state: PollState) {
        if let Some(poll) = self.polls.get_mut(&ticket) {
            poll.state = state;
            if state == PollState::Parked {
                // Its deadline may have passed while a task was meant for it.
                self.deadlines.insert((poll.deadline_ms, ticket));
            }
        }
    }

    pub(crate) fn remove(&mut self, ticket: Ticket) -> Option<Poll> {
        let poll = self.polls.remove(&ticket)?;
        self.deadlines.remove(&(poll.deadline_ms, ticket));
        Some(poll)
    }

    /// A parked poll whose time is up. One that a task is meant for is left alone: its answer comes.
    pub(crate) fn overdue(&mut self, steady_ms: i64) -> Option<Ticket> {
        while let Some(&(deadline, ticket)) = self.deadlines.first() {
            if deadline > steady_ms {
                return None;
            }
            self.deadlines.pop_first();
            if self
                .polls
                .get(&ticket)
                .is_some_and(|poll| poll.state == PollState::Parked)
            {
                return Some(ticket);
            }
        }
        None
    }

    pub(crate) fn next_deadline_ms(&self) -> Option<i64> {
        self.deadlines.first().map(|(deadline, _)| *deadline)
    }

    pub(crate) fn parked(&self) -> Vec<Ticket> {
        self.polls
            .iter()
            .filter(|(_, poll)| poll.state == PollState::Parked)
            .map(|(ticket, _)| *ticket)
            .collect()
    }

    pub(crate) fn len(&self) -> usize {
        self.polls.len()
    }
}
