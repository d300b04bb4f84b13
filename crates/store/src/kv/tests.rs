//! What is true of [`KvStore`] whatever the engine, shown with engines that fail.

use super::*;
use crate::memory::{MemoryEngine, MemoryView};

/// An engine whose commits fail from the `n`-th on.
struct Failing {
    engine: MemoryEngine,
    commits_left: AtomicU64,
}

impl Kv for Failing {
    type View<'a> = MemoryView<'a>;

    fn commit(&self, ops: Vec<Op>) -> Result<(), StoreError> {
        let keys: Vec<_> = ops
            .iter()
            .map(|(Op::Put(key, _) | Op::Delete(key))| key)
            .collect();
        assert!(
            keys.is_sorted() && keys.windows(2).all(|pair| pair[0] != pair[1]),
            "{keys:?}"
        );
        if self.commits_left.load(Ordering::Relaxed) == 0 {
            return Err(StoreError::Io("no space left".into()));
        }
        self.commits_left.fetch_sub(1, Ordering::Relaxed);
        self.engine.commit(ops)
    }

    fn view(&self) -> MemoryView<'_> {
        self.engine.view()
    }
}

fn failing_after(commits: u64) -> KvStore<Failing> {
    let engine = Failing {
        engine: MemoryEngine::default(),
        commits_left: AtomicU64::new(commits),
    };
    KvStore::open(engine).unwrap()
}

fn numbered(number: CommitNumber) -> Commit {
    Commit {
        number,
        ..Commit::default()
    }
}

#[test]
fn after_a_failed_commit_every_call_fails() {
    let store = failing_after(1);
    store.commit(Epoch(0), &[numbered(1)]).unwrap();
    assert!(matches!(
        store.commit(Epoch(0), &[numbered(2)]),
        Err(StoreError::Io(_))
    ));

    store.engine().commits_left.store(9, Ordering::Relaxed);
    let id = ExecutionId([0; 16]);
    let query = ListingQuery {
        machine: 1,
        statuses: vec![0],
        before: None,
        limit: 1,
    };
    let answers = [
        store.commit(Epoch(0), &[numbered(2)]),
        store.commit(Epoch(0), &[]),
        store.last_commit().map(drop),
        store.latest_ms().map(drop),
        store.execution(id).map(drop),
        store.execution_by_name("m", "n").map(drop),
        store.events(id, 1, Direction::Forward, 1).map(drop),
        store.listings(&query).map(drop),
        store.record(RecordKind::Tags, b"k").map(drop),
        store.records(RecordKind::Tags, None, 1).map(drop),
        store.timers(&mut |_| ()),
        store.tasks(&mut |_| ()),
    ];
    for (at, answer) in answers.into_iter().enumerate() {
        assert!(
            matches!(answer, Err(StoreError::Io(_))),
            "call {at}: {answer:?}"
        );
    }
}

#[test]
fn a_refusal_leaves_the_store_alive() {
    let store = failing_after(1);
    assert!(matches!(
        store.commit(Epoch(0), &[numbered(2)]),
        Err(StoreError::Refused(_))
    ));
    store.commit(Epoch(0), &[numbered(1)]).unwrap();
    assert_eq!(store.last_commit().unwrap(), 1);
}

#[test]
fn damage_is_named_and_never_skipped() {
    let engine = MemoryEngine::default();
    let put = |key, value: &[u8]| Op::Put(key, value.to_vec());
    let id = ExecutionId([0; 16]);
    let newer = b"\x02...";
    engine
        .commit(vec![
            put(keys::record(RecordKind::Tags, b"k"), newer),
            put(keys::execution(id), newer),
            put(keys::events(id, 1), newer),
            put(vec![0x07, 1], b"\x01\x00"),
            put(keys::task("q", 1), newer),
        ])
        .unwrap();
    let store = KvStore::open(engine).unwrap();
    let answers = [
        store.record(RecordKind::Tags, b"k").map(drop),
        store.records(RecordKind::Tags, None, 9).map(drop),
        store.execution(id).map(drop),
        store.events(id, 1, Direction::Forward, 9).map(drop),
        store.events(id, 1, Direction::Backward, 9).map(drop),
        store.timers(&mut |_| ()),
        store.tasks(&mut |_| ()),
    ];
    for (at, answer) in answers.into_iter().enumerate() {
        assert!(
            matches!(answer, Err(StoreError::Damaged(_))),
            "call {at}: {answer:?}"
        );
    }
}

#[test]
fn a_part_that_is_missing_or_too_many_is_damage() {
    let id = ExecutionId([0; 16]);
    for (kept, parts) in [(1, 0), (2, 1), (1, 2)] {
        let engine = MemoryEngine::default();
        // Version 3, revision 1, so many parts, holds nothing.
        let row = [&[3, 1, kept, 0], &b"snapshot"[..]].concat();
        let part = |part| Op::Put(keys::part(id, part), encoding::opaque(b"part"));
        let row = Op::Put(keys::execution(id), row);
        engine
            .commit([row].into_iter().chain((0..parts).map(part)).collect())
            .unwrap();
        let answer = KvStore::open(engine).unwrap().execution(id);
        assert!(
            matches!(answer, Err(StoreError::Damaged(_))),
            "{parts} of {kept}: {answer:?}"
        );
    }
}

#[test]
fn a_damaged_head_does_not_open() {
    let engine = MemoryEngine::default();
    engine
        .commit(vec![Op::Put(keys::head(), b"\x01\xff".to_vec())])
        .unwrap();
    assert!(matches!(KvStore::open(engine), Err(StoreError::Damaged(_))));
}
