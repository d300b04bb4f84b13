//! Requests on their way: who may be asked, how many at a time, for how long, and how much is read.
//!
//! An endpoint that the operator names is asked as it is. One that a definition names must lead to the
//! public internet, or to where the operator allows it.

mod addresses;
mod breaker;
mod connector;
mod gates;
mod host_port;
mod settings;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::{HeaderMap, Request, StatusCode};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};

pub(crate) use connector::LOOKUPS_MAX;
pub use host_port::HostPort;
pub use settings::HttpSettings;

use connector::{ConnectError, Connector, Lookups, Timed};
use gates::{Gates, Places};

/// How long a connection that nobody uses is kept.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);
/// Most bytes of an answer's head, from an endpoint that a definition names. Ours: S28.
const HEAD_BYTES_MAX: usize = 64 << 10;

type HttpClient = Client<Timed<HttpsConnector<Connector>>, Full<Bytes>>;

/// Sends requests.
pub(crate) struct Sender {
    operators: HttpClient,
    definitions: HttpClient,
    allowed: Arc<[HostPort]>,
    gates: Gates,
    ticks: fn() -> Instant,
    /// Times are counted from here.
    start: Instant,
}

/// Who has named the endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NamedBy {
    /// It is where the operator wants calls to go.
    Operator,
    /// Whoever wrote a state machine, or started it: anybody.
    Definition,
}

/// How much an answer may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// Most bytes of its body.
    pub(crate) body_bytes_max: usize,
    /// From the connection to the last byte.
    pub(crate) time: Duration,
}

/// What was said.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// Why nothing was said.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotTold {
    /// Not even tried: definitions may not go there.
    #[error("{0}")]
    NotAllowed(String),
    /// Not even tried: too many others do, or it does not answer them.
    #[error("{0}")]
    Refused(#[from] gates::Refused),
    /// It could not be reached, or broke off.
    #[error("{0}")]
    Broken(String),
    #[error("no answer within {} s", .0.as_secs())]
    TimedOut(Duration),
    #[error("an answer of more than {0} bytes")]
    TooLarge(usize),
}

impl Sender {
    /// Asks nobody yet.
    pub(crate) fn new(
        settings: &HttpSettings,
        ticks: fn() -> Instant,
    ) -> Result<Sender, rustls::Error> {
        Sender::with(settings, ticks, Lookups::of_the_system())
    }

    fn with(
        settings: &HttpSettings,
        ticks: fn() -> Instant,
        lookups: Lookups,
    ) -> Result<Sender, rustls::Error> {
        let lookups = Arc::new(lookups);
        let allowed: Arc<[HostPort]> = settings.allow.as_slice().into();
        let time = settings.connect_timeout;
        let client = |guard: Option<Arc<[HostPort]>>| -> Result<HttpClient, rustls::Error> {
            let head_bytes_max = guard.as_ref().map(|_| HEAD_BYTES_MAX);
            let tcp = Connector::new(Arc::clone(&lookups), guard, time);
            let tls = HttpsConnectorBuilder::new()
                .with_provider_and_webpki_roots(rustls::crypto::ring::default_provider())?
                .https_or_http()
                .enable_http1()
                .wrap_connector(tcp);
            let mut builder = Client::builder(TokioExecutor::new());
            builder
                .pool_idle_timeout(IDLE_TIMEOUT)
                .pool_timer(TokioTimer::new());
            if let Some(most) = head_bytes_max {
                builder.http1_max_buf_size(most);
            }
            Ok(builder.build(Timed::new(tls, time)))
        };
        Ok(Sender {
            operators: client(None)?,
            definitions: client(Some(Arc::clone(&allowed)))?,
            allowed,
            gates: Gates::new(Places {
                concurrency_max: settings.concurrency,
                queue_max: settings.queue,
            }),
            ticks,
            start: ticks(),
        })
    }

    /// Whether the operator allows it by name, whatever its addresses.
    pub(crate) fn is_allowed(&self, endpoint: &HostPort) -> bool {
        self.allowed.contains(endpoint)
    }

    /// Sends once, follows nothing, and reads to the end. Dropped before, the connection is closed.
    pub(crate) async fn send(
        &self,
        named_by: NamedBy,
        request: Request<Full<Bytes>>,
        bounds: Bounds,
    ) -> Result<Told, NotTold> {
        let Some(endpoint) = HostPort::of(request.uri()) else {
            return Err(NotTold::Broken("its URL names no host".to_owned()));
        };
        // Apart, so that no definition can have calls of the operator's endpoints paused.
        let (client, gate) = match named_by {
            NamedBy::Operator => (&self.operators, endpoint.to_string()),
            NamedBy::Definition => (&self.definitions, format!("{endpoint} (by URL)")),
        };
        let pass = self.gates.enter(&gate, || self.now_ms()).await?;
        let exchange = exchange(client, request, bounds.body_bytes_max);
        let told = tokio::time::timeout(bounds.time, exchange).await;
        let told = told.unwrap_or(Err(NotTold::TimedOut(bounds.time)));
        match &told {
            Ok(_) | Err(NotTold::TooLarge(_)) => pass.answered(),
            Err(why @ (NotTold::Broken(_) | NotTold::TimedOut(_))) => {
                pass.failed(self.now_ms(), &why.to_string());
            }
            Err(NotTold::NotAllowed(_) | NotTold::Refused(_)) => drop(pass),
        }
        told
    }

    /// Milliseconds since it was made.
    pub(crate) fn now_ms(&self) -> u64 {
        let elapsed = (self.ticks)().saturating_duration_since(self.start);
        u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX)
    }
}

async fn exchange(
    client: &HttpClient,
    request: Request<Full<Bytes>>,
    body_bytes_max: usize,
) -> Result<Told, NotTold> {
    let answer = client.request(request).await.map_err(|error| {
        // The outermost error only says that a request failed.
        let mut root: &(dyn std::error::Error + 'static) = &error;
        loop {
            match root.downcast_ref::<ConnectError>() {
                Some(refused @ ConnectError::NotAllowed { .. }) => {
                    return NotTold::NotAllowed(refused.to_string());
                }
                Some(other) => return NotTold::Broken(other.to_string()),
                None => {}
            }
            match root.source() {
                Some(source) => root = source,
                None => return NotTold::Broken(root.to_string()),
            }
        }
    })?;
    let (head, body) = answer.into_parts();
    let body = Limited::new(body, body_bytes_max).collect().await;
    let body = body.map_err(|error| match error.is::<LengthLimitError>() {
        true => NotTold::TooLarge(body_bytes_max),
        false => NotTold::Broken(error.to_string()),
    })?;
    Ok(Told {
        status: head.status.as_u16(),
        headers: head.headers,
        body: body.to_bytes(),
    })
}

/// What a status is called, where the answer itself need not say.
pub(crate) fn reason(status: u16) -> &'static str {
    let status = StatusCode::from_u16(status).ok();
    status
        .and_then(|status| status.canonical_reason())
        .unwrap_or_default()
}
