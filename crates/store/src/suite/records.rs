//! Small records.

use super::samples::{EPOCH, commit_each, put};
use super::{Home, now_and_after_reopening};
use crate::{Commit, RecordKind, Store};

pub(super) fn records_are_put_and_deleted(home: &dyn Home) {
    let store = home.open();
    let kind = RecordKind::Activity;
    commit_each(
        &*store,
        &[
            put(1, kind, b"a", Some(b"1")),
            put(2, kind, b"b", Some(b"")),
            put(3, kind, b"", Some(b"nameless")),
            put(4, kind, b"a", Some(b"2")),
            put(5, kind, b"gone", Some(b"x")),
            put(6, kind, b"gone", None),
            put(7, kind, b"never", None),
        ],
    );
    // In one commit the last write of a key wins too.
    let mut twice = put(8, kind, b"c", Some(b"first"));
    twice
        .records
        .extend(put(8, kind, b"c", Some(b"second")).records);
    twice
        .records
        .extend(put(8, kind, b"d", Some(b"first")).records);
    twice.records.extend(put(8, kind, b"d", None).records);
    store.commit(EPOCH, &[twice]).unwrap();
    now_and_after_reopening(home, store, |store| {
        let read = |key| store.record(kind, key).unwrap();
        assert_eq!(read(b"a").as_deref(), Some(&b"2"[..]));
        assert_eq!(read(b"b").as_deref(), Some(&b""[..]));
        assert_eq!(read(b"").as_deref(), Some(&b"nameless"[..]));
        assert_eq!(read(b"c").as_deref(), Some(&b"second"[..]));
        for key in [&b"gone"[..], b"never", b"d", b"aa"] {
            assert_eq!(read(key), None);
        }
        assert_eq!(
            store.record(RecordKind::Alias, b"a").unwrap(),
            None,
            "kinds are tables of their own"
        );
    });
}

pub(super) fn records_page_in_key_order(home: &dyn Home) {
    let store = home.open();
    let keys: [&[u8]; 7] = [b"", b"\x00", b"a", b"a\x00", b"ab", b"b", b"\xff\xff"];
    let mut commit = Commit {
        number: 1,
        ..Commit::default()
    };
    for kind in [RecordKind::Service, RecordKind::Tags, RecordKind::Alias] {
        for key in keys.into_iter().rev() {
            commit.records.extend(put(1, kind, key, Some(key)).records);
        }
    }
    commit
        .records
        .extend(put(1, RecordKind::Definition, b"zz", Some(b"below the tags")).records);
    commit
        .records
        .extend(put(1, RecordKind::Version, b"", Some(b"above the tags")).records);
    store.commit(EPOCH, &[commit]).unwrap();
    now_and_after_reopening(home, store, |store| {
        for kind in [RecordKind::Service, RecordKind::Tags, RecordKind::Alias] {
            for limit in 1..=keys.len() + 1 {
                assert_eq!(paged(store, kind, limit), keys, "{kind:?} by {limit}");
            }
            let after = store.records(kind, Some(b"aa"), 1).unwrap();
            assert_eq!(
                after,
                [(b"ab".to_vec(), b"ab".to_vec())],
                "a key that is not there is a place all the same"
            );
            assert_eq!(store.records(kind, None, 0).unwrap(), []);
            assert_eq!(store.records(kind, Some(b"\xff\xff"), 9).unwrap(), []);
        }
        assert_eq!(store.records(RecordKind::Activity, None, 9).unwrap(), []);
    });
}

fn paged(store: &dyn Store, kind: RecordKind, limit: usize) -> Vec<Vec<u8>> {
    let mut keys: Vec<Vec<u8>> = Vec::new();
    loop {
        let page = store
            .records(kind, keys.last().map(Vec::as_slice), limit)
            .expect("records are read");
        assert!(page.len() <= limit);
        let is_last = page.len() < limit;
        for (key, value) in page {
            assert_eq!(key, value, "written so");
            keys.push(key);
        }
        if is_last {
            return keys;
        }
    }
}
