//! Open polls: what one costs the server, what they cost others, and how soon it forgets those whose
//! clients have gone.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use super::connection::Connection;
use super::figures::{Figures, Times};
use super::service::{Service, resident_bytes};
use super::throughput::{self, POLL_OPENS};
use super::{Scale, Subject};
use crate::Failure;
use crate::server_under_test::ServerUnderTest;

/// The server has opened all polls after this pause.
const SETTLES: Duration = Duration::from_secs(2);

/// Calls of another kind made beside the open polls.
const PROBES: usize = 500;

/// Dispatches are measured in so many lots, with and without the polls in turn.
const LOTS: usize = 5;

/// Of nine open polls, so many are hung up.
const HANG_UPS_OF_NINE: usize = 5;

/// How soon those that hung up are to be gone, in milliseconds.
const GONE_MS_MAX: f64 = 1_000.0;

const PATIENCE: Duration = Duration::from_secs(30);

/// Opens so many polls, each on a socket of its own, and looks at the memory, at other calls, at
/// dispatches to a worker with one poll, and at what is left when clients hang up.
pub fn open(subject: &Subject, scale: &Scale, figures: &mut Figures) -> Result<(), Failure> {
    let count = scale.polls;
    let quiet = subject.start_beside()?;
    let server = subject.start()?;
    let mut service = Service::connect(server.address())?;
    let (activity, _) = service.one_activity("polls")?;
    let mut before_them = describe(&mut service, &activity)?;
    // What any load leaves behind is no poll's.
    throughput::dispatches(&server, "warm", scale.dispatches / LOTS, POLL_OPENS)?;
    let before = resident_bytes(server.pid())?;
    let open = polls(&server, &activity, count)?;
    let grown = resident_bytes(server.pid())?.saturating_sub(before);
    let each = grown as f64 / 1024.0 / count as f64;
    figures
        .note(
            format!("memory of an open poll, {count} of them"),
            each,
            "KiB",
        )
        .at_most(8.0);
    let mut beside_them = describe(&mut service, &activity)?;
    figures.note_beside(
        "DescribeActivity beside them, p99",
        beside_them.percentile_ms(0.99),
        "ms",
        before_them.percentile_ms(0.99),
    );
    dispatches(&quiet, &server, scale, figures)?;
    hang_up(&server, &activity, open, figures)
}

fn polls(server: &ServerUnderTest, activity: &str, count: usize) -> Result<Vec<Service>, Failure> {
    let mut polls = Vec::with_capacity(count);
    for _ in 0..count {
        let mut poll = Service::connect(server.address())?;
        poll.begin_poll(activity)?;
        polls.push(poll);
    }
    thread::sleep(SETTLES);
    Ok(polls)
}

/// Dispatches beside the polls, and where there is one alone.
fn dispatches(
    quiet: &ServerUnderTest,
    server: &ServerUnderTest,
    scale: &Scale,
    figures: &mut Figures,
) -> Result<(), Failure> {
    let (mut alone, mut beside) = (Times::default(), Times::default());
    for lot in 0..LOTS {
        let name = format!("lot-{lot}");
        alone.append(
            throughput::dispatches(quiet, &name, scale.dispatches / LOTS, POLL_OPENS)?.dispatched,
        );
        beside.append(
            throughput::dispatches(server, &name, scale.dispatches / LOTS, POLL_OPENS)?.dispatched,
        );
    }
    figures
        .note_beside(
            "dispatch beside them, p50, of that with one poll",
            beside.percentile_ms(0.5),
            "ms",
            alone.percentile_ms(0.5),
        )
        .at_most_times(1.1);
    Ok(())
}

/// Many clients go at once, and as many come.
fn hang_up(
    server: &ServerUnderTest,
    activity: &str,
    mut open: Vec<Service>,
    figures: &mut Figures,
) -> Result<(), Failure> {
    let mut metrics = Connection::open(server.address())?;
    let before = metrics.gauge("connections_open")?;
    let memory = resident_bytes(server.pid())?;
    let gone = open.len() * HANG_UPS_OF_NINE / 9;
    let began = Instant::now();
    drop(open.split_off(open.len() - gone));
    let hung_up = Instant::now();
    while metrics.gauge("connections_open")? > before - gone as f64 {
        if began.elapsed() > PATIENCE {
            return Err(format!("{gone} connections hung up and stay open").into());
        }
        thread::sleep(Duration::from_millis(5));
    }
    figures
        .note(
            format!("{gone} clients hang up: until all are gone"),
            hung_up.elapsed().as_secs_f64() * 1e3,
            "ms",
        )
        .at_most(GONE_MS_MAX);
    // What they took is there for others, whether or not the system gets it back.
    let _others = polls(server, activity, gone)?;
    let after = resident_bytes(server.pid())?;
    let mebibytes = |bytes| bytes as f64 / 1024.0 / 1024.0;
    figures
        .note_beside(
            format!("memory of the server when {gone} others have come"),
            mebibytes(after),
            "MiB",
            mebibytes(memory),
        )
        .at_most_times(1.05);
    Ok(())
}

fn describe(service: &mut Service, activity: &str) -> Result<Times, Failure> {
    let mut times = Times::default();
    for _ in 0..PROBES {
        let began = Instant::now();
        service.call("DescribeActivity", &json!({"activityArn": activity}))?;
        times.add(began.elapsed());
    }
    Ok(times)
}
