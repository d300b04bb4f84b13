//! Bytes that come one after another, with their number.

use std::io::{self, BufRead, BufReader, Read};

use super::ItemsError;

/// Enough that a read of a file or of a body is worth its call.
const BUFFER_BYTES: usize = 64 << 10;

/// Marks the beginning of some files that programs on Windows write.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// A stream of bytes that knows where it stands.
pub(crate) struct Tape {
    bytes: BufReader<Box<dyn Read + Send>>,
    offset: u64,
    /// What was read of a byte order mark that turned out to be none, and comes before `bytes`.
    lead: &'static [u8],
}

impl Tape {
    /// Bytes whose first has this offset.
    pub(crate) fn new(bytes: Box<dyn Read + Send>, offset: u64) -> Tape {
        Tape {
            bytes: BufReader::with_capacity(BUFFER_BYTES, bytes),
            offset,
            lead: &[],
        }
    }

    /// Offset of the next byte.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// Some bytes that come next; none at the end.
    pub(crate) fn fill(&mut self) -> Result<&[u8], ItemsError> {
        if !self.lead.is_empty() {
            return Ok(self.lead);
        }
        loop {
            match self.bytes.fill_buf() {
                Ok(_) => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(unreadable(&error)),
            }
        }
        Ok(self.bytes.buffer())
    }

    /// Steps over bytes that [`Tape::fill`] has shown.
    pub(crate) fn consume(&mut self, count: usize) {
        match self.lead.is_empty() {
            true => self.bytes.consume(count),
            false => self.lead = &self.lead[count..],
        }
        self.offset += count as u64;
    }

    /// Steps over what comes before `offset`. Whether there is so much.
    pub(crate) fn skip_to(&mut self, offset: u64) -> Result<bool, ItemsError> {
        while self.offset < offset {
            let room = usize::try_from(offset - self.offset).unwrap_or(usize::MAX);
            let count = self.fill()?.len().min(room);
            if count == 0 {
                return Ok(false);
            }
            self.consume(count);
        }
        Ok(true)
    }

    /// Steps over a byte order mark, if one comes next.
    pub(crate) fn skip_byte_order_mark(&mut self) -> Result<(), ItemsError> {
        for (matched, byte) in BYTE_ORDER_MARK.iter().enumerate() {
            if self.fill()?.first() != Some(byte) {
                self.lead = &BYTE_ORDER_MARK[..matched];
                self.offset -= matched as u64;
                break;
            }
            self.consume(1);
        }
        Ok(())
    }
}

fn unreadable(error: &io::Error) -> ItemsError {
    // Those who opened the stream say what is wrong with it in their own words.
    match error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<ItemsError>())
    {
        Some(error) => error.clone(),
        None => ItemsError::reader(format!("The dataset could not be read: {error}")),
    }
}
