//! All automation of this repository, in Rust: `cargo xtask COMMAND`.
//!
//! Each command has a file of its own name. What is absent here is the point: no shell
//! scripts to keep in step, no tool that a newcomer has to install first, and nothing that
//! the product itself needs. `cargo xtask` alone lists the commands.

mod arguments;
mod bench;
mod conformance;
mod fuzz;
mod moto;
mod process;
mod server_under_test;
mod service_models;
mod setup;
mod sim;
mod tally;
mod test;
mod tidy;

use std::process::ExitCode;

use arguments::Arguments;

/// Why a command stopped: a sentence for the person who called it.
type Failure = Box<dyn std::error::Error>;

const USAGE: &str = "\
cargo xtask COMMAND

  setup [--slow]                     install what the tests need, only what is missing
  test [--quick] [--slow] [--cases DIR]
                                     everything that guards a change; --quick leaves out the soak,
                                     --slow adds clients that are slow to install or to build
  ci [--cases DIR]                   the same, as .ci/run does it
  tidy                               rings, forbidden calls, file lengths, paths
  sim [--seeds N] [--seed S]         the simulator, seed after seed
  fuzz [--seconds N] [--target T]    hostile bytes, guided by coverage; 60 s a target
  conformance --cases DIR [--update] recorded cases against our pass list
  bench [--quick] [--save]           latency, throughput, memory, restart, each beside its limit
        [--part A,B] [--count N] [--rounds N] [--stall-minutes N] [--peer 'NAME=COMMAND {address}']
  service-models [--botocore DIR]    what the binary knows of AWS services, out of a botocore";

fn main() -> ExitCode {
    let mut arguments = Arguments::from_command_line();
    let command = arguments.command();
    let result = match command.as_deref() {
        Some("setup") => setup::run(arguments),
        Some("test" | "ci") => test::run(arguments),
        Some("tidy") => arguments.finish().and_then(|()| tidy::run()),
        Some("sim") => sim::run(arguments),
        Some("fuzz") => fuzz::run(arguments),
        Some("conformance") => conformance::run(arguments),
        Some("bench") => bench::run(arguments),
        Some("service-models") => service_models::run(arguments),
        Some("help" | "--help" | "-h") | None => {
            println!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        Some(other) => Err(format!("no command '{other}'\n\n{USAGE}").into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("xtask: {failure}");
            ExitCode::FAILURE
        }
    }
}
