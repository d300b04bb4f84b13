//! What is refused before anything is decided (S7, S9, S15, S17).

use std::io::Write;

use serde_json::json;

use crate::process::Server;
use crate::wire::{self, connect, is_closed, raw, read_answer};

const HEAD: &str = "POST / HTTP/1.1\r\nHost: localhost\r\n\
     Content-Type: application/x-amz-json-1.0\r\nX-Amz-Target: AWSStepFunctions.ListActivities\r\n";

#[test]
fn a_body_that_says_it_is_too_large_is_not_read() {
    let server = Server::start(&["--in-memory"]);
    let mut stream = connect(server.address);
    write!(stream, "{HEAD}Content-Length: 1073741824\r\n\r\n").unwrap();
    // Not a byte of the body has been sent.
    let answer = read_answer(&mut stream).unwrap();
    assert_eq!(
        (answer.status, answer.exception().as_str()),
        (413, "RequestEntityTooLargeException")
    );
    assert_eq!(answer.header("connection"), Some("close"));
    assert!(is_closed(&mut stream));
}

#[test]
fn an_endless_body_is_cut_at_the_limit() {
    let server = Server::start(&["--in-memory"]);
    let mut stream = connect(server.address);
    write!(stream, "{HEAD}Transfer-Encoding: chunked\r\n\r\n").unwrap();
    let chunk = [b"10000\r\n".to_vec(), vec![b' '; 0x10000], b"\r\n".to_vec()].concat();
    // One more than fits, and the client still gets its answer.
    for _ in 0..17 {
        let _ = stream.write_all(&chunk);
    }
    let answer = read_answer(&mut stream).unwrap();
    assert_eq!(answer.status, 413);
    assert_eq!(answer.header("connection"), Some("close"));
}

#[test]
fn a_client_that_sends_too_much_still_reads_why() {
    let server = Server::start(&["--in-memory"]);
    let input = json!({"name": "n".repeat(2 << 20)});
    let answer = server.call("CreateActivity", input);
    assert_eq!(answer.exception(), "RequestEntityTooLargeException");
}

#[test]
fn a_body_of_the_largest_size_is_served() {
    let server = Server::start(&["--in-memory"]);
    let body = format!("{{{}}}", " ".repeat((1 << 20) - 2));
    let request = format!("{HEAD}Content-Length: {}\r\n\r\n{body}", body.len());
    assert_eq!(raw(server.address, request.as_bytes()).unwrap().status, 200);
}

#[test]
fn packed_bodies_are_not_unpacked() {
    let server = Server::start(&["--in-memory"]);
    for encoding in ["gzip", "br", "deflate", "gzip, identity"] {
        let mut stream = connect(server.address);
        write!(
            stream,
            "{HEAD}Content-Encoding: {encoding}\r\nContent-Length: 10485760\r\n\r\n"
        )
        .unwrap();
        assert_eq!(read_answer(&mut stream).unwrap().status, 415, "{encoding}");
    }
    let request = format!("{HEAD}Content-Encoding: identity\r\nContent-Length: 2\r\n\r\n{{}}");
    assert_eq!(raw(server.address, request.as_bytes()).unwrap().status, 200);
}

#[test]
fn requests_that_two_readers_may_read_differently_are_refused() {
    let server = Server::start(&["--in-memory"]);
    for (what, rest) in [
        (
            "two lengths",
            "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        ),
        ("a signed length", "Content-Length: +2\r\n\r\n{}"),
        ("a negative length", "Content-Length: -2\r\n\r\n{}"),
        (
            "a length that overflows",
            "Content-Length: 18446744073709551618\r\n\r\n{}",
        ),
        ("a list of lengths", "Content-Length: 2, 3\r\n\r\n{}"),
        (
            "length, then chunks",
            "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        ),
        (
            "chunks, then length",
            "Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        ),
        (
            "chunks not last",
            "Transfer-Encoding: chunked, gzip\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        ),
        (
            "unknown coding",
            "Transfer-Encoding: xchunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        ),
        (
            "a chunk that overflows",
            "Transfer-Encoding: chunked\r\n\r\n10000000000000002\r\n{}\r\n0\r\n\r\n",
        ),
        (
            "a signed chunk",
            "Transfer-Encoding: chunked\r\n\r\n+2\r\n{}\r\n0\r\n\r\n",
        ),
        (
            "a folded header",
            "X-A: b\r\n c\r\nContent-Length: 2\r\n\r\n{}",
        ),
        ("a space before the colon", "Content-Length : 2\r\n\r\n{}"),
        ("lines without returns", "X-A: b\nContent-Length: 2\n\n{}"),
        (
            "a NUL in a header",
            "X-A: b\0c\r\nContent-Length: 2\r\n\r\n{}",
        ),
    ] {
        let mut stream = connect(server.address);
        let _ = stream.write_all(format!("{HEAD}{rest}").as_bytes());
        if let Some(answer) = read_answer(&mut stream) {
            assert_eq!(answer.status, 400, "{what}: {}", answer.body);
            assert!(is_closed(&mut stream), "{what}");
        }
    }
    // And it still serves.
    assert_eq!(server.call("ListActivities", json!({})).status, 200);
}

#[test]
fn what_is_no_operation_is_refused_as_aws_does() {
    let server = Server::start(&["--in-memory"]);
    for (request, status) in [
        (
            "PUT / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n",
            404,
        ),
        (
            "POST /other HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n",
            404,
        ),
        (
            "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n",
            400,
        ),
        (
            "POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: DynamoDB.ListTables\r\nContent-Length: 0\r\n\r\n",
            400,
        ),
    ] {
        let answer = raw(server.address, request.as_bytes()).unwrap();
        assert_eq!(
            (answer.status, answer.exception().as_str()),
            (status, "UnknownOperationException")
        );
    }
    let options = "OPTIONS / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n";
    let answer = raw(server.address, options.as_bytes()).unwrap();
    assert!(answer.header("access-control-allow-origin").is_none());
}

#[test]
fn http_2_is_not_spoken() {
    let server = Server::start(&["--in-memory"]);
    let answer = raw(
        server.address,
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0",
    );
    assert!(answer.is_none_or(|answer| answer.status >= 400));
}

#[test]
fn requests_sent_ahead_are_answered_in_order() {
    let server = Server::start(&["--in-memory"]);
    let mut stream = connect(server.address);
    let mut bytes = Vec::new();
    for name in ["a", "b", "c"] {
        bytes.extend(wire::request(
            server.address,
            "CreateActivity",
            &json!({"name": name}),
        ));
    }
    stream.write_all(&bytes).unwrap();
    for name in ["a", "b", "c"] {
        let answer = read_answer(&mut stream).unwrap();
        assert!(
            answer.body.contains(&format!("activity:{name}\"")),
            "{}",
            answer.body
        );
    }
}
