//! What the machine could do at most, in these minutes.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::connection::Connection;
use super::figures::{Figures, Times};
use crate::Failure;
use crate::process::scratch;

/// A page of a log.
const APPEND: [u8; 4096] = [b'a'; 4096];

/// A transition as a log holds it: about the size of what one small step leaves.
const TRANSITION_BYTES: usize = 300;

/// Transitions that share one fsync when 64 workers wait at once.
const GROUP: usize = 64;

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.0\r\n\
    Content-Length: 2\r\n\r\n{}";

/// Limits that figures are put beside.
pub struct Limits {
    /// Median of a bare HTTP round trip on one connection.
    pub round_trip_ms: f64,
    /// Median of a 4 KiB append with fdatasync.
    pub append_ms: f64,
    /// Transitions per second that a bare log takes, 64 to an fdatasync.
    pub transitions_per_second: f64,
    append_p99_ms: f64,
    round_trips_per_second: f64,
    busy_round_trip_ms: f64,
    busy_round_trips_per_second: f64,
}

impl Limits {
    /// Measures them, each for this long.
    pub fn measure(time: Duration) -> Result<Self, Failure> {
        let (mut quiet, round_trips_per_second) = ping_pong(1, time)?;
        let (mut busy, busy_round_trips_per_second) = ping_pong(64, time)?;
        let (mut appends, _) = append(&APPEND, time)?;
        let (_, groups_per_second) = append(&[b'a'; TRANSITION_BYTES * GROUP], time)?;
        Ok(Self {
            round_trip_ms: quiet.percentile_ms(0.5),
            append_ms: appends.percentile_ms(0.5),
            transitions_per_second: groups_per_second * GROUP as f64,
            append_p99_ms: appends.percentile_ms(0.99),
            round_trips_per_second,
            busy_round_trip_ms: busy.percentile_ms(0.5),
            busy_round_trips_per_second,
        })
    }

    /// The better of each: a disk that others use too may be twenty times slower a minute
    /// later, so limits are measured before and after what stands beside them.
    pub fn or_better(self, other: Self) -> Self {
        Self {
            round_trip_ms: self.round_trip_ms.min(other.round_trip_ms),
            append_ms: self.append_ms.min(other.append_ms),
            append_p99_ms: self.append_p99_ms.min(other.append_p99_ms),
            busy_round_trip_ms: self.busy_round_trip_ms.min(other.busy_round_trip_ms),
            transitions_per_second: self
                .transitions_per_second
                .max(other.transitions_per_second),
            round_trips_per_second: self
                .round_trips_per_second
                .max(other.round_trips_per_second),
            busy_round_trips_per_second: self
                .busy_round_trips_per_second
                .max(other.busy_round_trips_per_second),
        }
    }

    /// Notes them as figures of their own.
    pub fn note(&self, figures: &mut Figures) {
        for (name, value, unit) in [
            (
                "bare round trip, 1 connection, p50",
                self.round_trip_ms,
                "ms",
            ),
            (
                "bare round trips, 1 connection",
                self.round_trips_per_second,
                "/s",
            ),
            (
                "bare round trip, 64 connections, p50",
                self.busy_round_trip_ms,
                "ms",
            ),
            (
                "bare round trips, 64 connections",
                self.busy_round_trips_per_second,
                "/s",
            ),
            ("4 KiB append and fdatasync, p50", self.append_ms, "ms"),
            ("4 KiB append and fdatasync, p99", self.append_p99_ms, "ms"),
            (
                "bare log, 64 transitions to a sync",
                self.transitions_per_second,
                "/s",
            ),
        ] {
            figures.note(format!("limit: {name}"), value, unit);
        }
    }
}

/// Bare round trips per second on so many connections.
pub fn round_trips_per_second(connections: usize, time: Duration) -> Result<f64, Failure> {
    Ok(ping_pong(connections, time)?.1)
}

/// Round trips over loopback with a server that does nothing, a thread for each end.
fn ping_pong(connections: usize, time: Duration) -> Result<(Times, f64), Failure> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    let ends = AtomicBool::new(false);
    let mut all = Times::default();
    thread::scope(|scope| -> Result<(), Failure> {
        scope.spawn(|| {
            for _ in 0..connections {
                let Ok((stream, _)) = listener.accept() else {
                    return;
                };
                scope.spawn(move || pong(stream));
            }
        });
        let clients: Vec<_> = (0..connections)
            .map(|_| scope.spawn(|| ping(address, &ends)))
            .collect();
        thread::sleep(time);
        ends.store(true, Ordering::Relaxed);
        for client in clients {
            all.append(client.join().expect("a client does not panic")?);
        }
        Ok(())
    })?;
    let rate = all.len() as f64 / time.as_secs_f64();
    Ok((all, rate))
}

fn ping(address: SocketAddr, ends: &AtomicBool) -> std::io::Result<Times> {
    let mut connection = Connection::open(address)?;
    let mut times = Times::default();
    while !ends.load(Ordering::Relaxed) {
        let began = Instant::now();
        connection.call("Ping", "{}")?;
        times.add(began.elapsed());
    }
    Ok(times)
}

/// Answers whatever comes; a request comes in one piece. Ends with its client.
pub fn pong(mut stream: TcpStream) {
    let mut piece = [0; 4096];
    let _ = stream.set_nodelay(true);
    while stream.read(&mut piece).is_ok_and(|length| length > 0) {
        if stream.write_all(ANSWER).is_err() {
            return;
        }
    }
}

/// Appends to a file, each time down to the disk: how long each took, and how many a second.
fn append(bytes: &[u8], time: Duration) -> Result<(Times, f64), Failure> {
    let path = scratch()?.join("bench-append");
    let mut file = File::create(&path)?;
    let mut times = Times::default();
    let began = Instant::now();
    while began.elapsed() < time {
        let one = Instant::now();
        file.write_all(bytes)?;
        file.sync_data()?;
        times.add(one.elapsed());
    }
    let rate = times.len() as f64 / began.elapsed().as_secs_f64();
    fs::remove_file(path)?;
    Ok((times, rate))
}
