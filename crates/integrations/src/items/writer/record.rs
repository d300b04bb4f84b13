//! What is written of one child execution.

use serde_json::Value;

use super::plan::Transformation;

/// A child execution of a map run, as far as its results are concerned.
#[derive(Clone, Debug)]
pub struct ChildResult {
    /// How it ended.
    pub status: ChildStatus,
    /// All that is known of it, as `Transformation` `NONE` has it.
    pub whole: Value,
    /// Its output, if it succeeded.
    pub output: Option<Value>,
}

/// Which file tells of a child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChildStatus {
    /// `SUCCEEDED`
    Succeeded,
    /// `FAILED`, `TIMED_OUT` or `ABORTED`
    Failed,
    /// It never began.
    Pending,
}

/// The JSON texts that stand for a child, each without a line break.
pub(super) fn texts(child: &ChildResult, transformation: Transformation) -> Vec<String> {
    match (transformation, &child.output) {
        // A child that failed is written whole, whatever is made of the others.
        (Transformation::None, _) | (_, None) => vec![child.whole.to_string()],
        (Transformation::Flatten, Some(Value::Array(elements))) => {
            elements.iter().map(Value::to_string).collect()
        }
        (_, Some(output)) => vec![output.to_string()],
    }
}
