//! What is counted, and how it is shown to Prometheus.
//!
//! Names: base units, `_total`, `_seconds`, `_bytes`. Labels are bounded sets: operations and error
//! codes, never names or ARNs.

mod instruments;
mod render;

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use engine::Operation;

pub use instruments::{Counter, Gauge, Histogram, Outcomes};

/// Latencies from a commit in memory to a poll held to its end.
const SECONDS: &[f64] = &[
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
    60.0,
];
const COMMITS: &[f64] = &[
    1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0,
];

/// The label of a request that named no operation of ours.
pub const NO_OPERATION: &str = "Unknown";

/// Everything that is counted.
#[derive(Debug)]
pub struct Metrics {
    /// Open connections.
    pub connections: Gauge,
    /// Connections closed because the client was too slow, by what it was slow at.
    pub slow_heads: Counter,
    pub slow_bodies: Counter,
    pub slow_readers: Counter,
    pub idle_closed: Counter,
    /// Requests refused for `Host` or `Origin`.
    pub foreign_requests: Counter,
    /// Times the listener paused since files or connections ran out.
    pub accept_pauses: Counter,
    /// Polls whose client left before an answer.
    pub polls_abandoned: Counter,
    /// Tasks that were put back because their answer did not leave.
    pub redelivered: Counter,
    /// Seconds each group of commits took.
    pub commit_seconds: Histogram,
    /// Commits in a group.
    pub commit_group: Histogram,
    /// Reads of the store that failed.
    pub store_read_failures: Counter,
    /// Records of execution logs.
    pub log_records: Outcomes,
    /// Status events, by where they went.
    pub events_to_file: Outcomes,
    pub events_to_webhook: Outcomes,
    pub events_to_bus: Outcomes,
    inflight: Vec<Gauge>,
    throttled: Vec<Counter>,
    durations: Vec<Histogram>,
    requests: Mutex<BTreeMap<&'static str, BTreeMap<String, u64>>>,
}

impl Default for Metrics {
    fn default() -> Self {
        Metrics {
            connections: Gauge::default(),
            slow_heads: Counter::default(),
            slow_bodies: Counter::default(),
            slow_readers: Counter::default(),
            idle_closed: Counter::default(),
            foreign_requests: Counter::default(),
            accept_pauses: Counter::default(),
            polls_abandoned: Counter::default(),
            redelivered: Counter::default(),
            commit_seconds: Histogram::new(SECONDS),
            commit_group: Histogram::new(COMMITS),
            store_read_failures: Counter::default(),
            log_records: Outcomes::default(),
            events_to_file: Outcomes::default(),
            events_to_webhook: Outcomes::default(),
            events_to_bus: Outcomes::default(),
            inflight: Operation::ALL.iter().map(|_| Gauge::default()).collect(),
            throttled: Operation::ALL.iter().map(|_| Counter::default()).collect(),
            durations: Operation::ALL
                .iter()
                .map(|_| Histogram::new(SECONDS))
                .collect(),
            requests: Mutex::default(),
        }
    }
}

impl Metrics {
    /// A request was answered. `code` is `200` or the exception's name.
    pub fn answered(&self, operation: Option<Operation>, code: &str, took: Duration) {
        if let Some(histogram) =
            operation.and_then(|operation| self.durations.get(index(operation)))
        {
            histogram.observe(took.as_secs_f64());
        }
        let name = operation.map_or(NO_OPERATION, Operation::name);
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        let codes = requests.entry(name).or_default();
        match codes.get_mut(code) {
            Some(count) => *count += 1,
            None => drop(codes.insert(code.to_owned(), 1)),
        }
    }

    /// Requests of an operation that are under way.
    pub fn inflight(&self, operation: Operation) -> &Gauge {
        &self.inflight[index(operation)]
    }

    /// Requests of an operation that came too often.
    pub fn throttled(&self, operation: Operation) -> &Counter {
        &self.throttled[index(operation)]
    }
}

/// The operation's place in [`Operation::ALL`], which lists them in the order of their declaration.
fn index(operation: Operation) -> usize {
    operation as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_has_its_own_place() {
        for (place, operation) in Operation::ALL.iter().enumerate() {
            assert_eq!(index(*operation), place);
        }
    }

    #[test]
    fn the_text_is_what_prometheus_reads() {
        let metrics = Metrics::default();
        metrics.answered(
            Some(Operation::CreateActivity),
            "200",
            Duration::from_millis(3),
        );
        metrics.answered(
            Some(Operation::CreateActivity),
            "200",
            Duration::from_millis(3),
        );
        metrics.answered(None, "UnknownOperationException", Duration::ZERO);
        metrics.commit_group.observe(3.0);
        let text = metrics.render(Some(engine::Gauges {
            polls: 4,
            ..Default::default()
        }));
        for line in [
            "api_requests_total{op=\"CreateActivity\",code=\"200\"} 2",
            "api_requests_total{op=\"Unknown\",code=\"UnknownOperationException\"} 1",
            "api_request_duration_seconds_bucket{op=\"CreateActivity\",le=\"0.0025\"} 0",
            "api_request_duration_seconds_bucket{op=\"CreateActivity\",le=\"0.005\"} 2",
            "api_request_duration_seconds_bucket{op=\"CreateActivity\",le=\"+Inf\"} 2",
            "api_request_duration_seconds_count{op=\"CreateActivity\"} 2",
            "store_commit_group_size_bucket{le=\"4\"} 1",
            "store_commit_group_size_sum 3",
            "activity_pollers 4",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} in\n{text}");
        }
        for line in text.lines() {
            assert!(
                line.starts_with('#') || line.split(' ').count() == 2,
                "{line}"
            );
        }
    }
}
