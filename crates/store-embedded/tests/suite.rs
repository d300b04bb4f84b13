//! The embedded store passes the suite.

// Also in what the tests share, a panic is how they report.
#![allow(clippy::unwrap_used)]

use store::Store;
use store::suite::Home;
use store_embedded::{EmbeddedStore, Options};
use tempfile::TempDir;

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }
}

impl Home for Folder {
    fn is_durable(&self) -> bool {
        true
    }

    fn open(&self) -> Box<dyn Store> {
        Box::new(EmbeddedStore::open(Options::new(self.0.path())).unwrap())
    }
}

store::suite!(Folder::new());
