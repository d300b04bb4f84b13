//! One activity's tasks that wait, and the polls that wait for them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use store::{CommitNumber, ExecutionId, Store, StoreError, TaskRow};

use super::OUTBOX;
use crate::message::Ticket;

/// A task that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ready {
    pub(crate) execution: ExecutionId,
    pub(crate) event: u32,
    pub(crate) hand_outs: u32,
}

/// Which tasks are looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskSearch {
    pub(super) queue: Arc<str>,
    pub(super) after: Option<u64>,
    pub(super) limit: usize,
}

impl TaskSearch {
    pub(crate) fn queue(&self) -> &Arc<str> {
        &self.queue
    }

    /// Whether these are calls of integrations.
    pub(crate) fn is_of_calls(&self) -> bool {
        *self.queue == *OUTBOX
    }

    /// Whether there may be more than these.
    pub(super) fn is_full(&self, rows: &[TaskRow]) -> bool {
        rows.len() == self.limit
    }
}

/// Reads what [`Output::FindTasks`](crate::Output::FindTasks) asks for.
pub fn find_tasks(store: &dyn Store, search: &TaskSearch) -> Result<Vec<TaskRow>, StoreError> {
    store.tasks_of(&search.queue, search.after, search.limit)
}

/// First in, first out, on both sides. Either side is empty, but for moments inside one message.
#[derive(Debug, Default)]
pub(crate) struct ActivityQueue {
    /// The first tasks, by position. All that is queued up to `read_to` is here; what was put back
    /// has its old position, which lies before that.
    pub(crate) ready: BTreeMap<u64, Ready>,
    /// The last position that is known.
    read_to: Option<u64>,
    /// Whether there may be tasks behind that in the store.
    more: bool,
    /// The first commit with such a task, since rows were last looked for.
    left_out: Option<CommitNumber>,
    reading: bool,
    /// Most tasks in `ready`.
    tasks_max: usize,
    /// Polls by arrival: tickets grow.
    pub(crate) parked: BTreeSet<Ticket>,
    /// Polls that wait here or are being served, for the limit.
    pub(crate) polls: usize,
    /// Tasks that were put back by commits that are not durable yet. Until they are, nothing is
    /// handed out, so that what was put back goes first.
    pub(crate) settling: u32,
}

impl ActivityQueue {
    /// An empty queue; `unread` when the store may have tasks of it.
    pub(super) fn new(unread: bool, tasks_max: usize) -> ActivityQueue {
        ActivityQueue {
            more: unread,
            tasks_max,
            ..ActivityQueue::default()
        }
    }

    /// A task comes at the end.
    pub(super) fn push(&mut self, position: u64, task: Ready) {
        if self.more || self.ready.len() >= self.tasks_max {
            self.more = true;
        } else {
            self.ready.insert(position, task);
            self.read_to = Some(position);
        }
    }

    /// A task of that position is part of a commit.
    pub(super) fn committed(&mut self, position: u64, commit: CommitNumber) {
        if self.read_to.is_none_or(|read_to| read_to < position) {
            self.left_out.get_or_insert(commit);
        }
    }

    /// Whether rows are wanted.
    pub(super) fn runs_low(&self) -> bool {
        self.more && !self.reading && self.ready.len() <= self.tasks_max / 4
    }

    /// Behind which position to look; `None` while what was left out may not be found yet.
    pub(super) fn look(&mut self, durable: CommitNumber) -> Option<Option<u64>> {
        if !self.runs_low() || self.left_out.is_some_and(|commit| commit > durable) {
            return None;
        }
        self.left_out = None;
        self.reading = true;
        Some(self.read_to)
    }

    /// Rows that were looked for; `waits` says which of them still wait.
    pub(super) fn found(
        &mut self,
        search: &TaskSearch,
        rows: &[TaskRow],
        waits: impl Fn(&TaskRow) -> bool,
    ) {
        self.reading = false;
        self.more = search.is_full(rows) || self.left_out.is_some();
        for row in rows {
            self.read_to = self.read_to.max(Some(row.position));
            if waits(row) {
                let task = Ready {
                    execution: row.execution,
                    event: row.event,
                    hand_outs: row.hand_outs,
                };
                self.ready.insert(row.position, task);
            }
        }
    }

    /// Whether a task that waits at `position` will be found when its turn comes.
    pub(super) fn will_find(&self, position: u64) -> bool {
        self.ready.contains_key(&position) || (self.more && Some(position) > self.read_to)
    }

    /// Takes in a row at the start.
    pub(super) fn adopt(&mut self, row: &TaskRow) {
        let task = Ready {
            execution: row.execution,
            event: row.event,
            hand_outs: row.hand_outs,
        };
        self.ready.insert(row.position, task);
        self.read_to = self.read_to.max(Some(row.position));
    }

    /// The next task, its position, and the poll that gets it.
    pub(crate) fn match_up(&mut self) -> Option<(Ticket, u64, Ready)> {
        if self.settling > 0 || self.ready.is_empty() {
            return None;
        }
        let ticket = self.parked.pop_first()?;
        let (position, task) = self.ready.pop_first().expect("it was not empty");
        Some((ticket, position, task))
    }

    /// Whether the task next in line is one of `execution`'s and a poll waits for it.
    pub(crate) fn would_serve(&self, execution: ExecutionId) -> bool {
        self.settling == 0
            && !self.parked.is_empty()
            && self
                .ready
                .first_key_value()
                .is_some_and(|(_, next)| next.execution == execution)
    }
}
