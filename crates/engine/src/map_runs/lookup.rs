//! What a map run needs to know that only the store knows, and what readers of its children are shown.

use std::sync::Arc;

use interpreter::{Document, Status};
use serde_json::{Map, Value, json};
use store::{ExecutionId, ListingCursor, ListingQuery, RecordKind, Store, StoreError};

use super::end::is_unsuccessful;
use super::records::{self, ChildRow, MapRunRecord, Progress};
use super::{MapRunId, Resting};
use crate::load;
use crate::records as small;

/// What is to be looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// Children that run.
    Running(
        /// Whose.
        MapRunId,
    ),
    /// Children that did not succeed, and were not taken up again in this redrive.
    Unsuccessful {
        /// Whose.
        map_run: MapRunId,
        /// The first child to look at.
        from: u64,
        /// Which redrive.
        redrive: u32,
    },
    /// The outputs of all children that succeeded, in the order of their items.
    Result {
        /// Whose.
        map_run: MapRunId,
        /// What is made of them.
        transformation: Transformation,
        /// Beyond so many bytes the result is `None`.
        bytes_max: usize,
    },
    /// A map run that is not open.
    MapRun(
        /// Which.
        MapRunId,
    ),
}

/// What was looked up.
#[derive(Debug)]
pub enum LookedUp {
    /// Children.
    Children {
        /// Whose.
        map_run: MapRunId,
        /// Index, and which execution it is.
        found: Vec<(u64, ExecutionId)>,
        /// Where to look on.
        next: Option<u64>,
    },
    /// The result; `None` when it is larger than any payload.
    Result {
        /// Whose.
        map_run: MapRunId,
        /// As JSON.
        result: Option<Document>,
    },
    /// A map run; `None` when there is none of that id.
    MapRun {
        /// Which.
        map_run: MapRunId,
        /// What the store has of it.
        found: Option<Box<StoredMapRun>>,
    },
}

/// A map run as the store has it.
#[derive(Debug)]
pub struct StoredMapRun {
    pub(crate) record: MapRunRecord,
    pub(crate) progress: Progress,
}

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

/// Most children looked at, or found, in one look.
const CHILDREN_MAX: usize = 256;

/// Most rows of children read in one go.
const ROWS_MAX: usize = 1_000;

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

/// Reads what [`crate::Output::LookUpMapRun`] asks for.
pub fn look_up_map_run(store: &dyn Store, lookup: &Lookup) -> Result<LookedUp, StoreError> {
    match *lookup {
        Lookup::Running(map_run) => running(store, map_run),
        Lookup::Unsuccessful {
            map_run,
            from,
            redrive,
        } => unsuccessful(store, map_run, from, redrive),
        Lookup::Result {
            map_run,
            transformation,
            bytes_max,
        } => Ok(LookedUp::Result {
            map_run,
            result: result(store, map_run, transformation, bytes_max)?,
        }),
        Lookup::MapRun(map_run) => Ok(LookedUp::MapRun {
            map_run,
            found: stored(store, map_run)?.map(Box::new),
        }),
    }
}

/// A map run.
pub(crate) fn stored(store: &dyn Store, id: MapRunId) -> Result<Option<StoredMapRun>, StoreError> {
    let Some(bytes) = store.record(RecordKind::MapRun, &id.0)? else {
        return Ok(None);
    };
    let damaged = || small::damaged("a map run", &format!("{id:?}"));
    let record = small::decode(&bytes).ok_or_else(damaged)?;
    // It may move from one place to the other, or back, between two reads.
    for kind in [
        RecordKind::MapRunOpen,
        RecordKind::MapRunEnded,
        RecordKind::MapRunOpen,
        RecordKind::MapRunEnded,
    ] {
        if let Some(bytes) = store.record(kind, &id.0)? {
            let progress = small::decode(&bytes).ok_or_else(damaged)?;
            return Ok(Some(StoredMapRun { record, progress }));
        }
    }
    Err(damaged())
}

/// All that run; there are at most [`MAP_RUN_LANES_MAX`](super::MAP_RUN_LANES_MAX).
fn running(store: &dyn Store, map_run: MapRunId) -> Result<LookedUp, StoreError> {
    let Some(bytes) = store.record(RecordKind::MapRun, &map_run.0)? else {
        return Err(small::damaged("a map run", &format!("{map_run:?}")));
    };
    let record: MapRunRecord = small::decode(&bytes)
        .ok_or_else(|| small::damaged("a map run", &format!("{map_run:?}")))?;
    let list = small::list_of(record.machine, &record.plan.map_run_arn);
    let mut found = Vec::new();
    let mut before: Option<ListingCursor> = None;
    loop {
        let rows = store.listings(&ListingQuery {
            machine: list,
            statuses: vec![Status::Running as u8],
            before,
            limit: CHILDREN_MAX,
        })?;
        let is_last = rows.len() < CHILDREN_MAX;
        for row in rows {
            before = Some(ListingCursor {
                time_ms: row.time_ms,
                execution: row.execution,
            });
            found.push((0, row.execution));
        }
        if is_last {
            break;
        }
    }
    Ok(LookedUp::Children {
        map_run,
        found,
        next: None,
    })
}

fn unsuccessful(
    store: &dyn Store,
    map_run: MapRunId,
    from: u64,
    redrive: u32,
) -> Result<LookedUp, StoreError> {
    let (mut found, mut at) = (Vec::new(), Some(from));
    while let Some(from) = at
        && found.len() < CHILDREN_MAX
    {
        let rows = rows(store, map_run, from, ROWS_MAX)?;
        at = match rows.last() {
            Some((last, _)) if rows.len() == ROWS_MAX => Some(last + 1),
            _ => None,
        };
        for (index, row) in rows {
            if is_unsuccessful(row.status) && row.redrive < redrive {
                found.push((index, ExecutionId(row.execution)));
            }
        }
    }
    Ok(LookedUp::Children {
        map_run,
        found,
        next: at,
    })
}

/// Rows of children, from the `from`-th on.
fn rows(
    store: &dyn Store,
    id: MapRunId,
    from: u64,
    limit: usize,
) -> Result<Vec<(u64, ChildRow)>, StoreError> {
    // Keys are read strictly after another one.
    let after = match from.checked_sub(1) {
        Some(before) => records::child_key(id, before),
        None => id.0.to_vec(),
    };
    let rows = store.records(RecordKind::MapRunChild, Some(&after), limit)?;
    let of_this = rows
        .into_iter()
        .take_while(|(key, _)| key.starts_with(&id.0));
    of_this
        .map(|(key, bytes)| {
            let read = || {
                let index = u64::from_be_bytes(key.get(16..)?.try_into().ok()?);
                Some((index, small::decode(&bytes)?))
            };
            read().ok_or_else(|| small::damaged("a child of a map run", &format!("{id:?}")))
        })
        .collect()
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

/// The outputs as one array.
fn result(
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

impl StoredMapRun {
    /// For a redrive; nothing of it is on its way to the disk.
    pub(super) fn at_rest(self) -> Resting {
        Resting {
            record: self.record,
            progress: self.progress,
            last_commit: 0,
        }
    }
}
