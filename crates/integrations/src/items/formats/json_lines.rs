//! A JSON value in each line. Empty lines are none.

use super::{Found, ITEM_BYTES_MAX, Items, OpenAt, parse, too_large};
use crate::items::ItemsError;
use crate::items::position::Mark;
use crate::items::tape::Tape;

pub(super) struct JsonLines {
    tape: Tape,
    line: Vec<u8>,
}

impl JsonLines {
    /// Goes on at `offset`, where a line begins.
    pub(super) fn open(open: &mut OpenAt<'_>, offset: u64) -> Result<JsonLines, ItemsError> {
        let mut tape = open(offset)?;
        if offset == 0 {
            tape.skip_byte_order_mark()?;
        }
        let line = Vec::new();
        Ok(JsonLines { tape, line })
    }

    /// Reads the next line, without its end. Whether there is one.
    fn line(&mut self) -> Result<bool, ItemsError> {
        self.line.clear();
        loop {
            let bytes = self.tape.fill()?;
            if bytes.is_empty() {
                return Ok(!self.line.is_empty());
            }
            let end = bytes.iter().position(|&byte| byte == b'\n');
            let (part, taken) = match end {
                Some(end) => (&bytes[..end], end + 1),
                None => (bytes, bytes.len()),
            };
            if self.line.len() + part.len() > ITEM_BYTES_MAX {
                return Err(too_large());
            }
            self.line.extend_from_slice(part);
            self.tape.consume(taken);
            if end.is_some() {
                return Ok(true);
            }
        }
    }
}

impl Items for JsonLines {
    fn next(&mut self) -> Result<Option<Found>, ItemsError> {
        loop {
            let began = self.tape.offset();
            if !self.line()? {
                return Ok(None);
            }
            let line = self.line.trim_ascii();
            if !line.is_empty() {
                return parse(line, began).map(|value| Some(Found::value(value)));
            }
        }
    }

    fn mark(&self) -> Mark {
        Mark::Byte {
            offset: self.tape.offset(),
        }
    }
}
