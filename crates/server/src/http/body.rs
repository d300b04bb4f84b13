//! Bodies: reading one within its limits, and sending one in one piece.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};

use super::BODY_TIMEOUT;

/// Why a body was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BodyError {
    /// More bytes than allowed.
    TooLarge,
    /// Not complete in time.
    TooSlow,
    /// The client broke it off, or it is not what HTTP says.
    Broken,
}

/// Reads at most `bytes_max` bytes.
pub(super) async fn read(body: Incoming, bytes_max: usize) -> Result<Bytes, BodyError> {
    if body.size_hint().lower() > bytes_max as u64 {
        return Err(BodyError::TooLarge);
    }
    match tokio::time::timeout(BODY_TIMEOUT, read_all(body, bytes_max)).await {
        Ok(read) => read,
        Err(_elapsed) => Err(BodyError::TooSlow),
    }
}

async fn read_all(mut body: Incoming, bytes_max: usize) -> Result<Bytes, BodyError> {
    let mut first = Bytes::new();
    let mut all = Vec::new();
    while let Some(frame) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
        let frame = frame.map_err(|_broken| BodyError::Broken)?;
        // Trailers mean nothing here.
        let Ok(data) = frame.into_data() else {
            continue;
        };
        if first.len() + all.len() + data.len() > bytes_max {
            return Err(BodyError::TooLarge);
        }
        if !all.is_empty() {
            all.extend_from_slice(&data);
        } else if first.is_empty() {
            // Nearly every body comes in one piece, and is not copied.
            first = data;
        } else {
            all.reserve(first.len() + data.len());
            all.extend_from_slice(&first);
            all.extend_from_slice(&data);
            first = Bytes::new();
        }
    }
    Ok(if all.is_empty() { first } else { all.into() })
}

/// A body that is there.
pub(super) struct Whole(Option<Bytes>);

impl Whole {
    pub(super) fn new(bytes: impl Into<Bytes>) -> Whole {
        let bytes = bytes.into();
        Whole((!bytes.is_empty()).then_some(bytes))
    }
}

impl Body for Whole {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Poll::Ready(self.0.take().map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0.as_ref().map_or(0, |bytes| bytes.len() as u64))
    }
}
