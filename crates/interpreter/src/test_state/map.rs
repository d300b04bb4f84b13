//! A Map state on trial: its fields are evaluated for every item, its iterations are not run.

use asl::definition::{Map, Seconds};
use asl::jsonata;
use asl::path::Path;
use asl::template::Template;
use serde_json::Value;
use std::sync::Arc;

use super::{Mock, Stage};
use crate::dataflow::{Asked, Payload};
use crate::failure::{EXCEED_TOLERATED_FAILURE_THRESHOLD, Fault};
use crate::frame::FrameId;
use crate::limits::PAYLOAD_BYTES_MAX;
use crate::turn::{Halt, Turn};

/// Most items whose `ItemSelector` is evaluated. An execution takes its items a step at a time; a trial
/// is one step, and each item may cost all that one expression may.
const ITEMS_SELECTED_MAX: usize = 1_000;

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
        if let Some(batcher) = field(map, "ItemBatcher") {
            let batches = self.batches(id, batcher, &selected)?;
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

    /// The items in batches, as an `ItemBatcher` makes them.
    fn batches(
        &mut self,
        id: FrameId,
        batcher: &Value,
        items: &[Value],
    ) -> Result<Vec<Value>, Halt> {
        let most = self.batch_limit(id, batcher, "MaxItemsPerBatch")?;
        let most_bytes = self.batch_limit(id, batcher, "MaxInputBytesPerBatch")?;
        let mut head = serde_json::Map::new();
        if let Some(input) = batcher.get("BatchInput") {
            let input = self.batch_input(id, input)?;
            head.insert("BatchInput".to_owned(), input);
        }
        let batch = |items: &[Value]| {
            let mut batch = head.clone();
            batch.insert("Items".to_owned(), Value::Array(items.to_vec()));
            Value::Object(batch)
        };
        let most = usize::try_from(most.unwrap_or(u64::MAX)).unwrap_or(usize::MAX);
        let most_bytes = usize::try_from(most_bytes.unwrap_or(u64::MAX)).unwrap_or(usize::MAX);
        let head_bytes = batch(&[]).to_string().len();
        let mut batches = Vec::new();
        let (mut from, mut bytes, mut shown) = (0, head_bytes, 0);
        for (at, item) in items.iter().enumerate() {
            // With the comma before it.
            let item_bytes = item.to_string().len() + 1;
            if at > from && (at - from >= most || bytes.saturating_add(item_bytes) > most_bytes) {
                shown += bytes;
                if shown > PAYLOAD_BYTES_MAX {
                    // All carry the same input: there may be more of it than can be shown.
                    return Ok(batches);
                }
                batches.push(batch(&items[from..at]));
                (from, bytes) = (at, head_bytes);
            }
            bytes = bytes.saturating_add(item_bytes);
        }
        if from < items.len() {
            batches.push(batch(&items[from..]));
        }
        Ok(batches)
    }

    /// A number of the batcher: outright, by a path or by an expression.
    fn batch_limit(
        &mut self,
        id: FrameId,
        batcher: &Value,
        name: &str,
    ) -> Result<Option<u64>, Halt> {
        let by_path = batcher.get(format!("{name}Path")).and_then(Value::as_str);
        let path = by_path.and_then(|path| Path::parse(path).ok());
        let given = match (batcher.get(name), path) {
            (Some(value), _) if value.is_u64() => value.as_u64().map(Seconds::Fixed),
            (Some(value), _) => jsonata::Template::parse(&format!("ItemBatcher/{name}"), value)
                .ok()
                .map(Seconds::Expression),
            (None, path) => path.map(Seconds::Path),
        };
        self.whole_number(id, name, given.as_ref(), 1)
    }

    /// `BatchInput`: data with expressions in the state's language.
    fn batch_input(&mut self, id: FrameId, input: &Value) -> Result<Value, Halt> {
        let otherwise = Payload::Value(input.clone());
        let evaluated = if self.is_jsonata(id) {
            let field = jsonata::Template::parse("ItemBatcher/BatchInput", input).ok();
            self.jsonata_field(id, field.as_ref(), Asked::default(), otherwise)?
        } else {
            match Template::parse(input) {
                Ok(template) => {
                    let seen = self.effective_input(id)?;
                    self.template(id, Some(&template), seen)?
                }
                Err(_) => otherwise,
            }
        };
        Ok(evaluated.into_value())
    }

    /// What each iteration begins with, as far as it can be shown: a selector may take the whole input
    /// for every one of many items, and an execution begins only a few iterations at a time.
    fn selected_items(
        &mut self,
        id: FrameId,
        map: &Map,
        items: &[Value],
    ) -> Result<Vec<Value>, Halt> {
        let mut selected = Vec::new();
        let mut bytes = 0;
        for (index, value) in (0..).zip(items).take(ITEMS_SELECTED_MAX) {
            let input = self.iteration_input(id, map, index, value)?.into_value();
            bytes += input.to_string().len();
            if bytes > PAYLOAD_BYTES_MAX {
                break;
            }
            selected.push(input);
        }
        Ok(selected)
    }
}

/// A field of a Distributed Map.
fn field<'m>(map: &'m Map, name: &str) -> Option<&'m Value> {
    map.distributed.as_ref()?.fields.get(name)
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
