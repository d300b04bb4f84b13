//! Killed at any moment, a store keeps what it acknowledged.
//!
//! The test starts its own binary again as the victim, which prints a number for each commit that is
//! acknowledged, and kills it.

// Also in what the tests share, a panic is how they report.
#![allow(clippy::unwrap_used)]

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use store::suite::{Random, activity_steps};
use store::{Commit, Direction, Epoch, ExecutionWrite, ListingQuery, Store};
use store_embedded::{EmbeddedStore, OpenError, Options};

const KILLS: u64 = 10;
const FOLDER: &str = "TOWPATH_TEST_KILL_FOLDER";
const SEED: u64 = 1;

/// Small files of the log, so that many of them are used again before each kill.
fn options(folder: impl Into<std::path::PathBuf>) -> Options {
    Options {
        log_segment_bytes: 256 << 10,
        ..Options::new(folder)
    }
}

/// The `n`-th commit is always the same: start and completion of one execution after the other.
fn commit(number: u64) -> Commit {
    let execution = (number - 1) / 2;
    let mut random = Random::new(SEED.wrapping_add(execution));
    let [start, complete] = activity_steps(&mut random, 1_700_000_000_000 + execution, execution);
    let write = if number % 2 == 1 { start } else { complete };
    Commit {
        number,
        executions: vec![write],
        ..Commit::default()
    }
}

#[test]
#[ignore = "the victim of the test below, which starts it"]
fn victim() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        return;
    };
    let store = EmbeddedStore::open(options(folder)).unwrap();
    let mut random = Random::new(store.last_commit().unwrap());
    loop {
        let first = store.last_commit().unwrap() + 1;
        let commits: Vec<_> = (first..=first + random.below(16)).map(commit).collect();
        store.commit(Epoch(0), &commits).unwrap();
        let mut out = std::io::stdout();
        writeln!(out, "acknowledged {}", store.last_commit().unwrap()).unwrap();
        out.flush().unwrap();
    }
}

#[test]
fn what_was_acknowledged_survives_kill_9() {
    let home = tempfile::tempdir().unwrap();
    let mut random = Random::new(7);
    let mut checked = 0;
    for kill in 0..KILLS {
        let acknowledged = run_and_kill(home.path(), Duration::from_millis(20 + random.below(300)));
        assert!(
            acknowledged > checked,
            "kill {kill}: the victim got nothing done"
        );
        // The lock died with its holder.
        let store = EmbeddedStore::open(options(home.path())).unwrap();
        let stored = store.last_commit().unwrap();
        assert!(
            stored >= acknowledged,
            "kill {kill}: {acknowledged} acknowledged, {stored} there"
        );
        // Every row of what was written last, and a sample of what is older.
        let newest = stored.saturating_sub(200).max(1)..=stored;
        let sample = (0..200).map(|_| 1 + random.below(stored));
        newest
            .chain(sample)
            .for_each(|number| check(&store, number, stored));
        check_indexes(&store, stored);
        checked = stored;
    }
}

/// Runs the victim for `time`, kills it, and tells the last number it gave.
fn run_and_kill(folder: &Path, time: Duration) -> u64 {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "victim", "--ignored", "--nocapture"])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let parse = |line: &str| {
        line.strip_prefix("acknowledged ")
            .and_then(|number| number.parse::<u64>().ok())
    };
    // The time runs from the first answer, however long opening took.
    let mut last = lines
        .by_ref()
        .find_map(|line| parse(&line.unwrap()))
        .expect("the victim answers");
    let refusal = EmbeddedStore::open(options(folder)).map(drop);
    let holder = format!(" (process {})", child.id());
    assert!(
        matches!(&refusal, Err(OpenError::Locked { holder: found, .. }) if *found == holder),
        "{refusal:?}"
    );
    let killer = std::thread::spawn(move || {
        // Not waiting for anything: the moment of the kill is the input of this test.
        std::thread::sleep(time);
        child.kill().unwrap();
        child.wait().unwrap();
    });
    for line in lines {
        // The last line may be torn; then it was not heard, and does not count.
        if let Some(number) = line.ok().as_deref().and_then(parse) {
            last = number;
        }
    }
    killer.join().unwrap();
    last
}

fn check(store: &EmbeddedStore, number: u64, stored: u64) {
    let written: &ExecutionWrite = &commit(number).executions[0];
    let row = store
        .execution(written.id)
        .unwrap()
        .expect("the execution is there");
    let is_last = number.is_multiple_of(2) || number == stored;
    if is_last {
        assert_eq!(
            (row.revision, &row.snapshot),
            (written.revision, &written.snapshot),
            "commit {number}"
        );
    }
    let run = written.events.as_ref().unwrap();
    let found = store
        .events(written.id, run.first, Direction::Forward, 1)
        .unwrap();
    assert_eq!(found.first(), Some(run), "commit {number}");
    if let Some(claim) = &written.name {
        assert_eq!(
            store
                .execution_by_name(&claim.machine, &claim.name)
                .unwrap(),
            Some(written.id)
        );
    }
}

/// Timers, tasks and listings agree with how far the commits came: nothing torn, nothing left over.
fn check_indexes(store: &EmbeddedStore, stored: u64) {
    let (completed, running) = (stored / 2, stored % 2);
    let (mut timers, mut tasks) = (0, 0);
    store.timers(&mut |_| timers += 1).unwrap();
    store.tasks(&mut |_| tasks += 1).unwrap();
    assert_eq!((timers, tasks), (running, running));
    for (status, expected) in [(0, running), (1, completed)] {
        let query = ListingQuery {
            machine: 1,
            statuses: vec![status],
            before: None,
            limit: usize::MAX,
        };
        assert_eq!(
            store.listings(&query).unwrap().len() as u64,
            expected,
            "status {status}"
        );
    }
}
