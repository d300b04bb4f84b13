//! What a commit must be, and what becomes of one that is not.

use super::samples::{
    EPOCH, assert_refused, commit_each, id, put, run, step, tasks, timers, write,
};
use super::{Home, now_and_after_reopening};
use crate::{
    Commit, Direction, Epoch, EventRun, ExecutionWrite, KEY_BYTES_MAX, Listing, ListingMove,
    ListingQuery, NameClaim, RecordKind, StoreError, TaskRow, TimerRow,
};

pub(super) fn an_empty_store_holds_nothing(home: &dyn Home) {
    now_and_after_reopening(home, home.open(), |store| {
        assert_eq!(store.last_commit().unwrap(), 0);
        assert_eq!(store.execution(id(1, 1)).unwrap(), None);
        assert_eq!(store.execution_by_name("", "").unwrap(), None);
        assert_eq!(
            store.events(id(1, 1), 1, Direction::Forward, 10).unwrap(),
            []
        );
        assert_eq!(
            store
                .events(id(1, 1), u32::MAX, Direction::Backward, 10)
                .unwrap(),
            []
        );
        let query = ListingQuery {
            machine: 1,
            statuses: vec![0, 1],
            before: None,
            limit: 10,
        };
        assert_eq!(store.listings(&query).unwrap(), []);
        assert_eq!(store.record(RecordKind::Service, b"").unwrap(), None);
        assert_eq!(store.records(RecordKind::Service, None, 10).unwrap(), []);
        assert_eq!(timers(store), []);
        assert_eq!(tasks(store), []);
    });
}

pub(super) fn commits_are_numbered_without_gaps(home: &dyn Home) {
    let store = home.open();
    let empty = |number| Commit {
        number,
        ..Commit::default()
    };
    assert_refused(store.commit(EPOCH, &[empty(0)]));
    assert_refused(store.commit(EPOCH, &[empty(2)]));
    store.commit(EPOCH, &[empty(1)]).unwrap();
    assert_refused(store.commit(EPOCH, &[empty(1)]));
    assert_refused(store.commit(EPOCH, &[empty(2), empty(4)]));
    assert_eq!(store.last_commit().unwrap(), 1);
    store.commit(EPOCH, &[empty(2), empty(3)]).unwrap();
    store.commit(EPOCH, &[]).unwrap();
    now_and_after_reopening(home, store, |store| {
        assert_eq!(store.last_commit().unwrap(), 3)
    });
}

pub(super) fn the_latest_time_is_remembered(home: &dyn Home) {
    let store = home.open();
    let at = |number, at_ms| Commit {
        number,
        at_ms,
        ..Commit::default()
    };
    assert_eq!(store.latest_ms().unwrap(), 0);
    store.commit(EPOCH, &[at(1, 500)]).unwrap();
    // A clock that was set back takes nothing away, within one call or over several.
    store.commit(EPOCH, &[at(2, 900), at(3, 700)]).unwrap();
    store.commit(EPOCH, &[at(4, -5)]).unwrap();
    assert_refused(store.commit(EPOCH, &[at(9, 5_000)]));
    now_and_after_reopening(home, store, |store| {
        assert_eq!(store.latest_ms().unwrap(), 900);
    });
}

pub(super) fn revisions_grow_by_one(home: &dyn Home) {
    let store = home.open();
    let one = id(1, 1);
    assert_refused(store.commit(EPOCH, &[step(1, write(one, 0))]));
    assert_refused(store.commit(EPOCH, &[step(1, write(one, 2))]));
    assert_refused(store.commit(EPOCH, &[step(1, write(one, 1)), step(2, write(one, 1))]));
    store
        .commit(EPOCH, &[step(1, write(one, 1)), step(2, write(one, 2))])
        .unwrap();
    now_and_after_reopening(home, store, |store| {
        for revision in [0, 1, 2, 4, u64::MAX] {
            assert_refused(store.commit(EPOCH, &[step(3, write(one, revision))]));
        }
        assert_eq!(store.execution(one).unwrap().unwrap().revision, 2);
    });
}

pub(super) fn a_refused_commit_leaves_no_trace(home: &dyn Home) {
    let store = home.open();
    let one = id(1, 1);
    let full = ExecutionWrite {
        events: Some(run(1, 2)),
        listings: vec![ListingMove {
            from: None,
            to: Listing {
                machine: 1,
                status: 0,
                time_ms: 5,
                execution: one,
                summary: b"s".to_vec(),
            },
        }],
        name: Some(NameClaim {
            machine: "m".into(),
            name: "n".into(),
        }),
        timers: vec![TimerRow {
            due_ms: 9,
            execution: one,
            timer: 1,
            kind: 0,
            span_ms: 0,
            steady: None,
        }],
        tasks: vec![TaskRow {
            queue: "q".into(),
            position: 1,
            execution: one,
            event: 1,
            hand_outs: 0,
            handed_out: false,
        }],
        ..write(one, 1)
    };
    let mut good = step(1, full);
    good.records = put(1, RecordKind::Tags, b"arn", Some(b"tags")).records;
    // The last of three commits is wrong, so none of the three happened.
    assert_refused(store.commit(
        EPOCH,
        &[good, step(2, write(one, 2)), step(3, write(one, 2))],
    ));
    now_and_after_reopening(home, store, |store| {
        assert_eq!(store.last_commit().unwrap(), 0);
        assert_eq!(store.execution(one).unwrap(), None);
        assert_eq!(store.execution_by_name("m", "n").unwrap(), None);
        assert_eq!(store.events(one, 1, Direction::Forward, 10).unwrap(), []);
        let query = ListingQuery {
            machine: 1,
            statuses: vec![0],
            before: None,
            limit: 10,
        };
        assert_eq!(store.listings(&query).unwrap(), []);
        assert_eq!(store.record(RecordKind::Tags, b"arn").unwrap(), None);
        assert_eq!(timers(store), []);
        assert_eq!(tasks(store), []);
    });
}

pub(super) fn an_older_epoch_is_fenced(home: &dyn Home) {
    let store = home.open();
    store
        .commit(Epoch(4), &[step(1, write(id(1, 1), 1))])
        .unwrap();
    store
        .commit(Epoch(4), &[step(2, write(id(1, 1), 2))])
        .unwrap();
    let answer = store.commit(Epoch(3), &[step(3, write(id(1, 1), 3))]);
    assert!(
        matches!(answer, Err(StoreError::Fenced { ours: 3, theirs: 4 })),
        "{answer:?}"
    );
    assert_eq!(store.last_commit().unwrap(), 2);
    assert_eq!(store.execution(id(1, 1)).unwrap().unwrap().revision, 2);
    store
        .commit(Epoch(5), &[step(3, write(id(1, 1), 3))])
        .unwrap();
    let answer = store.commit(Epoch(4), &[step(4, write(id(1, 1), 4))]);
    assert!(
        matches!(answer, Err(StoreError::Fenced { ours: 4, theirs: 5 })),
        "{answer:?}"
    );
}

pub(super) fn the_epoch_is_remembered(home: &dyn Home) {
    let store = home.open();
    // No commit is needed to take a shard over: the epoch alone is written.
    store.commit(Epoch(7), &[]).unwrap();
    now_and_after_reopening(home, store, |store| {
        let answer = store.commit(Epoch(6), &[]);
        assert!(
            matches!(answer, Err(StoreError::Fenced { ours: 6, theirs: 7 })),
            "{answer:?}"
        );
        assert_eq!(store.last_commit().unwrap(), 0);
    });
}

pub(super) fn malformed_runs_and_keys_are_refused(home: &dyn Home) {
    let store = home.open();
    for (first, count) in [(0, 1), (1, 0), (u32::MAX, 1), (2, u32::MAX)] {
        let events = Some(EventRun {
            first,
            count,
            bytes: Vec::new(),
        });
        assert_refused(store.commit(
            EPOCH,
            &[step(
                1,
                ExecutionWrite {
                    events,
                    ..write(id(1, 1), 1)
                },
            )],
        ));
    }
    let long = "k".repeat(KEY_BYTES_MAX);
    assert_refused(store.commit(
        EPOCH,
        &[put(1, RecordKind::Tags, long.as_bytes(), Some(b"v"))],
    ));
    let claim = NameClaim {
        machine: "m".into(),
        name: "n".into(),
    };
    commit_each(&*store, &[step(1, write(id(1, 1), 1))]);
    let late = ExecutionWrite {
        name: Some(claim),
        ..write(id(1, 1), 2)
    };
    assert_refused(store.commit(EPOCH, &[step(2, late)]));
}
