//! A JSON text on its way through an execution.

use std::sync::{Arc, OnceLock};

use serde_json::Value;

use crate::history::EventId;

/// A JSON text, parsed only when somebody looks inside, and written once.
///
/// A text that no state looks into keeps its bytes: key order, numbers, white space. `home` is the
/// event whose own text this is; later events and snapshots that hold the same document refer there
/// instead of writing it again.
#[derive(Clone, Debug)]
pub struct Document {
    text: Arc<str>,
    value: Arc<OnceLock<Value>>,
    home: Option<EventId>,
}

impl Document {
    /// From a text that is known to be JSON.
    pub fn from_text(text: impl Into<Arc<str>>) -> Document {
        Document { text: text.into(), value: Arc::new(OnceLock::new()), home: None }
    }

    /// From a value; the text is its compact form.
    pub fn from_value(value: Value) -> Document {
        let text = value.to_string();
        Document { text: text.into(), value: Arc::new(OnceLock::from(value)), home: None }
    }

    /// The text.
    pub fn text(&self) -> &Arc<str> {
        &self.text
    }

    /// The value. A text that turns out not to be JSON reads as `null`; the doors refuse such texts.
    pub fn value(&self) -> &Value {
        self.value.get_or_init(|| serde_json::from_str(&self.text).unwrap_or(Value::Null))
    }

    /// The event that holds the text, once one does.
    pub fn home(&self) -> Option<EventId> {
        self.home
    }

    /// The same document, known to stand in event `home`.
    #[must_use]
    pub fn at_home(mut self, home: EventId) -> Document {
        self.home = Some(home);
        self
    }
}
