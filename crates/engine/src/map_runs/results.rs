//! What the children of a map run came to, as whoever writes it down or joins it wants it.

use std::sync::Arc;

use interpreter::{Document, Status};
use serde_json::{Map, Value, json};
use store::{ExecutionId, Store, StoreError};

use super::MapRunId;
use super::lookup::{ROWS_MAX, rows};
use super::records::ChildRow;
use crate::load;
use crate::records as small;

/// What a `WriterConfig` makes of the results.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Transformation {
    /// `COMPACT`: the outputs.
    #[default]
    Compact,
    /// `FLATTEN`: the outputs, arrays among them dissolved.
    Flatten,
    /// `NONE`: each with what is known of its execution.
    None,
}

/// A child of a map run that is over, as a `ResultWriter` writes it.
#[derive(Clone, Debug)]
pub struct ChildResult {
    /// Which child: they are in the order of their items.
    pub index: u64,
    /// Its ARN.
    pub execution_arn: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
    /// The ARN of its state machine, with the label.
    pub state_machine_arn: Arc<str>,
    /// How it ended.
    pub status: Status,
    /// When it began, milliseconds since 1970.
    pub start_ms: i64,
    /// When it ended, milliseconds since 1970.
    pub stop_ms: i64,
    /// Its input.
    pub input: Document,
    /// Its output, when it succeeded.
    pub output: Option<Document>,
    /// Error name, when it did not.
    pub error: Option<Arc<str>>,
    /// Cause.
    pub cause: Option<Arc<str>>,
    /// How often it was redriven.
    pub redrive_count: u32,
}

impl Transformation {
    /// Of a `WriterConfig`; without one, results stay compact.
    pub(crate) fn of(config: Option<&str>) -> Transformation {
        let config: Value = config
            .and_then(|config| serde_json::from_str(config).ok())
            .unwrap_or_default();
        match config["Transformation"].as_str() {
            Some("NONE") => Transformation::None,
            Some("FLATTEN") => Transformation::Flatten,
            _ => Transformation::Compact,
        }
    }
}

impl ChildResult {
    /// As the files of a `ResultWriter` have it.
    ///
    /// Source: AWS developer guide, "ResultWriter", examples of `SUCCEEDED_0.json` and `FAILED_0.json`.
    pub fn to_value(&self) -> Value {
        let mut it = Map::new();
        let mut put = |name: &str, value: Value| it.insert(name.to_owned(), value);
        let details = || json!({ "Included": true });
        put("ExecutionArn", Value::from(&*self.execution_arn));
        if let Some(error) = &self.error {
            put("Error", Value::from(&**error));
        }
        if let Some(cause) = &self.cause {
            put("Cause", Value::from(&**cause));
        }
        put("Input", Value::from(&**self.input.text()));
        put("InputDetails", details());
        put("Name", Value::from(&*self.name));
        if let Some(output) = &self.output {
            put("Output", Value::from(&**output.text()));
            put("OutputDetails", details());
        }
        put("RedriveCount", Value::from(self.redrive_count));
        let status = status_name(self.status);
        let redrivable = self.status != Status::Succeeded;
        put(
            "RedriveStatus",
            Value::from(match redrivable {
                true => "REDRIVABLE_BY_MAP_RUN",
                false => "NOT_REDRIVABLE",
            }),
        );
        if !redrivable {
            let reason = "Execution is SUCCEEDED and cannot be redriven";
            put("RedriveStatusReason", Value::from(reason));
        }
        put(
            "StartDate",
            Value::from(asl::timestamp::format(self.start_ms)),
        );
        put("StateMachineArn", Value::from(&*self.state_machine_arn));
        put("Status", Value::from(status));
        put(
            "StopDate",
            Value::from(asl::timestamp::format(self.stop_ms)),
        );
        Value::Object(it)
    }
}

fn status_name(status: Status) -> &'static str {
    match status {
        Status::Running => "RUNNING",
        Status::Succeeded => "SUCCEEDED",
        Status::Failed => "FAILED",
        Status::TimedOut => "TIMED_OUT",
        Status::Aborted => "ABORTED",
        Status::PendingRedrive => "PENDING_REDRIVE",
    }
}

/// Children of a map run that are over, in the order of their items, from the `from`-th on. What waits
/// for a redrive is as it was before.
pub fn map_run_children(
    store: &dyn Store,
    id: MapRunId,
    from: u64,
    limit: usize,
) -> Result<Vec<ChildResult>, StoreError> {
    rows(store, id, from, limit)?
        .into_iter()
        .filter(|(_, row)| row.status != Status::Running)
        .map(|(index, row)| child(store, index, &row))
        .collect()
}

fn child(store: &dyn Store, index: u64, row: &ChildRow) -> Result<ChildResult, StoreError> {
    let id = ExecutionId(row.execution);
    let stored = store
        .execution(id)?
        .ok_or_else(|| small::damaged("a child of a map run", &index.to_string()))?;
    let execution = load::restore(store, id, &stored)?;
    let birth = execution.birth();
    let failure = execution.failure().cloned().unwrap_or_default();
    Ok(ChildResult {
        index,
        execution_arn: Arc::clone(&birth.execution_arn),
        name: Arc::clone(&birth.name),
        state_machine_arn: Arc::clone(&birth.state_machine_arn),
        status: execution.status(),
        start_ms: execution.start_ms(),
        stop_ms: execution.stop_ms().unwrap_or(execution.start_ms()),
        input: execution.input().clone(),
        output: execution.output().cloned(),
        error: failure.error,
        cause: failure.cause,
        redrive_count: execution.redrive_count(),
    })
}

/// The outputs as one array; `None` when it is too long.
pub(super) fn result(
    store: &dyn Store,
    id: MapRunId,
    transformation: Transformation,
    bytes_max: usize,
) -> Result<Option<Document>, StoreError> {
    let mut text = String::from("[");
    let mut at = Some(0);
    while let Some(from) = at {
        let rows = rows(store, id, from, ROWS_MAX)?;
        at = match rows.last() {
            Some((last, _)) if rows.len() == ROWS_MAX => Some(last + 1),
            _ => None,
        };
        for (index, row) in rows {
            if row.status != Status::Succeeded {
                continue;
            }
            let child = child(store, index, &row)?;
            let output = child
                .output
                .as_ref()
                .map_or("null", |output| &**output.text());
            let part = match transformation {
                Transformation::Compact => output.to_owned(),
                Transformation::None => child.to_value().to_string(),
                Transformation::Flatten => match serde_json::from_str(output) {
                    Ok(Value::Array(items)) => {
                        let items = items.iter().map(Value::to_string);
                        items.collect::<Vec<_>>().join(",")
                    }
                    _ => output.to_owned(),
                },
            };
            if part.is_empty() {
                continue;
            }
            if text.len() > 1 {
                text.push(',');
            }
            text.push_str(&part);
            // With the bracket.
            if text.len() >= bytes_max {
                return Ok(None);
            }
        }
    }
    text.push(']');
    Ok(Some(Document::from_text(text)))
}
