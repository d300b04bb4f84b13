//! Listings of executions, newest first.

use super::samples::{commit_each, id, step, write};
use super::{Home, now_and_after_reopening};
use crate::{
    Commit, ExecutionId, ExecutionWrite, Listing, ListingCursor, ListingMove, ListingQuery, Store,
};

fn entry(machine: u64, status: u8, time_ms: i64, execution: ExecutionId) -> Listing {
    Listing {
        machine,
        status,
        time_ms,
        execution,
        summary: format!("{machine} {status} {time_ms}").into_bytes(),
    }
}

fn listed(number: u64, revision: u64, from: Option<(u8, i64)>, to: Listing) -> Commit {
    let id = to.execution;
    step(
        number,
        ExecutionWrite {
            listings: vec![ListingMove { from, to }],
            ..write(id, revision)
        },
    )
}

fn page(
    store: &dyn Store,
    statuses: &[u8],
    before: Option<ListingCursor>,
    limit: usize,
) -> Vec<Listing> {
    let query = ListingQuery {
        machine: 1,
        statuses: statuses.to_vec(),
        before,
        limit,
    };
    store.listings(&query).expect("the listing is read")
}

fn after(entry: &Listing) -> Option<ListingCursor> {
    Some(ListingCursor {
        time_ms: entry.time_ms,
        execution: entry.execution,
    })
}

pub(super) fn listings_are_newest_first(home: &dyn Home) {
    let store = home.open();
    let entries = [
        entry(1, 0, 7, id(7, 1)),
        entry(1, 0, -3, id(1, 1)),
        entry(1, 0, 9, id(9, 1)),
        entry(1, 0, 7, id(7, 2)),
        entry(1, 0, 0, id(2, 1)),
    ];
    for (number, entry) in (1..).zip(&entries) {
        commit_each(&*store, &[listed(number, 1, None, entry.clone())]);
    }
    now_and_after_reopening(home, store, |store| {
        let order = [2, 3, 0, 4, 1].map(|at| entries[at].clone());
        assert_eq!(page(store, &[0], None, 10), order);
        assert_eq!(page(store, &[0], None, 2), order[..2]);
        assert_eq!(page(store, &[0], None, 0), []);
        assert_eq!(page(store, &[], None, 10), []);
        assert_eq!(
            page(store, &[0, 0], None, 10),
            order,
            "a status named twice counts once"
        );
        for (at, last) in order.iter().enumerate() {
            assert_eq!(page(store, &[0], after(last), 10), order[at + 1..]);
        }
        let nobody = ListingCursor {
            time_ms: 7,
            execution: id(7, 2),
        };
        assert_eq!(
            page(store, &[0], Some(nobody), 1)[0],
            order[2],
            "times that are equal go on by id"
        );
        let oldest = ListingCursor {
            time_ms: i64::MIN,
            execution: ExecutionId([0; 16]),
        };
        assert_eq!(page(store, &[0], Some(oldest), 10), []);
        let newest = ListingCursor {
            time_ms: i64::MAX,
            execution: ExecutionId([0xFF; 16]),
        };
        assert_eq!(page(store, &[0], Some(newest), 10), order);
    });
}

pub(super) fn listings_merge_statuses_and_page(home: &dyn Home) {
    let store = home.open();
    // Status 0 has most of the new, status 5 all of the old: portions run out at different times.
    let mut entries = Vec::new();
    for at in 0..400u64 {
        let status = match at {
            0..150 => 5,
            _ if at % 7 == 0 => 2,
            _ if at % 31 == 0 => 0xFF,
            _ => 0,
        };
        entries.push(entry(1, status, at as i64 / 3, id(at, at)));
    }
    let commits: Vec<_> = (1..)
        .zip(&entries)
        .map(|(number, to)| listed(number, 1, None, to.clone()))
        .collect();
    commit_each(&*store, &commits);
    entries.reverse();
    now_and_after_reopening(home, store, |store| {
        let statuses = [5, 0, 2, 0xFF];
        for limit in [1, 7, 100, 399, 400, 1_000] {
            let mut seen: Vec<Listing> = Vec::new();
            loop {
                let next = page(store, &statuses, seen.last().and_then(after), limit);
                assert!(next.len() <= limit);
                let is_last = next.len() < limit;
                seen.extend(next);
                if is_last {
                    break;
                }
            }
            assert_eq!(seen, entries, "pages of {limit}");
        }
        let some: Vec<_> = entries
            .iter()
            .filter(|entry| [2, 5].contains(&entry.status))
            .cloned()
            .collect();
        assert_eq!(page(store, &[2, 5], None, 1_000), some);
        assert_eq!(page(store, &[3], None, 1_000), []);
    });
}

pub(super) fn listings_follow_moves(home: &dyn Home) {
    let store = home.open();
    let (one, two) = (id(1, 1), id(1, 2));
    let renamed = Listing {
        summary: b"renamed".to_vec(),
        ..entry(1, 1, 20, one)
    };
    commit_each(
        &*store,
        &[
            listed(1, 1, None, entry(1, 0, 10, one)),
            listed(2, 1, None, entry(1, 0, 10, two)),
            listed(3, 2, Some((0, 10)), entry(1, 1, 20, one)),
            // A move onto itself changes what is shown and keeps the entry.
            listed(4, 3, Some((1, 20)), renamed.clone()),
        ],
    );
    now_and_after_reopening(home, store, |store| {
        assert_eq!(page(store, &[0], None, 10), [entry(1, 0, 10, two)]);
        assert_eq!(page(store, &[1], None, 10), std::slice::from_ref(&renamed));
        assert_eq!(
            page(store, &[0, 1], None, 10),
            [renamed.clone(), entry(1, 0, 10, two)]
        );
    });
}

pub(super) fn listings_of_machines_stay_apart(home: &dyn Home) {
    let store = home.open();
    for (number, machine) in (1..).zip([0, 1, 2, 256, u64::MAX]) {
        commit_each(
            &*store,
            &[listed(
                number,
                1,
                None,
                entry(machine, 0, 10, id(1, machine)),
            )],
        );
    }
    assert_eq!(page(&*store, &[0], None, 10), [entry(1, 0, 10, id(1, 1))]);
}

/// The other direction, of one status of one machine: what it gives is what a page gives in reverse.
pub(super) fn listings_are_read_from_the_oldest_on(home: &dyn Home) {
    let store = home.open();
    let entries = [
        entry(1, 0, 7, id(7, 1)),
        entry(1, 0, -3, id(1, 1)),
        entry(1, 0, 9, id(9, 1)),
        entry(1, 0, 7, id(7, 2)),
        // Neighbours, which are none of it.
        entry(1, 1, -4, id(2, 1)),
        entry(0, 0, -4, id(2, 2)),
        entry(2, 0, -4, id(2, 3)),
    ];
    for (number, entry) in (1..).zip(&entries) {
        commit_each(&*store, &[listed(number, 1, None, entry.clone())]);
    }
    now_and_after_reopening(home, store, |store| {
        let oldest_first = |status, after, limit| {
            let listed = store.listings_oldest_first(1, status, after, limit);
            listed.expect("the listing is read")
        };
        let order = [1, 0, 3, 2].map(|at| entries[at].clone());
        assert_eq!(oldest_first(0, None, 10), order);
        assert_eq!(oldest_first(0, None, 3), order[..3]);
        assert_eq!(oldest_first(0, None, 0), []);
        assert_eq!(oldest_first(2, None, 10), []);
        assert_eq!(oldest_first(1, None, 10), entries[4..5]);
        for (at, last) in order.iter().enumerate() {
            assert_eq!(oldest_first(0, after(last), 10), order[at + 1..]);
        }
        let nobody = ListingCursor {
            time_ms: 8,
            execution: ExecutionId([0; 16]),
        };
        assert_eq!(oldest_first(0, Some(nobody), 10), order[3..]);
        let newest = ListingCursor {
            time_ms: i64::MAX,
            execution: ExecutionId([0xFF; 16]),
        };
        assert_eq!(oldest_first(0, Some(newest), 10), []);
    });
}
