//! A short history: kept in the execution's row, and in no row of its own.
//!
//! Most executions are over after a dozen events. Their row is written with every step anyway and takes the
//! events along, so there is nothing beside it to write, to merge and to delete. When a history is no longer
//! short it moves out, whole, and the events of each later commit get a row of their own.

use interpreter::history;
use store::EventRun;

/// Most bytes of a history that is short. They are written again with every step.
const SHORT_BYTES_MAX: usize = 1_024;

/// The events that an execution's row keeps: all there are, or none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ShortHistory(Option<EventRun>);

/// What a commit writes of a history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EventsWritten {
    /// Those that were added; all of them, in the row or when they move out.
    pub(crate) run: Option<EventRun>,
    /// Whether they are kept in the row.
    pub(crate) in_row: bool,
    /// Whether `run` is the whole history.
    pub(crate) is_whole: bool,
}

impl ShortHistory {
    /// As an execution's row says.
    pub(crate) fn of_row(events: Option<EventRun>) -> ShortHistory {
        ShortHistory(events)
    }

    /// About how many bytes of memory it takes.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.0.as_ref().map_or(0, |run| run.bytes.len())
    }

    /// Adds events, the first of all when the execution is new; says what is to be written.
    pub(crate) fn add(&mut self, added: Option<EventRun>, is_new: bool) -> EventsWritten {
        let is_whole = is_new || self.0.is_some();
        let run = match (self.0.take(), added) {
            (Some(mut kept), Some(added)) => {
                kept.count += added.count;
                history::join(&mut kept.bytes, &added.bytes);
                if interpreter::breaks::awake("r08-row") {
                    history::join(&mut kept.bytes, &added.bytes);
                }
                Some(kept)
            }
            (kept, added) => kept.or(added),
        };
        let is_short = |run: &&EventRun| is_whole && run.bytes.len() <= SHORT_BYTES_MAX;
        self.0 = run.as_ref().filter(is_short).cloned();
        EventsWritten {
            run,
            in_row: self.0.is_some(),
            is_whole,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(first: u32, bytes: usize) -> EventRun {
        let bytes = [
            &[history::FORMAT_VERSION],
            &vec![first as u8; bytes - 1][..],
        ]
        .concat();
        EventRun {
            first,
            count: 1,
            bytes,
        }
    }

    #[test]
    fn events_stay_in_the_row_while_they_are_few() {
        let mut short = ShortHistory::default();
        let first = short.add(Some(run(1, 600)), true);
        assert_eq!((first.run, first.in_row), (Some(run(1, 600)), true));
        // A step without events writes the row, and with it what it keeps.
        let same = short.add(None, false);
        assert_eq!((same.run, same.in_row), (Some(run(1, 600)), true));
        let joined = short.add(Some(run(2, 425)), false);
        let whole = joined.run.unwrap();
        assert_eq!((whole.first, whole.count, whole.bytes.len()), (1, 2, 1_024));
        assert!(joined.in_row && joined.is_whole);
        assert_eq!(short.memory_bytes(), 1_024);
        let mut restored = ShortHistory::of_row(Some(whole));
        assert_eq!(restored, short);
        let moved = restored.add(Some(run(3, 2)), false);
        assert_eq!(moved.run.map(|run| (run.first, run.count)), Some((1, 3)));
        assert!(!moved.in_row && moved.is_whole);
        let later = restored.add(Some(run(4, 2)), false);
        assert_eq!(later.run, Some(run(4, 2)));
        assert!(!later.in_row && !later.is_whole, "never back");
        assert_eq!(restored.add(None, false).run, None);
    }

    #[test]
    fn a_history_that_begins_long_is_never_in_the_row() {
        let mut short = ShortHistory::default();
        let first = short.add(Some(run(1, 1_025)), true);
        assert!(!first.in_row && first.is_whole);
        let next = short.add(Some(run(2, 9)), false);
        assert_eq!((next.run, next.in_row), (Some(run(2, 9)), false));
        assert_eq!(short.memory_bytes(), 0);
    }
}
