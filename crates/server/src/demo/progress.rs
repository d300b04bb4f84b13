//! What is seen while the demo runs: bars at a terminal, plain lines anywhere else.

use std::fmt::Write as _;
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

/// Cells of a bar; with its words a line stays below 80 columns.
const BAR_CELLS: usize = 40;
/// Between two plain lines about the same thing.
const LINE_INTERVAL: Duration = Duration::from_secs(1);

/// How far it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    /// All files.
    pub files: usize,
    /// Starts that were acknowledged.
    pub started: usize,
    /// Executions that succeeded.
    pub succeeded: usize,
    /// Executions that failed.
    pub failed: usize,
}

/// Writes to stderr.
pub(super) struct Progress {
    at_terminal: bool,
    drawn: bool,
    last_line: Option<(Instant, Counts)>,
}

impl Progress {
    pub(super) fn new() -> Progress {
        Progress {
            at_terminal: std::io::stderr().is_terminal(),
            drawn: false,
            last_line: None,
        }
    }

    /// Something happened: a line that stays.
    pub(super) fn event(&mut self, text: &str) {
        let mut out = String::new();
        self.erase(&mut out);
        writeln!(out, "{text}").expect("a String takes every write");
        write(&out);
    }

    /// Shows how far it is.
    pub(super) fn show(&mut self, counts: Counts) {
        if self.at_terminal {
            let mut out = String::new();
            self.erase(&mut out);
            out.push_str(&bars(counts));
            self.drawn = true;
            write(&out);
            return;
        }
        let now = Instant::now();
        let due = self
            .last_line
            .is_none_or(|(at, shown)| shown != counts && now.duration_since(at) >= LINE_INTERVAL);
        if due {
            self.last_line = Some((now, counts));
            write(&format!("{}\n", line(counts)));
        }
    }

    /// Shows how far it is for the last time.
    pub(super) fn finish(&mut self, counts: Counts) {
        self.last_line = None;
        self.show(counts);
        self.drawn = false;
    }

    /// Back to the first bar, and clear from there on.
    fn erase(&mut self, out: &mut String) {
        if std::mem::take(&mut self.drawn) {
            out.push_str("\x1b[2A\r\x1b[J");
        }
    }
}

fn bars(counts: Counts) -> String {
    let closed = counts.succeeded + counts.failed;
    format!(
        "started  {} {:>5} of {}\nclosed   {} {:>5} of {}\n",
        bar(counts.started, counts.files),
        counts.started,
        counts.files,
        bar(closed, counts.files),
        closed,
        counts.files,
    )
}

fn bar(done: usize, all: usize) -> String {
    let full = (done * BAR_CELLS)
        .checked_div(all)
        .unwrap_or(0)
        .min(BAR_CELLS);
    format!("[{}{}]", "#".repeat(full), ".".repeat(BAR_CELLS - full))
}

fn line(counts: Counts) -> String {
    let Counts {
        files,
        started,
        succeeded,
        failed,
    } = counts;
    format!("{started} of {files} started, {succeeded} succeeded, {failed} failed")
}

/// A closed stderr is no reason to end.
fn write(text: &str) {
    let _ = std::io::stderr().write_all(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_full_when_all_is_done_and_empty_when_nothing_is() {
        assert_eq!(bar(0, 10), format!("[{}]", ".".repeat(40)));
        assert_eq!(
            bar(5, 10),
            format!("[{}{}]", "#".repeat(20), ".".repeat(20))
        );
        assert_eq!(bar(10, 10), format!("[{}]", "#".repeat(40)));
        assert_eq!(bar(1, 0), format!("[{}]", ".".repeat(40)));
    }
}
