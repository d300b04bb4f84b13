//! What an execution takes in the store: how many bytes, and under which keys.
//!
//! Bytes are counted as they are written, before the store compresses them: its events, and at its end
//! its last snapshot, its entries in lists and its name. The count is made once, at the end, and kept with
//! the execution, so that what is added to the shard's count is what is taken from it again, whatever
//! later versions count.

use interpreter::{Birth, Status};
use serde::{Deserialize, Serialize};

use crate::holds::Holds;
use crate::short_history::EventsWritten;

/// See the page. Kept with what the execution holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Footprint {
    /// Bytes of all events.
    pub(crate) events_bytes: u64,
    /// The first events of its runs, or [`IN_ROW`]; none when they are not known, or too many to be kept.
    pub(crate) runs: Vec<u32>,
    /// Bytes of the parts of its snapshot; none where it has none.
    pub(crate) parts_bytes: u64,
    /// Whether it has ever started a map run.
    pub(crate) has_map_runs: bool,
    /// While it is closed.
    pub(crate) closed: Option<Closed>,
}

/// How an execution is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Closed {
    /// [`Status`] as a number.
    pub(crate) status: u8,
    /// When, milliseconds since 1970.
    pub(crate) stop_ms: i64,
    /// What it takes, in bytes.
    pub(crate) bytes: u64,
}

/// Most runs that are kept by name. Each is a byte or two, in every row of the execution.
const RUNS_MAX: usize = 16;

/// Among first events: those that the execution's row keeps. No event has this number.
const IN_ROW: u32 = 0;

/// About what a row takes beside its value, in bytes: its key, mostly.
const ROW_BYTES: usize = 32;

impl Footprint {
    /// Events are written.
    pub(crate) fn add(&mut self, written: &EventsWritten) {
        let Some(run) = &written.run else {
            return;
        };
        if written.is_whole {
            self.events_bytes = 0;
            self.runs.clear();
        }
        let row_bytes = if written.in_row { 0 } else { ROW_BYTES };
        self.events_bytes += (run.bytes.len() + row_bytes) as u64;
        // What is not known from the beginning on is not known.
        let is_known = written.is_whole || !self.runs.is_empty();
        if !is_known {
            return;
        }
        match self.runs.len() < RUNS_MAX {
            true if written.in_row => self.runs.push(IN_ROW),
            true => self.runs.push(run.first),
            false => self.runs.clear(),
        }
    }

    /// So many parts of the snapshot are kept, with so many bytes.
    pub(crate) fn keep_parts(&mut self, parts_kept: u32, bytes: u64) {
        self.parts_bytes = bytes + u64::from(parts_kept) * ROW_BYTES as u64;
    }

    /// The execution has ended so, or is open (again).
    pub(crate) fn close(
        &mut self,
        end: Option<(Status, i64)>,
        snapshot: &[u8],
        birth: &Birth,
        lists: usize,
        claims_name: bool,
    ) {
        let qualified = [
            birth.state_machine_version_arn.as_deref(),
            birth.state_machine_alias_arn.as_deref(),
        ];
        let shown = birth.name.len() + qualified.into_iter().flatten().map(str::len).sum::<usize>();
        let name = match claims_name {
            true => birth.state_machine_name.len() + birth.name.len() + ROW_BYTES,
            false => 0,
        };
        let rows = ROW_BYTES + snapshot.len() + lists * (2 * ROW_BYTES + shown) + name;
        self.closed = end.map(|(status, stop_ms)| Closed {
            status: status as u8,
            stop_ms,
            bytes: self.events_bytes + self.parts_bytes + rows as u64,
        });
    }

    /// The bytes that count while it is closed.
    pub(crate) fn closed_bytes(&self) -> u64 {
        self.closed.map_or(0, |closed| closed.bytes)
    }

    /// The runs, when all are known and there is nothing beside them that would have to be looked for;
    /// else none.
    pub(crate) fn noted_runs(&self) -> Vec<u32> {
        match self.parts_bytes {
            0 => self.runs.clone(),
            _ => Vec::new(),
        }
    }

    /// What [`store::ExecutionRemoval::runs`] says of it.
    pub(crate) fn known_runs(&self) -> Option<Vec<u32>> {
        runs_to_remove(self.noted_runs())
    }
}

/// What [`store::ExecutionRemoval::runs`] says of an execution with these runs.
pub(crate) fn runs_to_remove(mut noted: Vec<u32>) -> Option<Vec<u32>> {
    let are_known = !noted.is_empty();
    noted.retain(|first| *first != IN_ROW);
    are_known.then_some(noted)
}

/// What [`store::ExecutionWrite::holds`] says: how many bytes the execution counts while it is closed, and
/// whether it ever started a map run. `None` when it is open, or of a version that did not say. For
/// checks.
pub fn closed_bytes(holds: &[u8]) -> Option<(u64, bool)> {
    let footprint = Holds::decode(holds)?.footprint;
    let closed = footprint.closed?;
    Some((closed.bytes, footprint.has_map_runs))
}

#[cfg(test)]
mod tests {
    use super::*;
    use store::EventRun;

    fn written(first: u32, bytes: usize, is_whole: bool) -> EventsWritten {
        EventsWritten {
            run: Some(EventRun {
                first,
                count: 1,
                bytes: vec![0; bytes],
            }),
            in_row: false,
            is_whole,
        }
    }

    #[test]
    fn runs_are_known_from_the_first_on_or_not_at_all() {
        let mut footprint = Footprint::default();
        footprint.add(&written(1, 100, true));
        footprint.add(&written(4, 50, false));
        assert_eq!(footprint.known_runs(), Some(vec![1, 4]));
        assert_eq!(footprint.events_bytes, 150 + 2 * ROW_BYTES as u64);
        footprint.keep_parts(1, 9);
        assert_eq!(footprint.known_runs(), None, "parts are to be looked for");
        footprint.keep_parts(0, 0);
        assert_eq!(footprint.known_runs(), Some(vec![1, 4]));
        for first in 5..40 {
            footprint.add(&written(first, 1, false));
        }
        assert_eq!(footprint.known_runs(), None, "too many, and never again");
        let mut of_an_older_version = Footprint::default();
        of_an_older_version.add(&written(9, 1, false));
        assert_eq!(of_an_older_version.known_runs(), None);
    }

    #[test]
    fn events_in_the_row_are_no_run_to_remove() {
        let mut footprint = Footprint::default();
        let in_row = |bytes| EventsWritten {
            in_row: true,
            ..written(1, bytes, true)
        };
        footprint.add(&in_row(100));
        footprint.add(&in_row(150));
        assert_eq!(footprint.events_bytes, 150);
        assert_eq!(footprint.known_runs(), Some(vec![]));
        footprint.keep_parts(1, 9);
        assert_eq!(footprint.known_runs(), None, "parts are to be looked for");
        footprint.keep_parts(0, 0);
        // They move out.
        footprint.add(&written(1, 200, true));
        footprint.add(&written(7, 10, false));
        assert_eq!(footprint.known_runs(), Some(vec![1, 7]));
        assert_eq!(footprint.events_bytes, 210 + 2 * ROW_BYTES as u64);
    }
}
