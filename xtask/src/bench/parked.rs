//! Executions that wait for days: what they cost to make, to keep, to work beside, and at a start.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use super::figures::Figures;
use super::service::{Service, cpu_time, resident_bytes};
use super::{Scale, Subject, restart, throughput};
use crate::Failure;
use crate::server_under_test::ServerUnderTest;

/// The server has parked all executions after this pause.
const SETTLES: Duration = Duration::from_secs(2);

/// Connections that start executions to park.
const STARTERS: usize = 32;

/// Memory that a server may have with a million executions parked, in MiB.
const MEMORY_MIB_MAX: f64 = 512.0;

/// Half of the executions wait for a worker who never comes, half for a day that does not either.
pub fn executions(subject: &Subject, scale: &Scale, figures: &mut Figures) -> Result<(), Failure> {
    let empty = subject.start_beside()?;
    let mut server = subject.start()?;
    let mut service = Service::connect(server.address())?;
    let (activity, waits_for_worker) = service.one_activity("parked")?;
    let wait = json!({"Type": "Wait", "Seconds": 10_000_000, "End": true});
    let waits_for_time = service.state_machine("parked-by-time", &wait)?;
    let machines = [waits_for_worker, waits_for_time];

    let before = resident_bytes(server.pid())?;
    let tenth = (scale.parked / 10).max(1);
    // Alone, so that it is the first in its queue.
    service.start(&machines[0], &json!({"order": 0}))?;
    let mut count = 1;
    let mut first = None;
    let mut last = None;
    let began = Instant::now();
    while count < scale.parked && began.elapsed() < scale.parking_time {
        let lot = park(&server, &machines, count, tenth.min(scale.parked - count))?;
        count += lot.count;
        eprintln!(
            "{count} parked, {:.0}/s, {:.1} us of CPU each",
            lot.rate, lot.cpu_us
        );
        first.get_or_insert(lot);
        last = Some(lot);
    }
    let (Some(first), Some(last)) = (first, last) else {
        return Err("nothing was parked".into());
    };
    thread::sleep(SETTLES);
    figures
        .note_beside(
            "starts that park, last tenth beside the first",
            last.rate,
            "/s",
            first.rate,
        )
        .at_least_times(0.9);
    figures
        .note_beside(
            "server's CPU for one, last tenth beside the first",
            last.cpu_us,
            "us",
            first.cpu_us,
        )
        .at_most_times(1.1);
    let memory = resident_bytes(server.pid())?;
    let each = memory.saturating_sub(before) as f64 / count as f64;
    figures.note(
        format!("memory of a parked execution, {count} of them"),
        each,
        "B",
    );
    figures
        .note(
            "memory of the server with them",
            memory as f64 / 1024.0 / 1024.0,
            "MiB",
        )
        .at_most(MEMORY_MIB_MAX);
    beside_an_empty_server(&empty, &server, scale, figures)?;
    drop(empty);
    restart::after_a_kill(&mut server, figures)?;
    still_there(&server, &activity, figures)
}

/// How much of what an empty server does is done beside those that wait: both in turn, medians.
fn beside_an_empty_server(
    empty: &ServerUnderTest,
    server: &ServerUnderTest,
    scale: &Scale,
    figures: &mut Figures,
) -> Result<(), Failure> {
    let half = Scale {
        throughput_time: scale.throughput_time / 2,
        limit_time: scale.limit_time / 2,
        ..*scale
    };
    let mut rounds = Vec::new();
    let both = [(empty, ", nothing parked"), (server, ", parked beside")];
    for number in 0..scale.rounds {
        let mut round = Figures::default();
        // What one of them does in the background afterwards falls into the other's time: so each
        // comes first as often as the other.
        for turn in 0..2 {
            let (server, remark) = both[(number + turn) % 2];
            throughput::executions(server, 8, remark, &half, &mut round)?;
        }
        compare(&mut round);
        rounds.push(round);
    }
    figures.append(Figures::medians(&rounds));
    Ok(())
}

fn compare(figures: &mut Figures) {
    let value = |what: &str, remark: &str| figures.value(&format!("{what}, 8 workers{remark}"));
    let of_both = |what: &str| {
        Some((
            value(what, ", parked beside")?,
            value(what, ", nothing parked")?,
        ))
    };
    let rates = of_both("executions of one activity");
    let costs = of_both("server's CPU for each");
    if let Some((beside, empty)) = rates {
        figures
            .note_beside(
                "rate beside the parked, of an empty server's",
                beside,
                "/s",
                empty,
            )
            .at_least_times(0.9);
    }
    if let Some((beside, empty)) = costs {
        figures.note_beside(
            "CPU beside the parked, of an empty server's",
            beside,
            "ms",
            empty,
        );
    }
}

/// The first that was parked is the first that a worker gets.
fn still_there(
    server: &ServerUnderTest,
    activity: &str,
    figures: &mut Figures,
) -> Result<(), Failure> {
    let mut worker = Service::connect(server.address())?;
    let began = Instant::now();
    let task = worker
        .poll(activity)?
        .ok_or("the queue is gone after the start")?;
    let took = began.elapsed().as_secs_f64() * 1e3;
    if task.input["order"] != 0 {
        return Err(format!("not the first task, but that of {}", task.input).into());
    }
    figures.note("first poll of the long queue after it", took, "ms");
    let memory = resident_bytes(server.pid())? as f64 / 1024.0 / 1024.0;
    figures
        .note("memory of the server after it", memory, "MiB")
        .at_most(MEMORY_MIB_MAX);
    Ok(())
}

/// How parking some went.
#[derive(Clone, Copy)]
struct Lot {
    count: usize,
    rate: f64,
    cpu_us: f64,
}

fn park(
    server: &ServerUnderTest,
    machines: &[String; 2],
    from: usize,
    count: usize,
) -> Result<Lot, Failure> {
    let next = AtomicUsize::new(from);
    let (began, cpu) = (Instant::now(), cpu_time(server.pid())?);
    thread::scope(|scope| -> Result<(), Failure> {
        let starters: Vec<_> = (0..STARTERS)
            .map(|_| {
                scope.spawn(|| -> Result<(), String> {
                    let service = Service::connect(server.address());
                    let mut service = service.map_err(|e| e.to_string())?;
                    loop {
                        let order = next.fetch_add(1, Ordering::Relaxed);
                        if order >= from + count {
                            return Ok(());
                        }
                        let input = json!({"order": order, "note": "to be paid in ten days"});
                        let machine = &machines[order % 2];
                        service.start(machine, &input).map_err(|e| e.to_string())?;
                    }
                })
            })
            .collect();
        for starter in starters {
            starter.join().expect("a starter does not panic")?;
        }
        Ok(())
    })?;
    let took = began.elapsed().as_secs_f64();
    let cpu = cpu_time(server.pid())?.saturating_sub(cpu).as_secs_f64();
    Ok(Lot {
        count,
        rate: count as f64 / took,
        cpu_us: cpu * 1e6 / count as f64,
    })
}
