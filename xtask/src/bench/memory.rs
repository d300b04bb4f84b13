//! What an open poll costs the server.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use super::figures::{Figures, Times};
use super::service::{Service, resident_bytes};
use crate::Failure;
use crate::server_under_test::ServerUnderTest;

/// The server has opened all polls after this pause.
const SETTLES: Duration = Duration::from_secs(2);

/// Calls of another kind made beside the open polls.
const PROBES: usize = 500;

/// Opens so many polls, and looks at the memory and at other calls' latency.
pub fn polls(server: &ServerUnderTest, count: usize, figures: &mut Figures) -> Result<(), Failure> {
    let mut service = Service::connect(server.address())?;
    let (activity, _) = service.one_activity("polls")?;
    let mut quiet = describe(&mut service, &activity)?;
    let before = resident_bytes(server.pid())?;
    let mut open = Vec::with_capacity(count);
    for _ in 0..count {
        let mut poll = Service::connect(server.address())?;
        poll.begin_poll(&activity)?;
        open.push(poll);
    }
    thread::sleep(SETTLES);
    let grown = resident_bytes(server.pid())?.saturating_sub(before);
    let each = grown as f64 / 1024.0 / count as f64;
    figures
        .note(
            format!("memory of an open poll, {count} of them"),
            each,
            "KiB",
        )
        .at_most(8.0);
    let mut busy = describe(&mut service, &activity)?;
    figures.note_beside(
        "DescribeActivity beside them, p99",
        busy.percentile_ms(0.99),
        "ms",
        quiet.percentile_ms(0.99),
    );
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
