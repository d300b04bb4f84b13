//! Readers beside the writer see whole commits, and never fewer than before.

// Also in what the tests share, a panic is how they report.
#![allow(clippy::unwrap_used)]

use std::sync::atomic::{AtomicBool, Ordering};

use store::suite::{Random, activity_steps};
use store::{Commit, Direction, Epoch, ListingQuery, Store};
use store_embedded::{EmbeddedStore, Options};

#[test]
fn a_reader_sees_whole_commits_and_none_unhappens() {
    const EXECUTIONS: u64 = 400;
    let home = tempfile::tempdir().unwrap();
    let store = &EmbeddedStore::open(Options::new(home.path())).unwrap();
    let done = &AtomicBool::new(false);
    std::thread::scope(|scope| {
        let reader = scope.spawn(move || {
            let query = ListingQuery {
                machine: 1,
                statuses: vec![0, 1],
                before: None,
                limit: 10_000,
            };
            let mut seen = 0;
            let mut looks = 0;
            loop {
                let is_last_look = done.load(Ordering::Acquire);
                let last_commit = store.last_commit().unwrap();
                // Each execution is in one listing at a time: between two statuses it is in neither
                // or both for a reader that does not look at one moment.
                let listed = store.listings(&query).unwrap();
                assert!(
                    listed.len() as u64 >= last_commit.div_ceil(2).max(seen),
                    "{} {seen}",
                    listed.len()
                );
                seen = listed.len() as u64;
                if let Some(newest) = listed.first() {
                    let row = store
                        .execution(newest.execution)
                        .unwrap()
                        .expect("listed, so it is there");
                    let runs = store
                        .events(newest.execution, 1, Direction::Forward, 100)
                        .unwrap();
                    assert!(
                        runs.len() as u64 >= row.revision,
                        "a snapshot is never ahead of its history"
                    );
                }
                looks += 1;
                if is_last_look {
                    return (seen, looks);
                }
            }
        });
        let mut random = Random::new(3);
        for serial in 0..EXECUTIONS {
            let steps = activity_steps(&mut random, 1_700_000_000_000 + serial, serial);
            for (number, step) in (2 * serial + 1..).zip(steps) {
                let commit = Commit {
                    number,
                    executions: vec![step],
                    ..Commit::default()
                };
                store.commit(Epoch(0), &[commit]).unwrap();
                // So the reader looks through what is ahead of the engine, and waits for it, by turns.
                store.answered();
            }
        }
        done.store(true, Ordering::Release);
        let (seen, looks) = reader.join().unwrap();
        assert_eq!(seen, EXECUTIONS);
        assert!(looks > 1, "the reader looked while the writer wrote");
    });
}
