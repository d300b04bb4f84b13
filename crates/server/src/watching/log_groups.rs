//! Execution logs in CloudWatch Logs, or what stands for it: each machine has streams in the log group that
//! its logging configuration names.

use std::collections::{BTreeMap, HashSet};

use engine::LogEvents;
use integrations::{NotDone, Outbound};
use serde_json::{Value, json};
use tokio::runtime::Handle;

use super::lines_of;
use super::outlet::Sink;
use crate::clock::iso_8601;
use crate::log::{self, Level};

const SERVICE: &str = "cloudwatchlogs";
/// Most events of one request. Source: CloudWatch Logs API reference, `PutLogEvents`.
const EVENTS_MAX: usize = 10_000;
/// Most bytes of one request, and what each event counts beside its text. Same source.
const BYTES_MAX: usize = 1_048_576;
const EVENT_BYTES: usize = 26;
/// Most streams that are known to be there. With more they are made again, which does no harm.
const STREAMS_MAX: usize = 10_000;

/// Source: recorded from AWS.
const PROOF: &str = "log_stream_created_by_aws_to_validate_log_delivery_subscriptions";

/// A group's and a stream's name.
type Stream = (String, String);

pub(super) struct LogGroups {
    outbound: Outbound,
    runtime: Handle,
    /// Tells the streams of this process from those of the one before.
    id: String,
    waiting: BTreeMap<Stream, Waiting>,
    made: HashSet<Stream>,
}

#[derive(Default)]
struct Waiting {
    /// With their times, in milliseconds since 1970.
    events: Vec<(i64, String)>,
    bytes: usize,
}

impl LogGroups {
    pub(super) fn new(outbound: Outbound, runtime: Handle, id: String) -> LogGroups {
        LogGroups {
            outbound,
            runtime,
            id,
            waiting: BTreeMap::new(),
            made: HashSet::new(),
        }
    }

    /// Sends what waits for a stream; what cannot be sent is lost, as on AWS.
    fn send(&mut self, stream: &Stream, waiting: Waiting) -> Result<(), String> {
        let mut events = waiting.events;
        // A request must be in order of time; several executions write to one stream.
        events.sort_by_key(|(time, _)| *time);
        let events: Vec<Value> = events
            .into_iter()
            .map(|(time, text)| json!({"Timestamp": time, "Message": text}))
            .collect();
        let (group, name) = stream;
        let parameters = json!({"LogGroupName": group, "LogStreamName": name, "LogEvents": events});
        if !self.made.contains(stream) {
            self.make(stream)?;
        }
        match self.ask("putLogEvents", &parameters) {
            Err(error) if is(&error, "ResourceNotFoundException") => {
                // Somebody removed it.
                self.make(stream)?;
                let put = self.ask("putLogEvents", &parameters);
                put.map_err(|error| error.to_string())
            }
            other => other.map_err(|error| error.to_string()),
        }
    }

    fn make(&mut self, stream: &Stream) -> Result<(), String> {
        let (group, name) = stream;
        let parameters = json!({"LogGroupName": group, "LogStreamName": name});
        match self.ask("createLogStream", &parameters) {
            Err(error) if !is(&error, "ResourceAlreadyExistsException") => {
                return Err(format!("log group '{group}': {error}"));
            }
            _ => {}
        }
        if self.made.len() >= STREAMS_MAX {
            self.made.clear();
        }
        self.made.insert(stream.clone());
        Ok(())
    }

    fn ask(&self, action: &str, parameters: &Value) -> Result<(), NotDone> {
        let asked = integrations::request(&self.outbound, SERVICE, action, parameters);
        self.runtime.block_on(asked).map(|_| ())
    }
}

/// Makes the stream that AWS makes in a group when a machine that logs to it is created. It stays empty;
/// a group that is not there is complained of before the first execution is lost on it.
pub async fn prove(outbound: Outbound, log_group_arn: String) {
    let group = group_name(&log_group_arn);
    let parameters = json!({"LogGroupName": group, "LogStreamName": PROOF});
    let asked = integrations::request(&outbound, SERVICE, "createLogStream", &parameters).await;
    if let Err(error) = asked
        && !is(&error, "ResourceAlreadyExistsException")
    {
        log::line(
            Level::Warn,
            "a state machine logs to a group that does not take it",
            &[("group", &group), ("why", &error)],
        );
    }
}

impl Sink<Box<LogEvents>> for LogGroups {
    fn put(&mut self, log: Box<LogEvents>) -> Result<(), String> {
        let stream = (
            group_name(&log.plan.log_group_arn).to_owned(),
            stream_name(&log, &self.id),
        );
        let mut result = Ok(());
        for (event, line) in log.events.iter().zip(lines_of(&log)) {
            let text = String::from_utf8(line).map_err(|error| error.to_string())?;
            let bytes = text.len() + EVENT_BYTES;
            let waiting = self.waiting.entry(stream.clone()).or_default();
            if waiting.events.len() >= EVENTS_MAX || waiting.bytes + bytes > BYTES_MAX {
                let full = std::mem::take(waiting);
                result = self.send(&stream, full).and(result);
            }
            let waiting = self.waiting.entry(stream.clone()).or_default();
            waiting.bytes += bytes;
            waiting.events.push((event.timestamp_ms, text));
        }
        result
    }

    fn flush(&mut self) -> Result<(), String> {
        let mut result = Ok(());
        for (stream, waiting) in std::mem::take(&mut self.waiting) {
            if !waiting.events.is_empty() {
                result = self.send(&stream, waiting).and(result);
            }
        }
        result
    }
}

fn is(error: &NotDone, code: &str) -> bool {
    error.code.as_deref() == Some(code)
}

/// `/aws/vendedlogs/orders` of `arn:aws:logs:us-east-1:000000000000:log-group:/aws/vendedlogs/orders:*`.
fn group_name(arn: &str) -> &str {
    let name = arn.split_once(":log-group:").map_or(arn, |(_, name)| name);
    name.strip_suffix(":*").unwrap_or(name)
}

/// `states/MACHINE/2024-01-31-12-00/ID`, as AWS names them: one for each machine and hour.
fn stream_name(log: &LogEvents, id: &str) -> String {
    // `arn:aws:states:REGION:ACCOUNT:execution:MACHINE:NAME`, and `express` likewise.
    let machine = log.execution_arn.split(':').nth(6).unwrap_or_default();
    let time = log.events.first().map_or(0, |event| event.timestamp_ms);
    let hour: String = iso_8601(time).chars().take(13).collect();
    format!("states/{machine}/{}-00/{id}", hour.replace('T', "-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_named_by_its_arn() {
        let arn = "arn:aws:logs:us-east-1:000000000000:log-group:/aws/vendedlogs/x:*";
        assert_eq!(group_name(arn), "/aws/vendedlogs/x");
        assert_eq!(group_name("plain"), "plain");
    }
}
