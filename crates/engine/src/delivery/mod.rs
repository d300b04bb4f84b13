//! Who gets which activity task: queues, polls, and the hand-outs between them.
//!
//! Nothing here is the truth: tasks are read from the store's task rows when their turn comes, those of
//! an execution in memory come with it, and a poll is only as durable as its connection.

mod activity_queue;
mod outbox;
mod poller;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use store::{CommitNumber, ExecutionId, TaskRow};

pub(crate) use activity_queue::{ActivityQueue, Ready};
pub use activity_queue::{TaskSearch, find_tasks};
pub(crate) use outbox::Outbox;
pub(crate) use poller::{Poll, PollState, Polls};

use crate::holds::{HeldTask, Holds};
use crate::message::Ticket;
use crate::windows::Windows;

/// The queue of calls to integrations. No activity can have this name: control characters are
/// forbidden in names.
pub(crate) const OUTBOX: &str = "\u{1}outbox";

/// Where an open task stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TaskState {
    /// In its queue.
    Queued,
    /// Taken out of its queue for this poll, while its execution is being read from the store.
    Offered(Ticket),
    /// With a worker (or, in the outbox, with an integration).
    HandedOut {
        /// Whether the answer is known to have left. Otherwise it counts as delivered, and is listed.
        confirmed: bool,
    },
    /// Put back, and the commit that says so is not durable yet.
    Settling,
}

/// An open task.
#[derive(Clone, Debug)]
pub(crate) struct TaskEntry {
    pub(crate) queue: Arc<str>,
    pub(crate) position: u64,
    pub(crate) hand_outs: u32,
    pub(crate) state: TaskState,
    /// Number of the process that handed it out last.
    handed_by: u64,
    /// Whether the store has (or is being given) its row.
    pub(crate) stored: bool,
}

impl TaskEntry {
    pub(crate) fn row(&self, execution: ExecutionId, event: u32) -> TaskRow {
        TaskRow {
            queue: self.queue.to_string(),
            position: self.position,
            execution,
            event,
            hand_outs: self.hand_outs,
            handed_out: matches!(self.state, TaskState::HandedOut { .. }),
        }
    }
}

/// Every queue and every poll of a shard, and the open tasks of executions in memory.
#[derive(Debug, Default)]
pub(crate) struct Delivery {
    pub(crate) queues: BTreeMap<Arc<str>, ActivityQueue>,
    pub(crate) tasks: BTreeMap<(ExecutionId, u32), TaskEntry>,
    pub(crate) polls: Polls,
    pub(crate) counts: Counts,
    /// Tasks of executions in quarantine: their rows are there, and count at the next start.
    pub(crate) set_aside: Counts,
    pub(crate) next_position: u64,
    /// Number of this process.
    process: u64,
    /// Whether queues may have tasks in the store that nobody has read.
    unread: bool,
    windows: Windows,
    /// Queues of which more rows are wanted.
    low: BTreeSet<Arc<str>>,
}

/// How many tasks stand where, kept as they move; calls in the outbox are not tasks of workers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) queued: u64,
    pub(crate) handed_out: u64,
    pub(crate) unconfirmed: u64,
}

impl Counts {
    fn of(entry: &TaskEntry) -> Counts {
        let mut counts = Counts::default();
        match entry.state {
            _ if &*entry.queue == OUTBOX => {}
            TaskState::HandedOut { confirmed } => {
                counts.handed_out = 1;
                counts.unconfirmed = u64::from(!confirmed);
            }
            TaskState::Queued | TaskState::Offered(_) | TaskState::Settling => counts.queued = 1,
        }
        counts
    }

    fn add(&mut self, entry: &TaskEntry) {
        let more = Counts::of(entry);
        self.queued += more.queued;
        self.handed_out += more.handed_out;
        self.unconfirmed += more.unconfirmed;
    }

    fn take(&mut self, entry: &TaskEntry) {
        let less = Counts::of(entry);
        self.queued -= less.queued;
        self.handed_out -= less.handed_out;
        self.unconfirmed -= less.unconfirmed;
    }
}

impl Delivery {
    /// That of a process of this number, over a store that has so many tasks.
    pub(crate) fn starting_with(
        process: u64,
        stored: Counts,
        next_position: u64,
        windows: Windows,
    ) -> Delivery {
        Delivery {
            windows,
            process,
            counts: stored,
            next_position,
            unread: stored.queued > 0,
            ..Delivery::default()
        }
    }

    /// A task that is kept in memory from the start on: its execution was written by a version that
    /// did not write down what executions hold.
    pub(crate) fn adopt(&mut self, row: &TaskRow) {
        let queue = self.queue_name(&row.queue);
        let state = if row.handed_out {
            TaskState::HandedOut { confirmed: false }
        } else {
            TaskState::Queued
        };
        if state == TaskState::Queued {
            self.queue(&queue).adopt(row);
        }
        self.next_position = self.next_position.max(row.position + 1);
        let entry = TaskEntry {
            queue,
            position: row.position,
            hand_outs: row.hand_outs,
            state,
            handed_by: 0,
            stored: true,
        };
        self.counts.add(&entry);
        self.tasks.insert((row.execution, row.event), entry);
    }

    /// Adds a task at the end of its queue (or, for the outbox, straight into the world's hands).
    pub(crate) fn schedule(&mut self, queue: &str, execution: ExecutionId, event: u32) -> TaskRow {
        let queue = self.queue_name(queue);
        let position = self.next_position;
        self.next_position += 1;
        let state = if &*queue == OUTBOX {
            TaskState::HandedOut { confirmed: true }
        } else {
            let task = Ready {
                execution,
                event,
                hand_outs: 0,
            };
            self.queue(&queue).push(position, task);
            TaskState::Queued
        };
        let entry = TaskEntry {
            queue,
            position,
            hand_outs: 0,
            state,
            handed_by: self.process,
            stored: false,
        };
        let row = entry.row(execution, event);
        self.counts.add(&entry);
        let before = self.tasks.insert((execution, event), entry);
        assert!(before.is_none(), "an event schedules one task");
        row
    }

    /// A task is over, wherever it stands.
    pub(crate) fn close(&mut self, execution: ExecutionId, event: u32) -> Option<TaskEntry> {
        let entry = self.tasks.remove(&(execution, event))?;
        self.counts.take(&entry);
        if entry.state == TaskState::Queued {
            self.queue(&entry.queue).ready.remove(&entry.position);
        }
        Some(entry)
    }

    /// Closes all tasks of an execution, and leaves their rows.
    pub(crate) fn forget(&mut self, execution: ExecutionId) {
        let own = (execution, 0)..=(execution, u32::MAX);
        let events: Vec<u32> = self
            .tasks
            .range(own)
            .map(|((_, event), _)| *event)
            .collect();
        let before = self.counts;
        for event in events {
            self.close(execution, event);
        }
        self.set_aside.queued += before.queued - self.counts.queued;
        self.set_aside.handed_out += before.handed_out - self.counts.handed_out;
    }

    /// An execution leaves memory, and the store has it.
    pub(crate) fn leave(&mut self, execution: ExecutionId) {
        let own: Vec<u32> = self.of(execution).map(|(event, _)| event).collect();
        for event in own {
            self.tasks.remove(&(execution, event));
        }
    }

    fn of(&self, execution: ExecutionId) -> impl Iterator<Item = (u32, &TaskEntry)> {
        self.tasks
            .range((execution, 0)..=(execution, u32::MAX))
            .map(|((_, event), entry)| (*event, entry))
    }

    /// What an execution holds, for its row.
    pub(crate) fn hold(&self, execution: ExecutionId, holds: &mut Holds) {
        for (event, entry) in self.of(execution) {
            let known = holds
                .queues
                .iter()
                .position(|queue| **queue == *entry.queue);
            let queue = known.unwrap_or_else(|| {
                holds.queues.push(entry.queue.to_string());
                holds.queues.len() - 1
            });
            let is_handed_out = matches!(entry.state, TaskState::HandedOut { .. });
            holds.tasks.push(HeldTask {
                queue: u32::try_from(queue).expect("an execution has few open tasks"),
                event,
                position: entry.position,
                hand_outs: entry.hand_outs,
                handed_by: is_handed_out.then_some(entry.handed_by),
            });
        }
    }

    /// An execution is in memory again. A task that was offered and that it does not hold is over: its
    /// row was read just before it went.
    pub(crate) fn restore(&mut self, execution: ExecutionId, queues: &[String], held: &[HeldTask]) {
        let is_held = |event| held.iter().any(|task| task.event == event);
        let over: Vec<u32> = self.of(execution).map(|(event, _)| event).collect();
        for event in over.into_iter().filter(|event| !is_held(*event)) {
            self.tasks.remove(&(execution, event));
        }
        for task in held {
            let Some(queue) = queues.get(task.queue as usize) else {
                continue;
            };
            if self.tasks.contains_key(&(execution, task.event)) {
                continue;
            }
            let is_call = queue == OUTBOX;
            let state = match task.handed_by {
                // Whoever handed it out in this process has heard how that went.
                Some(process) => TaskState::HandedOut {
                    confirmed: is_call || process == self.process,
                },
                None => TaskState::Queued,
            };
            let entry = TaskEntry {
                queue: self.queue_name(queue),
                position: task.position,
                hand_outs: task.hand_outs,
                state,
                handed_by: task.handed_by.unwrap_or(0),
                stored: true,
            };
            self.tasks.insert((execution, task.event), entry);
        }
    }

    /// A task is meant for a poll. Its execution may be in the store alone.
    pub(crate) fn offer(&mut self, queue: &Arc<str>, ticket: Ticket, position: u64, task: Ready) {
        let state = TaskState::Offered(ticket);
        let (key, hand_outs) = ((task.execution, task.event), task.hand_outs);
        if self.tasks.contains_key(&key) {
            return self.set(task.execution, task.event, state);
        }
        let entry = TaskEntry {
            queue: Arc::clone(queue),
            position,
            hand_outs,
            state,
            handed_by: 0,
            stored: true,
        };
        self.tasks.insert(key, entry);
    }

    /// A poll gets a task.
    pub(crate) fn hand_out(&mut self, execution: ExecutionId, event: u32) -> u32 {
        self.set(execution, event, TaskState::HandedOut { confirmed: false });
        let entry = self.tasks.get_mut(&(execution, event));
        let entry = entry.expect("a task in a queue has an entry");
        entry.handed_by = self.process;
        entry.hand_outs += 1;
        entry.hand_outs
    }

    /// Rows of these tasks are part of a commit.
    pub(crate) fn committed(&mut self, execution: ExecutionId, event: u32, commit: CommitNumber) {
        if let Some(entry) = self.tasks.get_mut(&(execution, event)) {
            entry.stored = true;
            let (queue, position) = (Arc::clone(&entry.queue), entry.position);
            if *queue != *OUTBOX {
                self.queue(&queue).committed(position, commit);
            }
        }
    }

    /// Remembers to look for more of a queue, when it runs low.
    pub(crate) fn note_low(&mut self, queue: &Arc<str>) {
        if self.queue(queue).runs_low() {
            self.low.insert(Arc::clone(queue));
        }
    }

    /// What is to be looked for, now that commits up to `durable` can be found.
    pub(crate) fn looks(&mut self, durable: CommitNumber) -> Vec<TaskSearch> {
        let mut searches = Vec::new();
        for queue in std::mem::take(&mut self.low) {
            match self.queue(&queue).look(durable) {
                Some(after) => searches.push(TaskSearch {
                    queue,
                    after,
                    limit: self.windows.page,
                }),
                None => self.note_low(&queue),
            }
        }
        searches
    }

    /// Whether a task that waits will be handed out when its turn comes.
    pub(crate) fn will_find(&self, row: &TaskRow) -> bool {
        let entry = self.tasks.get(&(row.execution, row.event));
        let on_its_way = entry.is_some_and(|entry| entry.state != TaskState::Queued);
        on_its_way
            || match self.queues.get(row.queue.as_str()) {
                Some(queue) => queue.will_find(row.position),
                None => self.unread,
            }
    }

    /// Rows that were looked for. Of an execution that `is_here` all open tasks are known.
    pub(crate) fn found(
        &mut self,
        search: &TaskSearch,
        rows: &[TaskRow],
        is_here: impl Fn(ExecutionId) -> bool,
    ) {
        let tasks = &self.tasks;
        let waits = |row: &TaskRow| match tasks.get(&(row.execution, row.event)) {
            Some(entry) => entry.state == TaskState::Queued,
            None => !row.handed_out && !is_here(row.execution),
        };
        let queue = self
            .queues
            .get_mut(&search.queue)
            .expect("queues are never dropped");
        queue.found(search, rows, waits);
    }

    /// A task moves on.
    pub(crate) fn set(&mut self, execution: ExecutionId, event: u32, state: TaskState) {
        if let Some(entry) = self.tasks.get_mut(&(execution, event)) {
            self.counts.take(entry);
            entry.state = state;
            self.counts.add(entry);
        }
    }

    /// The task is on its way back; nothing of its queue is handed out until that is durable.
    /// Which queue that is; its `settling` is the caller's to take back.
    pub(crate) fn settle(&mut self, execution: ExecutionId, event: u32) -> Option<Arc<str>> {
        let queue = Arc::clone(&self.tasks.get(&(execution, event))?.queue);
        self.set(execution, event, TaskState::Settling);
        self.queue(&queue).settling += 1;
        Some(queue)
    }

    /// The task goes back to where it stood: positions grow with scheduling, so what was handed out
    /// stands before all that was not.
    pub(crate) fn back_to_queue(&mut self, execution: ExecutionId, event: u32) {
        self.set(execution, event, TaskState::Queued);
        if let Some(entry) = self.tasks.get(&(execution, event)) {
            let (queue, position) = (Arc::clone(&entry.queue), entry.position);
            let task = Ready {
                execution,
                event,
                hand_outs: entry.hand_outs,
            };
            self.queue(&queue).ready.insert(position, task);
        }
    }

    pub(crate) fn queue(&mut self, name: &Arc<str>) -> &mut ActivityQueue {
        if !self.queues.contains_key(name) {
            let queue = ActivityQueue::new(self.unread, self.windows.tasks_max);
            self.queues.insert(Arc::clone(name), queue);
        }
        self.queues.get_mut(name).expect("it was just put there")
    }

    /// One shared copy of a queue's name.
    pub(crate) fn queue_name(&mut self, name: &str) -> Arc<str> {
        match self.queues.get_key_value(name) {
            Some((name, _)) => Arc::clone(name),
            None => {
                let name: Arc<str> = name.into();
                let queue = ActivityQueue::new(self.unread, self.windows.tasks_max);
                self.queues.insert(Arc::clone(&name), queue);
                name
            }
        }
    }
}
