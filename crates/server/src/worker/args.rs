//! The command line of `towpath worker`.

use std::ffi::OsString;
use std::num::{NonZeroU16, NonZeroUsize};
use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::client::{Client, ClientArgs};

/// Most characters of a worker's name. Source: service model, `Name`, 1 to 80.
const NAME_CHARS_MAX: usize = 80;
/// Longest length of time that an option takes, in seconds: one year, as long as a task may last.
const SECONDS_MAX: f64 = 31_536_000.0;

/// Make a command an activity worker
///
/// The command gets the task's input on stdin. What it prints on stdout is the output: JSON as it
/// is, anything else as a JSON string without the trailing line break. Its stderr is passed on, and
/// its end is the cause of a failure.
///
/// A command that ends with a code other than 0 fails the task with the error ExitCode.N, one that
/// is ended by a signal with Signal.SIGNAME, for example Signal.SIGKILL. A command that wants to
/// name its error prints {"Error": "NAME", "Cause": "..."} and exits with any code but 0. The worker
/// itself fails a task with Worker.OutputTooLarge, Worker.OutputNotUtf8, Worker.OutputNotJson,
/// Worker.OutputRefused, Worker.CommandNotStarted or Worker.Stopped.
///
/// The command's environment has TOWPATH_TASK_TOKEN, TOWPATH_ACTIVITY_ARN and TOWPATH_WORKER_NAME.
/// Processes that it leaves behind in its process group are ended with it.
///
/// SIGTERM or SIGINT: no more tasks are taken, the commands at work finish. A second signal ends them.
#[derive(Clone, Debug, Args)]
pub struct WorkerArgs {
    /// The activity to work for
    #[arg(long, value_name = "ARN", value_parser = activity_arn)]
    pub activity: String,
    /// How many commands may run at once
    #[arg(long, value_name = "N", default_value = "1")]
    pub concurrency: NonZeroU16,
    /// The name shown in the history, as workerName [default: HOSTNAME-PID]
    #[arg(long, value_name = "NAME", value_parser = worker_name)]
    pub name: Option<String>,
    /// Seconds between heartbeats while a command runs; 0 for none
    ///
    /// Must be well below the state's HeartbeatSeconds, which a worker is not told: 10 leaves room for
    /// two lost heartbeats of the 30 seconds that are a common choice. A heartbeat also tells the
    /// worker that a task is over; with 0 its command runs to its end for nothing.
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = seconds)]
    pub heartbeat: f64,
    /// Seconds a command has between SIGTERM and SIGKILL once its task is over
    #[arg(long, value_name = "SECONDS", default_value = "5", value_parser = seconds)]
    pub kill_after: f64,
    /// How stdout becomes the output
    #[arg(long, value_name = "HOW", value_enum, default_value_t = Reading::Auto)]
    pub output: Reading,
    /// Take one task, report it, and exit: short for --max-tasks 1
    #[arg(long, conflicts_with = "max_tasks")]
    pub once: bool,
    /// Take this many tasks, report them, and exit
    #[arg(long, value_name = "N")]
    pub max_tasks: Option<NonZeroUsize>,
    /// What becomes of open polls when the worker drains [default: wait at AWS, else drop]
    ///
    /// AWS may hand a task to a poll whose worker has gone, and then nobody has it until it times out;
    /// a poll is open for 60 seconds at most. Towpath notices that a poll was dropped, unless a task
    /// is on its way to it at that very moment.
    #[arg(long, value_name = "WHAT", value_enum)]
    pub open_polls: Option<OpenPolls>,
    /// Say nothing but errors
    #[arg(long, short)]
    pub quiet: bool,
    #[command(flatten)]
    pub client: ClientArgs,
    /// The command to run for each task, after `--`
    #[arg(last = true, required = true, value_name = "COMMAND")]
    pub command: Vec<OsString>,
}

/// How stdout becomes a task's output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Reading {
    /// JSON if it is JSON, else text
    Auto,
    /// JSON; anything else fails the task
    Json,
    /// Always a JSON string, even if it looks like a number
    Text,
}

/// What becomes of open polls when the worker drains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OpenPolls {
    /// Wait until they end, and run the tasks they bring
    Wait,
    /// Hang up
    Drop,
}

impl WorkerArgs {
    /// How many tasks may be taken at all.
    pub(super) fn task_limit(&self) -> Option<usize> {
        if self.once {
            Some(1)
        } else {
            self.max_tasks.map(NonZeroUsize::get)
        }
    }

    /// The time between heartbeats, if there shall be any.
    pub(super) fn heartbeat(&self) -> Option<Duration> {
        (self.heartbeat > 0.0).then(|| Duration::from_secs_f64(self.heartbeat))
    }

    /// The time between SIGTERM and SIGKILL.
    pub(super) fn kill_after(&self) -> Duration {
        Duration::from_secs_f64(self.kill_after)
    }

    /// Whether a draining worker waits for the polls it has open.
    pub(super) fn waits_for_polls(&self, client: &Client) -> bool {
        match self.open_polls {
            Some(choice) => choice == OpenPolls::Wait,
            None => client.asks_aws(),
        }
    }
}

/// The machine's name and this process's id, with what a `Name` must not hold replaced.
pub(super) fn default_name() -> String {
    let uname = rustix::system::uname();
    let host = uname.nodename().to_string_lossy();
    let pid = std::process::id().to_string();
    let room = NAME_CHARS_MAX - 1 - pid.len();
    let host: String = host
        .chars()
        .take(room)
        .map(|character| {
            if allowed_in_name(character) {
                character
            } else {
                '-'
            }
        })
        .collect();
    format!("{host}-{pid}")
}

fn activity_arn(text: &str) -> Result<String, String> {
    let parts: Vec<&str> = text.splitn(7, ':').collect();
    match parts[..] {
        ["arn", _, "states", _, _, "activity", name] if !name.is_empty() => Ok(text.to_owned()),
        _ => Err("an activity's ARN is arn:aws:states:REGION:ACCOUNT:activity:NAME".to_owned()),
    }
}

fn worker_name(text: &str) -> Result<String, String> {
    let chars = text.chars().count();
    if chars == 0 || chars > NAME_CHARS_MAX {
        return Err(format!("a name has 1 to {NAME_CHARS_MAX} characters"));
    }
    match text.chars().find(|character| !allowed_in_name(*character)) {
        Some(character) => Err(format!("a name must not hold {character:?}")),
        None => Ok(text.to_owned()),
    }
}

/// Source: AWS API reference, the characters that the name of a resource must not hold.
fn allowed_in_name(character: char) -> bool {
    !character.is_whitespace()
        && !character.is_control()
        && !"<>{}[]?*\"#%\\^|~`$&,;:/\u{fffe}\u{ffff}\u{10ffff}".contains(character)
}

fn seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(seconds) if (0.0..=SECONDS_MAX).contains(&seconds) => Ok(seconds),
        _ => Err("must be a number of seconds, 0 or more".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_name_is_a_name() {
        let name = default_name();
        assert_eq!(worker_name(&name), Ok(name.clone()));
        assert!(name.ends_with(&format!("-{}", std::process::id())));
    }

    #[test]
    fn names_that_the_service_would_refuse_are_refused_here() {
        assert!(worker_name(&"w".repeat(80)).is_ok() && worker_name(&"w".repeat(81)).is_err());
        for bad in ["", "a b", "a/b", "a:b", "a\u{7f}"] {
            assert!(worker_name(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn an_arn_of_something_else_is_refused() {
        assert!(activity_arn("arn:aws:states:eu-west-1:123456789012:activity:a").is_ok());
        assert!(activity_arn("arn:aws:states:eu-west-1:123456789012:stateMachine:a").is_err());
        assert!(activity_arn("a").is_err());
    }

    #[test]
    fn seconds_are_numbers_that_a_duration_takes() {
        assert_eq!(seconds("0.25"), Ok(0.25));
        for bad in ["-1", "NaN", "inf", "1e300", "ten"] {
            assert!(seconds(bad).is_err(), "{bad}");
        }
    }
}
