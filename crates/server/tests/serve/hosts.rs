//! Who may be spoken to (S44 to S46).

use crate::process::Server;
use crate::wire::raw;

const CALL: &str = "Content-Type: application/x-amz-json-1.0\r\n\
     X-Amz-Target: AWSStepFunctions.ListActivities\r\nContent-Length: 2\r\n\r\n{}";

#[test]
fn only_names_of_this_server_are_served() {
    let server = Server::start(&["--in-memory", "--allowed-hosts", "sfn.test"]);
    let port = server.address.port();
    let status = |head: &str| {
        let request = format!("POST / HTTP/1.1\r\n{head}{CALL}");
        raw(server.address, request.as_bytes()).unwrap().status
    };
    for host in [
        "localhost",
        "127.0.0.1",
        "[::1]",
        "sync-localhost",
        "sync-127.0.0.1",
        "sfn.test",
        "sync-sfn.test",
    ] {
        assert_eq!(status(&format!("Host: {host}\r\n")), 200, "{host}");
        assert_eq!(status(&format!("Host: {host}:{port}\r\n")), 200, "{host}");
    }
    for host in [
        "evil.example",
        "localhost.evil.example",
        "0.0.0.0",
        "127.0.0.2",
        "",
    ] {
        assert_eq!(status(&format!("Host: {host}\r\n")), 403, "{host}");
    }
    assert_eq!(status(""), 400, "no Host");
    assert_eq!(
        status("Host: localhost\r\nHost: evil.example\r\n"),
        400,
        "two Hosts"
    );
    assert_eq!(
        status(&format!(
            "Host: localhost\r\nOrigin: http://localhost:{port}\r\n"
        )),
        200
    );
    for origin in [
        "null",
        "http://evil.example",
        "http://localhost:1",
        "https://localhost",
    ] {
        assert_eq!(
            status(&format!("Host: localhost\r\nOrigin: {origin}\r\n")),
            403,
            "{origin}"
        );
    }
    let absolute = format!("POST http://evil.example/ HTTP/1.1\r\nHost: localhost\r\n{CALL}");
    assert_eq!(
        raw(server.address, absolute.as_bytes()).unwrap().status,
        403
    );
    let metrics = "GET /metrics HTTP/1.1\r\nHost: evil.example\r\n\r\n";
    assert_eq!(raw(server.address, metrics.as_bytes()).unwrap().status, 403);
    assert!(server.metric("requests_foreign_total") >= 11.0);
}

#[test]
fn what_a_page_can_send_unasked_reaches_no_operation() {
    let server = Server::start(&["--in-memory"]);
    for kind in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "application/json",
    ] {
        let request = format!(
            "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\n\
             X-Amz-Target: AWSStepFunctions.ListActivities\r\nContent-Length: 2\r\n\r\n{{}}"
        );
        let answer = raw(server.address, request.as_bytes()).unwrap();
        assert_eq!(
            (answer.status, answer.exception().as_str()),
            (400, "UnknownOperationException")
        );
    }
}
