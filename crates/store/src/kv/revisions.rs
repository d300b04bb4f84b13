//! Revisions of the executions that were written lately.

use std::collections::BTreeMap;

use crate::rows::ExecutionId;

/// Most executions remembered in each of the two generations.
const GENERATION_MAX: usize = 8_192;

/// What the last few thousand executions written are at, so that a commit need not read what the
/// commit before it wrote: over an engine that applies in its own time that read would wait.
#[derive(Debug, Default)]
pub(super) struct Revisions {
    young: BTreeMap<ExecutionId, u64>,
    old: BTreeMap<ExecutionId, u64>,
}

impl Revisions {
    pub(super) fn get(&self, id: ExecutionId) -> Option<u64> {
        self.young.get(&id).or_else(|| self.old.get(&id)).copied()
    }

    /// Those of a commit that is durable.
    pub(super) fn adopt(&mut self, written: BTreeMap<ExecutionId, u64>) {
        if self.young.len() >= GENERATION_MAX {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.extend(written);
    }
}
