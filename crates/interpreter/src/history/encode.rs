//! Events to bytes.
//!
//! A run is what one commit appends: a version byte, then the events. A document stands in the event
//! it was born in as text and everywhere else as the number of that event.

use std::convert::Infallible;
use std::sync::Arc;

use super::{Event, EventId};
use crate::Document;

/// First byte of every run. Version 2 knows the role of a task's `Credentials`; no release ever wrote
/// version 1, which is refused.
pub const FORMAT_VERSION: u8 = 2;

/// Where the text of a document stands.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) enum Place {
    /// Right here.
    Here(Arc<str>),
    /// In the event of that number.
    At(EventId),
}

/// Writes the events of one commit as one run.
pub fn encode(events: &[Event]) -> Vec<u8> {
    let texts: usize = events.iter().map(inline_bytes).sum();
    let mut run = Vec::with_capacity(texts + 48 * events.len() + 8);
    run.push(FORMAT_VERSION);
    for event in events {
        let id = event.id;
        let placed = event.clone().map_document(&mut |document: Document| {
            Ok::<_, Infallible>(match document.home() {
                Some(home) if home != id => Place::At(home),
                _ => Place::Here(Arc::clone(document.text())),
            })
        });
        let Ok(placed) = placed;
        run = postcard::to_extend(&placed, run).expect("events are plain data and memory grows");
    }
    run
}

/// Puts the events of a run behind those of another, which they follow.
pub fn join(run: &mut Vec<u8>, next: &[u8]) {
    debug_assert_eq!(run.first(), next.first(), "runs of one format");
    run.extend_from_slice(next.get(1..).unwrap_or_default());
}

fn inline_bytes(event: &Event) -> usize {
    event
        .details
        .document()
        .filter(|document| document.home() == Some(event.id))
        .map_or(0, |document| document.text().len())
}
