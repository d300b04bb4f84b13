//! A server in a process of its own.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::wire::{self, Answer};

/// Longest that anything here may take; a machine under load is slow, a broken server never comes.
pub const PATIENCE: Duration = Duration::from_secs(30);

pub const ROLE: &str = "arn:aws:iam::000000000000:role/any";

pub struct Server {
    child: Child,
    pub address: SocketAddr,
    pub data: PathBuf,
    _folder: Option<tempfile::TempDir>,
}

/// `towpath` with nothing of the caller's environment.
pub fn towpath() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_towpath"));
    command.env_clear().stdin(Stdio::null());
    command
}

/// What `towpath` says and how it ends, when it is not meant to go on.
pub fn output(arguments: &[&str], environment: &[(&str, &str)], directory: &Path) -> Output {
    let mut command = towpath();
    command
        .args(arguments)
        .envs(environment.iter().copied())
        .current_dir(directory);
    command.output().unwrap()
}

impl Server {
    /// A server on a new folder.
    pub fn start(flags: &[&str]) -> Server {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let mut server = Server::start_on(&data, flags);
        server._folder = Some(folder);
        server
    }

    /// A server on this folder.
    pub fn start_on(data: &Path, flags: &[&str]) -> Server {
        let mut command = towpath();
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .args(flags);
        Server::spawn(command, data)
    }

    /// Starts it and returns when it says that it listens.
    pub fn spawn(mut command: Command, data: &Path) -> Server {
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap());
        let (say, said) = mpsc::channel();
        std::thread::spawn(move || {
            let mut all = String::new();
            loop {
                let mut line = String::new();
                if lines.read_line(&mut line).unwrap_or(0) == 0 {
                    return;
                }
                all.push_str(&line);
                if let Some((_, url)) = line.split_once("listening url=http://") {
                    let _ = say.send(url.split(' ').next().unwrap().parse().unwrap());
                    // What follows must not fill the pipe.
                    let _ = lines.read_to_string(&mut all);
                    return;
                }
            }
        });
        let address = said
            .recv_timeout(PATIENCE)
            .expect("the server says where it listens");
        Server {
            child,
            address,
            data: data.to_path_buf(),
            _folder: None,
        }
    }

    /// Calls an operation.
    pub fn call(&self, operation: &str, input: Value) -> Answer {
        wire::call(self.address, operation, &input)
    }

    /// Calls an operation that must succeed.
    pub fn ok(&self, operation: &str, input: Value) -> Value {
        let answer = self.call(operation, input);
        assert_eq!(answer.status, 200, "{operation}: {}", answer.body);
        serde_json::from_str(&answer.body).unwrap()
    }

    pub fn get(&self, path: &str) -> Answer {
        wire::get(self.address, path)
    }

    /// The value of a metric without labels.
    pub fn metric(&self, name: &str) -> f64 {
        let page = self.get("/metrics").body;
        let value = page
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value
            .unwrap_or_else(|| panic!("no {name} in\n{page}"))
            .parse()
            .unwrap()
    }

    /// Waits until the metric has this value.
    pub fn await_metric(&self, name: &str, value: f64) {
        eventually(&format!("{name} is {value}"), || self.metric(name) == value);
    }

    pub fn create_activity(&self, name: &str) -> String {
        let made = self.ok("CreateActivity", json!({"name": name}));
        made["activityArn"].as_str().unwrap().to_owned()
    }

    pub fn create_machine(&self, name: &str, definition: Value) -> String {
        let input = json!({"name": name, "roleArn": ROLE, "definition": definition.to_string()});
        let made = self.ok("CreateStateMachine", input);
        made["stateMachineArn"].as_str().unwrap().to_owned()
    }

    pub fn start_execution(&self, machine: &str, input: Value) -> String {
        let input = json!({"stateMachineArn": machine, "input": input.to_string()});
        let started = self.ok("StartExecution", input);
        started["executionArn"].as_str().unwrap().to_owned()
    }

    /// Waits until the execution is over, and returns how `DescribeExecution` shows it.
    pub fn await_end(&self, execution: &str) -> Value {
        let mut shown = Value::Null;
        eventually("the execution ends", || {
            shown = self.ok("DescribeExecution", json!({"executionArn": execution}));
            shown["status"] != "RUNNING"
        });
        shown
    }

    pub fn history(&self, execution: &str) -> Vec<Value> {
        let page = self.ok("GetExecutionHistory", json!({"executionArn": execution}));
        page["events"].as_array().unwrap().clone()
    }

    /// Standard output, if it was piped.
    pub fn stdout(&mut self) -> std::process::ChildStdout {
        self.child.stdout.take().expect("standard output is piped")
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits for the process to end.
    pub fn wait(&mut self) -> ExitStatus {
        let mut status = None;
        eventually("the server ends", || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        status.unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits for something to become true.
pub fn eventually(what: &str, mut is: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is() {
        assert!(began.elapsed() < PATIENCE, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}
