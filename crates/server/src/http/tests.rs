//! Patience, by a clock that jumps ahead whenever nothing else can happen.

use std::net::SocketAddr;
use std::sync::Arc;

use api::{Door, DoorOptions};
use engine::arn::Owner;
use engine::{Message, Shard, ShardOptions};
use store::MemoryStore;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Duration, Instant};

use super::*;
use crate::clock::Clock;
use crate::driver::{self, Started};
use integrations::{Connections, Endpoints, Functions, HttpSettings, Outbound, OutboundOptions};

/// One thread whose clock is virtual.
fn paused() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap()
}

/// Runs `test` against a listener, in one thread whose clock is virtual.
pub(super) fn with_listener<F: Future<Output = ()>>(
    test: impl FnOnce(SocketAddr, Arc<Metrics>) -> F,
) {
    let runtime = paused();
    let (edge, threads) = edge(runtime.handle().clone());
    listening(runtime, edge, threads, test);
}

/// Runs `test` against a listener of this edge.
pub(super) fn listening<F: Future<Output = ()>>(
    runtime: tokio::runtime::Runtime,
    edge: Edge,
    threads: driver::Threads,
    test: impl FnOnce(SocketAddr, Arc<Metrics>) -> F,
) {
    let (metrics, driver) = (Arc::clone(&edge.metrics), Arc::clone(&edge.service.driver));
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let closing = Closing::new();
        let sockets = Arc::new(Sockets::on(tokio::runtime::Handle::current()));
        tokio::spawn(listen(listener, sockets, Arc::new(edge), closing.open()));
        test(address, metrics).await;
    });
    driver.stop();
    threads.join();
}

pub(super) fn edge(runtime: tokio::runtime::Handle) -> (Edge, driver::Threads) {
    let owner = Owner {
        partition: "aws".into(),
        region: "us-east-1".into(),
        account: "000000000000".into(),
    };
    let options = ShardOptions {
        owner: owner.clone(),
        token_key: [1; 32],
        seed: 2,
        poll_hold_ms: 60_000,
        polls_per_activity_max: 100,
        counts: engine::CountsMax::NONE,
        executions_cached: engine::Cached {
            count: 100,
            bytes: usize::MAX,
        },
        limits: interpreter::Limits::default(),
        express_retention_ms: 0,
        retention_ms: 0,
        retention_bytes: 0,
        windows: engine::Windows::default(),
    };
    let store = Arc::new(MemoryStore::new());
    let (clock, metrics) = (Clock::start(), Arc::new(Metrics::default()));
    let Started {
        driver, threads, ..
    } = driver::start(driver::Parts {
        shard: Shard::recover(options, &*store, clock.now()).unwrap(),
        store: store.clone(),
        commits_inline: true,
        durable: 0,
        runtime: runtime.clone(),
        clock,
        metrics: Arc::clone(&metrics),
        watchers: crate::watching::Watchers::default(),
        space: crate::disk::Space::default(),
    })
    .unwrap();
    let door = DoorOptions {
        owner: owner.clone(),
        page_key: [3; 32],
        limits: api::DoorLimits::default(),
    };
    let service = Arc::new(Service {
        express_kept: false,
        limits: interpreter::Limits::default(),
        door: Door::new(door),
        driver,
        store,
        owner,
        clock,
        metrics,
        objects: integrations::items::Objects::default(),
        item_places: Arc::new(Semaphore::new(1)),
        outbound: Outbound::new(OutboundOptions {
            endpoints: Endpoints::default(),
            region: "us-east-1".to_owned(),
            clock: std::time::SystemTime::now,
            ticks: std::time::Instant::now,
            http: HttpSettings::default(),
            functions: Functions::default(),
            connections: Connections::default(),
        })
        .unwrap(),
        logs_to_groups: false,
        space: crate::disk::Space::default(),
        poll_hold: std::time::Duration::from_millis(100),
        reads: Arc::new(Semaphore::new(1)),
        trials: crate::trial::Trials::default(),
        runtime,
    });
    (
        Edge::new(service, Hosts::new(&[], false), Quotas::default(), 100),
        threads,
    )
}

/// All that comes until the other side closes, and how long that took.
async fn read_to_end(stream: &mut TcpStream) -> (String, Duration) {
    let began = Instant::now();
    let mut bytes = Vec::new();
    // A reset ends it as well.
    let _ = stream.read_to_end(&mut bytes).await;
    (String::from_utf8(bytes).unwrap(), began.elapsed())
}

fn about(took: Duration, expected: Duration) {
    assert!(
        took >= expected && took < expected + Duration::from_secs(3),
        "{took:?}"
    );
}

#[test]
fn who_says_nothing_or_stops_in_the_head_is_closed() {
    for said in ["", "POST / HTTP/1.1\r\nHost: local"] {
        with_listener(|address, metrics| async move {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(said.as_bytes()).await.unwrap();
            let (text, took) = read_to_end(&mut stream).await;
            assert_eq!(text, "");
            about(took, HEAD_TIMEOUT);
            assert_eq!(
                (metrics.slow_heads.get(), metrics.idle_closed.get()),
                (1, 0)
            );
        });
    }
}

#[test]
fn who_stops_in_the_body_is_told_and_closed() {
    with_listener(|address, metrics| async move {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let head = "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nhalf";
        stream.write_all(head.as_bytes()).await.unwrap();
        let (text, took) = read_to_end(&mut stream).await;
        assert!(text.starts_with("HTTP/1.1 408 "), "{text}");
        about(took, BODY_TIMEOUT);
        assert_eq!(
            (metrics.slow_bodies.get(), metrics.slow_heads.get()),
            (1, 0)
        );
    });
}

#[test]
fn an_idle_connection_is_kept_longer_than_a_silent_one() {
    with_listener(|address, metrics| async move {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let get = b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n";
        stream.write_all(get).await.unwrap();
        let (text, took) = read_to_end(&mut stream).await;
        assert!(
            text.starts_with("HTTP/1.1 200 ") && text.ends_with("ok\n"),
            "{text}"
        );
        // The virtual clock may jump once to the end of the head's patience before it looks at the
        // bytes that are there.
        let took = if took > IDLE_TIMEOUT + HEAD_TIMEOUT / 2 {
            took - HEAD_TIMEOUT
        } else {
            took
        };
        about(took, IDLE_TIMEOUT);
        assert_eq!(
            (metrics.slow_heads.get(), metrics.idle_closed.get()),
            (0, 1)
        );
    });
}

/// However a request is served: also when nothing is waited for between it and its answer.
#[test]
fn patience_with_an_idle_connection_begins_anew_after_each_answer() {
    paused().block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap())
            .await
            .unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        let (metrics, wire) = (Arc::new(Metrics::default()), Arc::new(wire::Wire::new()));
        let mut socket = socket::Socket::new(stream, Arc::clone(&wire), Arc::clone(&metrics));
        let mut bytes = [0; 1 << 10];
        for _ in 0..3 {
            let get = b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n";
            client.write_all(get).await.unwrap();
            assert_eq!(socket.read(&mut bytes).await.unwrap(), get.len());
            assert!(wire.serving());
            wire.answering(None, false);
            socket.write_all(b"ok").await.unwrap();
            socket.flush().await.unwrap();
            let waited = tokio::time::timeout(IDLE_TIMEOUT * 2 / 3, socket.read(&mut bytes)).await;
            assert!(waited.is_err(), "it ended: {waited:?}");
        }
        let began = Instant::now();
        assert_eq!(socket.read(&mut bytes).await.unwrap(), 0);
        about(began.elapsed(), IDLE_TIMEOUT / 3);
        assert_eq!(metrics.idle_closed.get(), 1);
    });
}

/// A client that says a little every few seconds, and never says it all.
async fn trickle(stream: &mut TcpStream, head: &str) -> (String, Duration) {
    stream.write_all(head.as_bytes()).await.unwrap();
    let began = Instant::now();
    let (mut read, mut write) = stream.split();
    let mut bytes = Vec::new();
    let mut every = tokio::time::interval(Duration::from_secs(3));
    let mut end = std::pin::pin!(read.read_to_end(&mut bytes));
    loop {
        tokio::select! {
            biased;
            _ended = end.as_mut() => break,
            _ = every.tick() => drop(write.write_all(b"x").await),
        }
    }
    let took = began.elapsed();
    (String::from_utf8(bytes).unwrap(), took)
}

#[test]
fn a_trickle_is_not_patience() {
    with_listener(|address, metrics| async move {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let (text, took) = trickle(&mut stream, "POST / HTTP/1.1\r\nX: ").await;
        assert_eq!(text, "");
        about(took, HEAD_TIMEOUT);
        assert_eq!(metrics.slow_heads.get(), 1);
        let mut stream = TcpStream::connect(address).await.unwrap();
        let head = "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n";
        let (text, took) = trickle(&mut stream, head).await;
        assert!(text.starts_with("HTTP/1.1 408 "), "{text}");
        // And a little longer: what still comes is read, so that the answer is not lost.
        assert!(
            took >= BODY_TIMEOUT && took < BODY_TIMEOUT + Duration::from_secs(6),
            "{took:?}"
        );
        assert_eq!(metrics.slow_bodies.get(), 1);
    });
}

#[test]
fn who_does_not_take_the_answer_is_closed() {
    paused().block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let _client = TcpStream::connect(listener.local_addr().unwrap())
            .await
            .unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        let metrics = Arc::new(Metrics::default());
        let wire = Arc::new(wire::Wire::new());
        let mut socket = socket::Socket::new(stream, wire, Arc::clone(&metrics));
        let began = Instant::now();
        // More than the kernel keeps for both ends.
        let error = socket.write_all(&vec![b'x'; 64 << 20]).await.unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::TimedOut);
        about(began.elapsed(), WRITE_TIMEOUT);
        assert_eq!(metrics.slow_readers.get(), 1);
    });
}

/// A connection's two ends, and what its next answer owes.
async fn owing() -> (socket::Socket, TcpStream, Arc<wire::Wire>, driver::Told) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap())
        .await
        .unwrap();
    let (stream, _) = listener.accept().await.unwrap();
    let wire = Arc::new(wire::Wire::new());
    let (delivery, told) = driver::a_delivery();
    wire.answering(Some(delivery), false);
    let socket = socket::Socket::new(stream, Arc::clone(&wire), Arc::new(Metrics::default()));
    (socket, client, wire, told)
}

pub(super) fn plain() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}

#[test]
fn the_first_byte_of_an_answer_is_its_delivery() {
    plain().block_on(async {
        let (mut socket, mut client, _wire, told) = owing().await;
        assert!(told.next().is_none());
        socket.write_all(b"task").await.unwrap();
        assert!(matches!(told.next(), Some(Message::Delivered(_))));
        drop(socket);
        assert!(told.next().is_none(), "it is said once");
        assert_eq!(read_to_end(&mut client).await.0, "task");
    });
}

#[test]
fn nothing_is_written_to_a_client_that_is_known_to_have_gone() {
    plain().block_on(async {
        for sent_before in ["", "more"] {
            let (mut socket, mut client, _wire, told) = owing().await;
            client.write_all(sent_before.as_bytes()).await.unwrap();
            client.shutdown().await.unwrap();
            // Loopback delivers the end of the stream before shutdown returns.
            assert!(socket.write_all(b"task").await.is_err());
            assert!(matches!(told.next(), Some(Message::Undelivered(_))));
            drop(socket);
            assert!(told.next().is_none(), "it is said once");
            assert_eq!(read_to_end(&mut client).await.0, "");
        }
    });
}

#[test]
fn a_connection_that_ends_before_the_answer_left_says_so() {
    plain().block_on(async {
        let (socket, _client, wire, told) = owing().await;
        drop((socket, wire));
        assert!(matches!(told.next(), Some(Message::Undelivered(_))));
        assert!(told.next().is_none(), "it is said once");
    });
}
