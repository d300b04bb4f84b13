//! Calls whose results were not durable when the last process ended.

use std::sync::Arc;

use store::{ExecutionId, TaskRow};

use super::{OUTBOX, TaskSearch};

/// Where the reading of them stands: they are read a page at a time, and made while more are read.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    read_to: Option<u64>,
    /// Calls from this position on are of this process.
    until: u64,
    page: usize,
    reading: bool,
    all_read: bool,
}

/// When fewer calls are owed, more are read.
const OWED_LOW: usize = 1_024;

impl Outbox {
    /// Reads those before `until`.
    pub(crate) fn reading_until(until: u64, page: usize) -> Outbox {
        Outbox {
            until,
            page,
            all_read: until == 0,
            ..Outbox::default()
        }
    }

    pub(crate) fn wants_more(&self, owed: usize) -> bool {
        !self.all_read && !self.reading && owed < OWED_LOW
    }

    /// Which are to be read now, if any.
    pub(crate) fn look(&mut self, owed: usize) -> Option<TaskSearch> {
        if !self.wants_more(owed) {
            return None;
        }
        self.reading = true;
        Some(TaskSearch {
            queue: Arc::from(OUTBOX),
            after: self.read_to,
            limit: self.page,
        })
    }

    /// Those of the rows that are to be made.
    pub(crate) fn found(
        &mut self,
        search: &TaskSearch,
        rows: &[TaskRow],
    ) -> Vec<(ExecutionId, u32)> {
        let until = self.until;
        self.reading = false;
        self.read_to = rows.last().map(|last| last.position).or(self.read_to);
        self.all_read =
            !search.is_full(rows) || self.read_to.is_some_and(|read_to| read_to >= until);
        // One that was handed out waits for its token.
        rows.iter()
            .filter(|row| row.hand_outs == 0 && row.position < until)
            .map(|row| (row.execution, row.event))
            .collect()
    }
}
