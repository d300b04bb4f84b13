//! A request that waits, without the machinery of HTTP around it.
//!
//! A poll waits for up to a minute, and there may be tens of thousands of them. hyper keeps two buffers
//! of 8 KiB for each connection and the whole request while that is served; so a request that waits
//! gives its answer-to-be to its connection ([`Wire::park`](super::wire::Wire::park)), which takes the
//! socket back from hyper and lets everything else go. When the answer is there, hyper gets the
//! socket again, and before anything else reads a [`Head`]: a request of our own making, whose answer is
//! the one that is owed.
//!
//! While it waits the connection listens: a client that closes its side has gone, and nobody waits any
//! longer. Other requests are performed once they have come, whether or not somebody hears the answer.

use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, Instant};

use engine::Operation;
use hyper::Version;
use hyper::body::Bytes;
use hyper::header;
use hyper::http::request::Parts;

use crate::service::Served;

/// A request waits so long as others do. Most polls of a busy server are answered sooner, and then
/// need not be taken apart and put together again.
pub(super) const PARK_AFTER: Duration = Duration::from_millis(20);

/// Whether a client that closes its side of the connection gives up what it asked for. A poll that
/// nobody hears must be known to be closed; what a trial of a state does serves nobody else.
pub(super) fn is_given_up(operation: Operation) -> bool {
    matches!(operation, Operation::GetActivityTask | Operation::TestState)
}

/// A request that waits.
pub(super) struct Parked {
    /// Its answer. Dropped, it says that the client has gone.
    pub(super) answer: Pin<Box<dyn Future<Output = Served> + Send>>,
    pub(super) head: Head,
    pub(super) request_id: String,
    pub(super) began: Instant,
}

/// A request whose answer is there.
pub(super) struct Resumed {
    pub(super) served: Served,
    pub(super) request_id: String,
    pub(super) began: Instant,
}

/// A request whose answer is written the same way as that to a request which waits.
#[derive(Clone, Copy)]
pub(super) struct Head(&'static [u8]);

impl Head {
    pub(super) fn like(parts: &Parts) -> Head {
        let values = parts.headers.get_all(header::CONNECTION).iter();
        let mut options = values.flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
        let mut says = |option: &str| {
            let is_it = |said: &[u8]| said.trim_ascii().eq_ignore_ascii_case(option.as_bytes());
            options.any(is_it)
        };
        Head(if parts.version == Version::HTTP_10 {
            if says("keep-alive") {
                b"POST / HTTP/1.0\r\nconnection: keep-alive\r\ncontent-length: 0\r\n\r\n"
            } else {
                b"POST / HTTP/1.0\r\ncontent-length: 0\r\n\r\n"
            }
        // After chunks the connection closes: see `framing`.
        } else if says("close") || parts.headers.contains_key(header::TRANSFER_ENCODING) {
            b"POST / HTTP/1.1\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
        } else {
            b"POST / HTTP/1.1\r\ncontent-length: 0\r\n\r\n"
        })
    }

    /// What hyper reads: this, and then what the client has sent since.
    pub(super) fn before(self, rest: &[u8]) -> Bytes {
        if rest.is_empty() {
            Bytes::from_static(self.0)
        } else {
            [self.0, rest].concat().into()
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use tokio::io::AsyncWriteExt;

    use super::*;
    use crate::http::bytes::{Stream, connect, next};
    use crate::http::tests::with_listener;

    const JSON: &str = "Host: localhost\r\nContent-Type: application/x-amz-json-1.0\r\n";

    fn call(operation: &str, body: &str) -> String {
        format!(
            "POST / HTTP/1.1\r\n{JSON}X-Amz-Target: AWSStepFunctions.{operation}\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
    }

    async fn ok(stream: &mut Stream, request: &str) -> String {
        stream.write_all(request.as_bytes()).await.unwrap();
        let answer = next(stream).await.unwrap();
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.body
    }

    /// Until so many polls are open.
    async fn until_open(stream: &mut Stream, polls: usize) {
        let gauge = format!("\nactivity_pollers {polls}\n");
        let get = "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n";
        while !ok(stream, get).await.contains(&gauge) {}
    }

    /// A connection whose poll is parked.
    async fn park(address: SocketAddr, poll: &str, other: &mut Stream) -> Stream {
        let mut stream = connect(address).await;
        stream.write_all(poll.as_bytes()).await.unwrap();
        until_open(other, 1).await;
        tokio::time::sleep(PARK_AFTER * 2).await;
        stream
    }

    const ACTIVITY: &str = "arn:aws:states:us-east-1:000000000000:activity:a";
    const MACHINE: &str = "arn:aws:states:us-east-1:000000000000:stateMachine:m";

    fn definition() -> String {
        let role = "arn:aws:iam::000000000000:role/r";
        let states = format!(r#"{{"T":{{"Type":"Task","Resource":"{ACTIVITY}","End":true}}}}"#);
        let text = format!(r#"{{"StartAt":"T","States":{states}}}"#).replace('"', "\\\"");
        format!(r#"{{"name":"m","roleArn":"{role}","definition":"{text}"}}"#)
    }

    /// Whatever a client says of its connection, and in whichever version.
    #[test]
    fn a_poll_listens_for_its_client_and_is_answered_in_its_manner() {
        let manners = [
            ("1.1", "", true),
            ("1.1", "Connection: TE, keep-alive\r\n", true),
            ("1.1", "Connection: TE, Close\r\n", false),
            ("1.1", "Transfer-Encoding: chunked\r\n", false),
            ("1.0", "Connection: Keep-Alive\r\n", true),
            ("1.0", "", false),
        ];
        with_listener(|address, metrics| async move {
            let mut other = connect(address).await;
            ok(&mut other, &call("CreateActivity", r#"{"name":"a"}"#)).await;
            ok(&mut other, &call("CreateStateMachine", &definition())).await;
            let start = call(
                "StartExecution",
                &format!(r#"{{"stateMachineArn":"{MACHINE}"}}"#),
            );
            let body = format!(r#"{{"activityArn":"{ACTIVITY}"}}"#);
            for (index, (version, header, stays)) in manners.into_iter().enumerate() {
                let manner = format!("{version} {header}");
                let bytes = body.len();
                let rest = if header.starts_with("Transfer-Encoding") {
                    format!("{header}\r\n{bytes:x}\r\n{body}\r\n0\r\n\r\n")
                } else {
                    format!("{header}Content-Length: {bytes}\r\n\r\n{body}")
                };
                let poll = format!(
                    "POST / HTTP/{version}\r\n{JSON}\
                     X-Amz-Target: AWSStepFunctions.GetActivityTask\r\n{rest}"
                );
                drop(park(address, &poll, &mut other).await);
                until_open(&mut other, 0).await;
                assert_eq!(metrics.polls_abandoned.get(), index as u64 + 1, "{manner}");

                let mut here = park(address, &poll, &mut other).await;
                ok(&mut other, &start).await;
                let answer = next(&mut here).await.unwrap();
                assert!(answer.body.contains("taskToken"), "{manner}{answer:?}");
                let kept = answer.head.contains("connection: keep-alive");
                assert_eq!(kept, version == "1.0" && stays, "{manner}{answer:?}");
                if stays {
                    ok(&mut here, &call("ListActivities", "{}")).await;
                } else {
                    assert!(next(&mut here).await.is_none(), "{manner}");
                }
            }
        });
    }

    /// And answered to whoever closed no more than the side it sends with.
    #[test]
    fn what_has_come_is_performed_without_its_client() {
        with_listener(|address, _| async move {
            for count in 0..100 {
                let mut stream = connect(address).await;
                let create = call("CreateActivity", &format!(r#"{{"name":"a{count}"}}"#));
                stream.write_all(create.as_bytes()).await.unwrap();
                stream.shutdown().await.unwrap();
                if count % 2 == 0 {
                    assert_eq!(next(&mut stream).await.unwrap().status, 200);
                    assert!(next(&mut stream).await.is_none(), "it closes");
                }
            }
            let mut stream = connect(address).await;
            let list = call("ListActivities", "{}");
            while ok(&mut stream, &list).await.matches("\"name\"").count() < 100 {}
        });
    }
}
