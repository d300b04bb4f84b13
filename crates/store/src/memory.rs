//! The store that forgets: for tests, for the simulator, and for a server started with `--in-memory`.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use crate::StoreError;
use crate::kv::{KeyRange, Kv, KvStore, Op, View};
use crate::rows::Direction;

type Keys = BTreeMap<Box<[u8]>, Box<[u8]>>;

/// A store in memory.
///
/// It has the key space of the durable stores, and so their order, their checks and their limits.
pub type MemoryStore = KvStore<MemoryEngine>;

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::open(MemoryEngine::default())
            .expect("an engine without keys has no head that could be damaged")
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

/// Ordered keys in memory, under one lock.
///
/// The lock is held for the microseconds that the writes of one commit or the rows of one page take;
/// sharding it would cost readers the one moment that a view promises.
#[derive(Debug, Default)]
pub struct MemoryEngine(RwLock<Keys>);

impl Kv for MemoryEngine {
    type View<'a> = MemoryView<'a>;

    fn commit(&self, ops: Vec<Op>) -> Result<(), StoreError> {
        // Inserting does not panic, so a poisoned lock guards whole commits all the same.
        let mut keys = self.0.write().unwrap_or_else(PoisonError::into_inner);
        for op in ops {
            match op {
                Op::Put(key, value) => drop(keys.insert(key.into(), value.into())),
                Op::Delete(key) => drop(keys.remove(key.as_slice())),
            }
        }
        Ok(())
    }

    fn view(&self) -> MemoryView<'_> {
        MemoryView(self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The keys, which cannot change while this lives.
#[derive(Debug)]
pub struct MemoryView<'a>(RwLockReadGuard<'a, Keys>);

impl View for MemoryView<'_> {
    fn get<R>(&self, key: &[u8], decode: impl FnOnce(&[u8]) -> R) -> Result<Option<R>, StoreError> {
        Ok(self.0.get(key).map(|value| decode(value)))
    }

    fn scan(
        &self,
        range: &KeyRange,
        direction: Direction,
        mut visit: impl FnMut(&[u8], &[u8]) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        let bounds = (
            range.start.as_ref().map(Vec::as_slice),
            range.end.as_ref().map(Vec::as_slice),
        );
        let mut rows = self.0.range::<[u8], _>(bounds);
        while let Some((key, value)) = match direction {
            Direction::Forward => rows.next(),
            Direction::Backward => rows.next_back(),
        } {
            if visit(key, value).is_break() {
                break;
            }
        }
        Ok(())
    }
}
