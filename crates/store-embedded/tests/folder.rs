//! Whose folder it is, and whether it is whole: every way to start wrongly is refused by name.

// Also in what the tests share, a panic is how they report.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};

use fjall::{Database, KeyspaceCreateOptions, PersistMode};
use store::{
    Commit, Direction, Epoch, EventRun, ExecutionId, ExecutionWrite, Listing, ListingMove,
    ListingQuery, NameClaim, PartWrite, RecordKind, RecordWrite, Store, TABLES, TaskRow, TimerRow,
};
use store_embedded::{EmbeddedStore, OpenError, Options};
use tempfile::TempDir;

fn options(path: &Path) -> Options {
    Options {
        log_segment_bytes: 32 << 10,
        ..Options::new(path)
    }
}

fn open(path: &Path) -> Result<EmbeddedStore, OpenError> {
    EmbeddedStore::open(options(path))
}

fn refusal(path: &Path) -> OpenError {
    match open(path) {
        Ok(_) => panic!("{} opened", path.display()),
        Err(error) => {
            assert_eq!(error.to_string().lines().count(), 1, "one line: {error}");
            error
        }
    }
}

fn commit(store: &EmbeddedStore, number: u64) {
    let key = number.to_be_bytes().to_vec();
    let record = RecordWrite {
        kind: RecordKind::Tags,
        key,
        value: Some(vec![b'v'; 1_000]),
    };
    store
        .commit(
            Epoch(0),
            &[Commit {
                number,
                removals: Vec::new(),
                records: vec![record],
                ..Commit::default()
            }],
        )
        .unwrap();
}

/// Writes `files` of the folder `from` into the folder `to`.
fn put(files: &[(PathBuf, Vec<u8>)], from: &Path, to: &Path) {
    for (file, bytes) in files {
        let target = to.join(file.strip_prefix(from).unwrap());
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::write(target, bytes).unwrap();
    }
}

/// A store with nine commits, closed.
fn a_store() -> (TempDir, PathBuf) {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("data/towpath");
    let store = open(&path).unwrap();
    (1..10).for_each(|number| commit(&store, number));
    (home, path)
}

fn is_whole(store: &EmbeddedStore) -> bool {
    let records = store.records(RecordKind::Tags, None, 100).unwrap();
    store.last_commit().unwrap() == 9 && records.len() == 9
}

/// Every file of a folder. The engine makes its journal long in advance; its empty end is left out.
fn contents(path: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    let mut folders = vec![path.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let mut bytes = fs::read(&path).unwrap();
                if path.extension().is_some_and(|extension| extension == "jnl") {
                    let written = bytes
                        .iter()
                        .rposition(|byte| *byte != 0)
                        .map_or(0, |last| last + 1);
                    bytes.truncate(written + 64);
                }
                found.push((path, bytes));
            }
        }
    }
    found.sort();
    found
}

#[test]
fn a_second_store_on_the_folder_is_refused_until_the_first_is_gone() {
    let (_home, path) = a_store();
    let first = open(&path).unwrap();
    let error = refusal(&path);
    assert!(matches!(error, OpenError::Locked { .. }), "{error}");
    let process = format!("in use by another towpath (process {})", std::process::id());
    assert!(error.to_string().contains(&process), "{error}");
    commit(&first, 10);
    drop(first);
    assert_eq!(open(&path).unwrap().last_commit().unwrap(), 10);
}

#[test]
fn somebody_elses_folder_is_left_as_it_is() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("thesis.tex"), "years of work").unwrap();
    let before = contents(home.path());
    let error = refusal(home.path());
    assert!(
        matches!(&error, OpenError::Foreign { example, .. } if example == "thesis.tex"),
        "{error}"
    );
    assert_eq!(contents(home.path()), before);
}

#[test]
fn the_root_of_a_fresh_volume_counts_as_empty() {
    let home = tempfile::tempdir().unwrap();
    fs::create_dir(home.path().join("lost+found")).unwrap();
    commit(&open(home.path()).unwrap(), 1);
    assert_eq!(open(home.path()).unwrap().last_commit().unwrap(), 1);
}

#[test]
fn a_file_in_place_of_the_folder_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("file");
    fs::write(&path, "").unwrap();
    assert!(matches!(refusal(&path), OpenError::Io { .. }));
}

#[test]
fn every_missing_part_is_refused_and_never_made_anew() {
    let (home, path) = a_store();
    let whole = contents(&path);
    let mut parts: Vec<PathBuf> = whole.iter().map(|(file, _)| file.clone()).collect();
    parts.extend(["engine", "engine/keyspaces"].map(|part| path.join(part)));
    parts.extend(keyspaces(&path));
    parts.retain(|part| !part.ends_with("towpath.lock"));
    assert!(parts.len() > 10, "{parts:?}");
    for (at, part) in parts.iter().enumerate() {
        let copy = home.path().join(format!("copy-{at}"));
        let mut rest = whole.clone();
        rest.retain(|(file, _)| !file.starts_with(part));
        put(&rest, &path, &copy);
        let name = part.file_name().unwrap().to_string_lossy();
        // The engine leaves its former lists of tables (`v0`, `v1`) behind, and the log keeps a file in
        // reserve; only those may be missed.
        let is_list = name.starts_with('v') && name[1..].parse::<u64>().is_ok();
        let is_log = name.ends_with(".log");
        if (is_list || is_log) && open(&copy).is_ok_and(|store| is_whole(&store)) {
            continue;
        }
        let error = refusal(&copy);
        let is_named = match &error {
            OpenError::Missing { file } => file.starts_with(&copy),
            // Without its marker the folder is not known as ours; tables are missed by the engine.
            OpenError::Foreign { .. } => name == "towpath-store",
            OpenError::Io { .. } | OpenError::Damaged { .. } => {
                is_log || part.to_string_lossy().contains("keyspaces/")
            }
            _ => false,
        };
        assert!(is_named, "{}: {error}", part.display());
    }
}

#[test]
fn a_creation_that_was_cut_short_begins_again() {
    let (_home, path) = a_store();
    let marker = path.join("towpath-store");
    let text = fs::read_to_string(&marker).unwrap();
    assert!(text.contains("state ready"));
    fs::write(&marker, text.replace("state ready", "state creating")).unwrap();
    fs::remove_file(path.join("engine/version")).unwrap();
    assert_eq!(open(&path).unwrap().last_commit().unwrap(), 0);
    assert!(fs::read_to_string(&marker).unwrap().contains("state ready"));
}

#[test]
fn a_newer_format_is_refused_by_number() {
    let (_home, path) = a_store();
    let marker = path.join("towpath-store");
    let text = fs::read_to_string(&marker).unwrap();
    fs::write(&marker, text.replace("format 3\n", "format 4\n")).unwrap();
    let error = refusal(&path);
    assert!(
        matches!(
            error,
            OpenError::Newer {
                format: 4,
                known: 3,
                ..
            }
        ),
        "{error}"
    );
    for garbage in [
        "",
        "hello\n",
        &text.replace("fjall", "other"),
        &text.replace("ready", "?"),
    ] {
        fs::write(&marker, garbage).unwrap();
        assert!(
            matches!(refusal(&path), OpenError::Damaged { .. }),
            "{garbage:?}"
        );
    }
}

#[test]
fn a_store_without_a_log_gets_one() {
    let (_home, path) = a_store();
    let marker = path.join("towpath-store");
    let text = fs::read_to_string(&marker).unwrap();
    put_into_two_keyspaces(&path);
    fs::write(&marker, text.replace("format 3\n", "format 1\n")).unwrap();
    fs::remove_dir_all(path.join("log")).unwrap();
    let store = open(&path).unwrap();
    assert!(is_whole(&store));
    commit(&store, 10);
    drop(store);
    assert_eq!(open(&path).unwrap().last_commit().unwrap(), 10);
    assert!(fs::read_to_string(&marker).unwrap().contains("format 3"));
}

/// Commits, from the tenth on, executions with a row in every table.
fn commit_executions(store: &EmbeddedStore, count: u64) {
    for number in 10..10 + count {
        let id = id(number);
        let due_ms = number as i64;
        let listing = Listing {
            machine: 1,
            status: 0,
            time_ms: due_ms,
            execution: id,
            summary: vec![b's'; 100],
        };
        let timer = TimerRow {
            due_ms,
            execution: id,
            timer: 1,
            kind: 0,
            span_ms: 1,
            steady: None,
        };
        let task = TaskRow {
            queue: "a".into(),
            position: number,
            execution: id,
            event: 1,
            hand_outs: 0,
            handed_out: false,
        };
        let write = ExecutionWrite {
            snapshot: vec![b'x'; 20_000],
            parts: vec![PartWrite {
                part: 1,
                bytes: Some(vec![b'p'; 100]),
            }],
            parts_kept: 1,
            events: Some(EventRun {
                first: 1,
                count: 1,
                bytes: vec![b'e'; 100],
            }),
            listings: vec![ListingMove {
                from: None,
                to: listing,
            }],
            name: Some(NameClaim {
                machine: "m".into(),
                name: number.to_string(),
            }),
            timers: vec![timer],
            tasks: vec![task],
            ..ExecutionWrite::of(id, 1)
        };
        let commit = Commit {
            number,
            executions: vec![write],
            ..Commit::default()
        };
        store.commit(Epoch(0), &[commit]).unwrap();
    }
}

fn id(number: u64) -> ExecutionId {
    ExecutionId(u128::from(number).to_be_bytes())
}

fn has_executions(store: &EmbeddedStore, count: u64) -> bool {
    let is_there = |number| {
        let row = store.execution(id(number)).unwrap().unwrap();
        let named = store.execution_by_name("m", &number.to_string()).unwrap();
        let events = store.events(id(number), 1, Direction::Forward, 9).unwrap();
        row.snapshot.len() == 20_000
            && row.parts.len() == 1
            && named == Some(id(number))
            && events.len() == 1
    };
    let query = ListingQuery {
        machine: 1,
        statuses: vec![0],
        before: None,
        limit: 10_000,
    };
    let listings = store.listings(&query).unwrap();
    let timers = store.timers_before(i64::MAX, None, 10_000).unwrap();
    let tasks = store.tasks_of("a", None, 10_000).unwrap();
    (10..10 + count).all(is_there)
        && [listings.len(), timers.len(), tasks.len()] == [count as usize; 3]
}

fn keyspaces(path: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(path.join("engine/keyspaces")).unwrap();
    let mut folders: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    folders
}

const OPTIONS: fn() -> KeyspaceCreateOptions = KeyspaceCreateOptions::default;

/// Makes the engine what it was in formats 1 and 2: events, and all other rows together.
fn put_into_two_keyspaces(path: &Path) {
    let (new, old) = (path.join("engine"), path.join("engine.old"));
    let from = Database::builder(&new).open().unwrap();
    let to = Database::builder(&old).open().unwrap();
    let [events, rows] = ["events", "rows"].map(|name| to.keyspace(name, OPTIONS).unwrap());
    for name in TABLES.map(|(_, name)| name).into_iter().chain(["rows"]) {
        let into = if name == "events" { &events } else { &rows };
        for row in from.keyspace(name, OPTIONS).unwrap().iter() {
            let (key, value) = row.into_inner().unwrap();
            into.insert(key, value).unwrap();
        }
    }
    to.persist(PersistMode::SyncAll).unwrap();
    drop((events, rows, to, from));
    fs::remove_dir_all(&new).unwrap();
    fs::rename(&old, &new).unwrap();
    assert_eq!(keyspaces(path).len(), 3);
}

#[test]
fn a_store_of_two_keyspaces_gets_one_for_each_table_also_when_that_is_cut_short() {
    let (_home, path) = a_store();
    commit_executions(&open(&path).unwrap(), 500);
    put_into_two_keyspaces(&path);
    let marker = path.join("towpath-store");
    let text = fs::read_to_string(&marker).unwrap();
    fs::write(&marker, text.replace("format 3\n", "format 2\n")).unwrap();

    // Half of one table has been moved, and another keyspace was about to be made.
    let database = Database::builder(path.join("engine")).open().unwrap();
    let rows = database.keyspace("rows", OPTIONS).unwrap();
    let executions = database.keyspace("executions", OPTIONS).unwrap();
    for row in rows.range([3]..[4]).take(250) {
        let (key, value) = row.into_inner().unwrap();
        executions.insert(key.clone(), value).unwrap();
        rows.remove(key).unwrap();
    }
    database.persist(PersistMode::SyncAll).unwrap();
    drop((rows, executions, database));
    let last = keyspaces(&path).pop().unwrap();
    let number: u64 = last.file_name().unwrap().to_str().unwrap().parse().unwrap();
    fs::create_dir(last.with_file_name((number + 1).to_string())).unwrap();

    for warnings in [1, 0] {
        let store = open(&path).unwrap();
        assert!(has_executions(&store, 500));
        assert_eq!(store.warnings().len(), warnings, "{:?}", store.warnings());
        assert!(fs::read_to_string(&marker).unwrap().contains("format 3"));
    }
    let database = Database::builder(path.join("engine")).open().unwrap();
    let rows = database.keyspace("rows", OPTIONS).unwrap();
    let moved = |row: fjall::Guard| row.key().unwrap()[0] > 2;
    assert_eq!(
        rows.iter()
            .filter_map(|row| moved(row).then_some(()))
            .count(),
        0
    );
    drop((rows, database));

    // What is whole has all of them, whatever their numbers.
    for keyspace in keyspaces(&path) {
        let aside = path.join("aside");
        fs::rename(&keyspace, &aside).unwrap();
        assert!(matches!(refusal(&path), OpenError::Missing { .. }));
        fs::rename(&aside, &keyspace).unwrap();
    }
    assert!(has_executions(&open(&path).unwrap(), 500));
}

/// A crash leaves the engine with any part of what it had not synced; here with nothing of it.
#[test]
fn an_engine_that_lost_its_end_gets_it_from_the_log() {
    let (home, path) = a_store();
    let journal = Path::new("engine/0.jnl");
    let old = fs::read(path.join(journal)).unwrap();
    let store = open(&path).unwrap();
    (10..15).for_each(|number| commit(&store, number));
    let copy = home.path().join("copy");
    put(&contents(&path), &path, &copy);
    fs::write(copy.join(journal), &old).unwrap();
    assert_eq!(open(&copy).unwrap().last_commit().unwrap(), 14);

    // A log that was closed holds nothing that the engine had not kept: then it is a loss.
    drop(store);
    fs::write(path.join(journal), old).unwrap();
    let error = refusal(&path);
    let what = "groups 10 to 14 are in no segment";
    assert!(error.to_string().contains(what), "{error}");
}

#[test]
fn a_store_behind_what_it_acknowledged_starts_only_when_told_to() {
    let (home, path) = a_store();
    // An old copy of engine and log put back, as a careless restore does.
    let old = contents(&path);
    let store = open(&path).unwrap();
    (10..15).for_each(|number| commit(&store, number));
    drop(store);
    let is_witness = |file: &PathBuf| file.ends_with("acknowledged");
    let old: Vec<_> = old
        .into_iter()
        .filter(|(file, _)| !is_witness(file))
        .collect();
    put(&old, &path, &path);

    let error = refusal(&path);
    assert!(
        matches!(
            error,
            OpenError::Behind {
                stored: 9,
                acknowledged: 14,
                ..
            }
        ),
        "{error}"
    );
    assert!(
        error
            .to_string()
            .contains("commits 10 to 14 were acknowledged"),
        "{error}"
    );
    refusal(&path);

    let accepting = Options {
        accept_loss: true,
        ..options(&path)
    };
    let store = EmbeddedStore::open(accepting).unwrap();
    assert_eq!(store.last_commit().unwrap(), 9);
    drop(store);
    assert_eq!(
        open(&path).unwrap().last_commit().unwrap(),
        9,
        "accepted once, accepted for good"
    );
    drop(home);
}

#[test]
fn a_damaged_witness_is_no_witness() {
    let (_home, path) = a_store();
    let file = path.join("acknowledged");
    let whole = fs::read_to_string(&file).unwrap();
    assert_eq!(whole, "last acknowledged commit 00000000000000000009\n");
    for damage in [
        "",
        &whole[..20],
        "last acknowledged commit 0000000000000000000x\n",
        "last acknowledged commit 9\n",
    ] {
        fs::write(&file, damage).unwrap();
        let error = refusal(&path);
        assert!(matches!(error, OpenError::Damaged { .. }), "{error}");
    }
    let accepting = Options {
        accept_loss: true,
        ..options(&path)
    };
    drop(EmbeddedStore::open(accepting).unwrap());
    assert_eq!(fs::read_to_string(&file).unwrap(), whole);
}

/// The smallest file with the largest say: every bit of it.
#[test]
fn the_name_of_the_list_of_tables_is_checked_to_the_bit() {
    let (home, path) = a_store();
    let whole = contents(&path);
    for keyspace in keyspaces(&path) {
        let keyspace = keyspace.file_name().unwrap();
        let relative = Path::new("engine/keyspaces").join(keyspace).join("current");
        let bytes = fs::read(path.join(&relative)).unwrap();
        assert_eq!(bytes.len(), 25);
        let copy = home.path().join(keyspace);
        put(&whole, &path, &copy);
        for at in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[at / 8] ^= 1 << (at % 8);
            fs::write(copy.join(&relative), flipped).unwrap();
            let error = refusal(&copy);
            assert!(
                matches!(error, OpenError::Missing { .. } | OpenError::Damaged { .. }),
                "{error}"
            );
        }
        fs::write(copy.join(&relative), bytes).unwrap();
        assert!(is_whole(&open(&copy).unwrap()), "refusing changed nothing");
    }
}

#[test]
fn a_flipped_bit_is_refused_or_shows_as_an_error() {
    let (home, path) = a_store();
    let copy = home.path().join("copy");
    let whole = contents(&path);
    let mut tried = 0;
    for (file, bytes) in &whole {
        if bytes.is_empty() || file.ends_with("towpath.lock") {
            continue;
        }
        let written = bytes.len();
        for at in (0..written).step_by((written / 20).max(1)) {
            let _ = fs::remove_dir_all(&copy);
            let mut flipped = whole.clone();
            for (_, bytes) in flipped.iter_mut().filter(|(other, _)| other == file) {
                bytes[at] ^= 1 << (at % 8);
            }
            put(&flipped, &path, &copy);
            tried += 1;
            let Ok(store) = open(&copy) else { continue };
            // Opened: then all is there, or reading says that it is not. Never other bytes.
            for number in 1u64..10 {
                if let Ok(found) = store.record(RecordKind::Tags, &number.to_be_bytes()) {
                    assert_eq!(
                        found,
                        Some(vec![b'v'; 1_000]),
                        "{} bit at {at}",
                        file.display()
                    );
                }
            }
        }
    }
    assert!(tried > 120, "{tried}");
}
