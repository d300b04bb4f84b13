//! The binary.

mod calls;
mod client;
mod clock;
mod config;
mod demo;
mod disk;
mod doctor;
mod driver;
mod exit;
mod http;
mod import;
mod log;
mod metrics;
mod names;
mod quotas;
mod request_id;
mod run;
mod serve;
mod service;
mod trial;
mod validate;
mod watch;
mod watching;
mod worker;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use config::{ConfigError, Layer, Settings};

/// A durable Step Functions service that anyone can own
#[derive(Parser)]
#[command(name = "towpath", version)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the Step Functions API
    Serve(SettingsArgs),
    /// Show the settings in effect, and where each comes from
    Config(SettingsArgs),
    /// Show the version
    Version,
    Validate(validate::ValidateArgs),
    Run(run::RunArgs),
    Import(import::ImportArgs),
    Worker(worker::WorkerArgs),
    Watch(watch::WatchArgs),
    Demo(demo::DemoArgs),
    Doctor(doctor::DoctorArgs),
    /// Reads one file for the demo's worker
    #[command(hide = true)]
    DemoFile,
}

#[derive(Args)]
struct SettingsArgs {
    /// File with settings, in TOML [default: towpath.toml, if there is one]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    layer: Layer,
}

impl SettingsArgs {
    fn load(self) -> Result<Settings, ConfigError> {
        // A variable that is not text is not one of ours.
        let variables = std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        });
        Settings::load(
            self.config.as_deref(),
            self.layer,
            variables,
            Path::new("."),
        )
    }
}

fn main() -> ExitCode {
    match CommandLine::parse().command {
        Command::Serve(args) => with_settings(args, serve::run),
        Command::Config(args) => with_settings(args, |settings| {
            match config::print(settings, &mut std::io::stdout().lock()) {
                Ok(()) => ExitCode::SUCCESS,
                Err(_closed) => ExitCode::from(exit::FAILED),
            }
        }),
        Command::Version => {
            println!("towpath {}", env!("CARGO_PKG_VERSION"));
            ExitCode::SUCCESS
        }
        Command::Validate(args) => validate::run(args),
        Command::Run(args) => run::run(args),
        Command::Import(args) => import::run(args),
        Command::Worker(args) => worker::run(args),
        Command::Watch(args) => watch::run(args),
        Command::Doctor(args) => doctor::run(&args),
        Command::Demo(args) => demo::run(args),
        Command::DemoFile => demo::run_file_task(),
    }
}

fn with_settings(args: SettingsArgs, run: impl FnOnce(&Settings) -> ExitCode) -> ExitCode {
    match args.load() {
        Ok(settings) => run(&settings),
        Err(error) => {
            eprintln!("towpath: {error}");
            ExitCode::from(exit::USAGE)
        }
    }
}
