//! `cargo xtask bench`: figures of this build, each beside its limit of the same minutes.
//!
//! On a busy machine a rate says little by itself. So every figure stands beside what the
//! machine could have done at most: a latency beside the bare loopback round trip, a rate
//! beside the log that a group commit writes; what a state costs late in an execution beside
//! what it cost early. The ratio is what can be compared.

mod connection;
mod figures;
mod interpreter;
mod limits;
mod memory;
mod restart;
mod service;
mod throughput;

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::Failure;
use crate::arguments::Arguments;
use crate::process::root;
use crate::server_under_test::{ServerUnderTest, build_release};
use figures::Figures;
use limits::Limits;

/// Set in the process that has as many open files as it may.
const RAISED: &str = "TOWPATH_BENCH_OPEN_FILES_RAISED";

/// How much of everything.
struct Scale {
    limit_time: Duration,
    dispatches: usize,
    throughput_time: Duration,
    polls: usize,
    parked: usize,
    /// Parking ends after this time, with as many as are parked then.
    parking_time: Duration,
}

const FULL: Scale = Scale {
    limit_time: Duration::from_secs(3),
    dispatches: 2_000,
    throughput_time: Duration::from_secs(10),
    polls: 10_000,
    parked: 100_000,
    parking_time: Duration::from_secs(180),
};

const QUICK: Scale = Scale {
    limit_time: Duration::from_millis(400),
    dispatches: 300,
    throughput_time: Duration::from_secs(2),
    polls: 1_000,
    parked: 5_000,
    parking_time: Duration::from_secs(20),
};

/// The command line's door.
pub fn run(mut arguments: Arguments) -> Result<(), Failure> {
    if std::env::var_os(RAISED).is_none() {
        return Err(start_again_with_more_open_files().into());
    }
    let quick = arguments.flag("--quick");
    let scale = if quick { QUICK } else { FULL };
    let save = arguments.flag("--save");
    arguments.finish()?;

    let binary = build_release()?;
    let mut figures = Figures::default();
    interpreter::states(quick, &mut figures)?;
    Limits::measure(scale.limit_time)?.note(&mut figures);
    on_a_fresh_server(&binary, |server| {
        throughput::dispatch(server, scale.dispatches, scale.limit_time, &mut figures)
    })?;
    on_a_fresh_server(&binary, |server| {
        for workers in [1, 8, 64] {
            throughput::executions(server, workers, "", &scale, &mut figures)?;
        }
        Ok(())
    })?;
    on_a_fresh_server(&binary, |server| {
        memory::polls(server, scale.polls, &mut figures)
    })?;
    on_a_fresh_server(&binary, |server| {
        memory::parked(server, &scale, &mut figures)?;
        let beside = ", parked beside";
        throughput::executions(server, 8, beside, &scale, &mut figures)?;
        restart::after_a_kill(server, &mut figures)
    })?;
    print!("{}", figures.table());
    if save {
        let file = root().join("docs/performance/latest.csv");
        std::fs::create_dir_all(file.parent().expect("a file lies in a folder"))?;
        std::fs::write(&file, figures.csv())?;
        println!("saved in {}", file.display());
    }
    Ok(())
}

fn on_a_fresh_server(
    binary: &Path,
    measure: impl FnOnce(&mut ServerUnderTest) -> Result<(), Failure>,
) -> Result<(), Failure> {
    measure(&mut ServerUnderTest::start(binary, "bench", &[])?)
}

/// Becomes the same command with the soft limit of open files at the hard one. Returns only
/// if that fails.
fn start_again_with_more_open_files() -> std::io::Error {
    let this = match std::env::current_exe() {
        Ok(this) => this,
        Err(error) => return error,
    };
    Command::new("sh")
        .args(["-c", "ulimit -n $(ulimit -Hn); exec \"$0\" \"$@\""])
        .arg(this)
        .args(std::env::args_os().skip(1))
        .env(RAISED, "yes")
        .exec()
}
