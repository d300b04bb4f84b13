//! Starting one execution for each file, through the kill.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::client::{Advice, CALL_TIMEOUT, Client};

use super::files::DemoFile;

/// Over how long the starts are spread, so that the kill falls among them.
const SPREAD: Duration = Duration::from_secs(6);
/// The longest time between two starts: a folder with few files is done sooner.
const GAP_MAX: Duration = Duration::from_millis(100);
/// Threads that start executions.
const STARTERS: usize = 4;
/// Between two attempts at a start while the server is away.
const AGAIN_AFTER: Duration = Duration::from_millis(50);

/// A start that the server acknowledged.
#[derive(Clone, Debug)]
pub(super) struct Acknowledged {
    /// Which file of the list.
    pub file: usize,
    /// The execution's ARN.
    pub execution_arn: String,
    /// Its start as it was answered; `None` if the answer that told it was lost in the kill.
    pub start_date: Option<f64>,
}

/// What is started, and what came of it so far.
pub(super) struct Starts<'a> {
    client: &'a Client,
    files: &'a [DemoFile],
    state_machine_arn: &'a str,
    stop: &'a AtomicBool,
    next: AtomicUsize,
    acknowledged: Mutex<Vec<Acknowledged>>,
    refused: Mutex<Vec<String>>,
}

/// The name of the execution of a file. Known before the start, so that asking twice is safe.
pub(super) fn execution_name(file: usize) -> String {
    format!("file-{file:05}")
}

impl<'a> Starts<'a> {
    pub(super) fn new(
        client: &'a Client,
        files: &'a [DemoFile],
        state_machine_arn: &'a str,
        stop: &'a AtomicBool,
    ) -> Starts<'a> {
        Starts {
            client,
            files,
            state_machine_arn,
            stop,
            next: AtomicUsize::new(0),
            acknowledged: Mutex::default(),
            refused: Mutex::default(),
        }
    }

    /// Starts the threads; they end when every file has its execution or `stop` is set.
    pub(super) fn spawn<'scope>(&'scope self, scope: &'scope thread::Scope<'scope, '_>) {
        let began = Instant::now();
        for _ in 0..STARTERS {
            scope.spawn(move || self.start_all(began));
        }
    }

    /// How many starts were acknowledged.
    pub(super) fn acknowledged(&self) -> usize {
        lock(&self.acknowledged).len()
    }

    /// How many starts ended, either way.
    pub(super) fn ended(&self) -> usize {
        self.acknowledged() + lock(&self.refused).len()
    }

    /// What was acknowledged, and what was refused in which words.
    pub(super) fn into_results(self) -> (Vec<Acknowledged>, Vec<String>) {
        let inner = |poisoned: std::sync::PoisonError<Vec<Acknowledged>>| poisoned.into_inner();
        let mut acknowledged = self.acknowledged.into_inner().unwrap_or_else(inner);
        acknowledged.sort_by_key(|start| start.file);
        (acknowledged, std::mem::take(&mut lock(&self.refused)))
    }

    fn start_all(&self, began: Instant) {
        let count = u32::try_from(self.files.len()).unwrap_or(u32::MAX).max(1);
        let gap = (SPREAD / count).min(GAP_MAX);
        loop {
            let file = self.next.fetch_add(1, Ordering::Relaxed);
            if file >= self.files.len() || self.stop.load(Ordering::Relaxed) {
                return;
            }
            let due = began + gap * u32::try_from(file).unwrap_or(u32::MAX);
            thread::sleep(due.saturating_duration_since(Instant::now()));
            self.start(file);
        }
    }

    fn start(&self, file: usize) {
        let input = json!({ "path": self.files[file].path }).to_string();
        let name = execution_name(file);
        let body =
            json!({ "stateMachineArn": self.state_machine_arn, "name": name, "input": input });
        let mut unanswered = false;
        while !self.stop.load(Ordering::Relaxed) {
            let error = match self.client.call("StartExecution", &body, CALL_TIMEOUT) {
                Ok(answer) => {
                    let execution_arn = answer["executionArn"].as_str().unwrap_or_default();
                    self.acknowledge(file, execution_arn.to_owned(), answer.get("startDate"));
                    return;
                }
                Err(error) => error,
            };
            // The name is ours alone: it was taken by the attempt whose answer was lost, and its
            // execution has closed meanwhile.
            if unanswered && error.exception() == Some("ExecutionAlreadyExists") {
                let arn = self
                    .state_machine_arn
                    .replacen(":stateMachine:", ":execution:", 1);
                self.acknowledge(file, format!("{arn}:{name}"), None);
                return;
            }
            if error.advice() != Advice::AskAgain {
                lock(&self.refused).push(format!("{name}: {error}"));
                return;
            }
            unanswered = true;
            thread::sleep(AGAIN_AFTER);
        }
    }

    fn acknowledge(&self, file: usize, execution_arn: String, start_date: Option<&Value>) {
        let start_date = start_date.and_then(Value::as_f64);
        lock(&self.acknowledged).push(Acknowledged {
            file,
            execution_arn,
            start_date,
        });
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
}
