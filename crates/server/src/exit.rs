//! How the process ends.

use crate::log::{self, Level};

/// It could not start, or not do what a command asked for.
pub const FAILED: u8 = 1;
/// What was asked for makes no sense: flags, settings. The same number that clap uses.
pub const USAGE: u8 = 2;
/// The store failed while the server ran: nothing was promised after.
pub const STORE: u8 = 3;
/// A thread that everything depends on failed: a bug. Nothing was promised after.
pub const BUG: u8 = 4;

/// Ends the process at once. What was acknowledged is durable; the rest was never promised.
pub fn now(code: u8, why: &str) -> ! {
    log::line(Level::Error, why, &[("code", &code)]);
    std::process::exit(i32::from(code))
}
