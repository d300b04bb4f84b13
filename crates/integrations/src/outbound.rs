//! Requests to other services: signed, sent, and read to their end.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use http_body_util::Full;
use hyper::Request;
use tokio::sync::Semaphore;

use super::endpoints::{Endpoint, Endpoints};
use crate::aws::Models;
use crate::connections::{Connections, ReadyConnections, SECRETS_AT_A_TIME};
use crate::functions::{self, Functions};
pub(crate) use crate::sending::Told;
use crate::sending::{Bounds, HttpSettings, LOOKUPS_MAX, NamedBy, NotTold, Sender};
use crate::signing::{self, Environment, Signer, ToSign};

/// A result may have 256 KiB; what is larger is refused by the engine, with its own words, as long as
/// it can be read at all. Sources: AWS Lambda quotas, response payload, 6 MB, and time-out, 15 minutes.
const BOUNDS: Bounds = Bounds {
    body_bytes_max: 8 << 20,
    time: Duration::from_secs(15 * 60 + 10),
};

/// Requests that are signed at a time. Most take no time; one may wait for a source of credentials that
/// does not answer, and the threads are there for others too.
const SIGNED_AT_A_TIME: usize = 4;

/// Threads that calls may block, for names, credentials and secrets; whoever runs them needs so many
/// more.
pub const BLOCKING_THREADS: usize = LOOKUPS_MAX + SIGNED_AT_A_TIME + SECRETS_AT_A_TIME;

/// What is needed for the way out.
pub struct OutboundOptions {
    /// Where services are.
    pub endpoints: Endpoints,
    /// The region that requests are signed for.
    pub region: String,
    /// What it shows is signed with each request.
    pub clock: fn() -> SystemTime,
    /// What runs on whatever happens to the time of day: time-outs and pauses go by it.
    pub ticks: fn() -> Instant,
    /// How requests are sent.
    pub http: HttpSettings,
    /// What stands for Lambda functions.
    pub functions: Functions,
    /// With which credentials HTTP tasks call whom.
    pub connections: Connections,
}

/// Why there is no way out.
#[derive(Debug, thiserror::Error)]
pub enum OutboundError {
    /// Nothing can be encrypted.
    #[error("TLS: {0}")]
    Tls(#[from] rustls::Error),
    /// A function's command cannot be run.
    #[error("functions: {0}")]
    Functions(String),
    /// A connection cannot be used.
    #[error("connections: {0}")]
    Connections(String),
}

/// The way out; cheap to clone.
#[derive(Clone)]
pub struct Outbound {
    endpoints: Arc<Endpoints>,
    models: Arc<Models>,
    signer: Arc<Signer>,
    signing: Arc<Semaphore>,
    clock: fn() -> SystemTime,
    sender: Arc<Sender>,
    functions: Arc<functions::Ready>,
    connections: Arc<ReadyConnections>,
}

/// Whom to ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Whom {
    /// The names under which an operator may have said where it is; the first is told to people.
    pub(crate) names: Vec<String>,
    /// The service's name in signatures; `None` for what is asked without one.
    pub(crate) signing_name: Option<String>,
    /// S3 signs the path as it is sent, all others encode it once more.
    pub(crate) signs_path_as_sent: bool,
}

/// What is asked of a service.
pub(crate) struct Ask {
    pub(crate) whom: Whom,
    /// In capitals.
    pub(crate) method: String,
    /// As it is sent: what must be escaped is.
    pub(crate) path: String,
    /// Sorted, as it is sent; empty for none.
    pub(crate) query: String,
    /// Names in small letters.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Whom {
    /// A service that has one name everywhere.
    pub(crate) fn named(name: &str) -> Whom {
        Whom {
            names: vec![name.to_owned()],
            signing_name: Some(name.to_owned()),
            signs_path_as_sent: false,
        }
    }
}

/// Why nothing was said.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unsaid {
    /// The operator has not said where the service is.
    #[error(
        "No endpoint is configured for the service '{0}'. Start the server with \
         --endpoint {0}=URL, or set {0} = \"URL\" in the [endpoints] of its configuration."
    )]
    NoEndpoint(String),
    /// The service could not be reached, or broke off.
    #[error("Unable to execute HTTP request: {0}")]
    Http(String),
    /// More than can be read; a result has far less room.
    #[error("The service answered with more than {0} bytes.")]
    TooLarge(usize),
}

impl Outbound {
    /// Asks nobody yet.
    pub fn new(options: OutboundOptions) -> Result<Outbound, OutboundError> {
        let variable = |name: &str| std::env::var_os(name);
        let functions =
            functions::Ready::of(&options.functions, &options.region, options.ticks, variable);
        let connections = ReadyConnections::of(&options.connections);
        Ok(Outbound {
            connections: Arc::new(connections.map_err(OutboundError::Connections)?),
            functions: Arc::new(functions.map_err(OutboundError::Functions)?),
            endpoints: Arc::new(options.endpoints),
            models: Arc::default(),
            signer: Arc::new(Signer::new(Environment::of_process(), &options.region)),
            signing: Arc::new(Semaphore::new(SIGNED_AT_A_TIME)),
            clock: options.clock,
            sender: Arc::new(Sender::new(&options.http, options.ticks)?),
        })
    }

    /// With the models of a folder laid out as botocore's `data`: of services that are not built in, or
    /// newer ones.
    #[must_use]
    pub fn with_models(mut self, folder: Option<PathBuf>) -> Outbound {
        self.models = Arc::new(Models::in_folder(folder));
        self
    }

    /// Whether the service that has these names is a program on this machine.
    pub(crate) fn is_near<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> bool {
        let endpoint = self.endpoints.of(names);
        let uri = endpoint.and_then(|endpoint| endpoint.url.parse::<hyper::Uri>().ok());
        uri.and_then(|uri| Some(signing::is_loopback(uri.authority()?.as_str())))
            .unwrap_or(false)
    }

    /// What is known of services.
    pub(crate) fn models(&self) -> &Arc<Models> {
        &self.models
    }

    /// Asks once. Dropped before its end, the connection is closed.
    pub(crate) async fn ask(&self, ask: Ask) -> Result<Told, Unsaid> {
        let names = ask.whom.names.iter().map(String::as_str);
        let Some(endpoint) = self.endpoints.of(names) else {
            let name = ask.whom.names.into_iter().next();
            return Err(Unsaid::NoEndpoint(name.unwrap_or_default()));
        };
        self.ask_at(endpoint, ask).await
    }

    /// Asks once, at an endpoint of the operator's.
    pub(crate) async fn ask_at(&self, endpoint: &Endpoint, ask: Ask) -> Result<Told, Unsaid> {
        let request = self.signed(endpoint, ask).await?;
        let told = self.sender.send(NamedBy::Operator, request, BOUNDS).await;
        told.map_err(|error| match error {
            NotTold::TooLarge(most) => Unsaid::TooLarge(most),
            other => Unsaid::Http(other.to_string()),
        })
    }

    /// What stands for Lambda functions.
    pub(crate) fn functions(&self) -> &functions::Ready {
        &self.functions
    }

    /// With which credentials HTTP tasks call whom.
    pub(crate) fn connections(&self) -> &ReadyConnections {
        &self.connections
    }

    /// What sends requests.
    pub(crate) fn sender(&self) -> &Sender {
        &self.sender
    }

    /// Waits for what was begun on this machine to be gone, after all calls were given up. Blocks.
    pub fn finish(&self) {
        self.functions.finish();
    }

    async fn signed(&self, endpoint: &Endpoint, ask: Ask) -> Result<Request<Full<Bytes>>, Unsaid> {
        let unusable = |error: &dyn std::fmt::Display| Unsaid::Http(error.to_string());
        let address = endpoint.address();
        let uri: hyper::Uri = match ask.query.as_str() {
            "" => format!("{address}{}", ask.path),
            query => format!("{address}{}?{query}", ask.path),
        }
        .parse()
        .map_err(|error: hyper::http::uri::InvalidUri| unusable(&error))?;
        let authority = uri.authority().map(|authority| authority.to_string());
        let mut headers = ask.headers;
        headers.push(("host".to_owned(), authority.unwrap_or_default()));
        let body = Bytes::from(ask.body);
        // Credentials may have to be asked for, from a command or from the machine's metadata.
        let signer = Arc::clone(&self.signer);
        let (to_sign, path) = (body.clone(), uri.path().to_owned());
        let now = (self.clock)();
        if let Some(service) = ask.whom.signing_name {
            let endpoint = endpoint.clone();
            let method = ask.method.clone();
            let turn = Arc::clone(&self.signing).acquire_owned().await;
            let signing = tokio::task::spawn_blocking(move || {
                let _turn = turn;
                signer.sign(
                    &ToSign {
                        service: &service,
                        region: endpoint.region.as_deref(),
                        profile: endpoint.profile.as_deref(),
                        method: &method,
                        path: &path,
                        path_as_sent: ask.whom.signs_path_as_sent,
                        query: &ask.query,
                        body: &to_sign,
                    },
                    headers,
                    now,
                )
            });
            let signed = signing.await.map_err(|error| unusable(&error))?;
            headers = signed.map_err(|error| unusable(&error))?;
        }
        let mut request = Request::builder().method(ask.method.as_str()).uri(uri);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        request
            .body(Full::new(body))
            .map_err(|error| unusable(&error))
    }
}
