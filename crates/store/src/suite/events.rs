//! Histories, read from either end and from the middle.

use super::samples::{commit_each, id, run, step, write};
use super::{Home, now_and_after_reopening};
use crate::{Direction, EventRun, ExecutionWrite, Store};

/// First event and count of each run: events 1 to 311.
const RUNS: [(u32, u32); 5] = [(1, 3), (4, 1), (5, 5), (10, 2), (12, 300)];

fn with_history(store: &dyn Store) {
    for (number, (first, count)) in (1..).zip(RUNS) {
        let events = Some(run(first, count));
        commit_each(
            store,
            &[step(
                number,
                ExecutionWrite {
                    events,
                    ..write(id(1, 1), number)
                },
            )],
        );
    }
}

fn firsts(runs: Vec<EventRun>) -> Vec<u32> {
    for found in &runs {
        assert_eq!(
            *found,
            run(found.first, found.count),
            "a run comes back as it was written"
        );
    }
    runs.iter().map(|run| run.first).collect()
}

pub(super) fn events_forward_begin_inside_runs(home: &dyn Home) {
    let store = home.open();
    with_history(&*store);
    now_and_after_reopening(home, store, |store| {
        let read = |from, limit| {
            firsts(
                store
                    .events(id(1, 1), from, Direction::Forward, limit)
                    .unwrap(),
            )
        };
        assert_eq!(read(1, 0), []);
        assert_eq!(read(0, 1), [1]);
        assert_eq!(read(1, 3), [1]);
        assert_eq!(read(1, 4), [1, 4]);
        assert_eq!(read(2, 3), [1, 4], "two of the first run count");
        assert_eq!(read(3, 2), [1, 4]);
        assert_eq!(read(7, 3), [5], "7, 8 and 9 of the run from 5");
        assert_eq!(read(7, 4), [5, 10]);
        assert_eq!(read(12, 1), [12]);
        assert_eq!(read(311, 1_000), [12]);
        assert_eq!(read(312, 1_000), [], "past the end");
        assert_eq!(read(u32::MAX, u32::MAX), []);
        assert_eq!(read(1, u32::MAX), [1, 4, 5, 10, 12]);
    });
}

pub(super) fn events_backward_begin_inside_runs(home: &dyn Home) {
    let store = home.open();
    with_history(&*store);
    now_and_after_reopening(home, store, |store| {
        let read = |from, limit| {
            firsts(
                store
                    .events(id(1, 1), from, Direction::Backward, limit)
                    .unwrap(),
            )
        };
        assert_eq!(read(311, 0), []);
        assert_eq!(read(311, 300), [12]);
        assert_eq!(read(311, 301), [12, 10]);
        assert_eq!(
            read(13, 3),
            [12, 10],
            "13 and 12 of the newest run, and one more"
        );
        assert_eq!(read(12, 2), [12, 10]);
        assert_eq!(read(9, 5), [5]);
        assert_eq!(read(8, 5), [5, 4]);
        assert_eq!(read(2, 2), [1]);
        assert_eq!(read(1, 10), [1]);
        assert_eq!(read(0, 10), []);
        assert_eq!(
            read(u32::MAX, 1),
            [12],
            "past the end the newest run is first"
        );
        assert_eq!(read(u32::MAX, u32::MAX), [12, 10, 5, 4, 1]);
    });
}

pub(super) fn events_of_neighbours_stay_apart(home: &dyn Home) {
    let store = home.open();
    let with_run = |id, count| ExecutionWrite {
        events: Some(run(1, count)),
        ..write(id, 1)
    };
    commit_each(
        &*store,
        &[
            step(1, with_run(id(5, 1), 2)),
            step(2, with_run(id(5, 3), 3)),
            step(3, write(id(5, 2), 1)),
        ],
    );
    for direction in [Direction::Forward, Direction::Backward] {
        for from in [1, 2, 3, u32::MAX] {
            assert_eq!(store.events(id(5, 2), from, direction, 10).unwrap(), []);
        }
    }
    assert_eq!(
        store.events(id(5, 1), 1, Direction::Forward, 10).unwrap(),
        [run(1, 2)]
    );
    assert_eq!(
        store.events(id(5, 3), 3, Direction::Backward, 10).unwrap(),
        [run(1, 3)]
    );
}

/// One execution keeps its events in its row, two had them there once.
pub(super) fn events_in_the_row_are_read_like_others_and_move_out(home: &dyn Home) {
    let (stays, moved, went_on) = (id(6, 1), id(6, 2), id(6, 3));
    let with = |id, revision, count, events_in_row| ExecutionWrite {
        events: Some(run(1, count)),
        events_in_row,
        ..write(id, revision)
    };
    let more = ExecutionWrite {
        events: Some(run(10, 2)),
        ..write(went_on, 3)
    };
    let writes = [
        with(stays, 1, 3, true),
        with(stays, 2, 5, true),
        with(moved, 1, 3, true),
        with(moved, 2, 9, false),
        with(went_on, 1, 3, true),
        with(went_on, 2, 9, false),
        more,
    ];
    let commits: Vec<_> = (1..)
        .zip(writes)
        .map(|(number, write)| step(number, write))
        .collect();
    let store = home.open();
    commit_each(&*store, &commits);
    now_and_after_reopening(home, store, |store| {
        let row = |id| store.execution(id).unwrap().unwrap();
        assert_eq!(row(stays).events, Some(run(1, 5)));
        assert_eq!(row(stays).snapshot, b"snapshot 2");
        assert_eq!(row(stays).holds.as_deref(), Some(&b"holds 2"[..]));
        let read = |from, direction| firsts(store.events(stays, from, direction, 1).unwrap());
        assert_eq!(read(0, Direction::Forward), [1]);
        assert_eq!(read(5, Direction::Forward), [1]);
        assert_eq!(read(6, Direction::Forward), [], "past the end");
        assert_eq!(read(0, Direction::Backward), []);
        assert_eq!(read(1, Direction::Backward), [1]);
        assert_eq!(read(u32::MAX, Direction::Backward), [1]);
        for (id, runs) in [
            (moved, vec![run(1, 9)]),
            (went_on, vec![run(1, 9), run(10, 2)]),
        ] {
            assert_eq!(row(id).events, None);
            assert_eq!(store.events(id, 1, Direction::Forward, 20).unwrap(), runs);
        }
    });
}
