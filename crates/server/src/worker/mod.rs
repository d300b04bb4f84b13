//! `towpath worker`: any command becomes an activity worker, against any endpoint.
//!
//! A worker has as many slots as `--concurrency` says. A slot polls, runs the command with the
//! task's input on stdin, and reports what it printed; then it polls again. Between the slots stands
//! the [`Pool`], which knows how many tasks may still be taken and whether the worker drains.
//!
//! What is promised:
//!
//! - a result is reported until the service accepts it or says that nobody waits for it any more;
//! - a command whose task is over (timed out, execution stopped) is ended soon after;
//! - after SIGTERM or SIGINT no task is taken, the commands at work finish, and their results are
//!   sent; a second signal ends the commands;
//! - no server at the other end is no reason to stop: the worker waits and asks again.
//!
//! What is absent: a store. A worker that is killed loses the results in its hands, and the state's
//! `HeartbeatSeconds` or `TimeoutSeconds` with `Retry` is what gives the task to another one.

mod args;
mod backoff;
mod log;
mod outcome;
mod pool;
mod report;
mod signals;
mod slot;

use std::process::ExitCode;
use std::sync::Arc;
use std::thread;

use integrations::command::{self, program};

use crate::client::{Client, Environment};

pub use args::WorkerArgs;

use log::Log;
use pool::{End, Pool};
use slot::Slot;

/// Exit code for settings that cannot work. Source: clap's own for a wrong command line.
const EXIT_SETTINGS: u8 = 2;
/// Exit code for a command that is not there. Source: POSIX shells.
const EXIT_NO_COMMAND: u8 = 127;

/// Works until it is told to stop, has taken `--max-tasks`, or is refused for good.
pub fn run(args: WorkerArgs) -> ExitCode {
    let log = Log::new(args.quiet);
    let environment = Environment::of_process();
    let program = match program::find(&args.command[0], environment.var("PATH")) {
        Ok(program) => program,
        Err(error) => {
            log.error(format_args!("{error}"));
            return ExitCode::from(EXIT_NO_COMMAND);
        }
    };
    let client = match Client::new(&args.client, &environment, Some(&args.activity)) {
        Ok(client) => client,
        Err(error) => {
            log.error(format_args!("{error}"));
            return ExitCode::from(EXIT_SETTINGS);
        }
    };
    let name = args.name.clone().unwrap_or_else(args::default_name);
    let pool = Arc::new(Pool::new(args.task_limit()));
    if let Err(error) = signals::watch(Arc::clone(&pool), log) {
        log.error(format_args!("cannot listen for signals: {error}"));
        return ExitCode::FAILURE;
    }
    log.line(format_args!(
        "{name} polls {} at {}",
        args.activity,
        client.endpoint_url()
    ));

    let waits_for_polls = args.waits_for_polls(&client);
    let slots = usize::from(args.concurrency.get()).min(args.task_limit().unwrap_or(usize::MAX));
    for number in 0..slots {
        let slot = Slot {
            client: client.clone(),
            pool: Arc::clone(&pool),
            log,
            activity_arn: args.activity.clone(),
            worker_name: name.clone(),
            command: command::Recipe {
                program: program.clone(),
                arguments: args.command[1..].to_vec(),
                environment: None,
                folder: None,
                kill_after: args.kill_after(),
                stdout_bytes_max: outcome::OUTPUT_BYTES_MAX,
                stderr_bytes_kept: outcome::STDERR_BYTES_KEPT,
                passes_stderr_on: true,
                ticks: std::time::Instant::now,
            },
            heartbeat: args.heartbeat(),
            reading: args.output,
        };
        let started = thread::Builder::new()
            .name(format!("slot-{number}"))
            .spawn(move || slot.work());
        if let Err(error) = started {
            pool.end(End::Refused(format!("cannot start a thread: {error}")));
            break;
        }
    }
    match pool.wait(waits_for_polls) {
        End::Drained => ExitCode::SUCCESS,
        End::Aborted(code) => ExitCode::from(code),
        End::Refused(why) => {
            log.error(format_args!("{why}"));
            ExitCode::FAILURE
        }
    }
}
