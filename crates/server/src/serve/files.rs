//! How many files the process may have open.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Files kept for the store and for what else is open: a crowd of connections must not keep the
/// store from opening a file.
const RESERVE: u64 = 256;
/// More than any machine has room for; a limit that says "none" becomes this.
const FILES_MAX: u64 = 1 << 20;

/// Raises the limit as far as the system lets us, and says how many connections that allows.
pub fn connections_max() -> usize {
    let limit = getrlimit(Resource::Nofile);
    let hard = limit.maximum.unwrap_or(FILES_MAX).min(FILES_MAX);
    let soft = limit.current.unwrap_or(FILES_MAX);
    let mut files = soft;
    if soft < hard {
        let raised = Rlimit {
            current: Some(hard),
            maximum: limit.maximum,
        };
        if setrlimit(Resource::Nofile, raised).is_ok() {
            files = hard;
        }
    }
    // With so few files that the reserve is half of them, halves it is.
    let connections = files.saturating_sub(RESERVE).max(files / 2).max(1);
    usize::try_from(connections).unwrap_or(usize::MAX)
}
