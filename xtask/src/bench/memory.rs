//! What an open poll and a waiting execution cost the server.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use super::Scale;
use super::figures::{Figures, Times};
use super::service::{Service, resident_bytes};
use crate::Failure;
use crate::server_under_test::ServerUnderTest;

/// The server has opened all polls, or parked all executions, after this pause.
const SETTLES: Duration = Duration::from_secs(2);

/// Connections that start executions to park.
const STARTERS: usize = 32;

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
    figures.note(
        format!("memory of an open poll, {count} of them"),
        each,
        "KiB",
    );
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

/// Parks executions in a long Wait, as many as asked or as the time allows.
pub fn parked(
    server: &ServerUnderTest,
    scale: &Scale,
    figures: &mut Figures,
) -> Result<(), Failure> {
    let mut service = Service::connect(server.address())?;
    let wait = json!({"Type": "Wait", "Seconds": 10_000_000, "End": true});
    let machine = service.state_machine("parked", &wait)?;
    let before = resident_bytes(server.pid())?;
    let next = AtomicUsize::new(0);
    let began = Instant::now();
    thread::scope(|scope| -> Result<(), Failure> {
        let starters: Vec<_> = (0..STARTERS)
            .map(|_| {
                scope.spawn(|| -> Result<usize, String> {
                    let service = Service::connect(server.address());
                    let mut service = service.map_err(|e| e.to_string())?;
                    let mut parked = 0;
                    while next.fetch_add(1, Ordering::Relaxed) < scale.parked
                        && began.elapsed() < scale.parking_time
                    {
                        let input = json!({"order": parked, "note": "to be paid in ten days"});
                        service.start(&machine, &input).map_err(|e| e.to_string())?;
                        parked += 1;
                    }
                    Ok(parked)
                })
            })
            .collect();
        let mut count = 0;
        for starter in starters {
            count += starter.join().expect("a starter does not panic")?;
        }
        let rate = count as f64 / began.elapsed().as_secs_f64();
        thread::sleep(SETTLES);
        let grown = resident_bytes(server.pid())?.saturating_sub(before);
        figures.note("executions started to wait, 32 starters", rate, "/s");
        let each = grown as f64 / 1024.0 / count.max(1) as f64;
        figures.note(
            format!("memory of a waiting execution, {count} of them"),
            each,
            "KiB",
        );
        Ok(())
    })
}
