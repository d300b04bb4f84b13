//! A JSON text on its way through an execution.

use std::sync::{Arc, OnceLock};

use serde_json::Value;

use crate::history::EventId;

/// A JSON text, parsed only when somebody looks inside, and written once.
///
/// A text that no state looks into keeps its bytes: key order, numbers, white space. `home` is the
/// event whose own text this is; later events and snapshots that hold the same document refer there
/// instead of writing it again. `part` is the part of a snapshot that holds it, while no event does. Clones are the same document: when one gets a home, all have it.
#[derive(Clone, Debug)]
pub struct Document(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    text: Arc<str>,
    value: OnceLock<Value>,
    home: OnceLock<EventId>,
    part: OnceLock<u32>,
}

impl Document {
    /// From a text that is known to be JSON.
    pub fn from_text(text: impl Into<Arc<str>>) -> Document {
        Document::new(text.into(), OnceLock::new())
    }

    /// From a value; the text is its compact form.
    pub fn from_value(value: Value) -> Document {
        let text = value.to_string();
        Document::new(text.into(), OnceLock::from(value))
    }

    fn new(text: Arc<str>, value: OnceLock<Value>) -> Document {
        Document(Arc::new(Inner {
            text,
            value,
            home: OnceLock::new(),
            part: OnceLock::new(),
        }))
    }

    /// The text.
    pub fn text(&self) -> &Arc<str> {
        &self.0.text
    }

    /// The value. A text that turns out not to be JSON reads as `null`; the doors refuse such texts.
    pub fn value(&self) -> &Value {
        self.0
            .value
            .get_or_init(|| serde_json::from_str(&self.0.text).unwrap_or(Value::Null))
    }

    /// The event that holds the text, once one does.
    pub fn home(&self) -> Option<EventId> {
        self.0.home.get().copied()
    }

    /// The same document, known to stand in event `home`. A document that has a home keeps it.
    #[must_use]
    pub fn at_home(self, home: EventId) -> Document {
        self.0.home.get_or_init(|| home);
        self
    }

    /// The part that holds the text, once one does.
    pub(crate) fn part(&self) -> Option<u32> {
        self.0.part.get().copied()
    }

    /// Gives it a part, if it has none, and says which it has.
    pub(crate) fn set_part(&self, part: u32) -> u32 {
        *self.0.part.get_or_init(|| part)
    }

    /// Whether they are the same document, and not only of the same text.
    pub(crate) fn is_same(&self, other: &Document) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// The same without the value that somebody may have looked at, where it has a home: for a document
    /// that is kept long beside many others, as the outputs of a Map are.
    pub(crate) fn unparsed(self) -> Document {
        match self.home() {
            Some(home) if self.0.value.get().is_some() => {
                Document::from_text(Arc::clone(self.text())).at_home(home)
            }
            _ => self,
        }
    }

    /// The same text as a document of its own: homes are events of one execution, parts are of its
    /// snapshots, and what comes in from outside may have been at home in another.
    pub(crate) fn homeless(self) -> Document {
        match (self.home(), self.part()) {
            (None, None) => self,
            _ => Document::from_text(Arc::clone(self.text())),
        }
    }
}
