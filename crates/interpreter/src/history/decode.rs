//! Bytes to events.

use std::sync::Arc;

use super::encode::Place;
use super::{Event, EventId, FORMAT_VERSION};
use crate::Document;

/// The bytes are no run of events, or one of another version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HistoryDamaged;

/// An event as it is written down: its document may stand in an earlier event.
#[derive(Clone, Debug)]
pub struct StoredEvent {
    event: Event<Place>,
    own: Option<Document>,
}

/// Reads one run, as [`super::encode`] wrote it.
pub fn decode(run: &[u8]) -> Result<Vec<StoredEvent>, HistoryDamaged> {
    let (&version, mut rest) = run.split_first().ok_or(HistoryDamaged)?;
    if version != FORMAT_VERSION {
        return Err(HistoryDamaged);
    }
    let mut events = Vec::new();
    while !rest.is_empty() {
        let (event, after) = postcard::take_from_bytes(rest).map_err(|_| HistoryDamaged)?;
        events.push(StoredEvent::of(event));
        rest = after;
    }
    Ok(events)
}

impl StoredEvent {
    fn of(event: Event<Place>) -> StoredEvent {
        let own = match event.details.document() {
            Some(Place::Here(text)) => {
                Some(Document::from_text(Arc::clone(text)).at_home(event.id))
            }
            Some(Place::At(_)) | None => None,
        };
        StoredEvent { event, own }
    }

    /// Its number.
    pub fn id(&self) -> EventId {
        self.event.id
    }

    /// The earlier event whose document this one holds too, if it holds one that is not its own.
    pub fn references(&self) -> Option<EventId> {
        match self.event.details.document()? {
            Place::At(home) => Some(*home),
            Place::Here(_) => None,
        }
    }

    /// The document that was born in this event and stands in it.
    pub fn own_document(&self) -> Option<Document> {
        self.own.clone()
    }

    /// The event with its document; `document` is asked for what stands in an earlier event. `None`
    /// when it has no answer.
    pub fn resolve(self, document: &mut dyn FnMut(EventId) -> Option<Document>) -> Option<Event> {
        let StoredEvent { event, own } = self;
        let resolved = event.map_document(&mut |place| match place {
            Place::Here(_) => own.clone().ok_or(()),
            Place::At(home) => document(home).map(|found| found.at_home(home)).ok_or(()),
        });
        resolved.ok()
    }
}
