//! SIGTERM and SIGINT: the first drains the worker, the second ends its commands.

use std::io;
use std::sync::Arc;
use std::thread;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use super::log::Log;
use super::pool::{End, Pool};

/// Tells the pool of signals from now on.
///
/// SIGHUP is left alone: to handle it would undo what `nohup` set up.
pub(super) fn watch(pool: Arc<Pool>, log: Log) -> io::Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM])?;
    let watch = move || {
        let mut drains = false;
        for signal in signals.forever() {
            if !drains {
                drains = true;
                let busy = pool.end(End::Drained);
                log.line(format_args!(
                    "takes no more tasks; {busy} at work will finish"
                ));
                continue;
            }
            log.line(format_args!("ends the commands at work"));
            // Source: POSIX shells, 128 and the signal's number.
            let code = u8::try_from(128 + signal).unwrap_or(u8::MAX);
            pool.end(End::Aborted(code));
        }
    };
    thread::Builder::new()
        .name("signals".to_owned())
        .spawn(watch)
        .map(drop)
}
