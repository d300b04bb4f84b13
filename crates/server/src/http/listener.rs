//! Accepting connections.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};

use super::socket::Socket;
use super::wire::Wire;
use super::{Edge, HEAD_BYTES_MAX, Open, request};
use crate::log::{self, Level};

/// How long accepting rests when the system is out of files or memory. Connections there are go on.
const PAUSE: Duration = Duration::from_millis(250);

/// Accepts until it is told to close.
pub async fn listen(listener: TcpListener, edge: Arc<Edge>, mut open: Open) {
    loop {
        let connections = Arc::clone(&edge.connections);
        if connections.available_permits() == 0 {
            edge.metrics.accept_pauses.add(1);
        }
        let permit = tokio::select! {
            biased;
            () = open.closing() => return,
            permit = connections.acquire_owned() => permit,
        };
        let accepted = tokio::select! {
            biased;
            () = open.closing() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _peer)) => {
                let (edge, open) = (Arc::clone(&edge), open.clone());
                tokio::spawn(async move {
                    let _permit = permit;
                    serve(stream, edge, open).await;
                });
            }
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                edge.metrics.accept_pauses.add(1);
                log::line(Level::Warn, "accepting pauses", &[("error", &error)]);
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// Whether it says nothing about the next connection.
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted
    )
}

async fn serve(stream: TcpStream, edge: Arc<Edge>, mut open: Open) {
    let metrics = Arc::clone(&edge.metrics);
    let _counted = metrics.connections.enter();
    // An answer is one small write; it must not wait for the acknowledgement of the one before.
    let Ok(local) = stream.set_nodelay(true).and_then(|()| stream.local_addr()) else {
        return;
    };
    let local = canonical(local);
    let wire = Arc::new(Wire::new());
    let socket = Socket::new(stream, Arc::clone(&wire), Arc::clone(&edge.metrics));
    let service =
        service_fn(|request| request::handle(Arc::clone(&edge), Arc::clone(&wire), local, request));
    let connection = http1::Builder::new()
        // A client that closes its side of a connection has gone: what it asked is dropped, so that
        // a parked poll is known to be closed.
        .half_close(false)
        // The socket has patience of its own: hyper's would also end connections that are idle.
        .header_read_timeout(None)
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(socket), service);
    let mut connection = pin!(connection);
    tokio::select! {
        biased;
        // Broken heads, clients that left: nothing that anybody here could act upon.
        _ended = connection.as_mut() => return,
        () = open.closing() => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ended = connection.await;
}

/// `127.0.0.1` rather than `::ffff:127.0.0.1`.
fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}
