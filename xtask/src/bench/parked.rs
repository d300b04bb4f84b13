//! Executions that wait for days: what they cost to make, to keep, to work beside, and at a start.

use std::ops::AddAssign;
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

/// Pieces in which the last tenth is parked.
const LOTS: usize = 10;

/// Connections that start executions to park.
const STARTERS: usize = 32;

/// Memory that a server may have with a million executions parked, in MiB.
const MEMORY_MIB_MAX: f64 = 512.0;

/// Half of the executions wait for a worker who never comes, half for a day that does not either.
pub fn executions(subject: &Subject, scale: &Scale, figures: &mut Figures) -> Result<(), Failure> {
    let mut server = subject.start()?;
    let (activity, machines) = machines_of(&server)?;
    let before = resident_bytes(server.pid())?;
    let tenth = (scale.parked / 10).max(1);
    // Alone, so that it is the first in its queue.
    Service::connect(server.address())?.start(&machines[0], &json!({"order": 0}))?;
    let mut count = 1;
    let began = Instant::now();
    while count + tenth < scale.parked && began.elapsed() < scale.parking_time {
        let lot = park(&server, &machines, count, tenth)?;
        count += lot.count;
        eprintln!(
            "{count} parked, {:.0}/s, {:.1} us of CPU each",
            lot.rate(),
            lot.cpu_us()
        );
    }
    count += last_and_first(subject, &server, &machines, count, tenth, figures)?;
    thread::sleep(SETTLES);
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
    beside_an_empty_server(&subject.start_beside()?, &server, scale, figures)?;
    restart::after_a_kill(&mut server, figures)?;
    still_there(&server, &activity, figures)
}

/// An activity that nobody works for, and the two machines whose executions wait.
fn machines_of(server: &ServerUnderTest) -> Result<(String, [String; 2]), Failure> {
    let mut service = Service::connect(server.address())?;
    let (activity, waits_for_worker) = service.one_activity("parked")?;
    let wait = json!({"Type": "Wait", "Seconds": 10_000_000, "End": true});
    let waits_for_time = service.state_machine("parked-by-time", &wait)?;
    Ok((activity, [waits_for_worker, waits_for_time]))
}

/// Parks the last of them, in turn with as many that are the first of another server: rates that were
/// measured minutes apart say more about the machine. Returns how many were parked here.
fn last_and_first(
    subject: &Subject,
    server: &ServerUnderTest,
    machines: &[String; 2],
    from: usize,
    tenth: usize,
    figures: &mut Figures,
) -> Result<usize, Failure> {
    let fresh = subject.start_beside()?;
    let (_, fresh_machines) = machines_of(&fresh)?;
    let each = (tenth / LOTS).max(1);
    let (mut last, mut first) = (Lot::default(), Lot::default());
    for _ in 0..LOTS {
        last += park(server, machines, from + last.count, each)?;
        first += park(&fresh, &fresh_machines, first.count, each)?;
    }
    figures
        .note_beside(
            "starts that park, last tenth beside the first",
            last.rate(),
            "/s",
            first.rate(),
        )
        .at_least_times(0.9);
    figures
        .note_beside(
            "server's CPU for one, last tenth beside the first",
            last.cpu_us(),
            "us",
            first.cpu_us(),
        )
        .at_most_times(1.1);
    Ok(last.count)
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
        // What stands beside these is the other server, not the machine.
        limit_time: scale.limit_time / 10,
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
#[derive(Clone, Copy, Default)]
struct Lot {
    count: usize,
    took: Duration,
    cpu: Duration,
}

impl Lot {
    fn rate(self) -> f64 {
        self.count as f64 / self.took.as_secs_f64()
    }

    fn cpu_us(self) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / self.count as f64
    }
}

impl AddAssign for Lot {
    fn add_assign(&mut self, more: Lot) {
        self.count += more.count;
        self.took += more.took;
        self.cpu += more.cpu;
    }
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
    Ok(Lot {
        count,
        took: began.elapsed(),
        cpu: cpu_time(server.pid())?.saturating_sub(cpu),
    })
}
