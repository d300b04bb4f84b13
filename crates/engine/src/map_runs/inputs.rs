//! What the next child begins with: an item, what `ItemSelector` makes of it, or a batch of them.

use interpreter::{Batches, Document, Failure, MapRunItem, Moment, STATE_DATA};

use super::MapRun;
use crate::executions::Live;

/// The next child's input, and how many items that is.
pub(super) struct Next {
    pub(super) input: Document,
    pub(super) items: u32,
}

/// What the next child begins with.
pub(super) fn next_of(
    live: &mut Live,
    run: &MapRun,
    at: &Moment<'_>,
) -> Result<Option<Next>, Failure> {
    let plan = &run.record.plan;
    let mut source = match plan.length {
        Some(_) => {
            let found = live
                .execution
                .map_run_items(&live.definition, plan.event, at);
            let Some(found) = found else {
                return Ok(None);
            };
            Source::Input(found?)
        }
        None if run.wants_items() => return Ok(None),
        None => Source::Read,
    };
    let Some(batches) = &plan.batches else {
        let input = source.nth(live, run, 0, at)?;
        return Ok(input.map(|input| Next { input, items: 1 }));
    };
    batch(live, run, batches, &mut source, at)
}

enum Source {
    Input(interpreter::Items),
    Read,
}

impl Source {
    /// What the item at `offset` after the last that was begun comes to.
    fn nth(
        &mut self,
        live: &mut Live,
        run: &MapRun,
        offset: usize,
        at: &Moment<'_>,
    ) -> Result<Option<Document>, Failure> {
        let plan = &run.record.plan;
        let index = run.progress.items_begun + offset as u64;
        let (value, is_member, source) = match self {
            Source::Input(items) => {
                let place = usize::try_from(index).unwrap_or(usize::MAX);
                let Some(value) = items.values.get(place) else {
                    return Ok(None);
                };
                if !plan.has_selector {
                    return Ok(Some(Document::from_value(value.clone())));
                }
                (value, items.are_members, STATE_DATA)
            }
            Source::Read => {
                let Some(item) = run.buffer.iter().nth(offset) else {
                    return Ok(None);
                };
                if !plan.has_selector {
                    return Ok(Some(item.value.clone()));
                }
                (item.value.value(), item.is_member, &*item.source)
            }
        };
        let item = MapRunItem {
            index,
            value,
            is_member,
            source,
        };
        live.execution
            .map_run_input(&live.definition, plan.event, item, at)
            .transpose()
    }
}

/// As many items as one batch may have: `{"BatchInput": …, "Items": […]}`.
fn batch(
    live: &mut Live,
    run: &MapRun,
    batches: &Batches,
    source: &mut Source,
    at: &Moment<'_>,
) -> Result<Option<Next>, Failure> {
    let most = batches.items_max.unwrap_or(u64::MAX);
    let payload_max = at.limits.payload_bytes_max;
    let bytes_max = batches
        .bytes_max
        .and_then(|most| usize::try_from(most).ok());
    let bytes_max = bytes_max.map_or(payload_max, |most| most.min(payload_max));
    let mut text = match &batches.input {
        Some(input) => format!("{{\"BatchInput\":{input},\"Items\":["),
        None => "{\"Items\":[".to_owned(),
    };
    let mut items = 0;
    while u64::from(items) < most {
        let Some(item) = source.nth(live, run, items as usize, at)? else {
            break;
        };
        let item = item.text();
        // With the comma before it and the brackets behind all.
        if items > 0 && text.len() + item.len() + 3 > bytes_max {
            break;
        }
        if items > 0 {
            text.push(',');
        }
        text.push_str(item);
        items += 1;
    }
    text.push_str("]}");
    let input = Document::from_text(text);
    Ok((items > 0).then_some(Next { input, items }))
}
