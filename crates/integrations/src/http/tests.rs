use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use proptest::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;
use crate::outbound::OutboundOptions;
use crate::{Connections, Endpoints, Functions, HttpSettings, IdempotencyKey};

const ARN: &str = "arn:aws:events:us-east-1:000000000000:connection/api/0";

/// A server that keeps what it was sent, and answers what `answer` says to the head.
struct Api {
    address: String,
    seen: Arc<Mutex<Vec<String>>>,
}

async fn api(answer: impl Fn(&str) -> String + Send + Sync + 'static) -> Api {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let (kept, answer) = (Arc::clone(&seen), Arc::new(answer));
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (kept, answer) = (Arc::clone(&kept), Arc::clone(&answer));
            tokio::spawn(async move {
                let mut buffer = vec![0; 65_536];
                while let Ok(length @ 1..) = stream.read(&mut buffer).await {
                    // Small requests come in one piece.
                    let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
                    let said = answer(&text);
                    kept.lock().unwrap().push(text);
                    if stream.write_all(said.as_bytes()).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    Api { address, seen }
}

impl Api {
    fn last(&self) -> String {
        self.seen
            .lock()
            .unwrap()
            .last()
            .cloned()
            .unwrap_or_default()
    }

    fn count(&self) -> usize {
        self.seen.lock().unwrap().len()
    }
}

fn said(status: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\n\r\n{body}")
}

fn ok(_: &str) -> String {
    said(
        "200 OK",
        "Content-Type: application/json\r\nA: 1\r\na: 2\r\n",
        r#"{"ok":1.50}"#,
    )
}

fn outbound(connections: Value, allow: &[&str]) -> Outbound {
    let connections: Connections = serde_json::from_value(connections).unwrap();
    Outbound::new(OutboundOptions {
        endpoints: Endpoints::default(),
        region: "us-east-1".to_owned(),
        clock: || SystemTime::UNIX_EPOCH,
        ticks: std::time::Instant::now,
        http: HttpSettings {
            allow: allow.iter().map(|it| it.parse().unwrap()).collect(),
            ..HttpSettings::default()
        },
        functions: Functions::default(),
        connections,
    })
    .unwrap()
}

/// One connection without credentials, to an endpoint that is allowed.
fn open(api: &Api) -> Outbound {
    outbound(json!({"api": {"hosts": [api.address]}}), &[&api.address])
}

async fn invoked(outbound: &Outbound, url: &str, more: Value) -> Outcome {
    let mut parameters = json!({
        "ApiEndpoint": url, "Method": "POST", "Authentication": {"ConnectionArn": ARN},
    });
    for (name, value) in more.as_object().unwrap() {
        parameters[name] = value.clone();
    }
    let parameters = Document::from_value(parameters);
    let call = Call {
        resource: "arn:aws:states:::http:invoke",
        parameters: &parameters,
        key: IdempotencyKey::of([9; 16], 2),
    };
    crate::call(outbound, call).await
}

#[tokio::test]
async fn a_task_with_all_its_fields_is_a_request_and_the_answer_a_result() {
    let api = api(ok).await;
    let url = format!("http://{}/orders?x=1&flag", api.address);
    let fields = json!({
        "Headers": {"X-A": "b", "X-Many": ["1", 2]},
        "QueryParameters": {"q": "a b&c", "n": 1, "many": ["x", "y"]},
        "RequestBody": {"id": 1.5},
    });
    let result = invoked(&open(&api), &url, fields).await.unwrap();
    let expected = json!({
        "ResponseBody": serde_json::from_str::<Value>(r#"{"ok":1.50}"#).unwrap(),
        "Headers": {"content-type": ["application/json"], "a": ["1", "2"], "content-length": ["11"]},
        "StatusCode": 200,
        "StatusText": "OK",
    });
    assert_eq!(result.value(), &expected);
    let seen = api.last();
    assert!(
        seen.starts_with("POST /orders?x=1&flag&q=a%20b%26c&n=1&many=x&many=y HTTP/1.1\r\n"),
        "{seen}"
    );
    let key = IdempotencyKey::of([9; 16], 2);
    for line in [
        "x-a: b\r\n",
        "x-many: 1\r\nx-many: 2\r\n",
        "content-type: application/json; charset=UTF-8\r\n",
        &format!("idempotency-key: {key}\r\n"),
        &format!("host: {}\r\n", api.address),
    ] {
        assert!(seen.contains(line), "{line} in {seen}");
    }
    assert!(seen.ends_with(r#"{"id":1.5}"#), "{seen}");
}

#[tokio::test]
async fn bodies_are_json_forms_or_texts() {
    let api = api(ok).await;
    let (outbound, url) = (open(&api), format!("http://{}/", api.address));
    let form = json!({"RequestBodyEncoding": "URL_ENCODED",
        "RequestEncodingOptions": {"ArrayFormat": "BRACKETS"}});
    let fields = json!({"RequestBody": {"a": [1, 2]}, "Transform": form});
    invoked(&outbound, &url, fields).await.unwrap();
    let seen = api.last();
    assert!(seen.ends_with("\r\n\r\na%5B%5D=1&a%5B%5D=2"), "{seen}");
    assert!(seen.contains("content-type: application/x-www-form-urlencoded\r\n"));
    let plain = json!({"RequestBody": "a text", "Headers": {"content-type": "text/plain"}});
    invoked(&outbound, &url, plain).await.unwrap();
    assert!(api.last().ends_with("\r\n\r\na text"));
    invoked(&outbound, &url, json!({"RequestBody": "a text"}))
        .await
        .unwrap();
    assert!(api.last().ends_with("\r\n\r\n\"a text\""));
    invoked(&outbound, &url, json!({"Method": "GET"}))
        .await
        .unwrap();
    assert!(!api.last().contains("idempotency-key"));
}

#[tokio::test]
async fn answers_that_are_no_success_have_names() {
    for (status, error, cause) in [
        ("404 Not Found", "States.Http.StatusCode.404", "Not Found"),
        ("302 Found", "States.Http.StatusCode.302", "Found"),
        (
            "503 Busy",
            "States.Http.StatusCode.503",
            "Service Unavailable",
        ),
    ] {
        let api = api(move |_: &str| said(status, "Location: /\r\n", "secret body")).await;
        let failed = invoked(&open(&api), &format!("http://{}/", api.address), json!({})).await;
        assert_eq!(failed.unwrap_err(), (error.to_owned(), cause.to_owned()));
        assert_eq!(api.count(), 1);
    }
    let large = api(|_: &str| said("200 OK", "", &"x".repeat(BODY_BYTES_MAX + 1))).await;
    let failed = invoked(
        &open(&large),
        &format!("http://{}/", large.address),
        json!({}),
    )
    .await;
    assert_eq!(failed.unwrap_err().0, "States.DataLimitExceeded");
    let (gone, address) = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        (
            outbound(json!({"api": {"hosts": [address]}}), &[&address]),
            address,
        )
    };
    let failed = invoked(&gone, &format!("http://{address}/"), json!({})).await;
    assert_eq!(failed.unwrap_err().0, "States.Http.Socket");
}

/// S29
#[tokio::test]
async fn what_would_change_the_request_itself_is_refused_before_it_is_sent() {
    let api = api(ok).await;
    let (outbound, url) = (open(&api), format!("http://{}/", api.address));
    for fields in [
        json!({"Headers": {"X-A": "b\r\nX-B: c"}}),
        json!({"Headers": {"X-A": "b\nX-B: c"}}),
        json!({"Headers": {"X-A": "b\u{0}"}}),
        json!({"Headers": {"X-A\r\nX-B": "c"}}),
        json!({"Headers": {"X A": "c"}}),
        json!({"Headers": {"": "c"}}),
        json!({"Headers": {"Host": "evil.test"}}),
        json!({"Headers": {"hOsT": "evil.test"}}),
        json!({"Headers": {"Authorization": "Bearer x"}}),
        json!({"Headers": {"Proxy-Authorization": "x"}}),
        json!({"Headers": {"X-Amz-Security-Token": "x"}}),
        json!({"Headers": {"x-amzn-trace-id": "x"}}),
        json!({"Headers": {"X-Forwarded-For": "127.0.0.1"}}),
        json!({"Headers": {"Content-Length": "0"}}),
        json!({"Headers": {"Transfer-Encoding": "chunked"}}),
        json!({"Headers": {"Connection": "upgrade"}}),
        json!({"Headers": "X-A: b"}),
        json!({"Method": "GET / HTTP/1.1\r\nX-A: b\r\n\r\nGET"}),
        json!({"Method": "get"}),
        json!({"Method": "CONNECT"}),
        json!({"Method": "TRACE"}),
        json!({"Method": null}),
        json!({"ApiEndpoint": format!("{url} HTTP/1.1\r\nX-A: b\r\n")}),
        json!({"ApiEndpoint": format!("{url}a b")}),
        json!({"ApiEndpoint": format!("http://user:word@{}/", api.address)}),
        json!({"ApiEndpoint": "ftp://a/"}),
        json!({"ApiEndpoint": "file:///etc/passwd"}),
        json!({"ApiEndpoint": "/relative"}),
        json!({"ApiEndpoint": ""}),
        json!({"ApiEndpoint": 1}),
        json!({"QueryParameters": "a=b"}),
        json!({"Transform": {"RequestBodyEncoding": "GZIP"}}),
        json!({"Transform": {"RequestEncodingOptions": {"ArrayFormat": "x"}}}),
        json!({"RequestBody": [1], "Transform": {"RequestBodyEncoding": "URL_ENCODED"}}),
        json!({"Authentication": {}}),
    ] {
        let failed = invoked(&outbound, &url, fields.clone()).await;
        assert_eq!(
            failed.expect_err(&fields.to_string()).0,
            "States.Runtime",
            "{fields}"
        );
    }
    assert_eq!(api.count(), 0);
}

/// S26, S31
#[tokio::test]
async fn who_may_not_be_asked_is_not_and_the_cause_says_what_to_change() {
    let (api, other) = (api(ok).await, api(ok).await);
    let key = json!({"name": "X-Key", "value": "hidden"});
    let (mine, url) = (&api.address, format!("http://{}/", api.address));
    for (connections, allow, says) in [
        (json!({}), vec![], "[connections.api]"),
        (
            json!({"api": {"hosts": [other.address], "api_key": key}}),
            vec![mine.as_str()],
            "hosts",
        ),
        (
            json!({"api": {"hosts": [mine], "api_key": key}}),
            vec![],
            "[http]",
        ),
    ] {
        let outbound = outbound(connections, &allow);
        let (error, cause) = invoked(&outbound, &url, json!({})).await.unwrap_err();
        assert_eq!(error, "States.Http.InvocationFailed");
        assert!(cause.contains(says) && !cause.contains("hidden"), "{cause}");
    }
    // Encrypted, it is the address that is looked at.
    let outbound = outbound(json!({"api": {"hosts": [mine]}}), &[]);
    let failed = invoked(&outbound, &format!("https://{mine}/"), json!({})).await;
    let (error, cause) = failed.unwrap_err();
    assert_eq!(error, "States.Http.InvocationFailed");
    assert!(cause.contains("not one of the public internet"), "{cause}");
    assert_eq!((api.count(), other.count()), (0, 0));
}

#[tokio::test]
async fn what_the_connection_says_wins() {
    let api = api(ok).await;
    let connection = json!({
        "hosts": [api.address],
        "api_key": {"name": "X-Key", "value": "of the connection"},
        "headers": {"X-Tenant": "connection"},
        "query": {"q": "connection"},
        "body": {"b": "connection"},
    });
    let outbound = outbound(json!({ "api": connection }), &[&api.address]);
    let url = format!("http://{}/?q=url&r=url", api.address);
    let fields = json!({
        "Headers": {"x-key": "task", "x-tenant": "task", "x-other": "task"},
        "QueryParameters": {"q": "task"},
        "RequestBody": {"a": 1, "b": "task"},
    });
    invoked(&outbound, &url, fields).await.unwrap();
    let seen = api.last();
    assert!(
        seen.starts_with("POST /?r=url&q=connection HTTP/1.1\r\n"),
        "{seen}"
    );
    assert!(seen.contains("x-key: of the connection\r\n") && seen.contains("x-other: task\r\n"));
    assert!(seen.contains("x-tenant: connection\r\n") && !seen.contains("x-tenant: task"));
    assert!(seen.ends_with(r#"{"a":1,"b":"connection"}"#), "{seen}");
    assert_eq!(seen.matches("x-key").count(), 1);
}

#[tokio::test]
async fn who_tries_a_state_sees_what_was_sent_and_secrets_only_when_asked() {
    let api = api(ok).await;
    let connection = json!({
        "hosts": [api.address],
        "api_key": {"name": "X-Key", "value": "hidden"},
        "query": {"q": "hidden"},
        "body": {"b": "hidden"},
    });
    let outbound = outbound(json!({ "api": connection }), &[&api.address]);
    let url = format!("http://{}/orders", api.address);
    let parameters = Document::from_value(json!({
        "ApiEndpoint": url, "Method": "POST", "Authentication": {"ConnectionArn": ARN},
        "RequestBody": {"a": 1}, "Headers": {"X-A": "b"},
    }));
    for reveals_secrets in [false, true] {
        let call = Call {
            resource: "arn:aws:states:::http:invoke",
            parameters: &parameters,
            key: IdempotencyKey::of([9; 16], 2),
        };
        let (outcome, exchange) = crate::call_traced(&outbound, call, reveals_secrets).await;
        let exchange = exchange.unwrap();
        assert!(outcome.is_ok());
        assert_eq!(format!("{exchange:?}").contains("hidden"), reveals_secrets);
        assert_eq!(
            (exchange.protocol.as_str(), exchange.method.as_str()),
            ("http", "POST")
        );
        assert!(
            exchange.headers.starts_with("[x-a: b, "),
            "{}",
            exchange.headers
        );
        let answered = exchange.response.unwrap();
        assert_eq!(
            (answered.status_code, answered.status_message.as_str()),
            (200, "OK")
        );
        assert_eq!(answered.body, r#"{"ok":1.50}"#);
        if !reveals_secrets {
            assert_eq!(
                (exchange.url, exchange.body.as_str()),
                (url.clone(), r#"{"a":1}"#)
            );
        }
        assert!(api.last().contains("x-key: hidden"), "sent all the same");
    }
}

#[tokio::test]
async fn tokens_are_fetched_once_and_again_when_they_are_refused() {
    let tokens = Arc::new(Mutex::new(0));
    let given = Arc::clone(&tokens);
    let api = api(move |request: &str| {
        let mut given = given.lock().unwrap();
        if request.starts_with("POST /token") {
            *given += 1;
            let body = format!(r#"{{"access_token":"t{given}","expires_in":3600}}"#);
            return said("200 OK", "", &body);
        }
        // The first token is withdrawn early.
        match request.contains("authorization: Bearer t1\r\n") {
            true => said("401 Unauthorized", "", ""),
            false => ok(request),
        }
    })
    .await;
    let connection = json!({
        "hosts": [api.address],
        "oauth": {
            "token_url": format!("http://{}/token", api.address),
            "client_id": "me", "client_secret": "hidden&more", "body": {"scope": "orders"},
        },
    });
    let outbound = outbound(json!({ "api": connection }), &[&api.address]);
    let url = format!("http://{}/orders", api.address);
    for _ in 0..3 {
        invoked(&outbound, &url, json!({})).await.unwrap();
    }
    assert_eq!(*tokens.lock().unwrap(), 2);
    let seen = api.seen.lock().unwrap().clone();
    assert_eq!(seen.len(), 6, "two tokens, one refusal, three answers");
    let form =
        "grant_type=client_credentials&client_id=me&client_secret=hidden%26more&scope=orders";
    assert!(seen[0].ends_with(form), "{}", seen[0]);
    assert!(
        seen[5].contains("authorization: Bearer t2\r\n"),
        "{}",
        seen[5]
    );
}

#[tokio::test]
async fn a_token_that_is_not_given_is_no_secret_told() {
    let api = api(|_: &str| said("400 Bad Request", "", "client_secret=hidden is wrong")).await;
    let connection = json!({
        "hosts": [api.address],
        "oauth": {"token_url": format!("http://{}/token?key=hidden", api.address),
            "client_id": "me", "client_secret": "hidden"},
    });
    let outbound = outbound(json!({ "api": connection }), &[&api.address]);
    let url = format!("http://{}/orders", api.address);
    let (error, cause) = invoked(&outbound, &url, json!({})).await.unwrap_err();
    assert_eq!(error, "States.Http.InvocationFailed");
    assert!(
        cause.contains("400") && !cause.contains("hidden"),
        "{cause}"
    );
}

proptest! {
    /// S29: whatever stands in the fields, nothing but the request that was meant can come of it.
    #[test]
    fn no_text_breaks_out_of_a_request(
        name in ".{0,20}", value in "[\\x00-\\x7f\u{80}-\u{ff}]{0,20}", path in ".{0,20}", query in ".{0,20}",
    ) {
        let parameters = json!({
            "ApiEndpoint": format!("https://a.test/{path}"), "Method": "POST",
            "Authentication": {"ConnectionArn": ARN},
            "Headers": {name.clone(): value}, "QueryParameters": {query.clone(): query},
        });
        let Ok(asked) = Asked::read(&parameters) else { return Ok(()) };
        prop_assert_eq!(asked.endpoint.to_string(), "a.test:443");
        let key = IdempotencyKey::of([0; 16], 1);
        let Ok(request) = asked.request(&Default::default(), key) else { return Ok(()) };
        let uri = request.uri().to_string();
        prop_assert!(uri.starts_with("https://a.test/"), "{}", uri);
        prop_assert!(uri.bytes().all(|byte| byte > b' ' && byte != 0x7f), "{}", uri);
        for (name, value) in request.headers() {
            prop_assert!(!value.as_bytes().iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0)));
            prop_assert!(name != "host" && name != "authorization");
        }
    }
}
