//! The calls of the service that a measurement makes, and what it costs the server.

use std::net::SocketAddr;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use super::connection::Connection;
use crate::Failure;

/// A client of one server, on one connection.
pub struct Service {
    connection: Connection,
}

/// A task that a worker got.
pub struct Task {
    /// Its token, which is only ever sent back.
    token: Value,
    /// Its input.
    pub input: Value,
}

impl Service {
    /// Connects.
    pub fn connect(address: SocketAddr) -> Result<Self, Failure> {
        Ok(Self {
            connection: Connection::open(address)?,
        })
    }

    /// Makes one call that must succeed.
    pub fn call(&mut self, operation: &str, body: &Value) -> Result<Value, Failure> {
        let answer = self.call_with(operation, &body.to_string())?;
        Ok(serde_json::from_slice(answer)?)
    }

    /// The same for who makes it so often that writing and reading JSON would be what is measured.
    pub fn call_with(&mut self, operation: &str, body: &str) -> Result<&[u8], Failure> {
        let (status, answer) = self.connection.call(operation, body)?;
        if status != 200 {
            let text = String::from_utf8_lossy(answer);
            return Err(format!("{operation}: {status} {text}").into());
        }
        Ok(answer)
    }

    /// A new activity and a state machine that does nothing but wait for it.
    pub fn one_activity(&mut self, name: &str) -> Result<(String, String), Failure> {
        let made = self.call("CreateActivity", &json!({ "name": name }))?;
        let activity = text(&made, "activityArn")?;
        let state = json!({"Type": "Task", "Resource": activity, "End": true});
        Ok((activity, self.state_machine(name, &state)?))
    }

    /// A new state machine of one state.
    pub fn state_machine(&mut self, name: &str, state: &Value) -> Result<String, Failure> {
        let definition = json!({"StartAt": "Only", "States": {"Only": state}});
        self.defined(name, &definition, "STANDARD")
    }

    /// A new state machine, STANDARD or EXPRESS.
    pub fn defined(
        &mut self,
        name: &str,
        definition: &Value,
        kind: &str,
    ) -> Result<String, Failure> {
        let role = "arn:aws:iam::012345678901:role/bench";
        let definition = definition.to_string();
        let asked = json!({"name": name, "definition": definition, "roleArn": role, "type": kind});
        text(&self.call("CreateStateMachine", &asked)?, "stateMachineArn")
    }

    /// Starts an execution; returns when that is durable.
    pub fn start(&mut self, state_machine: &str, input: &Value) -> Result<String, Failure> {
        let asked = json!({"stateMachineArn": state_machine, "input": input.to_string()});
        text(&self.call("StartExecution", &asked)?, "executionArn")
    }

    /// The status that an execution is shown with.
    pub fn status(&mut self, execution: &str) -> Result<String, Failure> {
        let asked = json!({ "executionArn": execution });
        text(&self.call("DescribeExecution", &asked)?, "status")
    }

    /// Sends a poll and does not wait for it.
    pub fn begin_poll(&mut self, activity: &str) -> Result<(), Failure> {
        let asked = json!({"activityArn": activity, "workerName": "bench"});
        Ok(self
            .connection
            .send("GetActivityTask", &asked.to_string())?)
    }

    /// Polls until a task comes, or the hold is over.
    pub fn poll(&mut self, activity: &str) -> Result<Option<Task>, Failure> {
        self.begin_poll(activity)?;
        let (status, answer) = self.connection.receive()?;
        let answer: Value = serde_json::from_slice(answer)?;
        if status != 200 {
            return Err(format!("GetActivityTask: {answer}").into());
        }
        let Some(token) = answer.get("taskToken") else {
            return Ok(None);
        };
        Ok(Some(Task {
            token: token.clone(),
            input: serde_json::from_str(&text(&answer, "input")?)?,
        }))
    }

    /// Completes a task.
    pub fn succeed(&mut self, task: &Task) -> Result<(), Failure> {
        self.succeed_with(task, "{\"ok\":true}")
    }

    /// Completes a task with that output.
    pub fn succeed_with(&mut self, task: &Task, output: &str) -> Result<(), Failure> {
        let asked = json!({"taskToken": task.token, "output": output});
        self.call("SendTaskSuccess", &asked).map(drop)
    }
}

fn text(answer: &Value, member: &str) -> Result<String, Failure> {
    let found = answer[member].as_str();
    Ok(found
        .ok_or_else(|| format!("no {member} in {answer}"))?
        .to_owned())
}

/// The processor time that a process has had, with the kernel's for it.
pub fn cpu_time(pid: u32) -> Result<Duration, Failure> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The second field is the program's name in parentheses, which may hold anything.
    let after_name = stat.rsplit_once(')').ok_or("no name in stat")?.1;
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<u64>().ok());
    let (user, system) = (ticks(11).ok_or("no utime")?, ticks(12).ok_or("no stime")?);
    Ok(Duration::from_secs_f64(
        (user + system) as f64 / ticks_per_second()?,
    ))
}

fn ticks_per_second() -> Result<f64, Failure> {
    let output = Command::new("getconf").arg("CLK_TCK").output()?;
    Ok(String::from_utf8(output.stdout)?.trim().parse()?)
}

/// The memory that a process holds, in bytes.
pub fn resident_bytes(pid: u32) -> Result<u64, Failure> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kibibytes = line.ok_or("no VmRSS")?.trim().trim_end_matches(" kB");
    Ok(kibibytes.trim().parse::<u64>()? * 1024)
}
