//! `towpath demo`: one execution for each file of a folder, and a server that is killed on the way.
//!
//! Everything is real: this binary serves, this binary works, the files are read, the kill is
//! SIGKILL. What is shown at the end was asked from the API (see [`verify`]), not counted on the
//! way, and the exit code says whether anything was lost.

mod cast;
mod definition;
mod file_task;
mod files;
mod play;
mod progress;
mod starts;
mod table;
mod verify;

use std::io::Write;
use std::num::{NonZeroU16, NonZeroUsize};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use clap::Args;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

pub use file_task::run as run_file_task;

/// Exit code for settings that cannot work. Source: clap's own for a wrong command line.
const EXIT_SETTINGS: u8 = 2;

/// Watch a server lose its life and nothing else
///
/// Starts a server on a free port with a temporary folder, starts one execution for each file of
/// FOLDER, lets workers read the files, kills the server half-way with SIGKILL, starts it again, and
/// checks that every execution that was acknowledged is there, closed, and counted once.
#[derive(Clone, Debug, Args)]
pub struct DemoArgs {
    /// The folder whose files are read; .git and target are left out
    #[arg(default_value = ".")]
    pub folder: PathBuf,
    /// How many files to read at most
    #[arg(long, value_name = "N", default_value = "500")]
    pub limit: NonZeroUsize,
    /// How many worker processes to start
    #[arg(long, value_name = "N", default_value = "2")]
    pub workers: NonZeroU16,
    /// How many files each worker reads at once
    #[arg(long, value_name = "N", default_value = "4")]
    pub concurrency: NonZeroU16,
}

/// Plays it, and succeeds if nothing was lost.
pub fn run(args: DemoArgs) -> ExitCode {
    let interrupted = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        // Without its flag a signal would end the process at once, and leave the others behind.
        if let Err(error) = signal_hook::flag::register(signal, Arc::clone(&interrupted)) {
            say(&format!("cannot listen for signals: {error}"));
            return ExitCode::FAILURE;
        }
    }
    let files = match files::of(&args.folder, args.limit.get()) {
        Ok(files) if files.is_empty() => {
            say(&format!("{}: no file to read", args.folder.display()));
            return ExitCode::from(EXIT_SETTINGS);
        }
        Ok(files) => files,
        Err(error) => {
            say(&format!("{}: {error}", args.folder.display()));
            return ExitCode::from(EXIT_SETTINGS);
        }
    };
    match play::play(&args, &files, &interrupted) {
        Ok(findings) => {
            // A closed stdout must not turn a proof into a panic.
            let _ = std::io::stdout().write_all(table::text(&findings).as_bytes());
            if findings.holds() {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            }
        }
        Err(error) => {
            say(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

fn say(text: &str) {
    let _ = std::io::stderr().write_all(format!("towpath demo: {text}\n").as_bytes());
}

/// Why the demo could not be played to its end.
#[derive(Debug, thiserror::Error)]
enum DemoError {
    #[error("interrupted; server, workers and the temporary folder are gone")]
    Interrupted,
    #[error("{what}: {source}")]
    Io {
        what: &'static str,
        source: std::io::Error,
    },
    #[error("{operation}: {source}")]
    Call {
        operation: &'static str,
        source: crate::client::ClientError,
    },
    #[error("{what}; the server's log ends with:\n{log}")]
    Server { what: String, log: String },
    #[error("{operation} answered without {member}")]
    Answer {
        operation: &'static str,
        member: &'static str,
    },
}
