//! Timers and tasks, as a start finds them.

use super::samples::{commit_each, id, step, tasks, timers, write};
use super::{Home, now_and_after_reopening};
use crate::{Commit, ExecutionId, ExecutionWrite, TaskDrop, TaskRow, TimerDrop, TimerRow};

fn timer(due_ms: i64, execution: ExecutionId, timer: u32) -> TimerRow {
    TimerRow {
        due_ms,
        execution,
        timer,
        kind: timer as u8,
        span_ms: u64::from(timer) * 1_000,
        steady: None,
    }
}

fn task(queue: &str, position: u64, execution: ExecutionId, hand_outs: u32) -> TaskRow {
    TaskRow {
        queue: queue.into(),
        position,
        execution,
        event: 300,
        hand_outs,
        handed_out: hand_outs % 2 == 1,
    }
}

pub(super) fn timers_come_in_order_of_due_time(home: &dyn Home) {
    let store = home.open();
    let (one, two) = (id(1, 1), id(2, 1));
    let of_one = vec![
        timer(50, one, 2),
        timer(-5, one, 1),
        timer(50, one, 1),
        timer(i64::MAX, one, u32::MAX),
    ];
    let of_two = vec![timer(50, two, 0), timer(0, two, 7), timer(49, two, 8)];
    commit_each(
        &*store,
        &[
            step(
                1,
                ExecutionWrite {
                    timers: of_one.clone(),
                    ..write(one, 1)
                },
            ),
            step(
                2,
                ExecutionWrite {
                    timers: of_two.clone(),
                    ..write(two, 1)
                },
            ),
        ],
    );
    let mut expected = [of_one, of_two].concat();
    expected.sort_by_key(|row| (row.due_ms, row.execution, row.timer));
    now_and_after_reopening(home, store, |store| {
        assert_eq!(timers(store), expected);
        for before_ms in [i64::MIN, -5, -4, 0, 49, 50, 51, i64::MAX] {
            for (read, after) in expected.iter().enumerate() {
                let due = |row: &&TimerRow| row.due_ms < before_ms;
                let all: Vec<_> = expected.iter().filter(due).cloned().collect();
                assert_eq!(store.timers_before(before_ms, None, 99).unwrap(), all);
                let behind = all.iter().skip(read + 1).take(2).cloned();
                let found = store.timers_before(before_ms, Some(after.key()), 2);
                assert_eq!(found.unwrap(), behind.collect::<Vec<_>>());
            }
        }
    });
}

pub(super) fn tasks_come_in_order_of_queue_and_position(home: &dyn Home) {
    let store = home.open();
    let one = id(1, 1);
    let rows = vec![
        task("b", 1, one, 0),
        task("", u64::MAX, one, 1),
        task("a", 256, one, 0),
        task("ab", 0, one, 2),
        task("a", 255, one, u32::MAX),
        task("ü", 3, one, 0),
        task("a\0", 4, one, 0),
    ];
    commit_each(
        &*store,
        &[step(
            1,
            ExecutionWrite {
                tasks: rows.clone(),
                ..write(one, 1)
            },
        )],
    );
    let mut expected = rows;
    expected.sort_by(|a, b| (&a.queue, a.position).cmp(&(&b.queue, b.position)));
    now_and_after_reopening(home, store, |store| {
        assert_eq!(tasks(store), expected);
        for queue in ["", "a", "a\0", "ab", "b", "none"] {
            for after in [None, Some(0), Some(254), Some(255), Some(u64::MAX)] {
                let behind = |row: &&TaskRow| row.queue == queue && Some(row.position) > after;
                let all: Vec<_> = expected.iter().filter(behind).cloned().collect();
                assert_eq!(store.tasks_of(queue, after, 99).unwrap(), all);
                assert_eq!(
                    store.tasks_of(queue, after, 1).unwrap(),
                    all[..all.len().min(1)]
                );
            }
        }
    });
}

pub(super) fn the_last_tally_that_was_said_stays(home: &dyn Home) {
    let store = home.open();
    assert_eq!(store.tally().unwrap(), b"");
    let saying = |number, tally: &[u8]| Commit {
        tally: tally.to_vec(),
        ..step(number, write(id(1, 1), number))
    };
    commit_each(
        &*store,
        &[saying(1, b"one"), saying(2, b"two"), saying(3, b"")],
    );
    now_and_after_reopening(home, store, |store| {
        assert_eq!(store.tally().unwrap(), b"two");
    });
}

pub(super) fn what_is_dropped_is_gone(home: &dyn Home) {
    let store = home.open();
    let (one, two) = (id(1, 1), id(2, 1));
    let drop_timer = |due_ms, timer| TimerDrop { due_ms, timer };
    commit_each(
        &*store,
        &[
            step(
                1,
                ExecutionWrite {
                    timers: vec![timer(10, one, 1), timer(10, one, 2), timer(11, one, 1)],
                    tasks: vec![task("q", 1, one, 0), task("q", 2, one, 0)],
                    ..write(one, 1)
                },
            ),
            step(
                2,
                ExecutionWrite {
                    timers: vec![timer(10, two, 1)],
                    ..write(two, 1)
                },
            ),
            step(
                3,
                ExecutionWrite {
                    timers_dropped: vec![drop_timer(10, 1), drop_timer(99, 9)],
                    tasks_dropped: vec![TaskDrop {
                        queue: "q".into(),
                        position: 1,
                    }],
                    ..write(one, 2)
                },
            ),
        ],
    );
    now_and_after_reopening(home, store, |store| {
        // A drop names a timer of its own execution only.
        assert_eq!(
            timers(store),
            [timer(10, one, 2), timer(10, two, 1), timer(11, one, 1)]
        );
        assert_eq!(tasks(store), [task("q", 2, one, 0)]);
    });
}

pub(super) fn what_is_armed_again_stays(home: &dyn Home) {
    let store = home.open();
    let one = id(1, 1);
    let again = timer(10, one, 1);
    commit_each(
        &*store,
        &[
            step(
                1,
                ExecutionWrite {
                    timers: vec![again.clone()],
                    tasks: vec![task("q", 1, one, 0)],
                    ..write(one, 1)
                },
            ),
            step(
                2,
                ExecutionWrite {
                    timers: vec![again.clone()],
                    timers_dropped: vec![TimerDrop {
                        due_ms: 10,
                        timer: 1,
                    }],
                    tasks: vec![task("q", 1, one, 1)],
                    tasks_dropped: vec![TaskDrop {
                        queue: "q".into(),
                        position: 1,
                    }],
                    ..write(one, 2)
                },
            ),
        ],
    );
    now_and_after_reopening(home, store, |store| {
        assert_eq!(timers(store), std::slice::from_ref(&again));
        assert_eq!(tasks(store), [task("q", 1, one, 1)]);
    });
}
