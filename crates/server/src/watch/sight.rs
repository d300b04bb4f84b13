//! What one look shows.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::client::{CALL_TIMEOUT, Client, ClientError};

/// Events at the end of a history in which the last state that was entered is looked for.
const EVENTS: u64 = 30;

/// Map runs of an execution on one page. Source: service model, `ListMapRuns`, `maxResults`.
const MAP_RUNS: u64 = 1_000;

/// Whom to watch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    Execution(String),
    MapRun(String),
}

/// What was seen.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Sight {
    pub(super) execution: Option<Execution>,
    pub(super) map_runs: Vec<MapRun>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Execution {
    pub(super) name: String,
    pub(super) status: String,
    /// Between its start and its end, or now.
    pub(super) seconds: f64,
    /// The state that was entered last, of one that runs.
    pub(super) state: Option<String>,
    pub(super) error: Option<String>,
    pub(super) cause: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct MapRun {
    pub(super) arn: String,
    pub(super) status: String,
    pub(super) items: Counts,
}

/// `itemCounts`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) total: u64,
    /// Known and not begun; items that a reader has not read are not known.
    pub(super) pending: u64,
    pub(super) running: u64,
    pub(super) succeeded: u64,
    /// Timed out and aborted ones among them.
    pub(super) failed: u64,
}

impl Target {
    pub(super) fn of(arn: &str) -> Result<Target, String> {
        let parts: Vec<&str> = arn.split(':').collect();
        match parts[..] {
            ["arn", _, "states", _, _, "execution" | "express", _, _, ..] => {
                Ok(Target::Execution(arn.to_owned()))
            }
            ["arn", _, "states", _, _, "mapRun", _, _] => Ok(Target::MapRun(arn.to_owned())),
            _ => Err("this is no ARN of an execution or of a map run".to_owned()),
        }
    }

    pub(super) fn arn(&self) -> &str {
        match self {
            Target::Execution(arn) | Target::MapRun(arn) => arn,
        }
    }
}

impl Counts {
    pub(super) fn done(&self) -> u64 {
        self.succeeded + self.failed
    }
}

impl MapRun {
    /// The label and the end of the id: `Map a1b2c3d4`.
    pub(super) fn name(&self) -> String {
        let (machine, id) = self.arn.rsplit_once(':').unwrap_or_default();
        let label = machine.rsplit('/').next().unwrap_or_default();
        let short: String = id.chars().take(8).collect();
        format!("{label} {short}")
    }

    pub(super) fn is_over(&self) -> bool {
        self.status != "RUNNING"
    }
}

impl Sight {
    /// `None` while it runs, and then whether it succeeded.
    pub(super) fn is_over(&self) -> Option<bool> {
        let status = match &self.execution {
            Some(execution) => &execution.status,
            None => &self.map_runs.first()?.status,
        };
        match status.as_str() {
            "RUNNING" | "PENDING_REDRIVE" => None,
            status => Some(status == "SUCCEEDED"),
        }
    }
}

/// Looks, and need not look again at what is over.
pub(super) struct Eyes {
    client: Client,
    target: Target,
    over: BTreeMap<String, MapRun>,
}

impl Eyes {
    pub(super) fn new(client: Client, target: Target) -> Eyes {
        Eyes {
            client,
            target,
            over: BTreeMap::new(),
        }
    }

    pub(super) fn look(&mut self) -> Result<Sight, ClientError> {
        match self.target.clone() {
            Target::MapRun(arn) => Ok(Sight {
                execution: None,
                map_runs: vec![self.map_run(&arn)?],
            }),
            Target::Execution(arn) => {
                // First the execution: when it is over, so are its map runs.
                let execution = self.execution(&arn)?;
                // A redrive takes up again what was over.
                if execution.status == "RUNNING" {
                    self.over.retain(|_, run| run.status == "SUCCEEDED");
                }
                let map_runs = match self.map_runs(&arn) {
                    // An EXPRESS execution has none, and may not be asked.
                    Err(error) if error.exception().is_some() => Vec::new(),
                    map_runs => map_runs?,
                };
                Ok(Sight {
                    execution: Some(execution),
                    map_runs,
                })
            }
        }
    }

    fn execution(&self, arn: &str) -> Result<Execution, ClientError> {
        let found = self.ask("DescribeExecution", &json!({"executionArn": arn}))?;
        let status = text(&found, "status").unwrap_or_default();
        let number = |name: &str| found.get(name).and_then(Value::as_f64);
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let start = number("startDate").unwrap_or_default();
        let end = number("stopDate").unwrap_or(now.as_secs_f64());
        let state = match status.as_str() {
            "RUNNING" => self.state(arn),
            _ => None,
        };
        Ok(Execution {
            name: text(&found, "name").unwrap_or_default(),
            // The clocks of two machines differ.
            seconds: (end - start).max(0.0),
            state,
            error: text(&found, "error"),
            cause: text(&found, "cause"),
            status,
        })
    }

    /// Good to know, and no reason to fail.
    fn state(&self, arn: &str) -> Option<String> {
        let asked = json!({
            "executionArn": arn, "reverseOrder": true, "maxResults": EVENTS,
            "includeExecutionData": false,
        });
        let found = self.ask("GetExecutionHistory", &asked).ok()?;
        let events = found.get("events")?.as_array()?;
        let entered = |event: &Value| text(event.get("stateEnteredEventDetails")?, "name");
        events.iter().find_map(entered)
    }

    fn map_runs(&mut self, arn: &str) -> Result<Vec<MapRun>, ClientError> {
        let mut arns = Vec::new();
        let mut asked = json!({"executionArn": arn, "maxResults": MAP_RUNS});
        loop {
            let page = self.ask("ListMapRuns", &asked)?;
            let runs = page.get("mapRuns").and_then(Value::as_array);
            arns.extend(
                runs.into_iter()
                    .flatten()
                    .filter_map(|run| text(run, "mapRunArn")),
            );
            match page.get("nextToken") {
                Some(next) if !next.is_null() => asked["nextToken"] = next.clone(),
                _ => break,
            }
        }
        // The list begins with the last one.
        arns.iter().rev().map(|arn| self.map_run(arn)).collect()
    }

    fn map_run(&mut self, arn: &str) -> Result<MapRun, ClientError> {
        if let Some(run) = self.over.get(arn) {
            return Ok(run.clone());
        }
        let found = self.ask("DescribeMapRun", &json!({"mapRunArn": arn}))?;
        let count = |name: &str| {
            let count = found.get("itemCounts").and_then(|counts| counts.get(name));
            count.and_then(Value::as_u64).unwrap_or_default()
        };
        let run = MapRun {
            arn: arn.to_owned(),
            status: text(&found, "status").unwrap_or_default(),
            items: Counts {
                total: count("total"),
                pending: count("pending") + count("pendingRedrive"),
                running: count("running"),
                succeeded: count("succeeded"),
                failed: count("failed") + count("timedOut") + count("aborted"),
            },
        };
        if run.is_over() {
            self.over.insert(arn.to_owned(), run.clone());
        }
        Ok(run)
    }

    fn ask(&self, operation: &str, input: &Value) -> Result<Value, ClientError> {
        self.client.call(operation, input, CALL_TIMEOUT)
    }
}

fn text(value: &Value, name: &str) -> Option<String> {
    value.get(name)?.as_str().map(str::to_owned)
}
