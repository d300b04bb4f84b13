//! Map: runs its item processor once for each item, so many at a time. That in DISTRIBUTED mode is in
//! `map_run.rs`.

use std::sync::Arc;

use asl::definition::Map;
use serde_json::Value;

use crate::breaks;
use crate::dataflow::{Asked, Item, Payload};
use crate::failure::Fault;
use crate::frame::{FrameId, Join, Stand};
use crate::history::{EventDetails, EventId};
use crate::map_run::Items;
use crate::outputs::Outputs;
use crate::redrive;
use crate::turn::{Halt, Turn};

impl Turn<'_> {
    pub(super) fn begin_map(&mut self, id: FrameId, map: &Map) -> Result<(), Halt> {
        if let Some(distributed) = &map.distributed {
            return self.begin_map_run(id, map, distributed);
        }
        let items = self.items(id, map)?;
        let lanes = self.whole_number(id, "MaxConcurrency", map.max_concurrency.as_ref(), 0)?;
        let lanes_max = self.at.limits.map_lanes_max;
        let lanes = match lanes {
            None | Some(0) => lanes_max,
            Some(lanes) if breaks::awake("r39") => {
                u32::try_from(lanes).map_or(lanes_max, |lanes| lanes.min(lanes_max) + 1)
            }
            Some(lanes) => u32::try_from(lanes).map_or(lanes_max, |lanes| lanes.min(lanes_max)),
        };
        let length = u32::try_from(items.len())
            .expect("a payload that fits in memory has fewer than 2^32 items");
        let started = self.append(id, EventDetails::MapStateStarted { length })?;
        // For a Distributed Map alone: the first iteration of an inline one that fails ends the state.
        // Yet a number that cannot be fails this one too.
        self.tolerance(id, map)?;
        self.execution.frame_mut(id).stand = Stand::Join(Join {
            outputs: Outputs::none_of(items.len()),
            running: 0,
            next: 0,
            lanes,
            items: Some(items),
            selected_from: None,
        });
        if length == 0 {
            return self.joined(id);
        }
        for _ in 0..lanes.min(length) {
            self.begin_iteration(id, map, started)?;
        }
        Ok(())
    }

    /// Begins the next iteration; its chain starts at event `previous`.
    pub(crate) fn begin_iteration(
        &mut self,
        id: FrameId,
        map: &Map,
        previous: EventId,
    ) -> Result<(), Halt> {
        let items = match self.join(id).items.clone() {
            Some(items) => items,
            None => {
                let items = self.items(id, map)?;
                // What they come from may tell the redrive from the run before it.
                if items.len() != self.join(id).outputs.len() {
                    return Err(self.runtime_fault(id, redrive::ITEMS_CHANGED).into());
                }
                self.join(id).items = Some(Arc::clone(&items));
                items
            }
        };
        let index = self.join(id).next;
        let value = &items[index as usize];
        let state = self.state(id);
        let input = self.iteration_input(id, map, index, value)?;
        let input = self.within_limit(input, &state.name)?;
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

    /// What `ItemSelector` makes of an item.
    pub(crate) fn iteration_input(
        &mut self,
        id: FrameId,
        map: &Map,
        index: u32,
        value: &Value,
    ) -> Result<Payload, Halt> {
        let asked = Asked {
            item: Some(Item {
                index: index.into(),
                value,
                key: None,
                source: None,
            }),
            ..Asked::default()
        };
        match (&map.item_selector, &map.jsonata_item_selector) {
            (None, selector) => {
                let item = Payload::Value(value.clone());
                self.jsonata_field(id, selector.as_ref(), asked, item)
            }
            (selector, _) => {
                let input = self.selected_from(id)?;
                Ok(self.template_for(id, selector.as_ref(), input, asked)?)
            }
        }
    }

    /// The effective input, found once for all iterations: `InputPath` may copy all the items.
    fn selected_from(&mut self, id: FrameId) -> Result<Payload, Halt> {
        if let Stand::Join(join) = &self.execution.frame(id).stand
            && let Some(known) = &join.selected_from
        {
            return Ok(Payload::Document(known.clone()));
        }
        let input = self.effective_input(id)?.into_document();
        if let Stand::Join(join) = &mut self.execution.frame_mut(id).stand {
            join.selected_from = Some(input.clone());
        }
        Ok(Payload::Document(input))
    }

    /// The items: the same at every call within an attempt.
    pub(crate) fn items(&mut self, id: FrameId, map: &Map) -> Result<Arc<Vec<Value>>, Halt> {
        Ok(self.found_items(id, map)?.values)
    }

    /// The same, and what they are. A Distributed Map takes the members of an object, too.
    pub(super) fn found_items(&mut self, id: FrameId, map: &Map) -> Result<Items, Halt> {
        let objects_too = map.distributed.is_some();
        if let Some(items) = &map.items {
            let items = self.jsonata_of_visit(id, |scope| match objects_too {
                true => items.evaluate(scope).and_then(|value| match value {
                    Value::Object(_) => Ok(value),
                    _ => items.evaluate_array(scope).map(Value::Array),
                }),
                false => items.evaluate_array(scope).map(Value::Array),
            })?;
            // An expression may build more than any payload holds.
            let text = serde_json::to_string(&items).expect("JSON values have a text");
            if text.len() > self.at.limits.payload_bytes_max {
                return Err(Fault::data_limit(&self.state(id).name).into());
            }
            return Ok(Items::of(items, objects_too).expect("an array or an object"));
        }
        let input = self.effective_input(id)?;
        let (items, given) = match &map.items_path {
            None => (input.into_value(), "$"),
            Some(path) => (self.path(id, path, &input)?, path.text()),
        };
        match Items::of(items, objects_too) {
            Ok(items) => Ok(items),
            // It is no expression that fails here, so the event names no place.
            Err(other) if self.is_jsonata(id) => {
                let cause = format!("Map state input must be an array but was: {other}");
                Err(self.evaluation_failed(id, None, &cause))
            }
            Err(_) => {
                // A path into the context object is named by its place there.
                let path = given.strip_prefix('$').filter(|it| it.starts_with('$'));
                let path = path.unwrap_or(given);
                let cause = format!("Reference path \"{path}\" must point to array.");
                Err(self.runtime_fault(id, cause).into())
            }
        }
    }

    /// How many failures are tolerated: a number of items, and a share of them in percent.
    pub(super) fn tolerance(
        &mut self,
        id: FrameId,
        map: &Map,
    ) -> Result<(Option<u64>, Option<f64>), Halt> {
        let count = map.tolerated_failure_count.as_ref();
        let count = self.whole_number(id, "ToleratedFailureCount", count, 0)?;
        let share = map.tolerated_failure_percentage.as_ref();
        let share = self.percentage(id, "ToleratedFailurePercentage", share)?;
        Ok((count, share))
    }
}
