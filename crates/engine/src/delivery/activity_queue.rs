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
    /// The commits with such tasks that could not be found when rows were last looked for: none is
    /// before the first of these two, none behind the second.
    left_out: Option<(CommitNumber, CommitNumber)>,
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
            let first = self.left_out.map_or(commit, |(first, _)| first);
            self.left_out = Some((first, commit));
        }
    }

    /// Whether rows are wanted.
    pub(super) fn runs_low(&self) -> bool {
        self.more && !self.reading && self.ready.len() <= self.tasks_max / 4
    }

    /// Behind which position to look; `None` while what was left out may not be found yet.
    pub(super) fn look(&mut self, durable: CommitNumber) -> Option<Option<u64>> {
        if !self.runs_low() || self.left_out.is_some_and(|(first, _)| first > durable) {
            return None;
        }
        // What became durable is found now. The rest may not be, and is looked for again.
        self.left_out = self
            .left_out
            .filter(|(_, last)| *last > durable)
            .map(|(_, last)| (durable + 1, last));
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

#[cfg(test)]
mod tests {
    use super::*;

    const TASKS_MAX: usize = 2;

    /// A queue beside the commits that fill it: the task at each position is in the commit of the same
    /// number.
    fn scheduled(queue: &mut ActivityQueue, positions: std::ops::RangeInclusive<u64>) {
        for position in positions {
            queue.push(position, task());
            queue.committed(position, position);
        }
    }

    fn task() -> Ready {
        Ready {
            execution: ExecutionId([1; 16]),
            event: 5,
            hand_outs: 0,
        }
    }

    /// What the store answers that shows commits up to `durable`.
    fn find(queue: &mut ActivityQueue, after: Option<u64>, durable: u64, limit: usize) {
        let from = after.map_or(1, |after| after + 1);
        let rows: Vec<TaskRow> = (from..=durable)
            .take(limit)
            .map(|position| TaskRow {
                queue: "q".into(),
                position,
                execution: task().execution,
                event: task().event,
                hand_outs: 0,
                handed_out: false,
            })
            .collect();
        let search = TaskSearch {
            queue: "q".into(),
            after,
            limit,
        };
        queue.found(&search, &rows, |_| true);
    }

    fn next(queue: &mut ActivityQueue) -> Option<u64> {
        queue.parked.insert(Ticket(1));
        let next = queue.match_up().map(|(_, position, _)| position);
        queue.parked.clear();
        next
    }

    /// Four tasks, of which the first two fit. The third can be found already, the fourth cannot.
    fn half_durable() -> ActivityQueue {
        let mut queue = ActivityQueue::new(false, TASKS_MAX);
        scheduled(&mut queue, 1..=4);
        assert_eq!([next(&mut queue), next(&mut queue)], [Some(1), Some(2)]);
        assert_eq!(queue.look(2), None, "nothing new could be found");
        let after = queue.look(3).expect("the third task can be found");
        assert_eq!(after, Some(2));
        find(&mut queue, after, 3, 8);
        queue
    }

    #[test]
    fn a_task_that_could_not_be_found_yet_is_looked_for_again() {
        let mut queue = half_durable();
        assert_eq!(next(&mut queue), Some(3));
        assert!(queue.will_find(4));
        assert_eq!(queue.look(3), None, "nothing new could be found");
        let after = queue.look(4).expect("the fourth task can be found");
        find(&mut queue, after, 4, 8);
        assert_eq!(next(&mut queue), Some(4));
        assert_eq!(queue.look(9), None, "there are no more");
    }

    #[test]
    fn a_new_task_does_not_overtake_one_that_could_not_be_found_yet() {
        let mut queue = half_durable();
        scheduled(&mut queue, 5..=5);
        assert_eq!(next(&mut queue), Some(3));
        assert_eq!(next(&mut queue), None, "the fourth task comes first");
        let after = queue.look(5).expect("the fourth task can be found");
        find(&mut queue, after, 5, 8);
        assert_eq!([next(&mut queue), next(&mut queue)], [Some(4), Some(5)]);
    }

    #[test]
    fn nothing_is_skipped_or_overtaken_however_commits_and_reads_fall() {
        const TASKS: u64 = 40;
        for (burst, limit, read_takes) in (1..=8)
            .flat_map(|burst| [1, 2, 8].map(|limit| [(burst, limit, 1), (burst, limit, 3)]))
            .flatten()
        {
            let mut queue = ActivityQueue::new(false, TASKS_MAX);
            let mut got = Vec::new();
            let mut reading = None;
            for round in 0..4 * TASKS {
                // So many are scheduled at once; one commit a round becomes durable.
                if round < TASKS && round % burst == 0 {
                    scheduled(&mut queue, round + 1..=(round + burst).min(TASKS));
                }
                let durable = round.min(TASKS);
                if let Some((after, shown, _)) = reading.take_if(|(_, _, ends)| *ends <= round) {
                    find(&mut queue, after, shown, limit);
                }
                got.extend(next(&mut queue));
                if let Some(after) = queue.look(durable) {
                    reading = Some((after, durable, round + read_takes));
                }
            }
            let all: Vec<u64> = (1..=TASKS).collect();
            assert_eq!(
                got, all,
                "{burst} at once, pages of {limit}, {read_takes} rounds a read"
            );
        }
    }
}
