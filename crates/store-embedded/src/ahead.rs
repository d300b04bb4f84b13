//! What the log has and the engine does not show yet, laid over what it shows.
//!
//! Whoever asks for what was just acknowledged mostly comes before the engine has it. Instead of waiting,
//! a view takes along the groups of writes that are still on their way and looks there first.

use std::cmp::Ordering;
use std::ops::{Bound, ControlFlow};
use std::sync::Arc;

use store::{Direction, KeyRange, Op, StoreError, View};

/// The writes of one sync: no key twice, in the order of keys.
pub(crate) type Writes = Arc<Vec<Op>>;

/// The last write to each key, in the order of keys; `groups` come oldest first.
///
/// Each group is in that order by itself, and a stable sort merges such runs at little cost: nothing is
/// allocated and freed again for every few writes.
pub(crate) fn merged<'a>(groups: impl IntoIterator<Item = &'a [Op]>) -> Vec<&'a Op> {
    let mut groups = groups.into_iter();
    let Some(first) = groups.next() else {
        return Vec::new();
    };
    let mut ops: Vec<&Op> = first.iter().collect();
    let of_first = ops.len();
    ops.extend(groups.flatten());
    if ops.len() == of_first {
        return ops;
    }
    ops.sort_by(|one, other| key_of(one).cmp(key_of(other)));
    // Of writes to one key the last comes last, and the first of equals is what stays.
    ops.dedup_by(|later, kept| {
        let is_same = key_of(later) == key_of(kept);
        if is_same {
            *kept = *later;
        }
        is_same
    });
    ops
}

pub(crate) fn key_of(op: &Op) -> &[u8] {
    let (Op::Put(key, _) | Op::Delete(key)) = op;
    key
}

/// The writes of a group that lie in a range.
fn within<'a>(group: &'a [Op], range: &KeyRange) -> &'a [Op] {
    let start = group.partition_point(|op| match &range.start {
        Bound::Included(start) => key_of(op) < start.as_slice(),
        Bound::Excluded(start) => key_of(op) <= start.as_slice(),
        Bound::Unbounded => false,
    });
    let rest = &group[start..];
    let end = rest.partition_point(|op| match &range.end {
        Bound::Included(end) => key_of(op) <= end.as_slice(),
        Bound::Excluded(end) => key_of(op) < end.as_slice(),
        Bound::Unbounded => true,
    });
    &rest[..end]
}

/// A view of an engine, and groups that it shows in part or not at all.
///
/// It shows the keys as they are after the last group if the engine shows what is before the first, and
/// of the groups none, or some first ones whole: a write that is laid over itself changes nothing.
pub(crate) struct Overlay<V> {
    pub(crate) engine: V,
    /// Oldest first.
    pub(crate) ahead: Vec<Writes>,
}

impl<V: View> View for Overlay<V> {
    fn get<R>(&self, key: &[u8], decode: impl FnOnce(&[u8]) -> R) -> Result<Option<R>, StoreError> {
        for group in self.ahead.iter().rev() {
            if let Ok(at) = group.binary_search_by(|op| key_of(op).cmp(key)) {
                return Ok(match &group[at] {
                    Op::Put(_, value) => Some(decode(value)),
                    Op::Delete(_) => None,
                });
            }
        }
        self.engine.get(key, decode)
    }

    fn scan(
        &self,
        range: &KeyRange,
        direction: Direction,
        mut visit: impl FnMut(&[u8], &[u8]) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        let mut written = merged(self.ahead.iter().map(|group| within(group, range)));
        if written.is_empty() {
            return self.engine.scan(range, direction, visit);
        }
        if direction == Direction::Backward {
            written.reverse();
        }
        let mut written = written.into_iter().peekable();
        let mut flow = ControlFlow::Continue(());
        self.engine.scan(range, direction, |key, value| {
            while let Some(op) = written.peek() {
                let order = match direction {
                    Direction::Forward => key_of(op).cmp(key),
                    Direction::Backward => key.cmp(key_of(op)),
                };
                if order == Ordering::Greater {
                    break;
                }
                if let Op::Put(key, value) = op {
                    flow = visit(key, value);
                }
                written.next();
                if order == Ordering::Equal || flow.is_break() {
                    return flow;
                }
            }
            flow = visit(key, value);
            flow
        })?;
        for op in written {
            if flow.is_break() {
                break;
            }
            if let Op::Put(key, value) = op {
                flow = visit(key, value);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use store::{Kv, MemoryEngine};

    use super::*;

    fn put(key: &str, value: &str) -> Op {
        Op::Put(key.into(), value.into())
    }

    fn delete(key: &str) -> Op {
        Op::Delete(key.into())
    }

    fn merged_of(groups: &[Vec<Op>]) -> Vec<Op> {
        let ops = merged(groups.iter().map(Vec::as_slice));
        ops.into_iter().cloned().collect()
    }

    #[test]
    fn of_many_writes_to_a_key_the_last_is_applied() {
        let groups = [
            vec![put("a", "1"), put("b", "1"), delete("c")],
            vec![delete("b"), put("c", "2"), put("d", "2")],
            vec![put("a", "3"), put("b", "3"), delete("d")],
            vec![put("aa", "4"), delete("b")],
        ];
        let expected = [
            put("a", "3"),
            put("aa", "4"),
            delete("b"),
            put("c", "2"),
            delete("d"),
        ];
        assert_eq!(merged_of(&groups), expected);
    }

    /// Groups over few keys, so that most come again; more than a sort handles as a special case.
    fn random_groups(seed: u64) -> Vec<Vec<Op>> {
        let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        let mut random = move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        };
        let group = |number: u64| {
            let mut keys: Vec<_> = (0..random() % 60).map(|_| random() % 100).collect();
            keys.sort_unstable();
            keys.dedup();
            let op = |key| match random() % 3 {
                0 => delete(&format!("{key:03}")),
                _ => put(&format!("{key:03}"), &format!("{number}")),
            };
            keys.into_iter().map(op).collect()
        };
        (0..seed % 40 + 1).map(group).collect()
    }

    #[test]
    fn merged_is_what_a_map_would_hold_whatever_the_groups() {
        for seed in 0..200 {
            let groups = random_groups(seed);
            let ops = groups.iter().flatten();
            let expected: BTreeMap<_, _> = ops.map(|op| (key_of(op), op.clone())).collect();
            let expected: Vec<_> = expected.into_values().collect();
            assert_eq!(merged_of(&groups), expected);
        }
    }

    type Rows = Vec<(Vec<u8>, Vec<u8>)>;

    /// What a view shows of a range, up to a limit.
    fn shown(view: &impl View, range: &KeyRange, direction: Direction, limit: usize) -> Rows {
        let mut rows = Rows::new();
        view.scan(range, direction, |key, value| {
            assert!(rows.len() < limit, "it was told to stop");
            rows.push((key.to_vec(), value.to_vec()));
            match rows.len() == limit {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        })
        .unwrap();
        rows
    }

    /// However many of the groups the engine has, and however many of those lie over it once more.
    #[test]
    fn it_shows_what_an_engine_with_all_of_it_would() {
        let bound = |key: u64| format!("{key:03}").into_bytes();
        for seed in 0..100 {
            let groups: Vec<Writes> = random_groups(seed).into_iter().map(Arc::new).collect();
            let whole = MemoryEngine::default();
            for group in &groups {
                whole.commit(group.to_vec()).unwrap();
            }
            let applied = (seed as usize * 7) % (groups.len() + 1);
            let again = (seed as usize * 5) % (applied + 1);
            let engine = MemoryEngine::default();
            for group in &groups[..applied] {
                engine.commit(group.to_vec()).unwrap();
            }
            let overlay = Overlay {
                engine: engine.view(),
                ahead: groups[applied - again..].to_vec(),
            };
            for key in 0..100 {
                let read = |view: Result<Option<Vec<u8>>, _>| view.unwrap();
                assert_eq!(
                    read(overlay.get(&bound(key), <[u8]>::to_vec)),
                    read(whole.view().get(&bound(key), <[u8]>::to_vec)),
                );
            }
            for (from, to, limit) in [(0, 100, 1_000), (10, 60, 1_000), (40, 41, 3), (3, 90, 7)] {
                for start in [Bound::Included(bound(from)), Bound::Excluded(bound(from))] {
                    for end in [Bound::Included(bound(to)), Bound::Excluded(bound(to))] {
                        let (start, end) = (start.clone(), end);
                        let range = KeyRange { start, end };
                        for direction in [Direction::Forward, Direction::Backward] {
                            assert_eq!(
                                shown(&overlay, &range, direction, limit),
                                shown(&whole.view(), &range, direction, limit),
                                "seed {seed}, {applied} of {}, {range:?}, {direction:?}",
                                groups.len()
                            );
                        }
                    }
                }
            }
        }
    }
}
