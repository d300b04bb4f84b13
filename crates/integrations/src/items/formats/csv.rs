//! Rows of text with headers (RFC 4180). Every value is a string.
//!
//! As recorded from AWS: a row that is too short has empty values, what a row has more than there are
//! headers is left out, white space stays, a header may be empty, and single quotes mean nothing. An
//! empty line is no row. What AWS gives in the order of a hash table keeps the order of the columns here.

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};
use serde_json::{Map, Value};

use super::{Found, ITEM_BYTES_MAX, Items, OpenAt, too_large};
use crate::items::ItemsError;
use crate::items::position::Mark;
use crate::items::source::Headers;
use crate::items::tape::Tape;

/// Room for the fields of a row, before it is found to be more.
const FIELDS: usize = 64;
const FIELD_BYTES: usize = 4 << 10;

pub(super) struct Csv {
    rows: Rows,
    headers: Vec<String>,
}

impl Csv {
    /// Goes on at `offset`, where a row begins.
    pub(super) fn open(
        delimiter: u8,
        headers: &Headers,
        open: &mut OpenAt<'_>,
        offset: u64,
    ) -> Result<Csv, ItemsError> {
        let (rows, headers) = match headers {
            Headers::Given(headers) => {
                let rows = Rows::new(delimiter, open(offset)?)?;
                (rows, headers.clone())
            }
            Headers::FirstRow => {
                // A position does not carry them: there may be thousands of positions.
                let mut rows = Rows::new(delimiter, open(0)?)?;
                let headers = match rows.next()? {
                    true => rows.fields()?.map(str::to_owned).collect(),
                    false => Vec::new(),
                };
                if offset > rows.tape.offset() {
                    rows = Rows::new(delimiter, open(offset)?)?;
                }
                (rows, headers)
            }
        };
        let mut sorted: Vec<&String> = headers.iter().collect();
        sorted.sort();
        if sorted.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(ItemsError::reader("CSV headers cannot contain duplicates."));
        }
        Ok(Csv { rows, headers })
    }
}

impl Items for Csv {
    fn next(&mut self) -> Result<Option<Found>, ItemsError> {
        if !self.rows.next()? {
            return Ok(None);
        }
        let mut fields = self.rows.fields()?;
        let item: Map<String, Value> = self
            .headers
            .iter()
            .map(|header| (header.clone(), fields.next().unwrap_or_default().into()))
            .collect();
        Ok(Some(Found::value(Value::Object(item))))
    }

    fn mark(&self) -> Mark {
        Mark::Byte {
            offset: self.rows.tape.offset(),
        }
    }
}

/// Rows as they come; the last one read lies in `text`, its fields end at `ends`.
struct Rows {
    tape: Tape,
    reader: Reader,
    text: Vec<u8>,
    ends: Vec<usize>,
    /// How many of these belong to the row.
    fields: usize,
    /// Where the row begins.
    began: u64,
}

impl Rows {
    fn new(delimiter: u8, mut tape: Tape) -> Result<Rows, ItemsError> {
        if tape.offset() == 0 {
            tape.skip_byte_order_mark()?;
        }
        let mut reader = ReaderBuilder::new().delimiter(delimiter).build();
        let (mut text, mut ends) = (vec![0; FIELD_BYTES], vec![0; FIELDS]);
        // It would take the first bytes it sees for a byte order mark, wherever they come from. An
        // empty line is no row, and then they are not the first.
        let (_, taken, ..) = reader.read_record(b"\n", &mut text, &mut ends);
        debug_assert_eq!(taken, 1);
        Ok(Rows {
            began: tape.offset(),
            tape,
            reader,
            text,
            ends,
            fields: 0,
        })
    }

    /// Reads the next row. Whether there is one.
    fn next(&mut self) -> Result<bool, ItemsError> {
        self.began = self.tape.offset();
        let (mut text, mut ends) = (0, 0);
        loop {
            let input = self.tape.fill()?;
            let (result, read, written, ended) =
                self.reader
                    .read_record(input, &mut self.text[text..], &mut self.ends[ends..]);
            self.tape.consume(read);
            text += written;
            ends += ended;
            match result {
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull if self.text.len() >= ITEM_BYTES_MAX => {
                    return Err(too_large());
                }
                ReadRecordResult::OutputFull => self.text.resize(self.text.len() * 2, 0),
                ReadRecordResult::OutputEndsFull => self.ends.resize(self.ends.len() * 2, 0),
                ReadRecordResult::Record => {
                    self.fields = ends;
                    return Ok(true);
                }
                ReadRecordResult::End => return Ok(false),
            }
        }
    }

    /// The fields of the row that was read last.
    fn fields(&self) -> Result<impl Iterator<Item = &str>, ItemsError> {
        let ends = &self.ends[..self.fields];
        let length = ends.last().copied().unwrap_or_default();
        let not_text = |_| {
            let began = self.began;
            let cause = format!("The CSV row at byte {began} is not valid UTF-8.");
            ItemsError::reader(cause)
        };
        let mut texts = Vec::with_capacity(ends.len());
        let mut start = 0;
        // Field by field: bytes that are no text on their own might be in a row.
        for &end in ends {
            texts.push(std::str::from_utf8(&self.text[start..end]).map_err(not_text)?);
            start = end;
        }
        debug_assert!(start == length);
        Ok(texts.into_iter())
    }
}
