//! What goes over the wire, byte for byte: requests as no client would send them, and the answers.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

use super::tests::{edge, listening, plain};

/// One answer.
#[derive(Debug)]
pub(super) struct Answered {
    pub(super) status: u16,
    pub(super) head: String,
    pub(super) body: String,
}

pub(super) type Stream = BufReader<TcpStream>;

pub(super) async fn connect(address: SocketAddr) -> Stream {
    BufReader::new(TcpStream::connect(address).await.unwrap())
}

/// The next answer, or nothing when the other side has closed.
pub(super) async fn next(stream: &mut Stream) -> Option<Answered> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_closed) if head.is_empty() => return None,
            Err(error) => panic!("{error} in {:?}", String::from_utf8_lossy(&head)),
        }
    }
    let head = String::from_utf8(head).unwrap().to_lowercase();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
    stream.read_exact(&mut body).await.unwrap();
    let body = String::from_utf8(body).unwrap();
    Some(Answered { status, head, body })
}

/// All answers to these bytes, until the other side closes.
async fn to_the_end(address: SocketAddr, bytes: &[u8]) -> Vec<Answered> {
    let mut stream = connect(address).await;
    // A close may come before all is written.
    let _ = stream.write_all(bytes).await;
    let mut answers = Vec::new();
    while let Some(answer) = next(&mut stream).await {
        answers.push(answer);
    }
    answers
}

fn with_plain_listener<F: Future<Output = ()>>(test: impl FnOnce(SocketAddr) -> F) {
    let runtime = plain();
    let (edge, threads) = edge(runtime.handle().clone());
    listening(runtime, edge, threads, |address, _| test(address));
}

const JSON: &str = "Content-Type: application/x-amz-json-1.0\r\n";
const LIST: &str = "X-Amz-Target: AWSStepFunctions.ListActivities\r\n";
const GOOD: &str = "POST / HTTP/1.1\r\nHost: localhost\r\n\
    Content-Type: application/x-amz-json-1.0\r\n\
    X-Amz-Target: AWSStepFunctions.ListActivities\r\nContent-Length: 2\r\n\r\n{}";

fn post(headers: &str, body: &str) -> String {
    let length = body.len();
    format!("POST / HTTP/1.1\r\nHost: localhost\r\n{headers}Content-Length: {length}\r\n\r\n{body}")
}

#[test]
fn a_refusal_leaves_the_connection_as_it_was() {
    let list = |body: &str| post(&format!("{JSON}{LIST}"), body);
    let to = |target: &str| post(&format!("{JSON}X-Amz-Target: {target}\r\n"), "{}");
    let of_kind = |kind: &str| post(&format!("Content-Type: {kind}\r\n{LIST}"), "{}");
    let by = |line: &str| {
        format!("{line} HTTP/1.1\r\nHost: localhost\r\n{JSON}{LIST}Content-Length: 0\r\n\r\n")
    };
    let unknown = "UnknownOperationException";
    let broken = "SerializationException";
    let mut cases: Vec<(String, u16, &str)> = vec![
        (post(JSON, "{}"), 400, unknown),
        (post(LIST, "{}"), 400, unknown),
        (to("AWSStepFunctions.Nonsense"), 400, unknown),
        (to("AWSStepFunctions.listActivities"), 400, unknown),
        (to("AmazonSWF.ListActivities"), 400, unknown),
        (to("ListActivities"), 400, unknown),
        (to("AWSStepFunctions.ListActivities\u{e9}"), 400, unknown),
        (by("PUT /"), 404, unknown),
        (by("DELETE /"), 404, unknown),
        (by("PATCH /"), 404, unknown),
        (by("OPTIONS /"), 404, unknown),
        (by("BREW /"), 404, unknown),
        (by("POST /x"), 404, unknown),
        (by("POST //"), 404, unknown),
        (by("GET /x"), 404, "not found"),
        (list(""), 400, broken),
        (list("{"), 400, broken),
        (list("[]"), 400, broken),
        (list("null"), 400, broken),
        (list("{}{}"), 400, broken),
        (list("\u{feff}{}"), 400, broken),
        (list("{\"maxResults\":1e400}"), 400, broken),
        (list("{\"maxResults\":\"1\"}"), 400, broken),
        (list("{\"maxResults\":1,\"maxResults\":2}"), 400, broken),
        (list("{\"nextToken\":\"\\ud800\"}"), 400, broken),
        (
            list(&format!(
                "{{\"x\":{}{}}}",
                "[".repeat(100_000),
                "]".repeat(100_000)
            )),
            400,
            broken,
        ),
        (list("{\"maxResults\":1001}"), 400, "ValidationException"),
        (list("{\"nextToken\":\"x\"}"), 400, "InvalidToken"),
        // No body, and no word of one.
        (
            format!("POST / HTTP/1.1\r\nHost: localhost\r\n{JSON}{LIST}\r\n"),
            400,
            broken,
        ),
    ];
    for kind in [
        "text/plain",
        "application/json",
        "multipart/form-data; boundary=x",
        "application/x-www-form-urlencoded",
        "application/x-amz-json-1.1",
        "",
        "application/cbor",
    ] {
        cases.push((of_kind(kind), 400, unknown));
    }
    with_plain_listener(|address| async move {
        let mut stream = connect(address).await;
        for (request, status, said) in cases {
            stream.write_all(request.as_bytes()).await.unwrap();
            let answer = next(&mut stream).await.expect(&request);
            assert_eq!(answer.status, status, "{request}{answer:?}");
            assert!(answer.body.contains(said), "{request}{answer:?}");
            assert!(answer.head.contains("x-amzn-requestid: "), "{answer:?}");
            assert!(!answer.head.contains("access-control"), "{answer:?}");
            // Whatever was said before, the next request is read from its start.
            stream.write_all(GOOD.as_bytes()).await.unwrap();
            let answer = next(&mut stream).await.expect(&request);
            assert_eq!((answer.status, &*answer.body), (200, "{\"activities\":[]}"));
        }
        for kind in [
            "application/x-amz-json-1.0; charset=utf-8",
            "Application/X-Amz-JSON-1.0",
        ] {
            stream.write_all(of_kind(kind).as_bytes()).await.unwrap();
            assert_eq!(next(&mut stream).await.unwrap().status, 200, "{kind}");
        }
    });
}

#[test]
fn bytes_that_are_no_utf_8_are_refused() {
    with_plain_listener(|address| async move {
        let mut stream = connect(address).await;
        for body in [
            &b"{\"x\":\"\xff\xfe\"}"[..],
            b"\xef\xbb\xbf{}",
            b"{\"x\":\"\xed\xa0\x80\"}",
        ] {
            let head = format!("POST / HTTP/1.1\r\nHost: localhost\r\n{JSON}{LIST}");
            let mut request = format!("{head}Content-Length: {}\r\n\r\n", body.len()).into_bytes();
            request.extend_from_slice(body);
            stream.write_all(&request).await.unwrap();
            let answer = next(&mut stream).await.unwrap();
            assert_eq!(answer.status, 400, "{body:?}");
            assert!(answer.body.contains("SerializationException"), "{answer:?}");
        }
    });
}

#[test]
fn who_speaks_to_another_name_is_refused() {
    let cases = [
        ("", 400, "BadRequestException"),
        (
            "Host: localhost\r\nHost: localhost\r\n",
            400,
            "BadRequestException",
        ),
        ("Host: evil.example\r\n", 403, "AccessDeniedException"),
        ("Host: \r\n", 403, "AccessDeniedException"),
        (
            "Host: localhost\r\nOrigin: http://evil.example\r\n",
            403,
            "AccessDeniedException",
        ),
        (
            "Host: localhost\r\nOrigin: null\r\n",
            403,
            "AccessDeniedException",
        ),
    ];
    with_plain_listener(|address| async move {
        for (headers, status, said) in cases {
            let request =
                format!("POST / HTTP/1.1\r\n{headers}{JSON}{LIST}Content-Length: 2\r\n\r\n{{}}");
            let answers = to_the_end(address, request.as_bytes()).await;
            let [answer] = &answers[..] else {
                panic!("{request}{answers:?}")
            };
            assert_eq!(answer.status, status, "{request}{answer:?}");
            assert!(answer.body.contains(said), "{request}{answer:?}");
        }
    });
}

/// What a proxy in front and we might read differently. Behind each stands a request that would be
/// answered 200 if it were taken for one.
#[test]
fn what_can_be_read_in_two_ways_is_refused_and_closed() {
    let post = |headers: &str, body: &str| {
        format!("POST / HTTP/1.1\r\nHost: localhost\r\n{JSON}{LIST}{headers}\r\n{body}")
    };
    let chunked = |chunks: &str| post("Transfer-Encoding: chunked\r\n", chunks);
    let mut cases = vec![
        post(
            "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n",
            "0\r\n\r\n",
        ),
        post(
            "Transfer-Encoding: chunked\r\nContent-Length: 2\r\n",
            "2\r\n{}\r\n0\r\n\r\n",
        ),
        post(
            "transfer-encoding: Chunked\r\nCONTENT-LENGTH: 0\r\n",
            "2\r\n{}\r\n0\r\n\r\n",
        ),
        post("Content-Length: 2\r\nContent-Length: 3\r\n", "{}"),
        post("Content-Length: 2, 2\r\n", "{}"),
        post("Content-Length: +2\r\n", "{}"),
        post("Content-Length: -2\r\n", "{}"),
        post("Content-Length: 0x2\r\n", "{}"),
        post("Content-Length: 2 2\r\n", "{}"),
        post("Content-Length:\r\n", "{}"),
        post("Content-Length: 18446744073709551618\r\n", "{}"),
        post("Content-Length : 2\r\n", "{}"),
        post(" Content-Length: 2\r\n", "{}"),
        post("Content-Length: 2\r\n X: obs-fold\r\n", "{}"),
        post("Content-Length: 2\r\nX: a\r\n\tContent-Length: 3\r\n", "{}"),
        post("Content-Length: 2\nX: bare line feed\r\n", "{}"),
        post("Content-Length: 2\r\nX: a\rb\r\n", "{}"),
        post("Content-Length: 2\r\nX: a\0b\r\n", "{}"),
        post("Content-Length: 2\r\nno colon\r\n", "{}"),
        post("Content-Length: 2\r\nX\u{7f}: y\r\n", "{}"),
        post("Content-Length: 2\r\n: y\r\n", "{}"),
        post("Transfer-Encoding: xchunked\r\n", "2\r\n{}\r\n0\r\n\r\n"),
        post(
            "Transfer-Encoding: chunked, identity\r\n",
            "2\r\n{}\r\n0\r\n\r\n",
        ),
        post("Transfer-Encoding: identity\r\n", "{}"),
        post("Transfer-Encoding:\r\n", "{}"),
        chunked("fffffffffffffffff\r\n{}\r\n0\r\n\r\n"),
        chunked("10000000000000002\r\n{}\r\n0\r\n\r\n"),
        chunked("+2\r\n{}\r\n0\r\n\r\n"),
        chunked("-2\r\n{}\r\n0\r\n\r\n"),
        chunked("0x2\r\n{}\r\n0\r\n\r\n"),
        chunked("\r\n{}\r\n0\r\n\r\n"),
        chunked("2\n{}\r\n0\r\n\r\n"),
        chunked("2\r\n{}0\r\n\r\n"),
        chunked("2\r\n{}XX0\r\n\r\n"),
    ];
    let plain = post("Content-Length: 2\r\n", "{}");
    cases.extend([
        plain.replace("\r\n", "\n"),
        plain.replacen("\r\n", "\n", 1),
        plain.replacen("HTTP/1.1", "HTTP/1.1 ", 1),
        plain.replacen("HTTP/1.1", "HTTP/9.1", 1),
        plain.replacen(" HTTP/1.1", "", 1),
        plain.replacen("POST", "PO ST", 1),
        plain.replacen("POST", "POST\0", 1),
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(),
        "\u{16}\u{3}\u{1}\0\u{5}\u{1}\0\0\r\n\r\n".to_owned(),
    ]);
    with_plain_listener(|address| async move {
        for request in cases {
            let bytes = format!("{request}{GOOD}");
            let answers = to_the_end(address, bytes.as_bytes()).await;
            // hyper closes without a word on the preface of HTTP/2.
            let silent = request.starts_with("PRI");
            assert_eq!(
                answers.len(),
                usize::from(!silent),
                "{request:?} {answers:?}"
            );
            for answer in answers {
                assert_eq!(answer.status, 400, "{request:?} {answer:?}");
            }
        }
    });
}

/// Who sends chunks is served, and then the connection closes: see `framing`.
#[test]
fn chunks_are_read_once() {
    with_plain_listener(|address| async move {
        let request = format!(
            "POST / HTTP/1.1\r\nHost: localhost\r\n{JSON}{LIST}Transfer-Encoding: chunked\r\n\r\n\
             1\r\n{{\r\n1;ext=1\r\n}}\r\n0\r\nTrailer: x\r\n\r\n{GOOD}"
        );
        let answers = to_the_end(address, request.as_bytes()).await;
        let [answer] = &answers[..] else {
            panic!("{answers:?}")
        };
        assert_eq!(answer.status, 200);
    });
}

#[test]
fn what_is_too_large_is_refused_before_it_is_read() {
    let head = format!("POST / HTTP/1.1\r\nHost: localhost\r\n{JSON}{LIST}");
    let most = api::BODY_BYTES_MAX;
    let chunk = format!("{most:x}\r\n{}\r\n1\r\nx\r\n", "x".repeat(most));
    let cases = [
        (
            format!("{head}Content-Length: {}\r\n\r\n", 1_u64 << 30),
            413,
        ),
        (format!("{head}Content-Length: {}\r\n\r\n", most + 1), 413),
        (
            format!("{head}Transfer-Encoding: chunked\r\n\r\n{chunk}"),
            413,
        ),
        (
            format!("{head}Content-Encoding: gzip\r\nContent-Length: 9\r\n\r\n"),
            415,
        ),
        (
            format!("{head}Content-Encoding: br\r\nTransfer-Encoding: chunked\r\n\r\n"),
            415,
        ),
        (
            format!("{head}Content-Encoding: identity, gzip\r\nContent-Length: 9\r\n\r\n"),
            415,
        ),
        (
            format!("{head}X: {}\r\n\r\n", "x".repeat(2 * super::HEAD_BYTES_MAX)),
            431,
        ),
        (format!("{head}{}\r\n", "X: x\r\n".repeat(1_000)), 431),
    ];
    with_plain_listener(|address| async move {
        for (request, status) in cases {
            let mut stream = connect(address).await;
            stream.write_all(request.as_bytes()).await.unwrap();
            let answer = next(&mut stream).await.unwrap();
            assert_eq!(answer.status, status, "{:.200}", answer.head);
            if status != 431 {
                assert!(answer.head.contains("connection: close"), "{}", answer.head);
            }
            assert!(next(&mut stream).await.is_none(), "it closes");
        }
        let body = format!("{{\"x\":\"{}\"}}", "x".repeat(most - 8));
        let request = format!("{head}Content-Length: {most}\r\n\r\n{body}");
        let mut stream = connect(address).await;
        stream.write_all(request.as_bytes()).await.unwrap();
        assert_eq!(next(&mut stream).await.unwrap().status, 200);
    });
}

/// Bodies that are under way share a bound, those of unknown length count as the longest.
#[test]
fn bodies_in_memory_are_bounded_together() {
    let head = format!("POST / HTTP/1.1\r\nHost: localhost\r\n{JSON}{LIST}");
    for (first, fits) in [
        (format!("{head}Content-Length: 500000\r\n\r\n{{"), true),
        (format!("{head}Content-Length: 1048576\r\n\r\n{{"), false),
        (
            format!("{head}Transfer-Encoding: chunked\r\n\r\n1\r\n{{\r\n"),
            false,
        ),
    ] {
        let runtime = plain();
        let (mut edge, threads) = edge(runtime.handle().clone());
        let bodies = Arc::new(Semaphore::new(1_025));
        edge.bodies = Arc::clone(&bodies);
        listening(runtime, edge, threads, |address, _| async move {
            let mut held = connect(address).await;
            held.write_all(first.as_bytes()).await.unwrap();
            while bodies.available_permits() == 1_025 {
                tokio::task::yield_now().await;
            }
            let mut stream = connect(address).await;
            stream.write_all(GOOD.as_bytes()).await.unwrap();
            let answer = next(&mut stream).await.unwrap();
            assert_eq!(answer.status, if fits { 200 } else { 503 }, "{first}");
            drop(held);
            while bodies.available_permits() < 1_025 {
                tokio::task::yield_now().await;
            }
            let mut stream = connect(address).await;
            stream.write_all(GOOD.as_bytes()).await.unwrap();
            assert_eq!(next(&mut stream).await.unwrap().status, 200);
        });
    }
}
