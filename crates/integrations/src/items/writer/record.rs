//! What is written of one child execution.
//!
//! Source of the shape: AWS Developer Guide, `ResultWriter`, its examples of result files.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::plan::Transformation;

/// A child execution of a map run, as a result file tells of it.
#[derive(Clone, Debug)]
pub struct ChildResult {
    /// `ExecutionArn`.
    pub execution_arn: String,
    /// `Name`.
    pub name: String,
    /// `StateMachineArn`.
    pub state_machine_arn: String,
    /// `Status`.
    pub status: ChildStatus,
    /// `Input`, where it is known.
    pub input: Option<Arc<str>>,
    /// `Output`, of one that succeeded.
    pub output: Option<Arc<str>>,
    /// `Error`, of one that failed with one.
    pub error: Option<Arc<str>>,
    /// `Cause`, likewise.
    pub cause: Option<Arc<str>>,
    /// `StartDate`, in milliseconds since 1970; none of one that never started.
    pub start_ms: Option<i64>,
    /// `StopDate`, likewise.
    pub stop_ms: Option<i64>,
    /// `RedriveCount`.
    pub redrive_count: u64,
    /// `RedriveStatus`, and why.
    pub redrive_status: Option<(String, Option<String>)>,
}

/// How a child ended, or that it never began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChildStatus {
    /// `SUCCEEDED`
    Succeeded,
    /// `FAILED`
    Failed,
    /// `TIMED_OUT`
    TimedOut,
    /// `ABORTED`
    Aborted,
    /// `PENDING`
    Pending,
}

impl ChildStatus {
    fn name(self) -> &'static str {
        match self {
            ChildStatus::Succeeded => "SUCCEEDED",
            ChildStatus::Failed => "FAILED",
            ChildStatus::TimedOut => "TIMED_OUT",
            ChildStatus::Aborted => "ABORTED",
            ChildStatus::Pending => "PENDING",
        }
    }
}

/// The JSON texts that stand for a child, each without a line break.
pub(super) fn texts(child: &ChildResult, transformation: Transformation) -> Vec<String> {
    let output = match (child.status, &child.output) {
        (ChildStatus::Succeeded, Some(output)) => output,
        // A child that failed is written whole, whatever else is.
        _ => return vec![whole(child).to_string()],
    };
    if transformation == Transformation::None {
        return vec![whole(child).to_string()];
    }
    let output: Value = serde_json::from_str(output).unwrap_or(Value::Null);
    match (transformation, output) {
        (Transformation::Flatten, Value::Array(elements)) => {
            elements.iter().map(Value::to_string).collect()
        }
        (_, output) => vec![output.to_string()],
    }
}

fn whole(child: &ChildResult) -> Value {
    let mut fields = Map::new();
    let mut text = |name: &str, value: Option<&str>| {
        if let Some(value) = value {
            fields.insert(name.to_owned(), value.into());
        }
    };
    text("Cause", child.cause.as_deref());
    text("Error", child.error.as_deref());
    text("ExecutionArn", Some(&child.execution_arn));
    text("Input", child.input.as_deref());
    if child.input.is_some() {
        fields.insert("InputDetails".to_owned(), json!({"Included": true}));
    }
    fields.insert("Name".to_owned(), child.name.as_str().into());
    if let Some(output) = &child.output {
        fields.insert("Output".to_owned(), output.as_ref().into());
        fields.insert("OutputDetails".to_owned(), json!({"Included": true}));
    }
    fields.insert("RedriveCount".to_owned(), child.redrive_count.into());
    if let Some((status, reason)) = &child.redrive_status {
        fields.insert("RedriveStatus".to_owned(), status.as_str().into());
        if let Some(reason) = reason {
            fields.insert("RedriveStatusReason".to_owned(), reason.as_str().into());
        }
    }
    let date = |at_ms: i64| Value::from(asl::timestamp::format(at_ms));
    fields.extend(
        child
            .start_ms
            .map(|at_ms| ("StartDate".to_owned(), date(at_ms))),
    );
    let machine = child.state_machine_arn.as_str();
    fields.insert("StateMachineArn".to_owned(), machine.into());
    fields.insert("Status".to_owned(), child.status.name().into());
    fields.extend(
        child
            .stop_ms
            .map(|at_ms| ("StopDate".to_owned(), date(at_ms))),
    );
    Value::Object(fields)
}
