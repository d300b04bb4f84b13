//! A Map state on trial: its fields are evaluated for every item, its iterations are not run.

use asl::definition::Map;
use serde_json::Value;
use std::sync::Arc;

use super::{Mock, Stage};
use crate::dataflow::{Payload, whole};
use crate::failure::{EXCEED_TOLERATED_FAILURE_THRESHOLD, Fault};
use crate::frame::FrameId;
use crate::turn::{Halt, Turn};

impl Turn<'_> {
    pub(super) fn try_map(&mut self, id: FrameId, map: &Map, mock: Mock) -> Result<(), Halt> {
        let items = self.items_on_trial(id, map)?;
        let state = self.state(id);
        let array = |items: &[Value]| Payload::Value(Value::Array(items.to_vec()));
        if map.items_path.is_some() || map.items.is_none() {
            self.note_of_jsonpath(state, Stage::ItemsPath, &array(&items));
        }
        let selected = self.selected_items(id, map, &items)?;
        if map.item_selector.is_some() || map.jsonata_item_selector.is_some() {
            self.note(Stage::ItemSelector, &array(&selected));
        }
        if let Some(batches) = batches(map, &selected) {
            self.note(Stage::ItemBatcher, &array(&batches));
        }
        let concurrency =
            self.whole_number(id, "MaxConcurrency", map.max_concurrency.as_ref(), 0)?;
        let count = map.tolerated_failure_count.as_ref();
        let count = self.whole_number(id, "ToleratedFailureCount", count, 0)?;
        let share = map.tolerated_failure_percentage.as_ref();
        let share = self.percentage(id, "ToleratedFailurePercentage", share)?;
        if let Some(noted) = self.noted() {
            noted.max_concurrency = Some(concurrency.unwrap_or(0));
            noted.tolerated_failure_count = count;
            noted.tolerated_failure_percentage = share;
        }
        let result = self.mocked(mock)?;
        let trial = self.execution.trial.as_ref();
        let failures = trial.and_then(|trial| trial.configuration.map_iteration_failure_count);
        if is_exceeded(failures.unwrap_or(0), items.len(), count, share) {
            let cause = "The specified tolerated failure threshold was exceeded";
            return Err(Fault::new(EXCEED_TOLERATED_FAILURE_THRESHOLD, cause).into());
        }
        let selector = map.result_selector.as_ref();
        self.leave_with_result(id, selector, &map.result_path, result, map.transition)
    }

    /// The items; those of an `ItemReader` are given, and without them there are none.
    fn items_on_trial(&mut self, id: FrameId, map: &Map) -> Result<Arc<Vec<Value>>, Halt> {
        if field(map, "ItemReader").is_none() {
            return self.items(id, map);
        }
        let trial = self.execution.trial.as_ref();
        let read = trial.and_then(|trial| trial.configuration.map_item_reader_data.clone());
        let items = match read.as_ref().map(|read| read.value()) {
            Some(Value::Array(items)) => items.clone(),
            _ => Vec::new(),
        };
        let pointer = field(map, "ItemReader")
            .and_then(|reader| reader.pointer("/ReaderConfig/ItemsPointer"))
            .and_then(Value::as_str);
        let Some(pointer) = pointer else {
            return Ok(Arc::new(items));
        };
        let whole = read.map_or(Value::Null, |read| read.value().clone());
        let items = match whole.pointer(pointer) {
            Some(Value::Array(items)) => items.clone(),
            // What was read may be the array itself.
            _ => items,
        };
        let state = self.state(id);
        let noted = Payload::Value(Value::Array(items.clone()));
        self.note_of_jsonpath(state, Stage::ItemsPointer, &noted);
        Ok(Arc::new(items))
    }

    fn selected_items(
        &mut self,
        id: FrameId,
        map: &Map,
        items: &[Value],
    ) -> Result<Vec<Value>, Halt> {
        let numbered = (0..).zip(items);
        numbered
            .map(|(index, value)| {
                let input = self.iteration_input(id, map, index, value)?;
                Ok(input.into_value())
            })
            .collect()
    }
}

/// A field of a Distributed Map.
fn field<'m>(map: &'m Map, name: &str) -> Option<&'m Value> {
    map.distributed.as_ref()?.get(name)
}

/// The items in batches of so many, if that is asked for.
fn batches(map: &Map, items: &[Value]) -> Option<Vec<Value>> {
    let batcher = field(map, "ItemBatcher")?;
    let most = batcher.get("MaxItemsPerBatch").and_then(whole);
    let most = most
        .and_then(|most| usize::try_from(most).ok())
        .filter(|most| *most > 0)
        .unwrap_or(items.len().max(1));
    let batch = |items: &[Value]| {
        let mut batch = serde_json::Map::new();
        if let Some(input) = batcher.get("BatchInput") {
            batch.insert("BatchInput".to_owned(), input.clone());
        }
        batch.insert("Items".to_owned(), Value::Array(items.to_vec()));
        Value::Object(batch)
    };
    Some(items.chunks(most).map(batch).collect())
}

/// Whether so many failures are too many. Where no tolerance is said, AWS was seen not to look at them.
fn is_exceeded(failures: u64, items: usize, count: Option<u64>, share: Option<f64>) -> bool {
    let by_count = count.is_some_and(|count| failures > count);
    let by_share = share.is_some_and(|share| failures as f64 * 100.0 > share * items as f64);
    by_count || by_share
}

#[cfg(test)]
mod tests {
    use super::is_exceeded;

    #[test]
    fn the_threshold_is_passed_not_reached() {
        for (failures, count, share, exceeded) in [
            (2, None, None, false),
            (2, Some(1), None, true),
            (1, Some(1), None, false),
            (1, None, Some(10.0), false),
            (2, None, Some(10.0), true),
            (1, Some(5), Some(5.0), true),
        ] {
            assert_eq!(
                is_exceeded(failures, 10, count, share),
                exceeded,
                "{failures}"
            );
        }
    }
}
