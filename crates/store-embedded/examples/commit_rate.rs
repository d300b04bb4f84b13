//! How fast commits become durable, beside how fast the disk can sync at all.
//!
//! ```text
//! cargo run --release -p store-embedded --example commit_rate -- [FOLDER] [SECONDS] [WORKERS] [ROWS]
//! ```
//!
//! For groups of 1, 8 and 64 commits to a sync it prints commits per second, the CPU time of the
//! whole process per commit (making the commit included), the bytes handed to the system per commit
//! (journal, tables and compaction), and how long a group took at the median, at the 99th percentile
//! and at worst. A commit is the start or the completion of an execution with one activity, about
//! 3 KB. The lines `log` are the physical limit in the same minute: for each group one append of
//! 4 KiB and `fdatasync`, and nothing else. With ROWS it also measures what a start reads: so many
//! timers and as many tasks.

use std::error::Error;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use store::suite::{Random, activity_steps};
use store::{Commit, Epoch, ExecutionWrite, Store, TaskRow, TimerRow};
use store_embedded::{EmbeddedStore, Options};

const GROUPS: [usize; 3] = [1, 8, 64];

/// Executions open at a time: a completion follows its start by so many others.
const OPEN_EXECUTIONS: usize = 1_000;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments
        .next()
        .unwrap_or_else(|| "target/commit-rate".into());
    let seconds = arguments.next().map_or(Ok(3), |text| text.parse())?;
    let workers = arguments.next().map_or(Ok(4), |text| text.parse())?;
    let rows: u64 = arguments.next().map_or(Ok(0), |text| text.parse())?;
    let folder = Path::new(&folder);
    std::fs::create_dir_all(folder)?;

    println!(
        "{:>12} {:>10} {:>11} {:>9} {:>8} {:>8} {:>8}",
        "", "commits/s", "cpu us/com", "bytes/com", "p50 ms", "p99 ms", "max ms"
    );
    for group in GROUPS {
        let log = measure(seconds, group, plain_log(&folder.join("log"))?)?;
        println!("{:>12} {log}", format!("log {group}"));
        let path = folder.join(format!("store-{group}"));
        remove(&path)?;
        let store = EmbeddedStore::open(Options {
            workers,
            ..Options::new(&path)
        })?;
        let ours = measure(seconds, group, commits(&store, group))?;
        println!(
            "{:>12} {ours}   {} bytes/commit on disk",
            format!("store {group}"),
            store.disk_bytes()? / store.last_commit()?
        );
        drop(store);
        let reopening = Instant::now();
        EmbeddedStore::open(Options::new(&path))?;
        println!("{:>12} {:?}", "reopened in", reopening.elapsed());
        remove(&path)?;
    }
    if rows > 0 {
        recovery(&folder.join("recovery"), rows)?;
    }
    remove(folder)
}

fn remove(path: &Path) -> Result<(), Box<dyn Error>> {
    if path.exists() {
        std::fs::remove_dir_all(path)?;
    }
    Ok(())
}

struct Rate {
    per_second: f64,
    cpu_us: f64,
    written: f64,
    groups: Vec<Duration>,
}

impl std::fmt::Display for Rate {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ms = |part: f64| {
            let at = ((self.groups.len() - 1) as f64 * part) as usize;
            self.groups[at].as_secs_f64() * 1e3
        };
        let (p50, p99, max) = (ms(0.5), ms(0.99), ms(1.0));
        write!(
            out,
            "{:>10.0} {:>11.1} {:>9.0} {p50:>8.2} {p99:>8.2} {max:>8.1}",
            self.per_second, self.cpu_us, self.written
        )
    }
}

fn cpu() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// Bytes this process handed to the system so far, where the system counts them.
fn written() -> u64 {
    let counters = std::fs::read_to_string("/proc/self/io").unwrap_or_default();
    let count = |line: &str| {
        line.strip_prefix("wchar: ")
            .and_then(|count| count.parse().ok())
    };
    counters.lines().find_map(count).unwrap_or(0)
}

type Step<'a> = Box<dyn FnMut() -> Result<Duration, Box<dyn Error>> + 'a>;

/// Runs `step`, which syncs `group` commits and tells how long that took, for `seconds`.
fn measure(seconds: u64, group: usize, mut step: Step<'_>) -> Result<Rate, Box<dyn Error>> {
    let (start, cpu_before, written_before) = (Instant::now(), cpu(), written());
    let mut groups = Vec::new();
    while start.elapsed() < Duration::from_secs(seconds) || groups.is_empty() {
        groups.push(step()?);
    }
    let commits = (groups.len() * group) as f64;
    let cpu_us = (cpu() - cpu_before).as_secs_f64() * 1e6 / commits;
    groups.sort_unstable();
    Ok(Rate {
        per_second: commits / start.elapsed().as_secs_f64(),
        cpu_us,
        written: (written() - written_before) as f64 / commits,
        groups,
    })
}

fn plain_log(path: &Path) -> Result<Step<'static>, Box<dyn Error>> {
    let mut file = File::create(path)?;
    let bytes = vec![7; 4_096];
    Ok(Box::new(move || {
        let start = Instant::now();
        file.write_all(&bytes)?;
        file.sync_data()?;
        Ok(start.elapsed())
    }))
}

fn commits(store: &EmbeddedStore, group: usize) -> Step<'_> {
    let mut random = Random::new(1);
    let mut open: std::collections::VecDeque<ExecutionWrite> = std::collections::VecDeque::new();
    let mut serial = 0;
    let mut number = 0;
    Box::new(move || {
        let mut commits = Vec::with_capacity(group);
        for _ in 0..group {
            number += 1;
            let write = match open.pop_front() {
                Some(complete) if open.len() >= OPEN_EXECUTIONS || number % 2 == 0 => complete,
                waiting => {
                    open.extend(waiting);
                    serial += 1;
                    let [start, complete] =
                        activity_steps(&mut random, 1_700_000_000_000 + serial / 4, serial);
                    open.push_back(complete);
                    start
                }
            };
            let commit = Commit {
                number,
                executions: vec![write],
                ..Commit::default()
            };
            commits.push(commit);
        }
        let start = Instant::now();
        store.commit(Epoch(0), &commits)?;
        Ok(start.elapsed())
    })
}

/// What a start reads, after a crash-free stop: `rows` timers and as many tasks, of executions that
/// wait, among twice as many that are done.
fn recovery(path: &Path, rows: u64) -> Result<(), Box<dyn Error>> {
    remove(path)?;
    let store = EmbeddedStore::open(Options::new(path))?;
    let mut number = 0;
    for portion in (0..rows * 3).collect::<Vec<_>>().chunks(1_000) {
        let mut commits = Vec::new();
        for &serial in portion {
            let [start, complete] =
                activity_steps(&mut Random::new(0), 1_700_000_000_000 + serial, serial);
            let slim = |write| ExecutionWrite {
                events: None,
                snapshot: Vec::new(),
                name: None,
                listings: Vec::new(),
                ..write
            };
            let steps = [Some(slim(start)), (serial % 3 > 0).then(|| slim(complete))];
            for step in steps.into_iter().flatten() {
                number += 1;
                commits.push(Commit {
                    number,
                    executions: vec![step],
                    ..Commit::default()
                });
            }
        }
        store.commit(Epoch(0), &commits)?;
    }
    drop(store);
    let start = Instant::now();
    let store = EmbeddedStore::open(Options::new(path))?;
    println!(
        "{:>12} {:?} with {number} commits",
        "reopened in",
        start.elapsed()
    );
    for round in ["first", "again"] {
        let (mut timers, mut tasks) = (0u64, 0u64);
        let start = Instant::now();
        store.timers(&mut |_: TimerRow| timers += 1)?;
        println!("{:>12} {timers} timers in {:?}", round, start.elapsed());
        let start = Instant::now();
        store.tasks(&mut |_: TaskRow| tasks += 1)?;
        println!("{:>12} {tasks} tasks in {:?}", round, start.elapsed());
        assert_eq!((timers, tasks), (rows, rows));
    }
    drop(store);
    remove(path)
}
