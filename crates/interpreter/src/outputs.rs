//! The outputs of the lines of a Parallel or Map state, until the last of them has ended.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::Document;
use crate::snapshot::OutputParts;

/// See the page.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Outputs<D = Document> {
    /// Output of each branch or item, once there is one. Shared, so that a copy of where an execution
    /// stood is not one of thousands of outputs.
    slots: Arc<Vec<Option<D>>>,
    /// Which of them came since the last snapshot.
    #[serde(skip)]
    changed: Vec<u32>,
    /// Where they are kept, once they have parts of their own. In a snapshot there are none then.
    #[serde(skip)]
    parts: Option<OutputParts>,
}

impl<D: Clone> Outputs<D> {
    /// Those of so many lines, none of which has ended.
    pub(crate) fn none_of(lines: usize) -> Outputs<D> {
        Outputs {
            slots: Arc::new(vec![None; lines]),
            changed: Vec::new(),
            parts: None,
        }
    }

    /// How many lines there are.
    pub(crate) fn len(&self) -> usize {
        self.slots.len()
    }

    /// The output of each line.
    pub(crate) fn slots(&self) -> &[Option<D>] {
        &self.slots
    }

    /// A line ended. What was there before is given back: nothing.
    pub(crate) fn put(&mut self, slot: u32, output: D) -> Option<D> {
        self.changed.push(slot);
        Arc::make_mut(&mut self.slots)[slot as usize].replace(output)
    }

    /// All of them, which are then no longer here.
    pub(crate) fn take(&mut self) -> Vec<Option<D>> {
        Arc::unwrap_or_clone(std::mem::take(&mut self.slots))
    }

    /// Which came since the last time that this was asked, in the order in which they came.
    pub(crate) fn take_changed(&mut self) -> Vec<u32> {
        std::mem::take(&mut self.changed)
    }

    /// Where they are kept, once they have parts of their own.
    pub(crate) fn parts(&self) -> Option<OutputParts> {
        self.parts
    }

    /// From now on they have parts of their own; all of those that there are count as changed.
    pub(crate) fn keep_in(&mut self, parts: OutputParts) {
        let slots = (0..).zip(self.slots.iter());
        self.changed = slots
            .filter_map(|(slot, output)| output.is_some().then_some(slot))
            .collect();
        self.parts = Some(parts);
    }

    /// What was kept in parts.
    pub(crate) fn kept_in(parts: OutputParts, slots: Vec<Option<D>>) -> Outputs<D> {
        Outputs {
            slots: Arc::new(slots),
            changed: Vec::new(),
            parts: Some(parts),
        }
    }

    /// The same with documents held in another way; nothing of those that have parts of their own.
    pub(crate) fn map_documents<T>(
        &self,
        change: &mut dyn FnMut(&D) -> Option<T>,
    ) -> Option<Outputs<T>> {
        let mut slots = Vec::new();
        if self.parts.is_none() {
            slots.reserve_exact(self.slots.len());
            for output in self.slots.iter() {
                slots.push(match output {
                    Some(output) => Some(change(output)?),
                    None => None,
                });
            }
        }
        Some(Outputs {
            slots: Arc::new(slots),
            changed: Vec::new(),
            parts: None,
        })
    }
}
