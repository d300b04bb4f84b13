//! Execution logs on standard output, for those whose platform collects it.

use std::io::Write;

use engine::LogEvents;

use super::lines_of;
use super::outlet::Sink;

/// Bytes gathered before they are written.
const BUFFER_BYTES: usize = 64 << 10;

#[derive(Default)]
pub(super) struct Stdout {
    buffer: Vec<u8>,
}

impl Sink<Box<LogEvents>> for Stdout {
    fn put(&mut self, log: Box<LogEvents>) -> Result<(), String> {
        for line in lines_of(&log) {
            self.buffer.extend(line);
            self.buffer.push(b'\n');
        }
        match self.buffer.len() >= BUFFER_BYTES {
            true => self.flush(),
            false => Ok(()),
        }
    }

    fn flush(&mut self) -> Result<(), String> {
        let mut out = std::io::stdout().lock();
        let result = out.write_all(&self.buffer).and_then(|()| out.flush());
        self.buffer.clear();
        result.map_err(|error| error.to_string())
    }
}
