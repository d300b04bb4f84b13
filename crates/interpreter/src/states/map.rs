//! Map (inline): runs its item processor once for each item, so many at a time.

use std::sync::Arc;

use asl::definition::Map;
use serde_json::Value;

use crate::dataflow::{Asked, Item, Payload, within_limit};
use crate::failure::Fault;
use crate::frame::{FrameId, Join, Stand};
use crate::history::{EventDetails, EventId};
use crate::limits::MAP_LANES_MAX;
use crate::turn::{Halt, Turn};

impl Turn<'_> {
    pub(super) fn begin_map(&mut self, id: FrameId, map: &Map) -> Result<(), Halt> {
        if map.distributed.is_some() {
            let cause = "A Map state in DISTRIBUTED mode cannot be run yet.";
            return Err(self.runtime_fault(id, cause).into());
        }
        let items = self.items(id, map)?;
        let lanes = self.whole_number(id, "MaxConcurrency", map.max_concurrency.as_ref(), 0)?;
        let lanes = match lanes {
            None | Some(0) => MAP_LANES_MAX,
            Some(lanes) => lanes.min(MAP_LANES_MAX),
        };
        let length = u32::try_from(items.len())
            .expect("a payload of at most 256 KiB has fewer than 2^32 items");
        let started = self.append(id, EventDetails::MapStateStarted { length })?;
        self.execution.frame_mut(id).stand = Stand::Join(Join {
            outputs: vec![None; items.len()],
            running: 0,
            next: 0,
            lanes: u32::try_from(lanes).expect("there are few lanes"),
            items: Some(items),
        });
        if length == 0 {
            return self.joined(id);
        }
        for _ in 0..lanes.min(u64::from(length)) {
            self.begin_iteration(id, map, started)?;
        }
        Ok(())
    }

    /// Begins the next iteration; its chain starts at event `previous`.
    pub(super) fn begin_iteration(
        &mut self,
        id: FrameId,
        map: &Map,
        previous: EventId,
    ) -> Result<(), Halt> {
        let items = match self.join(id).items.clone() {
            Some(items) => items,
            None => {
                let items = self.items(id, map)?;
                self.join(id).items = Some(Arc::clone(&items));
                items
            }
        };
        let index = self.join(id).next;
        let value = &items[index as usize];
        let state = self.state(id);
        let input = match &map.item_selector {
            None => Payload::Value(value.clone()),
            selector => {
                let input = self.effective_input(id)?;
                let item = Some(Item { index, value });
                let asked = Asked { item, token: None };
                self.template_for(id, selector.as_ref(), input, asked)?
            }
        };
        let input = within_limit(input, &state.name)?;
        self.write_pending()?;
        let details = EventDetails::MapIterationStarted {
            name: state.name.clone(),
            index,
        };
        let started = self.append_at(self.at.now_ms, previous, details)?;
        let join = self.join(id);
        join.next += 1;
        join.running += 1;
        self.begin_line(id, index, map.processor, started, input);
        Ok(())
    }

    /// The items, as the state's input gives them: the same at every call within a visit.
    fn items(&mut self, id: FrameId, map: &Map) -> Result<Arc<Vec<Value>>, Fault> {
        let input = self.effective_input(id)?;
        let (items, path) = match &map.items_path {
            None => (input.into_value(), "$"),
            Some(path) => (self.path(id, path, &input)?, path.text()),
        };
        match items {
            Value::Array(items) => Ok(Arc::new(items)),
            _ => Err(self.runtime_fault(
                id,
                format_args!("Reference path \"{path}\" must point to array."),
            )),
        }
    }
}
