//! `cargo xtask fuzz`: the targets of `fuzz/`, one after the other.
//!
//! libFuzzer on stable Rust: coverage comes from LLVM's own pass, asked for by flags. There is no
//! sanitizer (those need nightly), and none is missed: our crates forbid unsafe code.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::Failure;
use crate::arguments::Arguments;
use crate::process::{self, cargo, root};
use crate::tally::Tally;

/// Every target; each is a binary of `fuzz/`.
const TARGETS: [&str; 6] = [
    "definition",
    "jsonpath",
    "intrinsic",
    "jsonata",
    "request",
    "token_store",
];

/// What makes code count its own edges and compares, as libFuzzer wants it.
const RUSTFLAGS: &str = "-Cpasses=sancov-module \
    -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares \
    --cfg fuzzing";

/// Seconds per target, when the command line does not say.
const SECONDS: u64 = 60;
/// An input that takes longer counts as a hang.
const HANG_SECONDS: u64 = 10;
/// A process that grows beyond this counts as out of memory.
const MEMORY_MIB_MAX: u64 = 2_048;
/// Longest input that is tried. Longer ones reach nothing that these do not, only later.
const INPUT_BYTES_MAX: u64 = 8_192;

const BUILD_LIMIT: Duration = Duration::from_secs(1_800);

/// The command line's door.
pub fn run(mut arguments: Arguments) -> Result<(), Failure> {
    let seconds = match arguments.option("--seconds")? {
        Some(text) => text
            .parse()
            .map_err(|_| format!("--seconds {text}: not a number"))?,
        None => SECONDS,
    };
    let target = arguments.option("--target")?;
    arguments.finish()?;
    let targets: Vec<&str> = match &target {
        Some(name) => vec![
            TARGETS
                .into_iter()
                .find(|known| known == name)
                .ok_or_else(|| format!("no target '{name}'; there are {}", TARGETS.join(", ")))?,
        ],
        None => TARGETS.to_vec(),
    };
    let triple = host()?;
    build(&triple)?;
    let mut tally = Tally::default();
    for target in targets {
        tally += fuzz(target, &triple, seconds)?;
    }
    println!("{tally}");
    if tally.failed == 0 {
        Ok(())
    } else {
        Err("an input broke a target; it repeats with `fuzz/target/…/TARGET INPUT`".into())
    }
}

/// The triple of this machine. Named, so that the flags do not reach build scripts and macros.
fn host() -> Result<String, Failure> {
    let output = Command::new("rustc").arg("-vV").output()?;
    let text = String::from_utf8(output.stdout)?;
    let line = text.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(line
        .ok_or("rustc does not say what its host is")?
        .to_owned())
}

fn build(triple: &str) -> Result<(), Failure> {
    println!("building the targets ...");
    let manifest = root().join("fuzz").join("Cargo.toml");
    let mut command = cargo(&["build", "--release", "--locked", "--target", triple]);
    command
        .arg("--manifest-path")
        .arg(manifest)
        .env("CARGO_TARGET_DIR", root().join("fuzz").join("target"))
        .env("RUSTFLAGS", RUSTFLAGS);
    process::check("fuzz-build", &mut command, BUILD_LIMIT)
}

/// Runs one target and says what came of it.
fn fuzz(target: &str, triple: &str, seconds: u64) -> Result<Tally, Failure> {
    let folder = root().join("fuzz");
    let binary = folder
        .join("target")
        .join(triple)
        .join("release")
        .join(target);
    // What is found stays out of the repository: seeds are written by people.
    let found = folder.join("target").join("found").join(target);
    let broken = folder.join("target").join("crashes").join(target);
    fs::create_dir_all(&found)?;
    fs::create_dir_all(&broken)?;
    let known = files(&found)?;
    let mut command = Command::new(binary);
    command
        .arg(&found)
        .arg(folder.join("corpus").join(target))
        .arg(format!("-artifact_prefix={}/", broken.display()))
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-timeout={HANG_SECONDS}"))
        .arg(format!("-rss_limit_mb={MEMORY_MIB_MAX}"))
        .arg(format!("-max_len={INPUT_BYTES_MAX}"))
        .arg("-print_final_stats=1");
    let regressions = folder.join("regressions").join(target);
    if regressions.exists() {
        command.arg(regressions);
    }
    let dictionary = folder.join("dictionaries").join(format!("{target}.dict"));
    if dictionary.exists() {
        command.arg(format!("-dict={}", dictionary.display()));
    }
    // Reading the corpus is not part of the time asked for.
    let limit = Duration::from_secs(seconds + 300);
    let finished = process::run(&format!("fuzz-{target}"), &mut command, limit)?;
    let verdict = Verdict::of(&finished.output);
    println!(
        "{target}: {} executions, {} new units, {}",
        verdict.executions,
        files(&found)?.saturating_sub(known),
        verdict.broken.as_deref().unwrap_or("nothing broke"),
    );
    if !finished.success {
        print!("{}", last_lines(&finished.output, 40));
    }
    // A target that tried nothing has shown nothing.
    let passed = finished.success && verdict.broken.is_none() && verdict.executions > 0;
    Ok(Tally::one(passed))
}

/// What libFuzzer's own words say.
#[derive(Debug, PartialEq, Eq)]
struct Verdict {
    executions: u64,
    /// The line that names the input that broke the target.
    broken: Option<String>,
}

impl Verdict {
    fn of(output: &str) -> Verdict {
        let number = |line: &str| line.rsplit(' ').next()?.parse().ok();
        let executions = output
            .lines()
            .find(|line| line.starts_with("stat::number_of_executed_units:"))
            .and_then(number);
        let broken = output
            .lines()
            .find(|line| line.contains("Test unit written to "));
        Verdict {
            executions: executions.unwrap_or(0),
            broken: broken.map(|line| line.trim().to_owned()),
        }
    }
}

fn files(folder: &Path) -> Result<usize, Failure> {
    Ok(fs::read_dir(folder)?.count())
}

fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let from = lines.len().saturating_sub(count);
    lines[from..]
        .iter()
        .map(|line| format!("  {line}\n"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::Verdict;

    #[test]
    fn reads_what_libfuzzer_prints() {
        let good = "Done 9 runs in 1 second(s)\nstat::number_of_executed_units: 12345\nstat::new_units_added: 3";
        assert_eq!(
            Verdict::of(good),
            Verdict {
                executions: 12_345,
                broken: None
            }
        );
        let bad = "thread panicked\nartifact_prefix='x/'; Test unit written to x/crash-1\n";
        let verdict = Verdict::of(bad);
        assert_eq!(verdict.executions, 0);
        assert!(
            verdict
                .broken
                .is_some_and(|line| line.ends_with("x/crash-1"))
        );
    }
}
