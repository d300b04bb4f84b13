//! Calls that executions make: of a function at a URL on this machine that does nothing.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::thread;
use std::time::Instant;

use serde_json::json;

use super::figures::Figures;
use super::passes::{ended, many};
use super::service::{Service, cpu_time};
use super::{Scale, Subject, limits};
use crate::Failure;

/// Connections that start executions. As many calls are under way at a time.
const CALLERS: usize = 64;
const FUNCTION: &str = "arn:aws:lambda:us-east-1:000000000000:function:bench";

/// One call to an execution: of an EXPRESS machine without the disk, of a STANDARD one with it. Beside
/// them, bare round trips on as many connections: a call is one of them, and its start is another.
pub fn of_a_function(
    subject: &Subject,
    scale: &Scale,
    figures: &mut Figures,
) -> Result<(), Failure> {
    let function = endpoint()?;
    let flags = ["--function".to_owned(), format!("bench=http://{function}/")];
    let server = subject.start_with(&flags)?;
    let mut service = Service::connect(server.address())?;
    let definition = json!({"StartAt": "Call", "States": {
        "Call": {"Type": "Task", "Resource": FUNCTION, "End": true},
    }});

    let before = limits::round_trips_per_second(CALLERS, scale.limit_time)?;
    let machine = service.defined("calls-sync", &definition, "EXPRESS")?;
    let asked = json!({"stateMachineArn": machine, "input": "{\"order\":1}"});
    let cpu = cpu_time(server.pid())?;
    let began = Instant::now();
    let (count, last) = many(&server, CALLERS, scale, "StartSyncExecution", &asked)?;
    let took = began.elapsed().as_secs_f64();
    let cpu = cpu_time(server.pid())?.saturating_sub(cpu);
    if let Some(failed) = last.iter().find(|answer| answer["status"] != "SUCCEEDED") {
        return Err(format!("an execution with a call ended so: {failed}").into());
    }
    let after = limits::round_trips_per_second(CALLERS, scale.limit_time)?;
    let most = before.max(after);
    let rate = count as f64 / took;
    figures.note_beside("calls of a URL, EXPRESS, 64 callers", rate, "/s", most);
    let each = cpu.as_secs_f64() * 1e3 / count as f64;
    figures.note("server's CPU for each EXPRESS call", each, "ms");

    let machine = service.defined("calls", &definition, "STANDARD")?;
    let asked = json!({"stateMachineArn": machine, "input": "{\"order\":1}"});
    let began = Instant::now();
    let (count, last) = many(&server, CALLERS, scale, "StartExecution", &asked)?;
    for answer in last {
        ended(&mut service, &answer["executionArn"])?;
    }
    let rate = count as f64 / began.elapsed().as_secs_f64();
    figures.note_beside("calls of a URL, STANDARD, 64 callers", rate, "/s", most);
    Ok(())
}

/// A server that answers every request with `{}`, until this process ends.
fn endpoint() -> Result<SocketAddr, Failure> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || limits::pong(stream));
        }
    });
    Ok(address)
}
