//! What a worker says about itself: lines on stderr, beside what its commands say there.

use std::fmt::Arguments;
use std::io::Write;

/// Says lines, or only errors.
#[derive(Clone, Copy, Debug)]
pub(super) struct Log {
    quiet: bool,
}

impl Log {
    pub(super) fn new(quiet: bool) -> Log {
        Log { quiet }
    }

    /// Something a person may want to know.
    pub(super) fn line(self, text: Arguments<'_>) {
        if !self.quiet {
            say(text);
        }
    }

    /// Something a person must know.
    pub(super) fn error(self, text: Arguments<'_>) {
        say(text);
    }
}

/// In one write, so that lines of several slots do not mix. A closed stderr is no reason to lose a
/// task, as `eprintln!` would by its panic.
fn say(text: Arguments<'_>) {
    let _ = std::io::stderr().write_all(format!("towpath worker: {text}\n").as_bytes());
}
