//! `cargo xtask sim`: the simulator, seed after seed, built for speed.

use std::time::Duration;

use crate::Failure;
use crate::arguments::Arguments;
use crate::process::{self, Finished, cargo};
use crate::tally::Tally;

/// Seeds of a run that guards a change; each runs twice and must leave the same trace.
const SEEDS: u64 = 1_000;

const LIMIT: Duration = Duration::from_secs(600);

/// The command line's door: prints all the simulator says.
pub fn run(mut arguments: Arguments) -> Result<(), Failure> {
    let seeds = arguments.option("--seeds")?;
    let seed = arguments.option("--seed")?;
    arguments.finish()?;
    let mut wanted = Vec::new();
    if let Some(seed) = &seed {
        wanted.extend(["--seed", seed]);
    }
    if let Some(seeds) = &seeds {
        wanted.extend(["--seeds", seeds]);
    }
    let mut command = cargo(&[
        "run",
        "--quiet",
        "--release",
        "--package",
        "simulator",
        "--",
    ]);
    if command.args(wanted).status()?.success() {
        Ok(())
    } else {
        Err("the simulator found a violation; its seed repeats it".into())
    }
}

/// The part of `cargo xtask test`.
pub fn part() -> Result<(Tally, Finished), Failure> {
    let seeds = SEEDS.to_string();
    let mut command = cargo(&[
        "run",
        "--quiet",
        "--release",
        "--package",
        "simulator",
        "--",
    ]);
    let finished = process::run("sim", command.args(["--seeds", &seeds]), LIMIT)?;
    let counts = Tally::of_closing_line(&finished.output);
    Ok((Tally::agreeing_with(counts, finished.success), finished))
}
