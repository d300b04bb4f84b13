//! The key space: every row of every store of ordered keys, in one place.
//!
//! | table | key after the table's byte | value | read by |
//! |---|---|---|---|
//! | `0x01` head | nothing | last commit, epoch | open |
//! | `0x02` records | kind (1), key | the record | get, scan by kind |
//! | `0x03` executions | id (16) | revision, number of parts, what it holds, snapshot | get |
//! | `0x04` names that were given | length of machine, machine, name | execution id | get |
//! | `0x05` events | id (16), first event (4) | count, events | scan both ways |
//! | `0x06` listings | machine (8), status (1), time (8, newest first), id (16, newest first) | summary | scan |
//! | `0x07` timers | due time (8), id (16), timer (4) | kind, span, clock | scan from where the last ended |
//! | `0x08` tasks | queue, position (8) | whose, event, hand-outs | the same |
//! | `0x09` parts | id (16), part (4) | a part of the execution's snapshot | scan of one execution |
//!
//! Numbers are big-endian, so that byte order is numeric order; a signed time has its sign bit
//! flipped for the same reason, and a time listed newest first has all its bits flipped. Ids begin
//! with their time of birth, so an execution's rows lie beside those of its contemporaries: new rows
//! arrive at the end of each table, which is what an LSM tree compacts most cheaply.
//!
//! What is due soon and what is first in a queue is known in memory; the rest is read when its turn
//! comes, from where the last such read ended: reading the head of these tables while serving would
//! wade through the tombstones of everything already done.

use std::ops::Bound;

use crate::kv::KeyRange;
use crate::rows::{ExecutionId, ListingCursor, RecordKind, TimerKey};

/// Most bytes of a key.
///
/// The engines differ (fjall takes 65,535, Aurora DSQL 1,024), so the strictest of those we mean to
/// support holds for all. Our own longest part, an ARN, has 256 characters. Checked in
/// [`KvStore`](crate::KvStore) before anything is written.
pub const KEY_BYTES_MAX: usize = 1_024;

/// The tables that grow with executions, by the first byte of their keys, each with a name: an engine may
/// keep each apart from the others and from the rest.
///
/// New rows come at the end of each of them (of listings: of each list), but for names; together they
/// come everywhere.
pub const TABLES: [(u8, &str); 7] = [
    (EVENTS, "events"),
    (EXECUTIONS, "executions"),
    (NAMES, "names"),
    (LISTINGS, "listings"),
    (TIMERS, "timers"),
    (TASKS, "tasks"),
    (PARTS, "parts"),
];

const HEAD: u8 = 0x01;
const RECORDS: u8 = 0x02;
const EXECUTIONS: u8 = 0x03;
const NAMES: u8 = 0x04;
const EVENTS: u8 = 0x05;
const LISTINGS: u8 = 0x06;
const TIMERS: u8 = 0x07;
const TASKS: u8 = 0x08;
const PARTS: u8 = 0x09;

/// Where the shard stands.
pub(crate) fn head() -> Vec<u8> {
    vec![HEAD]
}

/// A small record.
pub(crate) fn record(kind: RecordKind, key: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(2 + key.len());
    bytes.extend([RECORDS, kind as u8]);
    bytes.extend_from_slice(key);
    bytes
}

/// The records of a kind after `after`, or all.
pub(crate) fn records(kind: RecordKind, after: Option<&[u8]>) -> KeyRange {
    let start = match after {
        Some(key) => Bound::Excluded(record(kind, key)),
        None => Bound::Included(vec![RECORDS, kind as u8]),
    };
    KeyRange {
        start,
        end: Bound::Excluded(vec![RECORDS, kind as u8 + 1]),
    }
}

/// The record's own key, given back from [`record`].
pub(crate) fn record_of(key: &[u8]) -> Option<&[u8]> {
    key.get(2..)
}

/// An execution.
pub(crate) fn execution(id: ExecutionId) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(17);
    bytes.push(EXECUTIONS);
    bytes.extend(id.0);
    bytes
}

/// The name of an execution. Names are looked up, never listed: the length in front keeps two pairs
/// apart that would read the same when joined.
pub(crate) fn name(machine: &str, name: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(2 + machine.len() + name.len());
    bytes.push(NAMES);
    crate::encoding::put_varint(&mut bytes, machine.len() as u64);
    bytes.extend_from_slice(machine.as_bytes());
    bytes.extend_from_slice(name.as_bytes());
    bytes
}

/// A run of events.
pub(crate) fn events(id: ExecutionId, first: u32) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(21);
    bytes.push(EVENTS);
    bytes.extend(id.0);
    bytes.extend(first.to_be_bytes());
    bytes
}

/// The runs that begin at events `first` to `last`, both included.
pub(crate) fn event_runs(id: ExecutionId, first: u32, last: u32) -> KeyRange {
    KeyRange {
        start: Bound::Included(events(id, first)),
        end: Bound::Included(events(id, last)),
    }
}

/// The first event of a run, given back from [`events`].
pub(crate) fn first_event_of(key: &[u8]) -> Option<u32> {
    Some(u32::from_be_bytes(key.get(17..)?.try_into().ok()?))
}

/// An entry of a listing.
pub(crate) fn listing(machine: u64, status: u8, at: ListingCursor) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(34);
    bytes.push(LISTINGS);
    bytes.extend(machine.to_be_bytes());
    bytes.push(status);
    bytes.extend((!ascending(at.time_ms)).to_be_bytes());
    bytes.extend(at.execution.0.map(|byte| !byte));
    bytes
}

/// The entries of a machine with one status, newest first, older than `before`.
pub(crate) fn listings(machine: u64, status: u8, before: Option<ListingCursor>) -> KeyRange {
    let oldest = ListingCursor {
        time_ms: i64::MIN,
        execution: ExecutionId([0; 16]),
    };
    let start = match before {
        Some(cursor) => Bound::Excluded(listing(machine, status, cursor)),
        None => {
            let mut prefix = vec![LISTINGS];
            prefix.extend(machine.to_be_bytes());
            prefix.push(status);
            Bound::Included(prefix)
        }
    };
    KeyRange {
        start,
        end: Bound::Included(listing(machine, status, oldest)),
    }
}

/// The entries of a machine with one status that are newer than `after`: they end the range, since the
/// newest come first.
pub(crate) fn listings_after(machine: u64, status: u8, after: Option<ListingCursor>) -> KeyRange {
    let all = listings(machine, status, None);
    match after {
        Some(cursor) => KeyRange {
            start: all.start,
            end: Bound::Excluded(listing(machine, status, cursor)),
        },
        None => all,
    }
}

/// Time and execution of an entry, given back from [`listing`].
pub(crate) fn listing_of(key: &[u8]) -> Option<ListingCursor> {
    let time = u64::from_be_bytes(key.get(10..18)?.try_into().ok()?);
    let id: [u8; 16] = key.get(18..)?.try_into().ok()?;
    Some(ListingCursor {
        time_ms: signed(!time),
        execution: ExecutionId(id.map(|byte| !byte)),
    })
}

/// A timer.
pub(crate) fn timer(due_ms: i64, id: ExecutionId, timer: u32) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(29);
    bytes.push(TIMERS);
    bytes.extend(ascending(due_ms).to_be_bytes());
    bytes.extend(id.0);
    bytes.extend(timer.to_be_bytes());
    bytes
}

/// Due time, execution and number of a timer, given back from [`timer`].
pub(crate) fn timer_of(key: &[u8]) -> Option<(i64, ExecutionId, u32)> {
    let due = u64::from_be_bytes(key.get(1..9)?.try_into().ok()?);
    let id: [u8; 16] = key.get(9..25)?.try_into().ok()?;
    let timer = u32::from_be_bytes(key.get(25..)?.try_into().ok()?);
    Some((signed(due), ExecutionId(id), timer))
}

/// A task.
pub(crate) fn task(queue: &str, position: u64) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(11 + queue.len());
    bytes.push(TASKS);
    // Two zeros end the name, so that "a" sorts before "ab" whatever the positions. A zero inside
    // the name is followed by 0xFF, a byte that UTF-8 never contains.
    for byte in queue.bytes() {
        bytes.push(byte);
        if byte == 0 {
            bytes.push(0xFF);
        }
    }
    bytes.extend([0, 0]);
    bytes.extend(position.to_be_bytes());
    bytes
}

/// Queue and position of a task, given back from [`task`].
pub(crate) fn task_of(key: &[u8]) -> Option<(String, u64)> {
    let (queue, position) = key.get(1..)?.split_at_checked(key.len().checked_sub(9)?)?;
    let queue = queue.strip_suffix(&[0, 0])?;
    let mut name = Vec::with_capacity(queue.len());
    let mut after_zero = false;
    for &byte in queue {
        if !(after_zero && byte == 0xFF) {
            name.push(byte);
        }
        after_zero = byte == 0;
    }
    Some((
        String::from_utf8(name).ok()?,
        u64::from_be_bytes(position.try_into().ok()?),
    ))
}

/// A part of an execution's snapshot.
pub(crate) fn part(id: ExecutionId, part: u32) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(21);
    bytes.push(PARTS);
    bytes.extend(id.0);
    bytes.extend(part.to_be_bytes());
    bytes
}

/// The parts of an execution's snapshot.
pub(crate) fn parts_of(id: ExecutionId) -> KeyRange {
    KeyRange {
        start: Bound::Included(part(id, 0)),
        end: Bound::Included(part(id, u32::MAX)),
    }
}

/// The number of a part, given back from [`part`].
pub(crate) fn part_number(key: &[u8]) -> Option<u32> {
    Some(u32::from_be_bytes(key.get(17..)?.try_into().ok()?))
}

/// Timers due before `before_ms` and behind `after`.
pub(crate) fn timers_before(before_ms: i64, after: Option<TimerKey>) -> KeyRange {
    let start = match after {
        Some((due_ms, id, number)) => Bound::Excluded(timer(due_ms, id, number)),
        None => Bound::Included(vec![TIMERS]),
    };
    let mut end = vec![TIMERS];
    end.extend(ascending(before_ms).to_be_bytes());
    // An end before the start is none of an engine's business.
    let end = match &start {
        Bound::Excluded(first) if *first > end => first.clone(),
        _ => end,
    };
    KeyRange {
        start,
        end: Bound::Included(end),
    }
}

/// Tasks of a queue behind `after`.
pub(crate) fn tasks_of(queue: &str, after: Option<u64>) -> KeyRange {
    KeyRange {
        start: match after {
            Some(position) => Bound::Excluded(task(queue, position)),
            None => Bound::Included(task(queue, 0)),
        },
        end: Bound::Included(task(queue, u64::MAX)),
    }
}

/// Every timer.
pub(crate) fn all_timers() -> KeyRange {
    whole_table(TIMERS)
}

/// Every task.
pub(crate) fn all_tasks() -> KeyRange {
    whole_table(TASKS)
}

fn whole_table(table: u8) -> KeyRange {
    KeyRange {
        start: Bound::Included(vec![table]),
        end: Bound::Excluded(vec![table + 1]),
    }
}

/// Byte order of the result is numeric order of the argument.
fn ascending(time_ms: i64) -> u64 {
    (time_ms as u64) ^ (1 << 63)
}

fn signed(ascending: u64) -> i64 {
    (ascending ^ (1 << 63)) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMES: [i64; 7] = [i64::MIN, -1_000, -1, 0, 1, 1_700_000_000_000, i64::MAX];

    #[test]
    fn times_sort_as_numbers_in_timers_and_backwards_in_listings() {
        let id = ExecutionId([7; 16]);
        for pair in TIMES.windows(2) {
            assert!(timer(pair[0], id, 9) < timer(pair[1], id, 0));
            let [older, newer] = [pair[0], pair[1]].map(|time_ms| ListingCursor {
                time_ms,
                execution: id,
            });
            assert!(listing(1, 2, newer) < listing(1, 2, older));
        }
    }

    #[test]
    fn queues_sort_by_name_before_position() {
        let names = [
            "",
            "\0",
            "\0\0",
            "\0a",
            "a",
            "a\0",
            "a\0\u{ff}",
            "ab",
            "b",
            "ü",
        ];
        for pair in names.windows(2) {
            assert!(pair[0] < pair[1], "the list itself is sorted");
            for (low, high) in [(0, u64::MAX), (u64::MAX, 0), (u64::MAX, u64::MAX)] {
                assert!(
                    task(pair[0], low) < task(pair[1], high),
                    "{:?} {:?}",
                    pair[0],
                    pair[1]
                );
            }
        }
    }

    #[test]
    fn keys_give_back_what_they_were_made_of() {
        let execution = ExecutionId(*b"0123456789abcdef");
        for time_ms in TIMES {
            assert_eq!(
                timer_of(&timer(time_ms, execution, 5)),
                Some((time_ms, execution, 5))
            );
            let at = ListingCursor { time_ms, execution };
            assert_eq!(listing_of(&listing(3, 4, at)), Some(at));
        }
        for queue in ["", "a", "a\0b", "\0", "\0\u{ff}", "straße"] {
            for position in [0, 255, u64::MAX] {
                assert_eq!(
                    task_of(&task(queue, position)),
                    Some((queue.to_owned(), position))
                );
            }
        }
        assert_eq!(first_event_of(&events(execution, 300)), Some(300));
        assert_eq!(
            record_of(&record(RecordKind::Tags, b"arn")),
            Some(&b"arn"[..])
        );
    }

    #[test]
    fn damaged_keys_are_told_from_whole_ones() {
        for length in 0..9 {
            let stump = vec![0u8; length];
            assert_eq!(timer_of(&stump), None);
            assert_eq!(task_of(&stump), None);
            assert_eq!(listing_of(&stump), None);
            assert_eq!(first_event_of(&stump), None);
        }
    }

    /// Or an engine would put them among the few rows that are in no table of their own.
    #[test]
    fn whatever_grows_with_executions_is_in_a_table_of_its_own() {
        let id = ExecutionId([7; 16]);
        let at = ListingCursor {
            time_ms: 1,
            execution: id,
        };
        let keys = [
            execution(id),
            name("m", "n"),
            events(id, 1),
            listing(1, 0, at),
            timer(1, id, 1),
            task("a", 1),
            part(id, 1),
        ];
        let mut first: Vec<u8> = keys.iter().map(|key| key[0]).collect();
        let mut tables = TABLES.map(|(first, _)| first);
        first.sort_unstable();
        tables.sort_unstable();
        assert_eq!(first, tables);
        let apart = [head(), record(RecordKind::Tags, b"")];
        assert!(apart.iter().all(|key| !tables.contains(&key[0])));
    }

    #[test]
    fn names_do_not_run_together() {
        assert_ne!(name("ab", "c"), name("a", "bc"));
    }
}
