//! `towpath run`: one execution of a definition, from start to end, without a server.
//!
//! The interpreter runs it, as it does behind the API; [`play`] is the world around it, with a virtual
//! clock and with mocks ([`mocks`]) in the place of workers and services. [`trail`] reads the events
//! and says through which states it went; [`print`] writes that down.

mod events;
mod mocks;
mod play;
mod print;
mod trail;

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use asl::{MachineType, Severity, StateMachine};
use clap::{Args, ValueEnum};
use interpreter::{Document, Status};

use crate::clock::Clock;
use crate::validate::{Report, read};
use mocks::{Mocks, MocksError};
use play::{Plan, Play, PlayError};

/// The execution did not succeed.
const EXIT_FAILED: u8 = 1;
/// There was no execution, or it could not go on: a file, a definition or a mock is missing or wrong.
const EXIT_USAGE: u8 = 2;

/// When the virtual clock starts: 2025-01-01T00:00:00Z, so that the same command prints the same text.
const VIRTUAL_START_MS: i64 = 1_735_689_600_000;

/// Run a state machine to its end, without a server
///
/// Activities and services are answered from a file of mocks; time is virtual: a year of waiting takes
/// no time. Prints the way through the states, and the output. Exits with 0 when the execution
/// succeeded, 1 when it failed, timed out or was stopped, 2 when it could not be run.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// A definition in the Amazon States Language; - is standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The input: JSON, @FILE, or - for standard input
    #[arg(
        long,
        value_name = "JSON",
        default_value = "{}",
        allow_negative_numbers = true
    )]
    input: String,
    /// Answers for Task states, in the format of Step Functions Local
    #[arg(long, value_name = "FILE")]
    mocks: Option<PathBuf>,
    /// Which test case of the mocks [default: the only one]
    #[arg(long, value_name = "NAME", requires = "mocks")]
    test_case: Option<String>,
    /// Name of the state machine, here and in the mocks [default: from the file's name]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Print each event as it happens; waits then take their time, unless --skip-waits
    #[arg(long)]
    watch: bool,
    /// Jump over waits; without --watch that is always so
    #[arg(long)]
    skip_waits: bool,
    /// Where randomness (jitter, States.UUID, $random) comes from
    #[arg(long, value_name = "N", default_value = "0")]
    seed: u64,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Stop the execution when its history has more events; it may have a few more by then
    #[arg(long, value_name = "N", default_value_t = interpreter::limits::HISTORY_EVENTS_MAX)]
    max_events: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

/// Why there is no execution, or no end of it.
#[derive(Debug, thiserror::Error)]
enum RunError {
    #[error("{file}: {source}")]
    Read {
        file: String,
        source: std::io::Error,
    },
    #[error("{0}")]
    Definition(String),
    #[error("the input is not JSON: {0}")]
    Input(String),
    #[error("only one of FILE and --input can be standard input")]
    OneStdin,
    #[error("{file}: {source}")]
    Mocks { file: String, source: MocksError },
    #[error(transparent)]
    Play(#[from] PlayError),
}

/// Runs it, prints it, and says by the exit code how it ended.
pub fn run(args: RunArgs) -> ExitCode {
    match try_run(&args) {
        Ok(Status::Succeeded) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::from(EXIT_FAILED),
        Err(error) => {
            // A closed stderr must not turn the message into a panic.
            let _ = writeln!(std::io::stderr(), "towpath run: {error}");
            ExitCode::from(EXIT_USAGE)
        }
    }
}

fn try_run(args: &RunArgs) -> Result<Status, RunError> {
    if args.file.as_os_str() == "-" && args.input == "-" {
        return Err(RunError::OneStdin);
    }
    let machine = read_definition(&args.file)?;
    let input = read_input(&args.input)?;
    let name = args.name.clone().unwrap_or_else(|| stem(&args.file));
    let mocks = match &args.mocks {
        None => Mocks::none(),
        Some(path) => read_mocks(path, args, &name)?,
    };
    let is_real_time = args.watch && !args.skip_waits;
    let plan = Plan {
        name,
        seed: args.seed,
        events_max: args.max_events,
        start_ms: if is_real_time {
            Clock::start().wall_ms()
        } else {
            VIRTUAL_START_MS
        },
        is_real_time,
    };
    let mut out = std::io::stdout().lock();
    let mut watch = |event: &interpreter::Event, start_ms: i64| {
        if args.watch {
            let line = match args.format {
                Format::Text => events::line(event, start_ms),
                Format::Json => events::value(event).to_string(),
            };
            // What nobody reads is not printed; the execution goes on to its exit code.
            let _ = writeln!(out, "{line}");
        }
    };
    let (ended, stuck) = Play::new(&machine, mocks, plan).run_to_its_end(input, &mut watch);
    let printed = match args.format {
        Format::Text => print::text(&ended, stuck.is_some()),
        Format::Json => print::json(&ended),
    };
    let _ = out.write_all(printed.as_bytes());
    match stuck {
        Some(error) => Err(error.into()),
        None => Ok(ended.status),
    }
}

fn read_file(path: &Path) -> Result<String, RunError> {
    read(path).map_err(|source| RunError::Read {
        file: path.display().to_string(),
        source,
    })
}

fn read_definition(path: &Path) -> Result<StateMachine, RunError> {
    let text = read_file(path)?;
    let parsed = asl::parse(&text, MachineType::Standard);
    parsed.machine.ok_or_else(|| {
        let is_error = |diagnostic: &asl::Diagnostic| diagnostic.severity == Severity::Error;
        let errors = parsed.diagnostics.into_iter().filter(is_error).collect();
        let report = Report::new(
            path.display().to_string(),
            text,
            MachineType::Standard,
            errors,
        );
        RunError::Definition(format!(
            "the definition is not valid\n{}",
            report.to_text().trim_end()
        ))
    })
}

fn read_input(argument: &str) -> Result<Document, RunError> {
    let text = match argument.strip_prefix('@') {
        Some(file) => read_file(Path::new(file))?,
        None if argument == "-" => {
            let mut text = String::new();
            let read = std::io::stdin().lock().read_to_string(&mut text);
            read.map_err(|source| RunError::Read {
                file: "<stdin>".to_owned(),
                source,
            })?;
            text
        }
        None => argument.to_owned(),
    };
    asl::json::check_input(&text).map_err(RunError::Input)?;
    Ok(Document::from_text(text))
}

fn read_mocks(path: &Path, args: &RunArgs, name: &str) -> Result<Mocks, RunError> {
    let text = read_file(path)?;
    let mocks = Mocks::read(&text, name, args.name.is_some(), args.test_case.as_deref());
    mocks.map_err(|source| RunError::Mocks {
        file: path.display().to_string(),
        source,
    })
}

/// `orders` for `flows/orders.asl.json`.
fn stem(path: &Path) -> String {
    let name = path.file_name().and_then(|name| name.to_str());
    match name.and_then(|name| name.split('.').next()) {
        Some(stem) if !matches!(stem, "" | "-") => stem.to_owned(),
        _ => "StateMachine".to_owned(),
    }
}
