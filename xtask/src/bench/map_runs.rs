//! A Distributed Map over a file in a local folder: items per second, and memory that does not grow with
//! them.

use std::fmt::Write;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::figures::Figures;
use super::service::{Service, cpu_time, resident_bytes};
use super::{Scale, Subject};
use crate::Failure;
use crate::process::scratch;
use crate::server_under_test::ServerUnderTest;

/// Workers of the activity.
const WORKERS: usize = 32;
/// How often progress and memory are looked at.
const LOOKS_EVERY: Duration = Duration::from_millis(100);
/// Longest time for all items.
const PATIENCE: Duration = Duration::from_secs(1_800);

/// EXPRESS children of one Pass state; then STANDARD ones whose items are worked on by workers, with a
/// SIGKILL when half of them are done.
pub fn of_a_file(subject: &Subject, scale: &Scale, figures: &mut Figures) -> Result<(), Failure> {
    let folder = bucket(scale.items)?;
    let flags = [
        "--bucket".to_owned(),
        format!("bench=file://{}", folder.display()),
        // Workers find out that there is nothing left.
        "--poll-hold-seconds".to_owned(),
        "1".to_owned(),
    ];
    let pass = json!({"Type": "Pass", "End": true});
    let mut server = subject.start_with(&flags)?;
    let cpu = cpu_time(server.pid())?;
    let seen = run(&mut server, "express", &pass, "EXPRESS", scale.items, None)?;
    let cpu = cpu_time(server.pid())?.saturating_sub(cpu);
    let what = |of: &str| format!("map run of {}, {of}", scale.items);
    seen.note(&what("EXPRESS Pass"), scale.items, figures);
    let each = cpu.as_secs_f64() * 1e3 / scale.items as f64;
    figures.note(what("EXPRESS Pass, server's CPU for each"), each, "ms");
    drop(server);

    let mut server = subject.start_with(&flags)?;
    let (activity, _) = Service::connect(server.address())?.one_activity("items")?;
    // A task whose worker's connection broke at the kill counts as delivered.
    let again = json!([{"ErrorEquals": ["States.Timeout", "States.HeartbeatTimeout"],
        "IntervalSeconds": 1, "BackoffRate": 1.0, "MaxAttempts": 10}]);
    let task = json!({"Type": "Task", "Resource": activity, "HeartbeatSeconds": 5, "Retry": again,
        "End": true});
    let (ends, done, address) = (AtomicBool::new(false), AtomicU64::new(0), server.address());
    let seen = thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| work(address, &activity, &ends, &done));
        }
        let half = scale.items / 2;
        let seen = run(
            &mut server,
            "workers",
            &task,
            "STANDARD",
            scale.items,
            Some(half),
        );
        ends.store(true, Ordering::Relaxed);
        seen
    })?;
    seen.note(&what("activity, SIGKILL"), scale.items, figures);
    let twice = done
        .load(Ordering::Relaxed)
        .saturating_sub(scale.items as u64);
    figures.note(what("done again after the SIGKILL"), twice as f64, "tasks");
    std::fs::remove_dir_all(folder)?;
    Ok(())
}

/// What was seen while a map run was under way.
struct Seen {
    took: Duration,
    /// Of the server, when a tenth of the items was done.
    early_bytes: u64,
    greatest_bytes: u64,
}

impl Seen {
    fn note(&self, what: &str, items: usize, figures: &mut Figures) {
        let rate = items as f64 / self.took.as_secs_f64();
        figures.note(format!("{what}, items"), rate, "/s");
        let mebibytes = |bytes: u64| bytes as f64 / f64::from(1 << 20);
        let (most, early) = (mebibytes(self.greatest_bytes), mebibytes(self.early_bytes));
        // The limit is what it was after a tenth.
        figures.note_beside(format!("{what}, memory"), most, "MiB", early);
    }
}

/// A folder with one file of so many lines.
fn bucket(items: usize) -> Result<PathBuf, Failure> {
    let folder = scratch()?.join("bench-bucket");
    std::fs::create_dir_all(&folder)?;
    let mut text = String::from("order,amount\n");
    for item in 0..items {
        writeln!(text, "{item},{}", item % 97)?;
    }
    std::fs::write(folder.join("items.csv"), text)?;
    Ok(folder)
}

/// Runs a Distributed Map to its end, and checks that every item was done and counted once.
fn run(
    server: &mut ServerUnderTest,
    name: &str,
    state: &Value,
    kind: &str,
    items: usize,
    kill_at: Option<usize>,
) -> Result<Seen, Failure> {
    let definition = json!({"StartAt": "M", "States": {"M": {
        "Type": "Map", "End": true, "MaxConcurrency": 1_000, "ResultPath": null,
        "ItemReader": {
            "Resource": "arn:aws:states:::s3:getObject",
            "ReaderConfig": {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"},
            "Parameters": {"Bucket": "bench", "Key": "items.csv"},
        },
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": kind},
            "StartAt": "Only", "States": {"Only": state},
        },
        "ResultWriter": {
            "Resource": "arn:aws:states:::s3:putObject",
            "Parameters": {"Bucket": "bench", "Prefix": name},
        },
    }}});
    let mut service = Service::connect(server.address())?;
    let machine = service.defined(name, &definition, "STANDARD")?;
    let began = Instant::now();
    let execution = service.start(&machine, &json!({}))?;
    let (mut early_bytes, mut greatest_bytes, mut kill_at) = (0, 0, kill_at);
    loop {
        thread::sleep(LOOKS_EVERY);
        let succeeded = counts(&mut service, &execution)?["succeeded"].as_u64();
        let succeeded = succeeded.unwrap_or(0) as usize;
        greatest_bytes = resident_bytes(server.pid())?.max(greatest_bytes);
        if early_bytes == 0 || succeeded < items / 10 {
            early_bytes = greatest_bytes;
        }
        if kill_at.is_some_and(|at| succeeded >= at) {
            kill_at = None;
            server.kill_and_start_again()?;
            service = again(server)?;
        }
        let described = service.call("DescribeExecution", &json!({"executionArn": execution}))?;
        match described["status"].as_str() {
            Some("RUNNING") if began.elapsed() < PATIENCE => {}
            Some("SUCCEEDED") => break,
            _ => return Err(format!("the map run ended so: {described}").into()),
        }
    }
    let took = began.elapsed();
    let counts = counts(&mut service, &execution)?;
    if counts["succeeded"] != items || counts["total"] != items {
        return Err(format!("of {items} items were counted: {counts}").into());
    }
    Ok(Seen {
        took,
        early_bytes,
        greatest_bytes,
    })
}

/// `itemCounts` of an execution's one map run.
fn counts(service: &mut Service, execution: &str) -> Result<Value, Failure> {
    let listed = service.call("ListMapRuns", &json!({"executionArn": execution}))?;
    let Some(map_run) = listed["mapRuns"].get(0) else {
        return Ok(Value::Null);
    };
    let asked = json!({"mapRunArn": map_run["mapRunArn"]});
    Ok(service.call("DescribeMapRun", &asked)?["itemCounts"].take())
}

/// A connection to a server that is on its way up.
fn again(server: &ServerUnderTest) -> Result<Service, Failure> {
    let began = Instant::now();
    loop {
        match Service::connect(server.address()) {
            Ok(service) => return Ok(service),
            Err(failure) if began.elapsed() > PATIENCE => return Err(failure),
            Err(_) => thread::sleep(Duration::from_millis(2)),
        }
    }
}

/// A worker that outlives its server.
fn work(address: std::net::SocketAddr, activity: &str, ends: &AtomicBool, done: &AtomicU64) {
    let mut unsaid = None;
    while !ends.load(Ordering::Relaxed) {
        let Ok(mut service) = Service::connect(address) else {
            thread::sleep(Duration::from_millis(2));
            continue;
        };
        loop {
            if let Some(task) = unsaid.take() {
                match service.succeed(&task) {
                    Ok(()) => drop(done.fetch_add(1, Ordering::Relaxed)),
                    // Taken before the answer was lost, or too late.
                    Err(refused) if refused.to_string().contains(": 400 ") => {}
                    Err(_) => {
                        unsaid = Some(task);
                        break;
                    }
                }
            }
            match service.poll(activity) {
                Ok(task) => unsaid = task,
                Err(_) => break,
            }
            if unsaid.is_none() && ends.load(Ordering::Relaxed) {
                return;
            }
        }
    }
}
