//! The binary.

mod client;
mod demo;
mod worker;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// A durable Step Functions service that anyone can own
#[derive(Parser)]
#[command(name = "towpath", version)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Worker(worker::WorkerArgs),
    Demo(demo::DemoArgs),
    /// Reads one file for the demo's worker
    #[command(hide = true)]
    DemoFile,
}

fn main() -> ExitCode {
    match CommandLine::parse().command {
        Command::Worker(args) => worker::run(args),
        Command::Demo(args) => demo::run(args),
        Command::DemoFile => demo::run_file_task(),
    }
}
