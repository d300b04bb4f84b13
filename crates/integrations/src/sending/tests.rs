use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;

/// Names that the test knows, each with the answers that it gets one after the other.
fn names(known: &[(&str, &[&[&str]])]) -> Lookups {
    let known: BTreeMap<String, Vec<Vec<IpAddr>>> = known
        .iter()
        .map(|(name, answers)| {
            let read = |answer: &&[&str]| answer.iter().map(|it| it.parse().unwrap()).collect();
            (name.to_string(), answers.iter().map(read).collect())
        })
        .collect();
    let asked = Mutex::new(BTreeMap::<String, usize>::new());
    Lookups::new(move |name| {
        let answers = known.get(name).ok_or(io::ErrorKind::NotFound)?;
        let mut asked = asked.lock().unwrap();
        let turn = asked.entry(name.to_owned()).or_default();
        let answer = answers[(*turn).min(answers.len() - 1)].clone();
        *turn += 1;
        Ok(answer)
    })
}

fn settings(allow: &[String]) -> HttpSettings {
    HttpSettings {
        allow: allow.iter().map(|it| it.parse().unwrap()).collect(),
        ..HttpSettings::default()
    }
}

fn get(url: &str) -> Request<Full<Bytes>> {
    Request::get(url).body(Full::default()).unwrap()
}

const SHORT: Bounds = Bounds {
    body_bytes_max: 1_000,
    time: Duration::from_secs(2),
};

/// A server that gives each connection to the test, and counts them.
async fn server<F>(
    serve: impl Fn(TcpStream) -> F + Send + 'static,
) -> (SocketAddr, Arc<AtomicUsize>)
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::Relaxed);
            tokio::spawn(serve(stream));
        }
    });
    (address, count)
}

/// Reads a request's head and answers with these bytes, again and again.
async fn answering(mut stream: TcpStream, answer: &'static [u8]) {
    let mut buffer = [0; 4096];
    while stream
        .read(&mut buffer)
        .await
        .is_ok_and(|length| length > 0)
    {
        if stream.write_all(answer).await.is_err() {
            return;
        }
    }
}

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// S26: forty ways to name an inner address, and none leads to a connection.
#[tokio::test]
async fn inner_endpoints_are_refused_before_connecting_however_they_are_named() {
    let (address, connections) = server(|stream| answering(stream, OK)).await;
    let port = address.port();
    let inner: &[&[&str]] = &[&["127.0.0.1"]];
    let lookups = names(&[
        ("inner.test", inner),
        ("one-of-two.test", &[&["1.1.1.1", "127.0.0.1"]]),
        ("six.test", &[&["::1"]]),
        ("mapped.test", &[&["::ffff:127.0.0.1"]]),
        ("metadata.test", &[&["169.254.169.254"]]),
        ("metadata6.test", &[&["fd00:ec2::254"]]),
        ("none.test", &[&[]]),
        // What resolvers of systems make of addresses in other writings.
        ("2130706433", inner),
        ("0x7f000001", inner),
        ("017700000001", inner),
        ("127.1", inner),
        ("127.0.1", inner),
        ("0x7f.0.0.1", inner),
        ("0177.0.0.1", inner),
        ("0", &[&["0.0.0.0"]]),
        ("localhost", &[&["::1", "127.0.0.1"]]),
        ("a.localhost", inner),
    ]);
    let sender = Sender::with(&settings(&[]), Instant::now, lookups).unwrap();
    let hosts = [
        "127.0.0.1",
        "127.0.0.2",
        "127.255.255.254",
        "0.0.0.0",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "169.254.170.2",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[0:0:0:0:0:ffff:169.254.169.254]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[64:ff9b:1::1]",
        "[2002:7f00:1::]",
        "[2001::1]",
        "[fe80::1]",
        "[fd00:ec2::254]",
        "[ff02::1]",
        "[fec0::1]",
        "inner.test",
        "INNER.TEST.",
        "one-of-two.test",
        "six.test",
        "mapped.test",
        "metadata.test",
        "metadata6.test",
        "2130706433",
        "0x7f000001",
        "017700000001",
        "127.1",
        "127.0.1",
        "0x7f.0.0.1",
        "0177.0.0.1",
        "0",
        "localhost",
        "a.localhost",
        "LOCALHOST",
    ];
    assert!(hosts.len() >= 40);
    for host in hosts {
        let request = get(&format!("http://{host}:{port}/"));
        let refused = sender.send(NamedBy::Definition, request, SHORT).await;
        let why = refused.expect_err(host);
        assert!(matches!(why, NotTold::NotAllowed(_)), "{host}: {why}");
        assert!(why.to_string().contains("[http]"), "{why}");
    }
    let request = get(&format!("http://none.test:{port}/"));
    let told = sender.send(NamedBy::Definition, request, SHORT).await;
    assert!(matches!(told, Err(NotTold::Broken(_))), "{told:?}");
    assert_eq!(connections.load(Ordering::Relaxed), 0);
}

/// What the operator allows or names is asked, by name or by address, at that port alone.
#[tokio::test]
async fn allowed_endpoints_are_asked() {
    let (address, _) = server(|stream| answering(stream, OK)).await;
    let port = address.port();
    let lookups = names(&[("inner.test", &[&["127.0.0.1"]])]);
    for allow in [format!("Inner.test:{port}"), format!("127.0.0.1:{port}")] {
        let sender = Sender::with(
            &settings(&[allow]),
            Instant::now,
            names(&[("inner.test", &[&["127.0.0.1"]])]),
        );
        let request = get(&format!("http://inner.test:{port}/"));
        let told = sender
            .unwrap()
            .send(NamedBy::Definition, request, SHORT)
            .await;
        assert_eq!(told.unwrap().body, "ok");
    }
    let other_port = format!("inner.test:{}", port ^ 1);
    let sender = Sender::with(&settings(&[other_port]), Instant::now, lookups).unwrap();
    let request = || get(&format!("http://inner.test:{port}/"));
    let told = sender.send(NamedBy::Definition, request(), SHORT).await;
    assert!(matches!(told, Err(NotTold::NotAllowed(_))), "{told:?}");
    let told = sender.send(NamedBy::Operator, request(), SHORT).await;
    assert_eq!(told.unwrap().status, 200);
    // Its connection is kept, and not for those who may not have it.
    let told = sender.send(NamedBy::Definition, request(), SHORT).await;
    assert!(matches!(told, Err(NotTold::NotAllowed(_))), "{told:?}");
}

/// S27: a name that leads elsewhere the second time.
#[tokio::test]
async fn what_was_checked_is_what_is_connected_to() {
    let closing = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
    let (address, connections) = server(|stream| answering(stream, closing)).await;
    let port = address.port();
    // The first address is allowed by number; what comes later is as inner, and is not.
    let rebinding: &[&[&str]] = &[&["127.0.0.1"], &["127.0.0.2"]];
    let lookups = names(&[("rebinding.test", rebinding)]);
    let sender = Sender::with(
        &settings(&[format!("127.0.0.1:{port}")]),
        Instant::now,
        lookups,
    )
    .unwrap();
    let request = || get(&format!("http://rebinding.test:{port}/"));
    let told = sender.send(NamedBy::Definition, request(), SHORT).await;
    assert_eq!(told.unwrap().body, "ok");
    let told = sender.send(NamedBy::Definition, request(), SHORT).await;
    assert!(matches!(told, Err(NotTold::NotAllowed(_))), "{told:?}");
    assert_eq!(connections.load(Ordering::Relaxed), 1);
}

/// S27: a redirect is an answer like any other.
#[tokio::test]
async fn redirects_are_not_followed() {
    let moved = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n";
    let (address, connections) = server(|stream| answering(stream, moved)).await;
    let sender = Sender::new(&settings(&[address.to_string()]), Instant::now).unwrap();
    let request = get(&format!("http://{address}/"));
    let told = sender.send(NamedBy::Definition, request, SHORT).await;
    assert_eq!(told.unwrap().status, 302);
    assert_eq!(connections.load(Ordering::Relaxed), 1);
}

/// Waits for a request.
async fn asked(stream: &mut TcpStream) {
    let mut buffer = [0; 4096];
    let _ = stream.read(&mut buffer).await;
}

/// S28: endless, slow, compressed and monstrous answers.
#[tokio::test]
async fn hostile_answers_are_cut() {
    async fn endless(mut stream: TcpStream) {
        asked(&mut stream).await;
        let head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        let _ = stream.write_all(head).await;
        while stream.write_all(b"4\r\naaaa\r\n").await.is_ok() {}
    }
    async fn drop_by_drop(mut stream: TcpStream) {
        asked(&mut stream).await;
        let head = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n";
        let _ = stream.write_all(head).await;
        while stream.write_all(b"a").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    async fn head_without_end(mut stream: TcpStream) {
        asked(&mut stream).await;
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nA: ").await;
        while stream.write_all(&[b'a'; 1024]).await.is_ok() {}
    }
    async fn headers_without_end(mut stream: TcpStream) {
        asked(&mut stream).await;
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n").await;
        while stream.write_all(b"A: a\r\n").await.is_ok() {}
    }
    let bounds = Bounds {
        body_bytes_max: 1_000,
        time: Duration::from_millis(400),
    };
    let ask = |address: SocketAddr| async move {
        let sender = Sender::new(&settings(&[address.to_string()]), Instant::now).unwrap();
        let request = get(&format!("http://{address}/"));
        sender.send(NamedBy::Definition, request, bounds).await
    };
    let told = ask(server(endless).await.0).await;
    assert!(matches!(told, Err(NotTold::TooLarge(1_000))), "{told:?}");
    let told = ask(server(drop_by_drop).await.0).await;
    assert!(matches!(told, Err(NotTold::TimedOut(_))), "{told:?}");
    let told = ask(server(head_without_end).await.0).await;
    assert!(matches!(told, Err(NotTold::Broken(_))), "{told:?}");
    let told = ask(server(headers_without_end).await.0).await;
    assert!(matches!(told, Err(NotTold::Broken(_))), "{told:?}");
    // Nothing is unpacked: a bomb is as large as what was sent.
    let bomb =
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x8b\x08\x00";
    let told = ask(server(|stream| answering(stream, bomb)).await.0).await;
    assert_eq!(told.unwrap().body.len(), 4);
}

/// S30: a black hole takes its own callers' time, and nobody else's.
#[tokio::test]
async fn a_black_hole_delays_nobody_else_and_is_left_alone() {
    // A name that is never found stands for an address that never answers.
    let lookups = Lookups::new(|name| match name {
        "hole.test" => {
            std::thread::sleep(Duration::from_millis(300));
            Err(io::ErrorKind::TimedOut.into())
        }
        _ => Ok(vec!["127.0.0.1".parse().unwrap()]),
    });
    let (address, _) = server(|stream| answering(stream, OK)).await;
    let settings = HttpSettings {
        concurrency: 20,
        connect_timeout: Duration::from_millis(200),
        ..settings(&[format!("quick.test:{}", address.port())])
    };
    let sender = Arc::new(Sender::with(&settings, Instant::now, lookups).unwrap());
    let mut crowd = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let sender = Arc::clone(&sender);
        crowd.spawn(async move {
            let request = get("http://hole.test/");
            sender.send(NamedBy::Definition, request, SHORT).await
        });
    }
    let quick = get(&format!("http://quick.test:{}/", address.port()));
    let before = Instant::now();
    let told = sender.send(NamedBy::Definition, quick, SHORT).await;
    assert_eq!(told.unwrap().body, "ok");
    assert!(
        before.elapsed() < Duration::from_millis(190),
        "{:?}",
        before.elapsed()
    );
    let (mut broken, mut refused) = (0, 0);
    while let Some(ended) = crowd.join_next().await {
        match ended.unwrap() {
            Err(NotTold::Broken(_)) => broken += 1,
            Err(NotTold::Refused(_)) => refused += 1,
            other => panic!("{other:?}"),
        }
    }
    // Those that had a place, and those that took one before the tenth failure was known.
    assert!((10..30).contains(&broken), "{broken}");
    assert_eq!(broken + refused, 100);
    assert!(before.elapsed() < Duration::from_secs(1));
}

#[tokio::test]
async fn an_endpoint_that_takes_a_connection_and_says_nothing_is_given_up() {
    async fn silent(stream: TcpStream) {
        let _held = stream;
        std::future::pending().await
    }
    let (address, _) = server(silent).await;
    let settings = HttpSettings {
        connect_timeout: Duration::from_millis(100),
        ..settings(&[address.to_string()])
    };
    let sender = Sender::new(&settings, Instant::now).unwrap();
    let bounds = Bounds {
        time: Duration::from_millis(300),
        ..SHORT
    };
    let plain = get(&format!("http://{address}/"));
    let told = sender.send(NamedBy::Definition, plain, bounds).await;
    assert!(matches!(told, Err(NotTold::TimedOut(_))), "{told:?}");
    // The handshake is part of connecting.
    let secret = get(&format!("https://{address}/"));
    let told = sender.send(NamedBy::Definition, secret, bounds).await;
    let why = told.unwrap_err().to_string();
    assert!(why.contains("no connection within 100ms"), "{why}");
}
