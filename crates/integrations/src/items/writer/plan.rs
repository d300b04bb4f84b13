//! What a `ResultWriter` asks for.

use serde_json::Value;

use crate::items::ItemsError;

/// A `ResultWriter` with a resource, after its expressions have been evaluated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WriterPlan {
    pub(super) bucket: String,
    pub(super) prefix: String,
    pub(super) transformation: Transformation,
    pub(super) output_type: OutputType,
}

/// What is written of a child that succeeded. Of others, everything is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Transformation {
    /// All that is known of it.
    None,
    /// Its output.
    Compact,
    /// Its output; of an array, its elements.
    Flatten,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OutputType {
    Json,
    JsonLines,
}

impl WriterPlan {
    /// Reads the fields of a `ResultWriter`: its resource, its `Parameters` or `Arguments`, and its
    /// `WriterConfig`, all evaluated.
    pub fn read(
        resource: &str,
        arguments: &Value,
        config: &Value,
    ) -> Result<WriterPlan, ItemsError> {
        if resource.rsplit(':').next() != Some("putObject") {
            let cause = format!("'{resource}' is no resource that results are written to.");
            return Err(ItemsError::writer(cause));
        }
        let bucket = text(arguments, "Bucket")?.unwrap_or_default();
        if bucket.is_empty() {
            return Err(ItemsError::writer("field Bucket must not be empty"));
        }
        let transformation = match text(config, "Transformation")? {
            None | Some("NONE") => Transformation::None,
            Some("COMPACT") => Transformation::Compact,
            Some("FLATTEN") => Transformation::Flatten,
            Some(other) => {
                return Err(unknown("Transformation", other, "NONE, COMPACT, FLATTEN"));
            }
        };
        let output_type = match text(config, "OutputType")? {
            None | Some("JSON") => OutputType::Json,
            Some("JSONL") => OutputType::JsonLines,
            Some(other) => return Err(unknown("OutputType", other, "JSON, JSONL")),
        };
        Ok(WriterPlan {
            bucket: bucket.to_owned(),
            prefix: text(arguments, "Prefix")?.unwrap_or_default().to_owned(),
            transformation,
            output_type,
        })
    }
}

fn text<'a>(fields: &'a Value, name: &str) -> Result<Option<&'a str>, ItemsError> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(ItemsError::writer(format!("field {name} must be a string"))),
    }
}

fn unknown(name: &str, value: &str, known: &str) -> ItemsError {
    ItemsError::writer(format!(
        "field {name} must be one of [{known}], but was: {value}"
    ))
}
