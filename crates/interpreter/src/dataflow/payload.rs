//! Data between two stages of the data flow.

use serde_json::Value;

use crate::Document;

/// A document as it came, or a value that a stage built and that nobody has needed as text yet.
#[derive(Clone, Debug)]
pub(crate) enum Payload {
    /// As it came.
    Document(Document),
    /// Just built.
    Value(Value),
}

impl Payload {
    pub(crate) fn value(&self) -> &Value {
        match self {
            Payload::Document(document) => document.value(),
            Payload::Value(value) => value,
        }
    }

    pub(crate) fn into_value(self) -> Value {
        match self {
            Payload::Document(document) => document.value().clone(),
            Payload::Value(value) => value,
        }
    }

    pub(crate) fn into_document(self) -> Document {
        match self {
            Payload::Document(document) => document,
            Payload::Value(value) => Document::from_value(value),
        }
    }
}
