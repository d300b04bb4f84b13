//! Accepting connections.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use hyper::body::Bytes;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};

use super::parked::{Parked, Resumed};
use super::socket::Socket;
use super::sockets::Sockets;
use super::wire::Wire;
use super::{Edge, HEAD_BYTES_MAX, Open, request};
use crate::log::{self, Level};

/// How long accepting rests when the system is out of files or memory. Connections there are go on.
const PAUSE: Duration = Duration::from_millis(250);

/// Accepts until it is told to close.
pub async fn listen(listener: TcpListener, sockets: Arc<Sockets>, edge: Arc<Edge>, mut open: Open) {
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
                // It is heard by the thread that serves it, not by the one that accepted it.
                let Ok(stream) = stream.into_std() else {
                    continue;
                };
                sockets.serve(async move {
                    let _permit = permit;
                    if let Ok(stream) = TcpStream::from_std(stream) {
                        serve(stream, edge, open).await;
                    }
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
    let mut socket = Socket::new(stream, Arc::clone(&wire), Arc::clone(&edge.metrics));
    while let Some((parked, mut waiting, mut ahead)) =
        speak(socket, &edge, &wire, local, &mut open).await
    {
        let Parked {
            mut answer,
            head,
            request_id,
            began,
        } = *parked;
        let served = tokio::select! {
            biased;
            served = answer.as_mut() => served,
            // The answer is dropped with this: a poll is known to be closed.
            () = poll_fn(|cx| waiting.poll_gone(cx, &mut ahead)) => return,
        };
        waiting.read_first(head.before(&ahead));
        wire.resume(Resumed {
            served,
            request_id,
            began,
        });
        socket = waiting;
    }
}

/// Speaks HTTP over a socket until that ends, or a request waits: then the socket is given back, with
/// what was read of the next request.
async fn speak(
    socket: Socket,
    edge: &Arc<Edge>,
    wire: &Arc<Wire>,
    local: SocketAddr,
    open: &mut Open,
) -> Option<(Box<Parked>, Socket, Bytes)> {
    let service =
        service_fn(|request| request::handle(Arc::clone(edge), Arc::clone(wire), local, request));
    let connection = http1::Builder::new()
        // A request that has come is performed, and answered to whoever closed only the side that
        // sends. Those that end with their client are parked, and listen for it.
        .half_close(true)
        // The socket has patience of its own: hyper's would also end connections that are idle.
        .header_read_timeout(None)
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(socket), service);
    // Boxed: while a request waits its connection need not keep the room.
    let mut connection = Box::new(connection);
    let mut told = false;
    loop {
        let ended_or_parked = poll_fn(|cx| match Pin::new(&mut *connection).poll(cx) {
            // Broken heads, clients that left: nothing that anybody here could act upon.
            Poll::Ready(_ended) => Poll::Ready(None),
            Poll::Pending => match wire.take_parked() {
                Some(parked) => Poll::Ready(Some(parked)),
                None => Poll::Pending,
            },
        });
        tokio::select! {
            biased;
            parked = ended_or_parked => {
                let parked = parked?;
                let parts = connection.into_parts();
                // Copied: what was read lies in one of the buffers that are to go.
                let ahead = Bytes::copy_from_slice(&parts.read_buf);
                return Some((parked, parts.io.into_inner(), ahead));
            }
            () = open.closing(), if !told => {}
        }
        told = true;
        Pin::new(&mut *connection).graceful_shutdown();
    }
}

/// `127.0.0.1` rather than `::ffff:127.0.0.1`.
fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}
