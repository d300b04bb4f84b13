//! Executions that go, with all that is kept of them.

use super::samples::{EPOCH, assert_refused, commit_each, id, run, step, tasks, timers, write};
use super::{Home, now_and_after_reopening};
use crate::{
    Commit, Direction, ExecutionId, ExecutionRemoval, ExecutionWrite, Listing, ListingKey,
    ListingMove, ListingQuery, NameClaim, PartWrite, Store, TaskDrop, TaskRow, TimerDrop, TimerRow,
};

const DUE_MS: i64 = 60_000;
const LISTED_MS: i64 = 5;
const QUEUE: &str = "q";

fn claim(name: &str) -> NameClaim {
    NameClaim {
        machine: "m".into(),
        name: name.into(),
    }
}

fn timer(execution: ExecutionId) -> TimerRow {
    TimerRow {
        due_ms: DUE_MS,
        execution,
        timer: 1,
        kind: 1,
        span_ms: 300,
        steady: None,
    }
}

fn task(execution: ExecutionId, position: u64) -> TaskRow {
    TaskRow {
        queue: QUEUE.into(),
        position,
        execution,
        event: 3,
        hand_outs: 0,
        handed_out: false,
    }
}

fn part(part: u32) -> PartWrite {
    PartWrite {
        part,
        bytes: Some(b"part".to_vec()),
    }
}

/// The first write of an execution with two rows of everything but its name: it stands in the lists
/// 1 and 2, and its tasks at `position` and the place behind that.
fn born(id: ExecutionId, name: &str, position: u64) -> ExecutionWrite {
    let listing = |machine| ListingMove {
        from: None,
        to: Listing {
            machine,
            status: 0,
            time_ms: LISTED_MS,
            execution: id,
            summary: name.into(),
        },
    };
    ExecutionWrite {
        events: Some(run(1, 2)),
        listings: vec![listing(1), listing(2)],
        name: Some(claim(name)),
        timers: vec![
            timer(id),
            TimerRow {
                timer: 2,
                ..timer(id)
            },
        ],
        tasks: vec![task(id, position), task(id, position + 1)],
        parts: vec![part(0), part(u32::MAX)],
        parts_kept: 2,
        ..write(id, 1)
    }
}

fn removal(id: ExecutionId, name: &str, position: u64) -> ExecutionRemoval {
    let listing = |machine| ListingKey {
        machine,
        status: 0,
        time_ms: LISTED_MS,
    };
    let timer = |timer| TimerDrop {
        due_ms: DUE_MS,
        timer,
    };
    let task = |position| TaskDrop {
        queue: QUEUE.into(),
        position,
    };
    ExecutionRemoval {
        id,
        listings: vec![listing(1), listing(2)],
        name: Some(claim(name)),
        timers_dropped: vec![timer(1), timer(2)],
        tasks_dropped: vec![task(position), task(position + 1)],
        runs: None,
    }
}

fn gone(number: u64, removals: Vec<ExecutionRemoval>) -> Commit {
    Commit {
        number,
        at_ms: 1_700_000_000_000,
        removals,
        ..Commit::default()
    }
}

fn listed(store: &dyn Store, machine: u64) -> Vec<ExecutionId> {
    let query = ListingQuery {
        machine,
        statuses: vec![0],
        before: None,
        limit: 10,
    };
    let entries = store.listings(&query).expect("the listing is read");
    entries.into_iter().map(|entry| entry.execution).collect()
}

fn assert_gone(store: &dyn Store, id: ExecutionId, name: &str) {
    assert_eq!(store.execution(id).unwrap(), None);
    for direction in [Direction::Forward, Direction::Backward] {
        let from = match direction {
            Direction::Forward => 1,
            Direction::Backward => u32::MAX,
        };
        assert_eq!(store.events(id, from, direction, 10).unwrap(), []);
    }
    assert_eq!(store.execution_by_name("m", name).unwrap(), None);
    for machine in [1, 2] {
        assert!(!listed(store, machine).contains(&id), "list {machine}");
    }
    assert!(timers(store).iter().all(|row| row.execution != id));
    assert!(tasks(store).iter().all(|row| row.execution != id));
}

/// Ids that differ in their last byte alone, so that a range that is taken too far takes a
/// neighbour's rows.
pub(super) fn what_is_removed_is_gone_and_neighbours_stay(home: &dyn Home) {
    let store = home.open();
    let [before, one, behind] = [id(7, 0xFE), id(7, 0xFF), id(7, 0x100)];
    commit_each(
        &*store,
        &[
            step(1, born(before, "a", 1)),
            step(2, born(one, "b", 3)),
            step(3, born(behind, "c", 5)),
            step(
                4,
                ExecutionWrite {
                    events: Some(run(3, 4)),
                    parts: vec![part(1)],
                    parts_kept: 3,
                    ..write(one, 2)
                },
            ),
            gone(5, vec![removal(one, "b", 3)]),
        ],
    );
    now_and_after_reopening(home, store, |store| {
        assert_gone(store, one, "b");
        for (other, name, position) in [(before, "a", 1), (behind, "c", 5)] {
            let row = store.execution(other).unwrap().unwrap();
            assert_eq!((row.revision, row.parts.len()), (1, 2));
            assert_eq!(
                store.events(other, 1, Direction::Forward, 10).unwrap(),
                [run(1, 2)]
            );
            assert_eq!(store.execution_by_name("m", name).unwrap(), Some(other));
            assert!(timers(store).contains(&timer(other)));
            assert!(tasks(store).contains(&task(other, position + 1)));
        }
        assert_eq!(listed(store, 1), [behind, before]);
        assert_eq!(listed(store, 2), [behind, before]);
        assert_eq!((timers(store).len(), tasks(store).len()), (4, 4));
        assert_eq!(store.last_commit().unwrap(), 5);
    });
}

/// A sweep may find what the next one finds too, and one that found nothing else has nothing to do.
pub(super) fn a_removal_may_be_repeated(home: &dyn Home) {
    let store = home.open();
    let (one, nobody, other) = (id(1, 1), id(1, 2), id(1, 3));
    commit_each(
        &*store,
        &[
            step(1, born(one, "a", 1)),
            step(2, born(other, "c", 5)),
            gone(3, vec![removal(one, "a", 1)]),
            gone(4, vec![removal(one, "a", 1), removal(nobody, "b", 9)]),
            gone(5, vec![removal(one, "a", 1), removal(one, "a", 1)]),
        ],
    );
    now_and_after_reopening(home, store, |store| {
        assert_gone(store, one, "a");
        assert_gone(store, nobody, "b");
        assert_eq!(store.execution_by_name("m", "c").unwrap(), Some(other));
        assert_eq!((timers(store).len(), tasks(store).len()), (2, 2));
        assert_eq!(store.last_commit().unwrap(), 5);
    });
}

/// The name may be another's by the time that the execution goes.
pub(super) fn a_name_claimed_since_is_left_alone(home: &dyn Home) {
    let store = home.open();
    let (old, new) = (id(1, 1), id(9, 1));
    commit_each(
        &*store,
        &[
            step(1, born(old, "a", 1)),
            step(2, born(new, "a", 3)),
            gone(3, vec![removal(old, "a", 1)]),
        ],
    );
    now_and_after_reopening(home, store, |store| {
        assert_eq!(store.execution_by_name("m", "a").unwrap(), Some(new));
        assert_eq!(store.execution(old).unwrap(), None);
        assert_eq!(listed(store, 1), [new]);
    });
}

/// Who is written under an id that was another's has none of its parts: not those that were there when
/// the removal began, and not those that came in the same call.
pub(super) fn parts_go_with_their_execution(home: &dyn Home) {
    let store = home.open();
    let (one, two) = (id(1, 1), id(1, 2));
    let again = |id| ExecutionWrite {
        parts: vec![part(5)],
        parts_kept: 1,
        ..write(id, 1)
    };
    let more = ExecutionWrite {
        parts: vec![part(1)],
        parts_kept: 3,
        ..write(one, 2)
    };
    commit_each(&*store, &[step(1, born(one, "a", 1))]);
    let commits = [
        step(2, more),
        step(3, born(two, "b", 3)),
        gone(4, vec![removal(one, "a", 1), removal(two, "b", 3)]),
        step(5, again(two)),
    ];
    store.commit(EPOCH, &commits).unwrap();
    commit_each(&*store, &[step(6, again(one))]);
    now_and_after_reopening(home, store, |store| {
        for id in [one, two] {
            let row = store.execution(id).unwrap().unwrap();
            assert_eq!(row.parts.into_keys().collect::<Vec<_>>(), [5]);
        }
    });
}

/// Born, stepped and gone within one call: nothing of what was not yet there when the call began may
/// stay behind.
pub(super) fn a_life_and_its_end_share_one_call(home: &dyn Home) {
    let store = home.open();
    let (one, two) = (id(1, 1), id(1, 2));
    let second = ExecutionWrite {
        events: Some(run(3, 1)),
        ..write(one, 2)
    };
    let commits = [
        step(1, born(one, "a", 1)),
        step(2, second),
        // Its name goes over to the next one in the same call.
        gone(3, vec![removal(one, "a", 1)]),
        step(4, born(two, "a", 3)),
    ];
    store.commit(EPOCH, &commits).unwrap();
    now_and_after_reopening(home, store, |store| {
        assert_eq!(store.execution(one).unwrap(), None);
        assert_eq!(store.events(one, 1, Direction::Forward, 10).unwrap(), []);
        assert_eq!(store.execution_by_name("m", "a").unwrap(), Some(two));
        assert_eq!(listed(store, 1), [two]);
        assert_eq!((timers(store).len(), tasks(store).len()), (2, 2));
    });
}

/// What went does not come back by a write that follows on what it was.
pub(super) fn what_is_removed_is_not_written_on(home: &dyn Home) {
    let store = home.open();
    let one = id(1, 1);
    commit_each(
        &*store,
        &[
            step(1, born(one, "a", 1)),
            gone(2, vec![removal(one, "a", 1)]),
        ],
    );
    assert_refused(store.commit(EPOCH, &[step(3, write(one, 2))]));
    now_and_after_reopening(home, store, |store| {
        assert_gone(store, one, "a");
        assert_eq!(store.last_commit().unwrap(), 2);
    });
}

/// Whoever knows which runs there are spares the store a look; a neighbour's stay.
pub(super) fn a_removal_that_names_its_runs_takes_them(home: &dyn Home) {
    let store = home.open();
    let (one, other) = (id(1, 1), id(1, 2));
    let second = |id| ExecutionWrite {
        events: Some(run(3, 4)),
        ..write(id, 2)
    };
    let known = ExecutionRemoval {
        runs: Some(vec![1, 3]),
        ..removal(one, "a", 1)
    };
    commit_each(
        &*store,
        &[
            step(1, born(one, "a", 1)),
            step(2, born(other, "b", 3)),
            step(3, second(one)),
            step(4, second(other)),
            gone(5, vec![known]),
        ],
    );
    now_and_after_reopening(home, store, |store| {
        assert_gone(store, one, "a");
        assert_eq!(
            store.events(other, 1, Direction::Forward, 10).unwrap(),
            [run(1, 2), run(3, 4)]
        );
        assert_eq!(store.execution_by_name("m", "b").unwrap(), Some(other));
        assert_eq!(listed(store, 1), [other]);
    });
}
