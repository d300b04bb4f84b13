//! What the world is told of executions: log records and status events, after they are durable.
//!
//! Nothing here may slow an execution down. Each place things go to has a thread and a bounded queue
//! of its own; what does not fit is dropped and counted. What is in a queue when the process dies is
//! lost, and nothing is told twice on purpose: at most once, as AWS promises no more for either.

mod event_bus;
mod log_folder;
mod log_groups;
mod outlet;
mod rolling_file;
mod stdout;
mod webhook;

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use engine::arn::Owner;
use engine::{LogEvents, StatusChange};
use integrations::Outbound;
use tokio::runtime::Handle;

use crate::clock::iso_8601;
use crate::config::{LogDestination, Settings};
use crate::disk::Space;
use crate::metrics::Metrics;
use crate::request_id;
use event_bus::EventBus;
use log_folder::LogFolder;
use log_groups::LogGroups;
pub use log_groups::prove as prove_log_group;
use outlet::{Outlet, Worker};
use rolling_file::{RollingFile, Rule};
use stdout::Stdout;
use webhook::Webhook;

/// What a record costs in a queue beside its documents.
const OVERHEAD_BYTES: usize = 512;
/// How long an orderly stop waits for what is still in the queues.
const STOP_TIMEOUT: Duration = Duration::from_secs(2);

/// Where things go. The default is nowhere.
#[derive(Default)]
pub struct Watchers {
    logs: Option<Outlet<Box<LogEvents>>>,
    events: Vec<Outlet<Arc<Told>>>,
}

/// A change of status with the id it is told under, wherever it is told.
#[derive(Debug)]
struct Told {
    id: String,
    change: StatusChange,
}

/// The threads behind [`Watchers`].
#[derive(Default)]
pub struct Workers(Vec<Worker>);

/// Starts what the settings ask for.
pub fn start(
    settings: &Settings,
    owner: &Owner,
    metrics: &Arc<Metrics>,
    space: &Space,
    outbound: &Outbound,
    runtime: &Handle,
) -> io::Result<(Watchers, Workers)> {
    let (mut watchers, mut workers) = (Watchers::default(), Workers::default());
    let rule = Rule {
        bytes_max: settings.execution_log_megabytes.value << 20,
        files_kept: settings.execution_log_files.value,
    };
    let counts = |pick: fn(&Metrics) -> &crate::metrics::Outcomes| {
        let metrics = Arc::clone(metrics);
        outlet::Counts::new(metrics, pick)
    };
    match settings.log_destination() {
        LogDestination::Off => {}
        LogDestination::Stdout => {
            let (outlet, worker) = outlet::start(
                "execution-logs",
                Stdout::default(),
                counts(|all| &all.log_records),
            )?;
            watchers.logs = Some(outlet);
            workers.0.push(worker);
        }
        LogDestination::CloudWatch => {
            let id = request_id::next();
            let sink = LogGroups::new(outbound.clone(), runtime.clone(), id);
            let (outlet, worker) =
                outlet::start("execution-logs", sink, counts(|all| &all.log_records))?;
            watchers.logs = Some(outlet);
            workers.0.push(worker);
        }
        LogDestination::Folder(folder) => {
            let sink = LogFolder::new(folder, rule, space.clone());
            let (outlet, worker) =
                outlet::start("execution-logs", sink, counts(|all| &all.log_records))?;
            watchers.logs = Some(outlet);
            workers.0.push(worker);
        }
    }
    if let Some(path) = settings.status_events_file() {
        let sink = EventFile {
            file: RollingFile::new(path, rule),
            owner: owner.clone(),
        };
        let (outlet, worker) =
            outlet::start("status-events", sink, counts(|all| &all.events_to_file))?;
        watchers.events.push(outlet);
        workers.0.push(worker);
    }
    if let Some(url) = settings.status_events_webhook() {
        let sink = Webhook::new(url, owner.clone());
        let (outlet, worker) =
            outlet::start("webhook", sink, counts(|all| &all.events_to_webhook))?;
        watchers.events.push(outlet);
        workers.0.push(worker);
    }
    if let Some(bus) = settings.status_events_bus() {
        let sink = EventBus::new(bus, owner.clone(), outbound.clone(), runtime.clone());
        let (outlet, worker) = outlet::start("event-bus", sink, counts(|all| &all.events_to_bus))?;
        watchers.events.push(outlet);
        workers.0.push(worker);
    }
    Ok((watchers, workers))
}

impl Watchers {
    /// Events that are durable, for their log.
    pub fn log(&self, log: Box<LogEvents>) {
        if let Some(logs) = &self.logs {
            let payload = |event: &interpreter::Event| {
                let document = event.details.document();
                document.map_or(0, |document| document.text().len())
            };
            let bytes = log.events.iter().map(payload).sum::<usize>();
            let records = log.events.len();
            logs.offer(log, records, bytes + records * OVERHEAD_BYTES);
        }
    }

    /// A change that is durable.
    pub fn changed(&self, change: Box<StatusChange>) {
        if self.events.is_empty() {
            return;
        }
        let output = change.output.as_ref();
        let bytes = change.input.text().len() + output.map_or(0, |it| it.text().len());
        let told = Arc::new(Told {
            id: request_id::next(),
            change: *change,
        });
        for outlet in &self.events {
            outlet.offer(Arc::clone(&told), 1, bytes + OVERHEAD_BYTES);
        }
    }
}

impl Workers {
    /// Waits a little for what is still to be written. To be called when no [`Watchers`] are left.
    pub fn finish(self) {
        let until = Instant::now() + STOP_TIMEOUT;
        for worker in self.0 {
            worker.finish(until);
        }
    }
}

impl Told {
    fn json(&self, owner: &Owner) -> Vec<u8> {
        let time = iso_8601(self.change.at_ms);
        // Events of AWS carry whole seconds.
        let seconds = time.split('.').next().unwrap_or(&time);
        api::status_event(&self.change, owner, &self.id, &format!("{seconds}Z"))
    }
}

/// Status events, one a line.
struct EventFile {
    file: RollingFile,
    owner: Owner,
}

impl outlet::Sink<Arc<Told>> for EventFile {
    fn put(&mut self, told: Arc<Told>) -> Result<(), String> {
        self.file
            .put(told.json(&self.owner))
            .map_err(|error| error.to_string())
    }

    fn flush(&mut self) -> Result<(), String> {
        self.file.flush().map_err(|error| error.to_string())
    }
}

/// The records of some events, one a line, in order.
fn lines_of(log: &LogEvents) -> impl Iterator<Item = Vec<u8>> {
    log.events.iter().map(|event| {
        api::log_record(
            event,
            log.plan.include_execution_data,
            &log.execution_arn,
            log.redrive_count,
        )
    })
}
