//! Connections: the name is looked up once, all its addresses are checked, and one that was checked is
//! connected to. Nothing in between can answer differently.

use std::collections::BTreeMap;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::Uri;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tower_service::Service;

use super::addresses;
use super::host_port::HostPort;

/// Most names that are looked up at a time, each on a thread that waits for it.
pub(crate) const LOOKUPS_MAX: usize = 16;

/// Looks a name up; may block.
type LookUp = dyn Fn(&str) -> io::Result<Vec<IpAddr>> + Send + Sync;

/// Names that are being looked up.
pub(super) struct Lookups {
    look_up: Box<LookUp>,
    threads: Arc<Semaphore>,
    /// One at a time for each name: a server of names that does not answer costs one thread.
    names: Mutex<BTreeMap<String, Arc<Semaphore>>>,
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConnectError {
    /// The definition's endpoint leads to where definitions may not go.
    #[error(
        "The endpoint {endpoint} is not allowed: its address {address} is not one of the public \
         internet. To allow it, add allow = [\"{endpoint}\"] to [http] in the server's configuration, \
         or start it with --http-allow {endpoint}."
    )]
    NotAllowed { endpoint: HostPort, address: IpAddr },
    #[error("{0} is not a name of a host")]
    NoHost(Uri),
    #[error("the name {0} cannot be looked up: {1}")]
    NoName(String, io::Error),
    #[error("cannot connect to {0}: {1}")]
    Connect(HostPort, io::Error),
    #[error("no connection within {0:?}")]
    TimedOut(Duration),
    #[error("{0}")]
    Tls(Box<dyn std::error::Error + Send + Sync>),
}

/// Connects by TCP.
#[derive(Clone)]
pub(super) struct Connector {
    lookups: Arc<Lookups>,
    /// Inner addresses that definitions may name all the same; `None` where the operator names them.
    guard: Option<Arc<[HostPort]>>,
    time: Duration,
}

/// With a time limit around another one's connecting, TLS and all.
#[derive(Clone)]
pub(super) struct Timed<C> {
    inner: C,
    time: Duration,
}

type Connecting<T> = Pin<Box<dyn Future<Output = Result<T, ConnectError>> + Send>>;

impl Lookups {
    pub(super) fn new(
        look_up: impl Fn(&str) -> io::Result<Vec<IpAddr>> + Send + Sync + 'static,
    ) -> Lookups {
        Lookups {
            look_up: Box::new(look_up),
            threads: Arc::new(Semaphore::new(LOOKUPS_MAX)),
            names: Mutex::default(),
        }
    }

    /// By what the system goes by.
    pub(super) fn of_the_system() -> Lookups {
        Lookups::new(|name| {
            let found = (name, 0).to_socket_addrs()?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }

    async fn addresses(self: Arc<Lookups>, name: &str) -> io::Result<Vec<IpAddr>> {
        let turn = {
            let mut names = self.names.lock().unwrap_or_else(|it| it.into_inner());
            names.retain(|_, turn| Arc::strong_count(turn) > 1);
            let turn = names.entry(name.to_owned());
            Arc::clone(turn.or_insert_with(|| Arc::new(Semaphore::new(1))))
        };
        let turn = turn.acquire_owned().await;
        let thread = Arc::clone(&self.threads).acquire_owned().await;
        let name = name.to_owned();
        let looking = tokio::task::spawn_blocking(move || {
            let found = (self.look_up)(&name);
            // Held to the end of it, even if nobody waits for it any more.
            drop((turn, thread));
            found
        });
        looking.await.map_err(io::Error::other)?
    }
}

impl Connector {
    pub(super) fn new(
        lookups: Arc<Lookups>,
        guard: Option<Arc<[HostPort]>>,
        time: Duration,
    ) -> Connector {
        Connector {
            lookups,
            guard,
            time,
        }
    }

    async fn connect(self, uri: Uri) -> Result<TokioIo<TcpStream>, ConnectError> {
        let endpoint = HostPort::of(&uri).ok_or(ConnectError::NoHost(uri))?;
        let addresses = match endpoint.host().parse::<IpAddr>() {
            Ok(address) => vec![address],
            Err(_) => {
                let looking = self.lookups.addresses(endpoint.host());
                let found = timeout(self.time, looking).await;
                let found = found.map_err(|_| ConnectError::TimedOut(self.time))?;
                found.map_err(|error| ConnectError::NoName(endpoint.host().to_owned(), error))?
            }
        };
        if let Some(allowed) = &self.guard {
            check(&endpoint, &addresses, allowed)?;
        }
        let none = io::Error::new(io::ErrorKind::NotFound, "it has no address");
        let mut last = ConnectError::Connect(endpoint.clone(), none);
        // An address that does not answer leaves time for those after it. All of it has a limit of its
        // own around it.
        let share = self.time / u32::try_from(addresses.len().max(1)).unwrap_or(u32::MAX);
        for address in &addresses {
            let connecting = TcpStream::connect(SocketAddr::new(*address, endpoint.port()));
            match timeout(share, connecting).await {
                Ok(Ok(stream)) => {
                    // Without it small requests wait for nothing; with an error there, they may.
                    let _ = stream.set_nodelay(true);
                    return Ok(TokioIo::new(stream));
                }
                Ok(Err(error)) => last = ConnectError::Connect(endpoint.clone(), error),
                Err(_) => last = ConnectError::TimedOut(self.time),
            }
        }
        Err(last)
    }
}

/// Whether every address may be connected to: which one answers is not ours to say.
fn check(
    endpoint: &HostPort,
    addresses: &[IpAddr],
    allowed: &[HostPort],
) -> Result<(), ConnectError> {
    if allowed.contains(endpoint) {
        return Ok(());
    }
    let is_inner = |address: &&IpAddr| {
        let by_address = HostPort::of_address(**address, endpoint.port());
        !addresses::is_public(**address) && !allowed.contains(&by_address)
    };
    match addresses.iter().find(is_inner) {
        None => Ok(()),
        Some(address) => Err(ConnectError::NotAllowed {
            endpoint: endpoint.clone(),
            address: *address,
        }),
    }
}

impl Service<Uri> for Connector {
    type Response = TokioIo<TcpStream>;
    type Error = ConnectError;
    type Future = Connecting<TokioIo<TcpStream>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ConnectError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        Box::pin(self.clone().connect(uri))
    }
}

impl<C> Timed<C> {
    pub(super) fn new(inner: C, time: Duration) -> Timed<C> {
        Timed { inner, time }
    }
}

impl<C> Service<Uri> for Timed<C>
where
    C: Service<Uri, Error = Box<dyn std::error::Error + Send + Sync>>,
    C::Future: Send + 'static,
{
    type Response = C::Response;
    type Error = ConnectError;
    type Future = Connecting<C::Response>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), ConnectError>> {
        self.inner.poll_ready(cx).map_err(ConnectError::Tls)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let (connecting, time) = (self.inner.call(uri), self.time);
        Box::pin(async move {
            match timeout(time, connecting).await {
                Err(_) => Err(ConnectError::TimedOut(time)),
                Ok(connected) => connected.map_err(|error| match error.downcast() {
                    Ok(ours) => *ours,
                    Err(other) => ConnectError::Tls(other),
                }),
            }
        })
    }
}
