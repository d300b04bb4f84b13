//! Executions and their names.

use std::collections::BTreeMap;

use super::samples::{EPOCH, commit_each, id, run, step, tasks, timers, write};
use super::{Home, now_and_after_reopening};
use crate::{
    Direction, ExecutionRow, ExecutionWrite, Listing, ListingMove, ListingQuery, NameClaim,
    PartWrite, Store, TaskDrop, TaskRow, TimerDrop, TimerRow,
};

pub(super) fn an_execution_is_read_as_last_written(home: &dyn Home) {
    let store = home.open();
    commit_each(
        &*store,
        &[
            step(1, write(id(1, 1), 1)),
            step(2, write(id(1, 2), 1)),
            step(3, write(id(1, 1), 2)),
            step(4, write(id(1, 1), 3)),
        ],
    );
    now_and_after_reopening(home, store, |store| {
        let row = |revision, snapshot: &[u8]| {
            Some(ExecutionRow {
                revision,
                snapshot: snapshot.to_vec(),
                parts: BTreeMap::new(),
                holds: Some(format!("holds {revision}").into_bytes()),
                events: None,
            })
        };
        assert_eq!(store.execution(id(1, 1)).unwrap(), row(3, b"snapshot 3"));
        assert_eq!(store.execution(id(1, 2)).unwrap(), row(1, b"snapshot 1"));
        assert_eq!(store.execution(id(1, 3)).unwrap(), None);
    });
}

/// What is asked for small is the whole of a small row, and nothing of another.
pub(super) fn a_small_execution_is_one_row(home: &dyn Home) {
    let store = home.open();
    let with_part = ExecutionWrite {
        parts: vec![PartWrite {
            part: 1,
            bytes: Some(b"part".to_vec()),
        }],
        parts_kept: 1,
        ..write(id(1, 2), 1)
    };
    commit_each(&*store, &[step(1, write(id(1, 1), 1)), step(2, with_part)]);
    now_and_after_reopening(home, store, |store| {
        let small = |number, bytes_max| store.small_execution(id(1, number), bytes_max).unwrap();
        let one = store.execution(id(1, 1)).unwrap();
        let bytes = one.as_ref().map_or(0, |row| row.snapshot.len());
        assert_eq!(small(1, bytes + 100), one);
        assert_eq!(small(1, bytes), None, "a row is more than its snapshot");
        assert_eq!(small(2, usize::MAX), None, "it has a part");
        assert_eq!(small(3, usize::MAX), None, "it is not there");
    });
}

/// Each commit names only the parts that it changes.
pub(super) fn parts_stay_until_they_are_written_or_dropped(home: &dyn Home) {
    let store = home.open();
    let one = id(1, 1);
    let with = |revision, parts: &[(u32, Option<&[u8]>)], parts_kept| ExecutionWrite {
        parts: parts
            .iter()
            .map(|(part, bytes)| PartWrite {
                part: *part,
                bytes: bytes.map(<[u8]>::to_vec),
            })
            .collect(),
        parts_kept,
        ..write(one, revision)
    };
    let read = |store: &dyn Store, parts: &[(u32, &[u8])]| {
        let row = store.execution(one).unwrap().unwrap();
        let parts = parts.iter().map(|(part, bytes)| (*part, bytes.to_vec()));
        assert_eq!(row.parts, parts.collect());
    };
    // Neighbours, whose parts a range that is taken too far would find.
    let neighbours = [id(1, 0), id(1, 2)].map(|neighbour| ExecutionWrite {
        id: neighbour,
        ..with(
            1,
            &[(0, Some(b"not ours")), (u32::MAX, Some(b"nor this"))],
            2,
        )
    });
    let [before, behind] = neighbours;
    let first = [
        (0, Some(&b"a"[..])),
        (300, Some(b"b")),
        (u32::MAX, Some(b"")),
    ];
    commit_each(
        &*store,
        &[
            step(1, before),
            step(2, behind),
            step(3, with(1, &first, 3)),
        ],
    );
    read(&*store, &[(0, b"a"), (300, b"b"), (u32::MAX, b"")]);
    let second = [(300, Some(&b"bb"[..])), (0, None), (7, Some(b"c"))];
    commit_each(&*store, &[step(4, with(2, &second, 3))]);
    read(&*store, &[(7, b"c"), (300, b"bb"), (u32::MAX, b"")]);
    // In one call: written, dropped, and written again.
    let many = [
        step(5, with(3, &[(7, None), (8, Some(b"d"))], 3)),
        step(6, with(4, &[(8, None), (7, Some(b"e")), (300, None)], 2)),
    ];
    store.commit(EPOCH, &many).unwrap();
    commit_each(&*store, &[step(7, with(5, &[], 2))]);
    now_and_after_reopening(home, store, |store| {
        read(store, &[(7, b"e"), (u32::MAX, b"")]);
        let neighbour = store.execution(id(1, 2)).unwrap().unwrap();
        assert_eq!(neighbour.parts.len(), 2);
    });
}

/// A whole life in one call: what comes later in it must win, whatever the engine thinks of two
/// writes to one key in one set.
pub(super) fn several_commits_share_one_call(home: &dyn Home) {
    let store = home.open();
    let one = id(1, 1);
    let listing = |status, from, summary: &[u8]| {
        let to = Listing {
            machine: 1,
            status,
            time_ms: 5,
            execution: one,
            summary: summary.to_vec(),
        };
        vec![ListingMove { from, to }]
    };
    let timer = |timer| TimerRow {
        due_ms: 9,
        execution: one,
        timer,
        kind: 1,
        span_ms: 5,
        steady: None,
    };
    let task = |hand_outs| TaskRow {
        queue: "q".into(),
        position: 1,
        execution: one,
        event: 2,
        hand_outs,
        handed_out: hand_outs > 0,
    };
    let commits = [
        step(
            1,
            ExecutionWrite {
                events: Some(run(1, 2)),
                listings: listing(0, None, b"runs"),
                timers: vec![timer(1), timer(2)],
                tasks: vec![task(0)],
                ..write(one, 1)
            },
        ),
        step(
            2,
            ExecutionWrite {
                tasks: vec![task(1)],
                ..write(one, 2)
            },
        ),
        step(
            3,
            ExecutionWrite {
                events: Some(run(3, 1)),
                listings: listing(1, Some((0, 5)), b"done"),
                timers_dropped: vec![TimerDrop {
                    due_ms: 9,
                    timer: 1,
                }],
                tasks_dropped: vec![TaskDrop {
                    queue: "q".into(),
                    position: 1,
                }],
                ..write(one, 3)
            },
        ),
    ];
    store.commit(EPOCH, &commits).unwrap();
    now_and_after_reopening(home, store, |store| {
        assert_eq!(store.last_commit().unwrap(), 3);
        assert_eq!(store.execution(one).unwrap().unwrap().revision, 3);
        assert_eq!(
            store.events(one, 1, Direction::Forward, 10).unwrap(),
            [run(1, 2), run(3, 1)]
        );
        let query = ListingQuery {
            machine: 1,
            statuses: vec![0, 1],
            before: None,
            limit: 10,
        };
        let listed = store.listings(&query).unwrap();
        assert_eq!(
            listed
                .iter()
                .map(|entry| &entry.summary[..])
                .collect::<Vec<_>>(),
            [b"done"]
        );
        assert_eq!(timers(store), [timer(2)]);
        assert_eq!(tasks(store), []);
    });
}

pub(super) fn names_lead_to_executions(home: &dyn Home) {
    let store = home.open();
    let claiming = |id, machine: &str, name: &str| {
        let name = Some(NameClaim {
            machine: machine.into(),
            name: name.into(),
        });
        ExecutionWrite {
            name,
            ..write(id, 1)
        }
    };
    commit_each(
        &*store,
        &[
            step(1, claiming(id(1, 1), "ab", "c")),
            step(2, claiming(id(1, 2), "a", "bc")),
            step(3, claiming(id(1, 3), "ab", "ü")),
            // A name is free again when AWS lets it be; whoever claims it last is meant by it.
            step(4, claiming(id(9, 1), "ab", "c")),
        ],
    );
    now_and_after_reopening(home, store, |store| {
        assert_eq!(store.execution_by_name("ab", "c").unwrap(), Some(id(9, 1)));
        assert_eq!(store.execution_by_name("a", "bc").unwrap(), Some(id(1, 2)));
        assert_eq!(store.execution_by_name("ab", "ü").unwrap(), Some(id(1, 3)));
        assert_eq!(store.execution_by_name("abc", "").unwrap(), None);
        assert_eq!(store.execution_by_name("ab", "").unwrap(), None);
    });
}

pub(super) fn any_bytes_are_kept(home: &dyn Home) {
    let store = home.open();
    let every_byte: Vec<u8> = (0..=255).collect();
    let samples = [
        Vec::new(),
        vec![0],
        vec![0xFF; 3],
        every_byte.clone(),
        every_byte.repeat(4_096),
    ];
    for (at, bytes) in (1..).zip(&samples) {
        let mut events = run(1, 1);
        events.bytes.clone_from(bytes);
        let sample = ExecutionWrite {
            snapshot: bytes.clone(),
            events: Some(events),
            ..write(id(at, 1), 1)
        };
        store.commit(EPOCH, &[step(at, sample)]).unwrap();
    }
    now_and_after_reopening(home, store, |store| {
        for (at, bytes) in (1..).zip(&samples) {
            assert!(store.execution(id(at, 1)).unwrap().unwrap().snapshot == *bytes);
            assert!(store.events(id(at, 1), 1, Direction::Forward, 1).unwrap()[0].bytes == *bytes);
        }
    });
}
