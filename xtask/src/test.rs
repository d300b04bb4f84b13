//! `cargo xtask test`: everything that guards a change, and one line at the end.
//!
//! Parts run one after another, so that none disturbs another's clocks; a part that passes
//! says one line, one that fails shows what it printed. All parts run even if one fails.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::Failure;
use crate::arguments::Arguments;
use crate::process::{self, Finished, Running, cargo, root};
use crate::server_under_test::build_release;
use crate::tally::Tally;
use crate::{conformance, setup, sim, tidy};

/// A build of everything from nothing, on two busy cores.
const BUILD_LIMIT: Duration = Duration::from_secs(1_200);

/// One file of end-to-end tests; the slowest waits for a whole poll of 60 s.
const CLIENT_FILE_LIMIT: Duration = Duration::from_secs(240);

/// One file of slow tests: the SDK for Rust is built in it.
const SLOW_FILE_LIMIT: Duration = BUILD_LIMIT;

/// Files of end-to-end tests that run at once. They mostly wait, each for its own server.
const CLIENT_FILES_AT_ONCE: usize = 3;

/// The soak runs for two minutes, and then looks at all it has seen.
const SOAK_LIMIT: Duration = Duration::from_secs(300);

/// Most lines shown of a part that failed; its log has them all.
const LINES_SHOWN_MAX: usize = 150;

/// The command line's door.
pub fn run(mut arguments: Arguments) -> Result<(), Failure> {
    let quick = arguments.flag("--quick");
    let slow = arguments.flag("--slow");
    let cases = arguments.option("--cases")?;
    arguments.finish()?;

    setup::for_tests()?;
    let mut parts = Parts::default();
    parts.run("fmt", fmt);
    parts.run("clippy", clippy);
    parts.run("tidy", tidy_part);
    parts.run("cargo test", cargo_test);
    parts.run_and_tell("simulator", || {
        sim::part().map(|(t, finished)| (t, finished.output))
    });
    parts.run("clients", || {
        python_tests(&["clients", "soak"], CLIENT_FILE_LIMIT)
    });
    if slow {
        parts.run("slow clients", slow_clients);
    } else {
        println!("slow clients   left out (the SDK for Rust, SAM CLI): --slow runs them");
    }
    if let Some(cases) = &cases {
        parts.run("conformance", || conformance::part(Path::new(cases)));
    }
    if !quick {
        parts.run_and_tell("kill -9 soak", soak);
    }
    println!("{}", parts.sum);
    if parts.sum.failed == 0 {
        Ok(())
    } else {
        Err("the parts that failed are shown above".into())
    }
}

#[derive(Default)]
struct Parts {
    sum: Tally,
}

impl Parts {
    fn run(&mut self, name: &str, part: impl FnOnce() -> Result<(Tally, String), Failure>) {
        self.run_part(name, false, part);
    }

    /// A part that injects faults says how many, also when all is well: a pass without any faults
    /// would mean nothing.
    fn run_and_tell(
        &mut self,
        name: &str,
        part: impl FnOnce() -> Result<(Tally, String), Failure>,
    ) {
        self.run_part(name, true, part);
    }

    fn run_part(
        &mut self,
        name: &str,
        tell: bool,
        part: impl FnOnce() -> Result<(Tally, String), Failure>,
    ) {
        let started = Instant::now();
        // A part that could not even start is a failed test, not the end of the others.
        let (tally, output) =
            part().unwrap_or_else(|failure| (Tally::one(false), failure.to_string()));
        let seconds = started.elapsed().as_secs_f64();
        if tally.failed > 0 {
            println!("---- {name} ----\n{}\n----", tail(&output));
        } else if tell {
            for line in output.trim().lines() {
                println!("    {line}");
            }
        }
        let counts = tally.to_string();
        println!("{name:<14} {counts:<24} {seconds:>6.1} s");
        self.sum += tally;
    }
}

fn tail(output: &str) -> String {
    let lines: Vec<&str> = output.lines().collect();
    let from = lines.len().saturating_sub(LINES_SHOWN_MAX);
    lines[from..].join("\n")
}

fn one_check(finished: Finished) -> (Tally, String) {
    (Tally::one(finished.success), finished.output)
}

fn fmt() -> Result<(Tally, String), Failure> {
    let mut command = cargo(&["fmt", "--all", "--check"]);
    Ok(one_check(process::run("fmt", &mut command, BUILD_LIMIT)?))
}

fn clippy() -> Result<(Tally, String), Failure> {
    let mut command = cargo(&["clippy", "--quiet", "--workspace", "--all-targets"]);
    command.args(["--features", "store/suite", "--", "-D", "warnings"]);
    Ok(one_check(process::run(
        "clippy",
        &mut command,
        BUILD_LIMIT,
    )?))
}

fn tidy_part() -> Result<(Tally, String), Failure> {
    tidy::part()
}

fn cargo_test() -> Result<(Tally, String), Failure> {
    let mut command = cargo(&["test", "--workspace", "--no-fail-fast"]);
    command.args(["--features", "store/suite"]);
    let finished = process::run("cargo-test", &mut command, BUILD_LIMIT)?;
    let counts = Tally::of_cargo_test(&finished.output);
    let tally = Tally::agreeing_with(counts, finished.success);
    Ok((tally, without_passes(&finished.output)))
}

/// What `cargo test` says of all that is not well.
fn without_passes(output: &str) -> String {
    let tells = |line: &&str| {
        let passed = line.ends_with(" ... ok") || line.starts_with("test result: ok.");
        let header = line.starts_with("running ") || line.trim_start().starts_with("Running ");
        !passed && !header && !line.is_empty()
    };
    let lines: Vec<&str> = output.lines().filter(tells).collect();
    lines.join("\n")
}

/// Clients that are large to install or slow to build.
fn slow_clients() -> Result<(Tally, String), Failure> {
    setup::for_slow_tests()?;
    python_tests(&["clients.slow"], SLOW_FILE_LIMIT)
}

/// The end-to-end tests in Python of these packages, and the tests of the soak's own checker.
fn python_tests(packages: &[&str], limit: Duration) -> Result<(Tally, String), Failure> {
    let binary = build_release()?;
    let mut waiting = Vec::new();
    for package in packages {
        let folder = root().join("tests").join(package.replace('.', "/"));
        for entry in std::fs::read_dir(folder)? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            if let Some(module) = name.strip_suffix(".py")
                && module.starts_with("test_")
            {
                waiting.push(format!("{package}.{module}"));
            }
        }
    }
    // From the end of the list, so that the order is the alphabet's.
    waiting.sort_by(|a, b| b.cmp(a));
    let mut running: Vec<(String, Running)> = Vec::new();
    let mut sum = Tally::default();
    let mut failed_output = String::new();
    while !waiting.is_empty() || !running.is_empty() {
        while running.len() < CLIENT_FILES_AT_ONCE
            && let Some(module) = waiting.pop()
        {
            let mut command = python(&binary);
            command.args(["-m", "unittest", &module]);
            let started = process::start(&module, &mut command, limit)?;
            running.push((module, started));
        }
        let mut still_running = Vec::new();
        for (module, mut file) in running {
            match file.poll()? {
                None => still_running.push((module, file)),
                Some(finished) => {
                    let counts = Tally::of_unittest(&finished.output);
                    let tally = Tally::agreeing_with(counts, finished.success);
                    sum += tally;
                    if tally.failed > 0 {
                        failed_output += &format!("{module}:\n{}\n", finished.output);
                    }
                }
            }
        }
        running = still_running;
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok((sum, failed_output))
}

fn soak() -> Result<(Tally, String), Failure> {
    let binary = build_release()?;
    let mut command = python(&binary);
    command.args(["-m", "soak.kill9"]);
    let finished = process::run("soak", &mut command, SOAK_LIMIT)?;
    let counts = Tally::of_closing_line(&finished.output);
    let tally = Tally::agreeing_with(counts, finished.success);
    Ok((tally, finished.output))
}

/// Python with the tests on its path and the binary they shall run.
fn python(binary: &Path) -> Command {
    let mut command = Command::new(setup::python());
    command
        .env("PYTHONPATH", root().join("tests"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("TOWPATH_BINARY", binary);
    command
}

#[cfg(test)]
mod tests {
    use super::without_passes;

    #[test]
    fn only_what_is_not_well_is_shown() {
        let output = "\
     Running unittests src/lib.rs
running 2 tests
test a ... ok
test b ... FAILED

---- b stdout ----
assertion failed: false
test result: FAILED. 1 passed; 1 failed;
running 0 tests
test result: ok. 0 passed; 0 failed;";
        let shown = "\
test b ... FAILED
---- b stdout ----
assertion failed: false
test result: FAILED. 1 passed; 1 failed;";
        assert_eq!(without_passes(output), shown);
    }
}
