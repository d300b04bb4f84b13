//! Executions of five Pass states: all that there is but for work.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::Scale;
use super::figures::Figures;
use super::limits::{self, Limits};
use super::service::{Service, cpu_time};
use crate::Failure;
use crate::server_under_test::ServerUnderTest;

/// Connections that start executions of STANDARD machines.
pub const STARTERS: usize = 64;
/// Connections that start executions and wait for their output.
const CALLERS: usize = 8;
/// Longest wait for the last executions to end.
const PATIENCE: Duration = Duration::from_secs(60);

/// A definition of five states that do nothing.
pub fn five_passes() -> Value {
    let state = |next: &str| json!({"Type": "Pass", "Next": next});
    json!({"StartAt": "A", "States": {
        "A": state("B"), "B": state("C"), "C": state("D"), "D": state("E"),
        "E": {"Type": "Pass", "End": true},
    }})
}

/// Executions of a STANDARD machine, from the first start until all have ended.
pub fn standard(
    server: &ServerUnderTest,
    scale: &Scale,
    figures: &mut Figures,
) -> Result<(), Failure> {
    let before = Limits::measure(scale.limit_time)?;
    let mut service = Service::connect(server.address())?;
    let machine = service.defined("passes", &five_passes(), "STANDARD")?;
    let cpu = cpu_time(server.pid())?;
    let began = Instant::now();
    let asked = json!({"stateMachineArn": machine, "input": "{\"order\":1}"});
    let (count, last) = many(server, STARTERS, scale, "StartExecution", &asked)?;
    for answer in last {
        ended(&mut service, &answer["executionArn"])?;
    }
    let took = began.elapsed();
    let cpu = cpu_time(server.pid())?.saturating_sub(cpu);
    let limits = before.or_better(Limits::measure(scale.limit_time)?);
    let rate = count as f64 / took.as_secs_f64();
    // One commit: an execution that waits for nobody ends in the commit that it starts in.
    let most = limits.transitions_per_second;
    figures.note_beside("executions of five Pass states", rate, "/s", most);
    let each = cpu.as_secs_f64() * 1e3 / count as f64;
    figures
        .note("server's CPU for each of five Pass states", each, "ms")
        .at_most(0.10);
    Ok(())
}

/// `StartSyncExecution` of an EXPRESS machine, beside bare round trips on as many connections.
pub fn synchronous(
    server: &ServerUnderTest,
    scale: &Scale,
    figures: &mut Figures,
) -> Result<(), Failure> {
    let before = limits::round_trips_per_second(CALLERS, scale.limit_time)?;
    let mut service = Service::connect(server.address())?;
    let machine = service.defined("sync", &five_passes(), "EXPRESS")?;
    let cpu = cpu_time(server.pid())?;
    let began = Instant::now();
    let asked = json!({"stateMachineArn": machine, "input": "{\"order\":1}"});
    let (count, last) = many(server, CALLERS, scale, "StartSyncExecution", &asked)?;
    let took = began.elapsed();
    if let Some(failed) = last.iter().find(|answer| answer["status"] != "SUCCEEDED") {
        return Err(format!("a synchronous execution ended so: {failed}").into());
    }
    let cpu = cpu_time(server.pid())?.saturating_sub(cpu);
    let after = limits::round_trips_per_second(CALLERS, scale.limit_time)?;
    let rate = count as f64 / took.as_secs_f64();
    figures
        .note_beside(
            "StartSyncExecution of five Pass states, 8 callers",
            rate,
            "/s",
            before.max(after),
        )
        .at_least_times(0.5);
    let each = cpu.as_secs_f64() * 1e3 / count as f64;
    figures.note("server's CPU for each StartSyncExecution", each, "ms");
    Ok(())
}

/// Makes the same call over and over on so many connections: how often, and the last answer of each.
pub fn many(
    server: &ServerUnderTest,
    connections: usize,
    scale: &Scale,
    operation: &str,
    asked: &Value,
) -> Result<(u64, Vec<Value>), Failure> {
    let (ends, asked) = (AtomicBool::new(false), asked.to_string());
    thread::scope(|scope| {
        let callers: Vec<_> = (0..connections)
            .map(|_| {
                scope.spawn(|| -> Result<(u64, Value), String> {
                    let service = Service::connect(server.address());
                    let mut service = service.map_err(|e| e.to_string())?;
                    let mut count = 1;
                    while !ends.load(Ordering::Relaxed) {
                        let answer = service.call_with(operation, &asked);
                        answer.map_err(|e| e.to_string())?;
                        count += 1;
                    }
                    let last = service.call_with(operation, &asked);
                    let last = serde_json::from_slice(last.map_err(|e| e.to_string())?);
                    Ok((count, last.map_err(|e| e.to_string())?))
                })
            })
            .collect();
        thread::sleep(scale.throughput_time);
        ends.store(true, Ordering::Relaxed);
        let mut all = (0, Vec::new());
        for caller in callers {
            let (count, last) = caller.join().expect("a caller does not panic")?;
            all.0 += count;
            all.1.push(last);
        }
        Ok(all)
    })
}

/// Returns when an execution has succeeded.
pub fn ended(service: &mut Service, execution: &Value) -> Result<(), Failure> {
    let began = Instant::now();
    loop {
        let described = service.call("DescribeExecution", &json!({ "executionArn": execution }))?;
        match described["status"].as_str() {
            Some("SUCCEEDED") => return Ok(()),
            Some("RUNNING") if began.elapsed() < PATIENCE => {
                thread::sleep(Duration::from_millis(1))
            }
            _ => return Err(format!("an execution ended so: {described}").into()),
        }
    }
}
