//! One activity's tasks that wait, and the polls that wait for them.

use std::collections::{BTreeMap, BTreeSet};

use store::ExecutionId;

use crate::message::Ticket;

/// First in, first out, on both sides. Either side is empty, but for moments inside one message.
#[derive(Debug, Default)]
pub(crate) struct ActivityQueue {
    /// Tasks by position.
    pub(crate) ready: BTreeMap<u64, (ExecutionId, u32)>,
    /// Polls by arrival: tickets grow.
    pub(crate) parked: BTreeSet<Ticket>,
    /// Polls that wait here or are being served, for the limit.
    pub(crate) polls: usize,
    /// Tasks that were put back by commits that are not durable yet. Until they are, nothing is
    /// handed out, so that what was put back goes first.
    pub(crate) settling: u32,
}

impl ActivityQueue {
    /// The next task and the poll that gets it.
    pub(crate) fn match_up(&mut self) -> Option<(Ticket, ExecutionId, u32)> {
        if self.settling > 0 || self.ready.is_empty() {
            return None;
        }
        let ticket = self.parked.pop_first()?;
        let (_, (execution, event)) = self.ready.pop_first().expect("it was not empty");
        Some((ticket, execution, event))
    }

    /// Whether the task next in line is one of `execution`'s and a poll waits for it.
    pub(crate) fn would_serve(&self, execution: ExecutionId) -> bool {
        self.settling == 0
            && !self.parked.is_empty()
            && self
                .ready
                .first_key_value()
                .is_some_and(|(_, (next, _))| *next == execution)
    }
}
