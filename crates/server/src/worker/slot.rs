//! A slot takes one task at a time: poll, run, report, again.

use std::sync::Arc;
use std::time::{Duration, Instant};

use integrations::command::{Event, Recipe, Running, channel};
use serde_json::{Value, json};

use crate::client::{Advice, Client, ClientError, POLL_TIMEOUT};

use super::args::Reading;
use super::backoff::Backoff;
use super::log::Log;
use super::outcome::Outcome;
use super::pool::{End, Pool};
use super::report::{report, task_is_over};

/// An empty answer that came sooner was no held poll: a server that shuts down, or one that does
/// not hold polls at all. Asking it again at once would be a busy loop.
const HELD_POLL_MIN: Duration = Duration::from_secs(1);
/// Longest wait for the answer to a heartbeat, so that the next one is not late.
const HEARTBEAT_TIMEOUT_MAX: Duration = Duration::from_secs(10);
/// How often credentials are renewed before a worker that was never accepted gives up.
const RENEWALS_MAX: u32 = 3;

/// See the module.
pub(super) struct Slot {
    pub client: Client,
    pub pool: Arc<Pool>,
    pub log: Log,
    pub activity_arn: String,
    pub worker_name: String,
    pub command: Recipe,
    pub heartbeat: Option<Duration>,
    pub reading: Reading,
}

/// A task as a poll brings it.
struct Task {
    token: String,
    input: String,
}

/// How the run of a command ended.
enum Run {
    Done(Outcome),
    /// Nobody waits for the task any more; the reason, in words.
    Over(String),
}

impl Slot {
    /// Works until the pool has no more to do.
    pub(super) fn work(&self) {
        let mut backoff = Backoff::default();
        let mut renewals = 0;
        while self.pool.begin_poll() {
            let asked = Instant::now();
            match self.poll() {
                Ok(Some(task)) => {
                    (backoff, renewals) = (Backoff::default(), 0);
                    self.answered();
                    self.take(task);
                }
                Ok(None) => {
                    self.pool.end_poll();
                    renewals = 0;
                    self.answered();
                    match asked.elapsed() < HELD_POLL_MIN {
                        true => self.pool.pause_polling(backoff.next(fastrand::f64())),
                        false => backoff.reset(),
                    }
                }
                Err(error) => {
                    self.pool.end_poll();
                    if !self.worth_asking_again(&error, &mut renewals) {
                        self.pool.end(End::Refused(error.to_string()));
                        return;
                    }
                    self.pool.pause_polling(backoff.next(fastrand::f64()));
                }
            }
        }
    }

    fn poll(&self) -> Result<Option<Task>, ClientError> {
        let input = json!({ "activityArn": self.activity_arn, "workerName": self.worker_name });
        let answer = self.client.call("GetActivityTask", &input, POLL_TIMEOUT)?;
        let text = |member: &str| {
            answer
                .get(member)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        // An empty poll: the token is absent, null or, from other servers, an empty string.
        let (token, input) = (text("taskToken").to_owned(), text("input").to_owned());
        Ok((!token.is_empty()).then_some(Task { token, input }))
    }

    fn answered(&self) {
        if self.pool.note_outage(false) {
            self.log.line(format_args!("the server answers again"));
        }
    }

    fn worth_asking_again(&self, error: &ClientError, renewals: &mut u32) -> bool {
        match error.advice() {
            Advice::GiveUp => return false,
            Advice::AskAgain => {}
            Advice::RenewCredentials => {
                self.client.forget_credentials();
                *renewals += 1;
                // Credentials that worked once will be put in order by whoever runs the worker.
                if *renewals > RENEWALS_MAX && !self.pool.was_answered() {
                    return false;
                }
            }
        }
        if self.pool.note_outage(true) {
            self.log
                .error(format_args!("cannot poll, will ask again: {error}"));
        }
        true
    }

    fn take(&self, task: Task) {
        let channel = channel();
        let busy = self.pool.begin_task(channel.0.clone());
        let began = Instant::now();
        let variables = [
            ("TOWPATH_TASK_TOKEN", task.token.as_str()),
            ("TOWPATH_ACTIVITY_ARN", self.activity_arn.as_str()),
            ("TOWPATH_WORKER_NAME", self.worker_name.as_str()),
        ];
        let run = match self
            .command
            .start(task.input.into_bytes(), &variables, channel)
        {
            Ok(running) => self.attend(running, &task.token),
            Err(error) => {
                let cause = format!("{}: {error}", self.command.program.display());
                Run::Done(Outcome::failure("Worker.CommandNotStarted", &cause))
            }
        };
        let end = match run {
            Run::Done(outcome) => report(&self.client, &self.pool, self.log, &task.token, outcome),
            Run::Over(reason) => format!("is over, its command was ended ({reason})"),
        };
        let seconds = began.elapsed().as_secs_f64();
        self.log
            .line(format_args!("a task {end} after {seconds:.3} s"));
        drop(busy);
    }

    /// Sends heartbeats until the command has exited or its task is over.
    fn attend(&self, mut running: Running, token: &str) -> Run {
        let mut due = self.heartbeat.map(|interval| Instant::now() + interval);
        let mut missed = false;
        loop {
            match running.next(due) {
                Some(Event::OutputEnded) => {}
                Some(Event::Exited) => {
                    return Run::Done(match running.remains() {
                        Ok(remains) => Outcome::of(remains, self.reading),
                        Err(error) => Outcome::failure("ExitCode.Unknown", &error.to_string()),
                    });
                }
                Some(Event::Abort) => {
                    running.end();
                    let cause = "the worker was told to stop at once";
                    return Run::Done(Outcome::failure("Worker.Stopped", cause));
                }
                None => {
                    match self.beat(token) {
                        Ok(()) => missed = false,
                        Err(error) if task_is_over(&error) => {
                            running.end();
                            return Run::Over(error.to_string());
                        }
                        Err(error) => {
                            if !std::mem::replace(&mut missed, true) {
                                self.log.error(format_args!("a heartbeat failed: {error}"));
                            }
                        }
                    }
                    due = self.heartbeat.map(|interval| Instant::now() + interval);
                }
            }
        }
    }

    fn beat(&self, token: &str) -> Result<(), ClientError> {
        let interval = self.heartbeat.unwrap_or(HEARTBEAT_TIMEOUT_MAX);
        let timeout = interval.clamp(Duration::from_secs(1), HEARTBEAT_TIMEOUT_MAX);
        let input = json!({ "taskToken": token });
        let answer = self.client.call("SendTaskHeartbeat", &input, timeout);
        if let Err(error) = &answer
            && error.advice() == Advice::RenewCredentials
        {
            self.client.forget_credentials();
        }
        answer.map(drop)
    }
}
