//! The edge: sockets, HTTP/1.1 and nothing that decides.
//!
//! HTTP/2 is off: the SDKs speak 1.1 here, and what is not there cannot be flooded.

mod body;
#[cfg(test)]
mod bytes;
mod framing;
mod host;
mod listener;
mod pages;
mod parked;
mod peer;
mod request;
mod socket;
mod sockets;
#[cfg(test)]
mod tests;
mod wire;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use tokio::sync::{Semaphore, mpsc, watch};

use crate::metrics::Metrics;
use crate::quotas::Quotas;
use crate::service::Service;

pub use host::Hosts;
pub use listener::listen;
pub use sockets::Sockets;

/// Longest time for a request's head, from the first byte, or from the connection.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// Longest time for a request's body.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);
/// Longest time in which a client takes no byte of its answer.
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a connection may be idle between requests. SDKs keep theirs for 10 to 60 s; who closes
/// first should not be the server, or a request may cross with the close.
const IDLE_TIMEOUT: Duration = Duration::from_secs(90);
/// Most bytes of a head, and most bytes read ahead of it.
const HEAD_BYTES_MAX: usize = 64 << 10;
/// Most bytes of bodies held at a time, over all requests.
const BODIES_BYTES_MAX: usize = 256 << 20;

/// What every connection needs.
pub struct Edge {
    pub service: Arc<Service>,
    pub hosts: Hosts,
    pub quotas: Quotas,
    pub metrics: Arc<Metrics>,
    pub draining: Arc<AtomicBool>,
    /// In KiB.
    pub bodies: Arc<Semaphore>,
    /// One permit for each connection.
    pub connections: Arc<Semaphore>,
}

impl Edge {
    /// An edge for at most so many connections.
    pub fn new(
        service: Arc<Service>,
        hosts: Hosts,
        quotas: Quotas,
        connections_max: usize,
    ) -> Edge {
        let metrics = Arc::clone(&service.metrics);
        Edge {
            service,
            hosts,
            quotas,
            metrics,
            draining: Arc::new(AtomicBool::new(false)),
            bodies: Arc::new(Semaphore::new(BODIES_BYTES_MAX >> 10)),
            connections: Arc::new(Semaphore::new(connections_max.min(Semaphore::MAX_PERMITS))),
        }
    }
}

/// Tells listeners and connections to come to an end, and knows when they have.
pub struct Closing {
    tell: watch::Sender<bool>,
    alive: mpsc::Sender<()>,
    gone: mpsc::Receiver<()>,
}

/// What a listener or a connection holds while it lives.
#[derive(Clone)]
pub struct Open {
    told: watch::Receiver<bool>,
    /// Dropped with the rest: that is how the other side knows.
    _alive: mpsc::Sender<()>,
}

impl Closing {
    pub fn new() -> Closing {
        let (tell, _) = watch::channel(false);
        let (alive, gone) = mpsc::channel(1);
        Closing { tell, alive, gone }
    }

    pub fn open(&self) -> Open {
        Open {
            told: self.tell.subscribe(),
            _alive: self.alive.clone(),
        }
    }

    /// No new connections; those there are end with the request they serve. Returns whether all have
    /// ended in time.
    pub async fn close(mut self, within: Duration) -> bool {
        self.tell.send_replace(true);
        drop(self.alive);
        tokio::time::timeout(within, self.gone.recv()).await.is_ok()
    }
}

impl Open {
    /// Until it is time to close.
    async fn closing(&mut self) {
        // The sender is gone only when nobody can close any more, and then all is over anyway.
        let _ = self.told.wait_for(|closing| *closing).await;
    }
}
