//! The text that Prometheus reads.

use std::fmt::{Display, Write as _};
use std::sync::PoisonError;

use engine::{Gauges, Operation};

use super::{Histogram, Metrics, Outcomes};

impl Metrics {
    /// Everything as text; what the engine counts is left out when it could not be asked.
    pub fn render(&self, engine: Option<Gauges>) -> String {
        let mut page = Page(String::with_capacity(8 << 10));
        page.one(
            "build_info",
            "gauge",
            &format!("{{version=\"{}\"}}", env!("CARGO_PKG_VERSION")),
            1,
        );
        self.render_api(&mut page);
        if let Some(gauges) = engine {
            page.one("executions_open", "gauge", "", gauges.executions_open);
            page.one("executions_closed_bytes", "gauge", "", gauges.closed_bytes);
            page.one("executions_cached", "gauge", "", gauges.executions_cached);
            page.one(
                "executions_quarantined",
                "gauge",
                "",
                gauges.executions_quarantined,
            );
            page.one("map_runs_open", "gauge", "", gauges.map_runs_open);
            page.one("timers_pending", "gauge", "", gauges.timers);
            page.one("activity_pollers", "gauge", "", gauges.polls);
            page.one("activity_backlog", "gauge", "", gauges.tasks_queued);
            page.one(
                "activity_tasks_handed_out",
                "gauge",
                "",
                gauges.tasks_handed_out,
            );
            page.one(
                "activity_hand_outs_unconfirmed",
                "gauge",
                "",
                gauges.hand_outs_unconfirmed,
            );
        }
        page.one(
            "activity_poll_abandoned_total",
            "counter",
            "",
            self.polls_abandoned.get(),
        );
        page.one(
            "activity_redelivered_total",
            "counter",
            "",
            self.redelivered.get(),
        );
        page.head("store_commit_duration_seconds", "histogram");
        page.histogram("store_commit_duration_seconds", "", &self.commit_seconds);
        page.head("store_commit_group_size", "histogram");
        page.histogram("store_commit_group_size", "", &self.commit_group);
        page.one(
            "store_read_failures_total",
            "counter",
            "",
            self.store_read_failures.get(),
        );
        page.head("execution_log_records_total", "counter");
        page.outcomes("execution_log_records_total", "", &self.log_records);
        page.head("status_events_total", "counter");
        for (to, outcomes) in [
            ("file", &self.events_to_file),
            ("webhook", &self.events_to_webhook),
            ("bus", &self.events_to_bus),
        ] {
            page.outcomes("status_events_total", &format!("to=\"{to}\","), outcomes);
        }
        page.one("connections_open", "gauge", "", self.connections.get());
        page.head("connections_closed_slow_total", "counter");
        for (slow_at, counter) in [
            ("head", &self.slow_heads),
            ("body", &self.slow_bodies),
            ("reading", &self.slow_readers),
            ("idle", &self.idle_closed),
        ] {
            let label = format!("{{at=\"{slow_at}\"}}");
            page.sample("connections_closed_slow_total", &label, counter.get());
        }
        page.one(
            "requests_foreign_total",
            "counter",
            "",
            self.foreign_requests.get(),
        );
        page.one(
            "accept_pauses_total",
            "counter",
            "",
            self.accept_pauses.get(),
        );
        page.0
    }

    fn render_api(&self, page: &mut Page) {
        page.head("api_requests_total", "counter");
        for (operation, codes) in &*self.requests.lock().unwrap_or_else(PoisonError::into_inner) {
            for (code, count) in codes {
                let labels = format!("{{op=\"{operation}\",code=\"{code}\"}}");
                page.sample("api_requests_total", &labels, count);
            }
        }
        page.head("api_inflight", "gauge");
        for operation in Operation::ALL {
            let label = format!("{{op=\"{}\"}}", operation.name());
            page.sample("api_inflight", &label, self.inflight(*operation).get());
        }
        page.head("api_throttled_total", "counter");
        for operation in Operation::ALL {
            let label = format!("{{op=\"{}\"}}", operation.name());
            let count = self.throttled(*operation).get();
            page.sample("api_throttled_total", &label, count);
        }
        // A poll is meant to take a minute, so it has no place among the others.
        for (name, of_polls) in [
            ("api_request_duration_seconds", false),
            ("api_poll_duration_seconds", true),
        ] {
            page.head(name, "histogram");
            for (operation, histogram) in Operation::ALL.iter().zip(&self.durations) {
                let is_poll = *operation == Operation::GetActivityTask;
                let ever = histogram.cumulative().any(|(_, count)| count > 0);
                if is_poll == of_polls && ever {
                    page.histogram(name, &format!("op=\"{}\"", operation.name()), histogram);
                }
            }
        }
    }
}

struct Page(String);

impl Page {
    fn head(&mut self, name: &str, kind: &str) {
        let _ = writeln!(self.0, "# TYPE {name} {kind}");
    }

    fn sample(&mut self, name: &str, labels: &str, value: impl Display) {
        let _ = writeln!(self.0, "{name}{labels} {value}");
    }

    fn one(&mut self, name: &str, kind: &str, labels: &str, value: impl Display) {
        self.head(name, kind);
        self.sample(name, labels, value);
    }

    /// `label` ends with a comma, if there is one.
    fn outcomes(&mut self, name: &str, label: &str, outcomes: &Outcomes) {
        for (result, counter) in [
            ("written", &outcomes.written),
            ("dropped", &outcomes.dropped),
            ("failed", &outcomes.failed),
        ] {
            let labels = format!("{{{label}result=\"{result}\"}}");
            self.sample(name, &labels, counter.get());
        }
    }

    fn histogram(&mut self, name: &str, label: &str, histogram: &Histogram) {
        let comma = if label.is_empty() { "" } else { "," };
        let braced = if label.is_empty() {
            String::new()
        } else {
            format!("{{{label}}}")
        };
        let mut all = 0;
        for (bound, count) in histogram.cumulative() {
            let bound = bound.map_or("+Inf".to_owned(), |bound| bound.to_string());
            self.sample(
                &format!("{name}_bucket"),
                &format!("{{{label}{comma}le=\"{bound}\"}}"),
                count,
            );
            all = count;
        }
        self.sample(&format!("{name}_sum"), &braced, histogram.sum());
        self.sample(&format!("{name}_count"), &braced, all);
    }
}
