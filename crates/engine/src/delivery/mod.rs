//! Who gets which activity task: queues, polls, and the hand-outs between them.
//!
//! Nothing here is the truth: tasks are rebuilt from the store's task rows, and a poll is only as
//! durable as its connection.

mod activity_queue;
mod poller;

use std::collections::BTreeMap;
use std::sync::Arc;

use store::{ExecutionId, TaskRow};

pub(crate) use activity_queue::ActivityQueue;
pub(crate) use poller::{Poll, PollState, Polls};

use crate::message::Ticket;

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

/// Every queue, every open task and every poll of a shard.
#[derive(Debug, Default)]
pub(crate) struct Delivery {
    pub(crate) queues: BTreeMap<Arc<str>, ActivityQueue>,
    pub(crate) tasks: BTreeMap<(ExecutionId, u32), TaskEntry>,
    pub(crate) polls: Polls,
    pub(crate) counts: Counts,
    next_position: u64,
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
    /// Takes back a task that the store knows.
    pub(crate) fn recover(&mut self, row: &TaskRow) {
        let queue = self.queue_name(&row.queue);
        let state = if row.handed_out {
            TaskState::HandedOut { confirmed: false }
        } else {
            TaskState::Queued
        };
        if state == TaskState::Queued {
            self.queue(&queue)
                .ready
                .insert(row.position, (row.execution, row.event));
        }
        self.next_position = self.next_position.max(row.position + 1);
        let entry = TaskEntry {
            queue,
            position: row.position,
            hand_outs: row.hand_outs,
            state,
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
            self.queue(&queue)
                .ready
                .insert(position, (execution, event));
            TaskState::Queued
        };
        let entry = TaskEntry {
            queue,
            position,
            hand_outs: 0,
            state,
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
        for event in events {
            self.close(execution, event);
        }
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
            self.queue(&queue)
                .ready
                .insert(position, (execution, event));
        }
    }

    pub(crate) fn queue(&mut self, name: &Arc<str>) -> &mut ActivityQueue {
        if !self.queues.contains_key(name) {
            self.queues
                .insert(Arc::clone(name), ActivityQueue::default());
        }
        self.queues.get_mut(name).expect("it was just put there")
    }

    /// One shared copy of a queue's name.
    pub(crate) fn queue_name(&mut self, name: &str) -> Arc<str> {
        match self.queues.get_key_value(name) {
            Some((name, _)) => Arc::clone(name),
            None => {
                let name: Arc<str> = name.into();
                self.queues
                    .insert(Arc::clone(&name), ActivityQueue::default());
                name
            }
        }
    }
}
