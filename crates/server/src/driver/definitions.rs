//! Parsed definitions, kept because many executions share one.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use engine::Definition;
use store::{Store, StoreError};

/// Machine and revision: a definition never changes.
type Key = (u64, u64);

/// Most definitions kept.
const DEFINITIONS_MAX: usize = 1_000;
/// Most bytes of their texts. Parsed, a definition takes some ten times as much.
const TEXT_BYTES_MAX: usize = 16 << 20;

/// A bounded cache, shared by the engine and those who run without it; the oldest goes first.
#[derive(Debug, Default)]
pub struct Definitions(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    by_key: HashMap<Key, Definition>,
    order: VecDeque<Key>,
    text_bytes: usize,
}

impl Definitions {
    /// The definition of a revision; `None` when the store has none that parses.
    pub fn get(
        &self,
        store: &dyn Store,
        machine: u64,
        revision: u64,
    ) -> Result<Option<Definition>, StoreError> {
        let key = (machine, revision);
        if let Some(definition) = self.lock().by_key.get(&key) {
            return Ok(Some(definition.clone()));
        }
        // Two threads may read the same one; that is cheaper than one waiting for the other's disk.
        let found = engine::load_definition(store, machine, revision)?;
        if let Some(definition) = &found {
            self.lock().keep(key, definition.clone());
        }
        Ok(found)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn keep(&mut self, key: Key, definition: Definition) {
        let bytes = definition.text.len();
        if self.by_key.insert(key, definition).is_some() {
            return;
        }
        self.order.push_back(key);
        self.text_bytes += bytes;
        while self.order.len() > DEFINITIONS_MAX || self.text_bytes > TEXT_BYTES_MAX {
            let Some(oldest) = self.order.pop_front() else {
                break;
            };
            if let Some(definition) = self.by_key.remove(&oldest) {
                self.text_bytes -= definition.text.len();
            }
        }
    }
}
