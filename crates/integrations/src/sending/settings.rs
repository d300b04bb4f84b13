//! What the operator says of all calls.

use std::time::Duration;

use super::HostPort;

/// `[http]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpSettings {
    /// Endpoints that definitions may name though they are not of the public internet.
    pub allow: Vec<HostPort>,
    /// Most calls of one endpoint under way.
    pub concurrency: usize,
    /// Most calls that wait for one endpoint.
    pub queue: usize,
    /// Longest wait for a connection: name, TCP and TLS.
    pub connect_timeout: Duration,
}

impl Default for HttpSettings {
    fn default() -> HttpSettings {
        HttpSettings {
            allow: Vec::new(),
            // One connection each, on both sides.
            concurrency: 256,
            // A task and its parameters each; they wait within the time-outs of their states.
            queue: 10_000,
            connect_timeout: Duration::from_secs(5),
        }
    }
}
