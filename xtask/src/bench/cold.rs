//! What it costs to have the program, and to start it.

use std::process::Command;
use std::time::{Duration, Instant};

use super::figures::{Figures, Times};
use super::service::resident_bytes;
use super::{Scale, Subject};
use crate::Failure;
use crate::process::scratch;
use crate::server_under_test::Program;

const STARTS: usize = 7;
/// After this pause a started server does nothing.
const SETTLES: Duration = Duration::from_millis(500);

/// From the start of the process, with an empty folder, to its first answer; then what it holds while
/// nobody asks; and the size of the file.
pub fn start(subject: &Subject, _: &Scale, figures: &mut Figures) -> Result<(), Failure> {
    let mut times = Times::default();
    let mut idle = u64::MAX;
    for _ in 0..STARTS {
        let began = Instant::now();
        let server = subject.start()?;
        times.add(began.elapsed());
        std::thread::sleep(SETTLES);
        idle = idle.min(resident_bytes(server.pid())?);
    }
    figures
        .note(
            "start to the first answer, p50",
            times.percentile_ms(0.5),
            "ms",
        )
        .at_most(100.0);
    let mebibytes = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    figures
        .note("memory of an idle server", mebibytes(idle), "MiB")
        .at_most(20.0);
    if let Program::Towpath(binary) = &subject.program {
        let stripped = scratch()?.join("bench-stripped");
        let strip = Command::new("strip")
            .arg("-o")
            .arg(&stripped)
            .arg(binary)
            .status();
        if !strip.is_ok_and(|status| status.success()) {
            return Err("strip does not run: install it with 'apt-get install binutils'".into());
        }
        let size = mebibytes(std::fs::metadata(&stripped)?.len());
        std::fs::remove_file(&stripped)?;
        figures
            .note("size of the binary, stripped", size, "MiB")
            .at_most(40.0);
    }
    Ok(())
}
