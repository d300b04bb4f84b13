//! Nobody else reads a store. Alone in its file: the umask belongs to the whole process.

// Also in what the tests share, a panic is how they report.
#![allow(clippy::unwrap_used)]

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::Mode;
use store::{Commit, Epoch, Store};
use store_embedded::{EmbeddedStore, Options};

fn modes(path: &Path, found: &mut Vec<(PathBuf, u32)>) {
    found.push((
        path.to_owned(),
        fs::metadata(path).unwrap().permissions().mode() & 0o7777,
    ));
    if path.is_dir() {
        fs::read_dir(path)
            .unwrap()
            .for_each(|entry| modes(&entry.unwrap().path(), found));
    }
}

fn assert_private(path: &Path) {
    let mut found = Vec::new();
    modes(path, &mut found);
    assert!(found.len() > 8, "{found:?}");
    for (path, mode) in found {
        let expected = if path.is_dir() { 0o700 } else { 0o600 };
        assert_eq!(mode, expected, "{} is {mode:o}", path.display());
    }
}

#[test]
fn files_are_private_whatever_the_umask() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("data");
    rustix::process::umask(Mode::empty());
    let store = EmbeddedStore::open(Options::new(&path)).unwrap();
    assert!(
        store.warnings().is_empty(),
        "a new store is nobody's fault: {:?}",
        store.warnings()
    );
    store
        .commit(
            Epoch(0),
            &[Commit {
                number: 1,
                ..Commit::default()
            }],
        )
        .unwrap();
    assert_private(&path);
    drop(store);
    assert_private(&path);

    rustix::process::umask(Mode::empty());
    fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(path.join("engine/0.jnl"), Permissions::from_mode(0o644)).unwrap();
    let store = EmbeddedStore::open(Options::new(&path)).unwrap();
    assert_eq!(store.warnings().len(), 1, "{:?}", store.warnings());
    assert!(
        store.warnings()[0].contains("2 files or folders could be read"),
        "{:?}",
        store.warnings()
    );
    assert_private(&path);
}
