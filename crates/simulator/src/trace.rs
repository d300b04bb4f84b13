//! What happened in a run, line by line: hashed whole, kept at its end, printed on demand.

use std::collections::VecDeque;
use std::fmt::Arguments;

/// Lines kept for the report of a violation.
const KEPT: usize = 30;

/// A run's trace.
#[derive(Debug)]
pub struct Trace {
    hash: u64,
    kept: VecDeque<String>,
    printed: bool,
}

impl Trace {
    /// An empty trace; `printed` says whether each line goes to standard output too.
    pub fn new(printed: bool) -> Trace {
        Trace {
            // FNV-1a: the run is compared with itself, so all that counts is that every byte counts.
            hash: 0xcbf2_9ce4_8422_2325,
            kept: VecDeque::new(),
            printed,
        }
    }

    /// Adds a line.
    pub fn line(&mut self, at_ms: i64, what: Arguments<'_>) {
        let line = format!("{:>10} {what}", at_ms);
        for byte in line.bytes().chain([b'\n']) {
            self.hash = (self.hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        if self.printed {
            println!("{line}");
        }
        if self.kept.len() == KEPT {
            self.kept.pop_front();
        }
        self.kept.push_back(line);
    }

    /// The hash of all lines so far.
    pub fn hash(&self) -> u64 {
        self.hash
    }

    /// The last lines.
    pub fn last_lines(&self) -> Vec<String> {
        self.kept.iter().cloned().collect()
    }
}
