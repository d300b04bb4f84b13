//! A connection's socket: patience with slow clients, and the truth about hand-outs.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper::body::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep};

use super::wire::{Phase, Wire};
use super::{HEAD_TIMEOUT, IDLE_TIMEOUT, WRITE_TIMEOUT, peer};
use crate::metrics::Metrics;

/// Most bytes that are read and thrown away so that a client gets its refusal before the close:
/// a socket closed with bytes unread answers with a reset, which may overtake what was written.
const UNREAD_BYTES_MAX: usize = 4 << 20;
/// And for how long.
const UNREAD_TIMEOUT: Duration = Duration::from_secs(2);

/// What hyper reads from and writes to.
pub(super) struct Socket {
    stream: TcpStream,
    wire: Arc<Wire>,
    metrics: Arc<Metrics>,
    /// Runs while bytes are waited for in this phase; means nothing in others.
    read_patience: Option<(Phase, Pin<Box<Sleep>>)>,
    /// Runs while the client takes nothing.
    write_patience: Option<Pin<Box<Sleep>>>,
    unread: Option<Unread>,
    /// Bytes that come before those of the stream, and were heard already.
    ahead: Bytes,
}

struct Unread {
    bytes: usize,
    patience: Pin<Box<Sleep>>,
}

impl Socket {
    pub(super) fn new(stream: TcpStream, wire: Arc<Wire>, metrics: Arc<Metrics>) -> Socket {
        Socket {
            stream,
            wire,
            metrics,
            read_patience: None,
            write_patience: None,
            unread: None,
            ahead: Bytes::new(),
        }
    }

    /// What is read next.
    pub(super) fn read_first(&mut self, ahead: Bytes) {
        self.ahead = ahead;
    }

    /// Reads on while a request waits; ready when the client has gone. What it sends meanwhile is
    /// kept in `ahead`, and once there is something no more is read: the kernel holds the rest.
    pub(super) fn poll_gone(&mut self, cx: &mut Context<'_>, ahead: &mut Bytes) -> Poll<()> {
        if !ahead.is_empty() {
            return Poll::Pending;
        }
        // Nothing is waited for with patience: a poll that is open need not keep the room.
        self.read_patience = None;
        let mut bytes = [0; 1 << 10];
        let mut buffer = ReadBuf::new(&mut bytes);
        match ready!(Pin::new(&mut *self).poll_read(cx, &mut buffer)) {
            Ok(()) if !buffer.filled().is_empty() => {
                *ahead = Bytes::copy_from_slice(buffer.filled());
                Poll::Pending
            }
            Ok(()) | Err(_) => Poll::Ready(()),
        }
    }

    /// Nothing came. Ends the connection when that has lasted too long.
    fn wait_for_bytes(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let phase = self.wire.phase();
        let patience = match phase {
            Phase::Head => HEAD_TIMEOUT,
            Phase::Idle => IDLE_TIMEOUT,
            Phase::Serving | Phase::Answering => {
                // Kept for the next request: to make another takes more than to set it again.
                if let Some((of, _)) = &mut self.read_patience {
                    *of = phase;
                }
                return Poll::Pending;
            }
        };
        let (of, sleep) = self
            .read_patience
            .get_or_insert_with(|| (phase, Box::pin(tokio::time::sleep(patience))));
        if *of != phase {
            *of = phase;
            sleep.as_mut().reset(Instant::now() + patience);
        }
        ready!(sleep.as_mut().poll(cx));
        if phase == Phase::Idle {
            self.metrics.idle_closed.add(1);
            // Reads as the end of the stream: a connection that has nothing to do ends so.
            return Poll::Ready(Ok(()));
        }
        self.metrics.slow_heads.add(1);
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }

    /// Writes by `write`, and says what became of a hand-out with its first byte.
    fn write(
        &mut self,
        cx: &mut Context<'_>,
        write: impl FnOnce(Pin<&mut TcpStream>, &mut Context<'_>) -> Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        let delivery = self.wire.take_delivery();
        if delivery.is_some() && peer::has_gone(&self.stream) {
            // The delivery is dropped here: not one byte left.
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        if let Some(delivery) = &delivery {
            delivery.leaving();
        }
        match write(Pin::new(&mut self.stream), cx) {
            Poll::Ready(Ok(bytes)) => {
                self.write_patience = None;
                if let Some(delivery) = delivery {
                    if bytes > 0 {
                        delivery.left();
                    } else {
                        delivery.stays();
                        self.wire.keep_delivery(delivery);
                    }
                }
                Poll::Ready(Ok(bytes))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => {
                if let Some(delivery) = delivery {
                    delivery.stays();
                    self.wire.keep_delivery(delivery);
                }
                let patience = self
                    .write_patience
                    .get_or_insert_with(|| Box::pin(tokio::time::sleep(WRITE_TIMEOUT)));
                ready!(patience.as_mut().poll(cx));
                self.metrics.slow_readers.add(1);
                Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
            }
        }
    }

    /// Reads what nobody wants, for a while.
    fn read_the_rest(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let unread = self.unread.get_or_insert_with(|| Unread {
            bytes: 0,
            patience: Box::pin(tokio::time::sleep_until(Instant::now() + UNREAD_TIMEOUT)),
        });
        let mut bytes = [0; 16 << 10];
        while unread.bytes < UNREAD_BYTES_MAX {
            let mut buffer = ReadBuf::new(&mut bytes);
            match Pin::new(&mut self.stream).poll_read(cx, &mut buffer) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {
                    unread.bytes += buffer.filled().len();
                }
                Poll::Ready(_) => return Poll::Ready(()),
                Poll::Pending => return unread.patience.as_mut().poll(cx),
            }
        }
        Poll::Ready(())
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.ahead.is_empty() {
            let length = buffer.remaining().min(self.ahead.len());
            buffer.put_slice(&self.ahead.split_to(length));
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        match Pin::new(&mut self.stream).poll_read(cx, buffer) {
            Poll::Ready(Ok(())) => {
                let heard = &buffer.filled()[before..];
                if !heard.is_empty() {
                    self.wire.heard(heard);
                    // A request may be served without a wait for bytes: the next idle time is
                    // another. The time for a head is one, however many pieces it comes in.
                    if let Some((of @ Phase::Idle, _)) = &mut self.read_patience {
                        *of = Phase::Serving;
                    }
                }
                Poll::Ready(Ok(()))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => self.wait_for_bytes(cx),
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.write(cx, |stream, cx| stream.poll_write(cx, bytes))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.write(cx, |stream, cx| stream.poll_write_vectored(cx, parts))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
        self.wire.flushed();
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.unread.is_none() {
            ready!(Pin::new(&mut self.stream).poll_shutdown(cx))?;
        }
        if self.wire.unread() {
            ready!(self.read_the_rest(cx));
        }
        Poll::Ready(Ok(()))
    }
}
