//! What a step costs late in one execution, beside what it costs early in another: time, the server's
//! processor time, and bytes written. An execution may grow; a step of it may not become dearer.
//!
//! The two take turns, block by block, so that what the machine does meanwhile happens to both.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::figures::{Figures, Times, median};
use super::service::{Service, Task};
use super::{Scale, Subject};
use crate::Failure;
use crate::process::scratch;
use crate::server_under_test::ServerUnderTest;

/// The last tenth may cost so many times the first.
const MOST_TIMES: f64 = 1.2;
/// Workers of the Map's items, until the last tenth.
const WORKERS: usize = 8;
/// How often the two executions take turns.
const BLOCKS: usize = 20;
/// Bytes of a payload, a little below the most there may be.
const PAYLOAD_BYTES: usize = 262_000;
/// States that a payload goes through, before one more ends the execution.
const PAYLOAD_STATES: usize = 10;
/// Longest time for an execution to end when its last task is done.
const PATIENCE: Duration = Duration::from_secs(60);

/// A loop of one activity until history is full, an inline Map of activity tasks, and a large payload
/// through several activities. Medians of several rounds, each with a fresh server.
pub fn steps(subject: &Subject, scale: &Scale, figures: &mut Figures) -> Result<(), Failure> {
    let config = config()?;
    let flags = ["--config".to_owned(), config.display().to_string()];
    let mut rounds = Vec::new();
    for _ in 0..scale.rounds.min(3) {
        let mut round = Figures::default();
        around(&subject.start()?, scale, &mut round)?;
        map(&subject.start_with(&flags)?, scale, &mut round)?;
        payload(&subject.start()?, scale, &mut round)?;
        rounds.push(round);
    }
    figures.append(Figures::medians(&rounds));
    Ok(())
}

/// A configuration that lets a history grow: 10,000 items of activity tasks are 70,000 events, and AWS
/// would end the execution at 25,000.
fn config() -> Result<PathBuf, Failure> {
    let path = scratch()?.join("bench-flat.toml");
    std::fs::write(&path, "[limits]\nhistory_events_max = 100000\n")?;
    Ok(path)
}

/// One activity and one Choice again and again, seven events each time.
fn around(server: &ServerUnderTest, scale: &Scale, figures: &mut Figures) -> Result<(), Failure> {
    let turns = if scale.quick { 500 } else { 3_570 };
    let mut service = Service::connect(server.address())?;
    let mut begin = |name: &str| -> Result<String, Failure> {
        let (activity, _) = service.one_activity(name)?;
        let task =
            json!({"Type": "Task", "Resource": activity, "ResultPath": null, "Next": "More"});
        let choice = json!({"Type": "Choice", "Default": "Only",
            "Choices": [{"Variable": "$.end", "IsPresent": true, "Next": "End"}]});
        let states = json!({"Only": task, "More": choice, "End": {"Type": "Succeed"}});
        let definition = json!({"StartAt": "Only", "States": states});
        let machine = service.defined(&format!("{name}-around"), &definition, "STANDARD")?;
        service.start(&machine, &json!({}))?;
        Ok(activity)
    };
    let late = begin("late")?;
    work(server, &late, turns - turns / 10, 1)?;
    let early = begin("early")?;
    let seen = in_turns(server, &early, &late, turns / 10)?;
    seen.note(&format!("loop of {} events", turns * 7), figures);
    Ok(())
}

/// An inline Map.
fn map(server: &ServerUnderTest, scale: &Scale, figures: &mut Figures) -> Result<(), Failure> {
    let items = if scale.quick { 1_000 } else { 10_000 };
    let mut service = Service::connect(server.address())?;
    let mut begin = |name: &str| -> Result<(String, String), Failure> {
        let (activity, _) = service.one_activity(name)?;
        let task = json!({"Type": "Task", "Resource": activity, "End": true});
        let state = json!({"Type": "Map", "End": true, "ResultPath": null,
            "ItemProcessor": {"StartAt": "Work", "States": {"Work": task}}});
        let machine = service.state_machine(&format!("{name}-map"), &state)?;
        let input: Vec<usize> = (0..items).collect();
        Ok((activity, service.start(&machine, &json!(input))?))
    };
    let (late, execution) = begin("late")?;
    work(server, &late, items - items / 10, WORKERS)?;
    let (early, _) = begin("early")?;
    let seen = in_turns(server, &early, &late, items / 10)?;
    succeeded(&mut service, &execution)?;
    seen.note(&format!("inline Map of {items} tasks"), figures);
    Ok(())
}

/// A payload as large as may be, given back by each worker.
fn payload(server: &ServerUnderTest, scale: &Scale, figures: &mut Figures) -> Result<(), Failure> {
    let executions = if scale.quick { 5 } else { 30 };
    let mut service = Service::connect(server.address())?;
    let (activity, _) = service.one_activity("payload")?;
    let states = (0..=PAYLOAD_STATES).map(|at| {
        let mut state = json!({"Type": "Task", "Resource": activity});
        match at < PAYLOAD_STATES {
            true => state["Next"] = json!(format!("S{}", at + 1)),
            false => state["End"] = json!(true),
        }
        (format!("S{at}"), state)
    });
    let states: serde_json::Map<String, Value> = states.collect();
    let definition = json!({"StartAt": "S0", "States": states});
    let machine = service.defined("through", &definition, "STANDARD")?;
    let payload = Value::from("x".repeat(PAYLOAD_BYTES));
    let output = payload.to_string();
    let mut seen = Seen::default();
    for _ in 0..executions {
        let execution = service.start(&machine, &payload)?;
        for at in 0..=PAYLOAD_STATES {
            let before = Mark::of(server.pid())?;
            let task = polled(&mut service, &activity)?;
            service.succeed_with(&task, &output)?;
            let after = Mark::of(server.pid())?;
            let tenth = match at {
                0 => &mut seen.early,
                _ if at + 1 == PAYLOAD_STATES => &mut seen.late,
                _ => continue,
            };
            tenth.times.add(after.at - before.at);
            tenth.spend(1, &before, &after);
        }
        succeeded(&mut service, &execution)?;
    }
    let what = format!("payload of {PAYLOAD_BYTES} bytes through {PAYLOAD_STATES} states");
    seen.note(&what, figures);
    Ok(())
}

/// What a server has taken so far.
#[derive(Clone, Copy)]
struct Mark {
    at: Instant,
    cpu: Duration,
    written_bytes: u64,
}

impl Mark {
    fn of(pid: u32) -> Result<Mark, Failure> {
        Ok(Mark {
            at: Instant::now(),
            cpu: cpu_of_threads(pid)?,
            written_bytes: written_bytes(pid)?,
        })
    }
}

/// One tenth of an execution: what each step took, and of each block what a step cost.
#[derive(Default)]
struct Tenth {
    times: Times,
    cpu_ms: Vec<f64>,
    written_bytes: Vec<f64>,
}

impl Tenth {
    /// A block of so many steps.
    fn spend(&mut self, steps: usize, before: &Mark, after: &Mark) {
        let cpu = after.cpu.saturating_sub(before.cpu);
        let written_bytes = after.written_bytes - before.written_bytes;
        self.cpu_ms.push(cpu.as_secs_f64() * 1e3 / steps as f64);
        self.written_bytes.push(written_bytes as f64 / steps as f64);
    }
}

/// The first tenth of one execution, and the last of another.
#[derive(Default)]
struct Seen {
    early: Tenth,
    late: Tenth,
}

impl Seen {
    /// Medians, of blocks too: now and then the store writes anew what it has, in whichever block.
    fn note(mut self, what: &str, figures: &mut Figures) {
        let mut beside = |of: &str, unit, cost: &dyn Fn(&mut Tenth) -> f64| {
            let (early, late) = (cost(&mut self.early), cost(&mut self.late));
            figures
                .note_beside(format!("{what}, {of} in the last tenth"), late, unit, early)
                .at_most_times(MOST_TIMES);
        };
        let of_blocks = |blocks: &[f64]| median(blocks.to_vec()).unwrap_or(f64::NAN);
        beside("a step", "ms", &|tenth| tenth.times.percentile_ms(0.5));
        beside("server's CPU for it", "ms", &|tenth| {
            of_blocks(&tenth.cpu_ms)
        });
        beside("written for it", "bytes", &|tenth| {
            of_blocks(&tenth.written_bytes)
        });
    }
}

/// Does so many tasks of each of two executions, a block of one and a block of the other.
fn in_turns(
    server: &ServerUnderTest,
    early: &str,
    late: &str,
    tasks: usize,
) -> Result<Seen, Failure> {
    let mut seen = Seen::default();
    let mut service = Service::connect(server.address())?;
    for block in 0..BLOCKS {
        let tasks = tasks * (block + 1) / BLOCKS - tasks * block / BLOCKS;
        for (activity, tenth) in [(early, &mut seen.early), (late, &mut seen.late)] {
            let before = Mark::of(server.pid())?;
            for _ in 0..tasks {
                let began = Instant::now();
                let task = polled(&mut service, activity)?;
                service.succeed(&task)?;
                tenth.times.add(began.elapsed());
            }
            tenth.spend(tasks, &before, &Mark::of(server.pid())?);
        }
    }
    Ok(seen)
}

/// Does so many tasks.
fn work(
    server: &ServerUnderTest,
    activity: &str,
    tasks: usize,
    workers: usize,
) -> Result<(), Failure> {
    let begun = AtomicUsize::new(0);
    let work = |address: SocketAddr| -> Result<(), Failure> {
        let mut service = Service::connect(address)?;
        while begun.fetch_add(1, Ordering::Relaxed) < tasks {
            let task = polled(&mut service, activity)?;
            service.succeed(&task)?;
        }
        Ok(())
    };
    thread::scope(|scope| {
        let work = || work(server.address()).map_err(|failure| failure.to_string());
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        workers.into_iter().try_for_each(|worker| {
            let ended = worker.join().map_err(|_| "a worker panicked")?;
            ended.map_err(Failure::from)
        })
    })
}

fn polled(service: &mut Service, activity: &str) -> Result<Task, Failure> {
    let task = service.poll(activity)?;
    Ok(task.ok_or("a task that is scheduled did not come")?)
}

/// Waits for the end of an execution.
fn succeeded(service: &mut Service, execution: &str) -> Result<(), Failure> {
    let began = Instant::now();
    loop {
        let described = service.call("DescribeExecution", &json!({"executionArn": execution}))?;
        match described["status"].as_str() {
            Some("SUCCEEDED") => return Ok(()),
            Some("RUNNING") if began.elapsed() < PATIENCE => {
                thread::sleep(Duration::from_millis(5));
            }
            status => return Err(format!("an execution ended so: {status:?}").into()),
        }
    }
}

/// The processor time of all threads that a process has now, finer than [`super::service::cpu_time`].
fn cpu_of_threads(pid: u32) -> Result<Duration, Failure> {
    let mut all = 0;
    for thread in std::fs::read_dir(format!("/proc/{pid}/task"))? {
        // A thread may end meanwhile.
        let Ok(times) = std::fs::read_to_string(thread?.path().join("schedstat")) else {
            continue;
        };
        let ran = times.split_whitespace().next();
        all += ran.ok_or("no time in schedstat")?.parse::<u64>()?;
    }
    Ok(Duration::from_nanos(all))
}

/// Bytes that a process has written so far, to files and to whoever asked it.
fn written_bytes(pid: u32) -> Result<u64, Failure> {
    let io = std::fs::read_to_string(format!("/proc/{pid}/io"))?;
    let line = io.lines().find_map(|line| line.strip_prefix("wchar: "));
    Ok(line.ok_or("no wchar")?.trim().parse()?)
}
