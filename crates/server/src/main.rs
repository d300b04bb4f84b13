//! The binary.

mod client;
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
}

fn main() -> ExitCode {
    match CommandLine::parse().command {
        Command::Worker(args) => worker::run(args),
    }
}
