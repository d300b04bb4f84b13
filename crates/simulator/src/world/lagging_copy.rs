//! Break `r42`: a copy of the store that is some commits behind.

use std::collections::VecDeque;

use store::{Commit, Epoch, MemoryStore, Store};

/// How many commits it is behind.
const BEHIND: usize = 6;

/// See the page.
#[derive(Debug, Default)]
pub struct LaggingCopy {
    store: MemoryStore,
    owed: VecDeque<Commit>,
}

impl LaggingCopy {
    /// Takes what the store made durable, later.
    pub fn take<'a>(&mut self, commits: impl Iterator<Item = &'a Commit>) {
        self.owed.extend(commits.cloned());
        while self.owed.len() > BEHIND {
            if let Some(commit) = self.owed.pop_front() {
                self.store
                    .commit(Epoch(0), &[commit])
                    .expect("the copy takes what the store took");
            }
        }
    }

    /// What a reader of the copy reads.
    pub fn store(&self) -> &dyn Store {
        &self.store
    }
}
