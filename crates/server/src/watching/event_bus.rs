//! Status events to an event bus, EventBridge's or what stands for it.
//!
//! AWS's own EventBridge takes events of the source `aws.states` from AWS alone: with it a bus of another
//! name and a rule for another source will not do, and a webhook or a file is the way.

use std::sync::Arc;

use engine::arn::Owner;
use integrations::Outbound;
use serde_json::{Value, json};
use tokio::runtime::Handle;

use super::Told;
use super::outlet::Sink;

/// Most entries of one request. Source: EventBridge API reference, `PutEvents`.
const ENTRIES_MAX: usize = 10;

pub(super) struct EventBus {
    bus: String,
    owner: Owner,
    outbound: Outbound,
    runtime: Handle,
    entries: Vec<Value>,
}

impl EventBus {
    pub(super) fn new(bus: String, owner: Owner, outbound: Outbound, runtime: Handle) -> EventBus {
        EventBus {
            bus,
            owner,
            outbound,
            runtime,
            entries: Vec::new(),
        }
    }

    fn entry(&self, told: &Told) -> Value {
        let event: Value = serde_json::from_slice(&told.json(&self.owner)).unwrap_or(Value::Null);
        json!({
            "EventBusName": self.bus,
            "Source": event["source"],
            "DetailType": event["detail-type"],
            "Time": event["time"],
            "Resources": event["resources"],
            "Detail": event["detail"].to_string(),
        })
    }
}

impl Sink<Arc<Told>> for EventBus {
    fn put(&mut self, told: Arc<Told>) -> Result<(), String> {
        self.entries.push(self.entry(&told));
        match self.entries.len() {
            ENTRIES_MAX => self.flush(),
            _ => Ok(()),
        }
    }

    fn flush(&mut self) -> Result<(), String> {
        let entries = std::mem::take(&mut self.entries);
        if entries.is_empty() {
            return Ok(());
        }
        let parameters = json!({ "Entries": entries });
        let put = integrations::request(&self.outbound, "eventbridge", "putEvents", &parameters);
        let result = self
            .runtime
            .block_on(put)
            .map_err(|error| error.to_string())?;
        match result["FailedEntryCount"].as_u64() {
            None | Some(0) => Ok(()),
            Some(_) => Err(result["Entries"].to_string()),
        }
    }
}
