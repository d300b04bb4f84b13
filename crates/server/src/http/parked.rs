//! A request that waits, without the machinery of HTTP around it.
//!
//! A poll waits for up to a minute, and there may be tens of thousands of them. hyper keeps two buffers
//! of 8 KiB for each connection and the whole request while that is served; so a request that waits
//! gives its answer-to-be to its connection ([`Wire::park`](super::wire::Wire::park)), which takes the
//! socket back from hyper and lets everything else go. When the answer is there, hyper gets the
//! socket again, and before anything else reads [`Resumed::head`]: a request of our own making, whose
//! answer is the one that is owed.

use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, Instant};

use hyper::Version;
use hyper::body::Bytes;
use hyper::header;
use hyper::http::request::Parts;

use crate::service::Served;

/// A request waits so long as others do. Most polls of a busy server are answered sooner, and then
/// need not be taken apart and put together again.
pub(super) const PARK_AFTER: Duration = Duration::from_millis(20);

/// A request that waits.
pub(super) struct Parked {
    /// Its answer. Dropped, it says that the client has gone.
    pub(super) answer: Pin<Box<dyn Future<Output = Served> + Send>>,
    pub(super) request_id: String,
    pub(super) began: Instant,
}

/// A request whose answer is there.
pub(super) struct Resumed {
    pub(super) served: Served,
    pub(super) request_id: String,
    pub(super) began: Instant,
}

impl Resumed {
    /// Of the version and with the connection that [`may_park`] asks for.
    const HEAD: &'static [u8] = b"POST / HTTP/1.1\r\ncontent-length: 0\r\n\r\n";

    /// What hyper reads, and then what the client has sent since.
    pub(super) fn head(rest: &[u8]) -> Bytes {
        if rest.is_empty() {
            Bytes::from_static(Self::HEAD)
        } else {
            [Self::HEAD, rest].concat().into()
        }
    }
}

/// Whether the answer to this request is written the same way as one to [`Resumed::head`]. Who closes
/// after it, or speaks an older version, is left as it is.
pub(super) fn may_park(parts: &Parts) -> bool {
    let keeps = |value: &header::HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"keep-alive");
    parts.version == Version::HTTP_11
        && parts.headers.get_all(header::CONNECTION).iter().all(keeps)
        && !parts.headers.contains_key(header::TRANSFER_ENCODING)
}
