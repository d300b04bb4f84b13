//! `[http]`: whom definitions may call, and how many calls of one endpoint there may be.

use std::time::Duration;

use integrations::{HostPort, HttpSettings as Sending};

use super::{ConfigError, Layers, Setting};

/// What one source says. Flags and variables begin with the table's name.
#[derive(Clone, Debug, Default, clap::Args, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpLayer {
    /// Endpoint that HTTP tasks may call though it is not of the public internet, such as
    /// 127.0.0.1:8080; may be given several times
    #[arg(long, value_name = "HOST:PORT", value_delimiter = ',')]
    #[serde(rename = "allow")]
    pub http_allow: Option<Vec<HostPort>>,

    /// Most calls of one endpoint under way; others wait [default: 256]
    #[arg(long, value_name = "COUNT")]
    #[serde(rename = "concurrency")]
    pub http_concurrency: Option<usize>,

    /// Most calls that wait for one endpoint; those beyond fail [default: 10000]
    #[arg(long, value_name = "COUNT")]
    #[serde(rename = "queue")]
    pub http_queue: Option<usize>,

    /// Longest wait for a connection to another service [default: 5]
    #[arg(long, value_name = "SECONDS")]
    #[serde(rename = "connect_timeout_seconds")]
    pub http_connect_timeout_seconds: Option<f64>,
}

/// What is in force, and where each came from.
#[derive(Clone, Debug)]
pub struct HttpSettings {
    pub allow: Setting<Vec<HostPort>>,
    pub concurrency: Setting<usize>,
    pub queue: Setting<usize>,
    pub connect_timeout_seconds: Setting<f64>,
}

impl HttpSettings {
    pub(super) fn merge(layers: Layers<'_, HttpLayer>) -> HttpSettings {
        let default = Sending::default();
        HttpSettings {
            allow: layers.pick(|l| l.http_allow.clone(), default.allow),
            concurrency: layers.pick(|l| l.http_concurrency, default.concurrency),
            queue: layers.pick(|l| l.http_queue, default.queue),
            connect_timeout_seconds: layers.pick(
                |l| l.http_connect_timeout_seconds,
                default.connect_timeout.as_secs_f64(),
            ),
        }
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        if !(1..=100_000).contains(&self.concurrency.value) {
            return Err(self
                .concurrency
                .refused("http_concurrency", "must be 1 to 100000"));
        }
        if self.queue.value > 10_000_000 {
            return Err(self.queue.refused("http_queue", "must be 0 to 10000000"));
        }
        let timeout = &self.connect_timeout_seconds;
        if !(0.01..=300.0).contains(&timeout.value) {
            return Err(timeout.refused("http_connect_timeout_seconds", "must be 0.01 to 300"));
        }
        Ok(())
    }

    /// As those who send take it.
    pub fn of_calls(&self) -> Sending {
        Sending {
            allow: self.allow.value.clone(),
            concurrency: self.concurrency.value,
            queue: self.queue.value,
            connect_timeout: Duration::from_secs_f64(self.connect_timeout_seconds.value),
        }
    }
}
