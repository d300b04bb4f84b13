//! `cargo xtask tidy`: rules of this repository that no compiler knows.
//!
//! Each rule has a file of its own and returns the places where it is broken, each a line
//! that says where, what, and what to do. No rule changes anything.

mod code;
mod forbidden;
mod lints;
mod operations;
mod paths;
mod rings;

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Failure;
use crate::process::root;
use crate::tally::Tally;

/// A file of this length is read in one sitting; longer ones are listed.
const LINES_AIM: usize = 400;

type Rule = fn(&Repository) -> Result<Vec<String>, Failure>;

const RULES: &[(&str, Rule)] = &[
    ("a crate depends inward only", rings::check),
    ("clocks, threads and I/O stay at the edge", forbidden::calls),
    ("no unwrap outside tests", forbidden::unwraps),
    ("every crate keeps the workspace's lints", lints::check),
    ("an operation has one name in every room", operations::check),
    ("no path of one machine", paths::check),
];

/// The tracked files, and those that are about to be.
pub struct Repository {
    files: Vec<PathBuf>,
}

impl Repository {
    fn open() -> Result<Self, Failure> {
        let output = Command::new("git")
            .args([
                "ls-files",
                "--cached",
                "--others",
                "--exclude-standard",
                "-z",
            ])
            .current_dir(root())
            .output()?;
        if !output.status.success() {
            return Err("git does not list the files of this repository".into());
        }
        let list = String::from_utf8(output.stdout)?;
        let mut files: Vec<PathBuf> = list
            .split('\0')
            .filter(|name| !name.is_empty())
            .map(PathBuf::from)
            // A file removed but not yet committed is still listed.
            .filter(|path| root().join(path).is_file())
            .collect();
        files.sort();
        files.dedup();
        Ok(Self { files })
    }

    /// All files, relative to the root.
    fn files(&self) -> impl Iterator<Item = &Path> {
        self.files.iter().map(PathBuf::as_path)
    }

    /// Rust sources.
    fn rust_sources(&self) -> impl Iterator<Item = &Path> {
        self.files()
            .filter(|path| path.extension().is_some_and(|e| e == "rs"))
    }
}

/// The text of a file of the repository.
fn read(path: &Path) -> Result<String, Failure> {
    let text = std::fs::read_to_string(root().join(path));
    text.map_err(|error| format!("{}: {error}", path.display()).into())
}

/// The command line's door.
pub fn run() -> Result<(), Failure> {
    let (tally, report) = part()?;
    print!("{report}");
    println!("{tally}");
    if tally.failed == 0 {
        Ok(())
    } else {
        Err("the rules above are broken".into())
    }
}

/// The part of `cargo xtask test`: counts, and all there is to say.
pub fn part() -> Result<(Tally, String), Failure> {
    let repository = Repository::open()?;
    let mut tally = Tally::default();
    let mut report = String::new();
    for (name, rule) in RULES {
        let broken = rule(&repository)?;
        tally += Tally::one(broken.is_empty());
        if !broken.is_empty() {
            report += &format!("{name}:\n");
            for line in broken {
                report += &format!("  {line}\n");
            }
        }
    }
    report += &long_files(&repository)?;
    Ok((tally, report))
}

/// Long files are listed, not refused: a table may be long and still be read at a glance.
fn long_files(repository: &Repository) -> Result<String, Failure> {
    let mut long = Vec::new();
    for path in repository.rust_sources() {
        let lines = read(path)?.lines().count();
        if lines > LINES_AIM {
            long.push((lines, path));
        }
    }
    long.sort_by(|a, b| b.cmp(a));
    let mut report = String::new();
    for (lines, path) in long {
        report += &format!("long file: {} has {lines} lines\n", path.display());
    }
    Ok(report)
}
