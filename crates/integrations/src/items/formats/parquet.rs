//! Rows of Parquet files, row group after row group.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::{Bytes, BytesMut};
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, FileReader, Length, SerializedFileReader};
use parquet::record::reader::{ReaderIter, TreeBuilder};
use parquet::schema::types::SchemaDescPtr;

use super::{Found, Items, foreign};
use crate::items::ItemsError;
use crate::items::objects::{ObjectName, Objects, Wanted};
use crate::items::position::Mark;

/// A file is read in pieces of this size: columns lie far apart, and each read may be a request.
const BLOCK_BYTES: u64 = 1 << 20;

/// So many pieces are kept: as many columns are read side by side without reading anything twice.
const BLOCKS_MAX: usize = 64;

/// Most bytes of a file's description of itself. Source: AWS Developer Guide, `ItemReader`, Parquet.
const FOOTER_BYTES_MAX: u32 = 5 << 20;

/// The last bytes of a file: the length of its description, and four letters.
const TAIL_BYTES: u64 = 8;

/// Values of a column that are read at once.
const COLUMN_BATCH: usize = 256;

/// The rows of a file after `mark`.
pub(crate) fn open(
    objects: &Objects,
    name: &ObjectName,
    etag: &mut Option<String>,
    mark: Option<Mark>,
) -> Result<Box<dyn Items>, ItemsError> {
    let row = match mark {
        None => 0,
        Some(Mark::Row { row }) => row,
        Some(_) => return Err(foreign()),
    };
    let wanted = Wanted {
        etag: etag.as_deref(),
        length: Some(0),
        ..Wanted::ALL
    };
    let opened = objects.open(name, wanted)?;
    let blocks = Blocks {
        objects: objects.clone(),
        name: name.clone(),
        etag: opened.etag.clone(),
        size: opened.size,
        kept: Mutex::default(),
    };
    *etag = Some(opened.etag);
    let blocks = Chunks(Arc::new(blocks));
    blocks.check_tail()?;
    let reader = guarded(|| SerializedFileReader::new(blocks))?;
    let mut rows = Rows {
        schema: reader.metadata().file_metadata().schema_descr_ptr(),
        reader,
        group: 0,
        rows: None,
        row: 0,
    };
    rows.skip_to(row)?;
    Ok(Box::new(rows))
}

struct Rows {
    reader: SerializedFileReader<Chunks>,
    schema: SchemaDescPtr,
    /// The next row group to open.
    group: usize,
    rows: Option<ReaderIter>,
    /// The next row.
    row: u64,
}

impl Rows {
    fn skip_to(&mut self, row: u64) -> Result<(), ItemsError> {
        // Whole row groups are stepped over by their description alone.
        while let Some(group) = self.reader.metadata().row_groups().get(self.group) {
            let rows = u64::try_from(group.num_rows()).unwrap_or_default();
            if self.row + rows > row {
                break;
            }
            self.row += rows;
            self.group += 1;
        }
        while self.row < row && self.next()?.is_some() {}
        Ok(())
    }
}

impl Items for Rows {
    fn next(&mut self) -> Result<Option<Found>, ItemsError> {
        loop {
            if let Some(rows) = &mut self.rows
                && let Some(row) = guarded(|| rows.next().transpose())?
            {
                self.row += 1;
                return Ok(Some(Found::value(row.to_json_value())));
            }
            if self.group == self.reader.metadata().num_row_groups() {
                return Ok(None);
            }
            let (reader, schema) = (&self.reader, Arc::clone(&self.schema));
            let rows = guarded(|| {
                let group = reader.get_row_group(self.group)?;
                let builder = TreeBuilder::new().with_batch_size(COLUMN_BATCH);
                builder.as_iter(schema, group.as_ref())
            })?;
            self.rows = Some(rows);
            self.group += 1;
        }
    }

    fn mark(&self) -> Mark {
        Mark::Row { row: self.row }
    }
}

/// The crate that reads the format panics on some files that are damaged. What was touched by then is
/// not used any more.
fn guarded<T>(read: impl FnOnce() -> Result<T, ParquetError>) -> Result<T, ItemsError> {
    let damaged = |why: &str| ItemsError::reader(format!("The Parquet file cannot be read: {why}"));
    match catch_unwind(AssertUnwindSafe(read)) {
        Ok(Ok(read)) => Ok(read),
        Ok(Err(ParquetError::External(error))) => match error.downcast_ref::<ItemsError>() {
            Some(error) => Err(error.clone()),
            None => Err(damaged(&error.to_string())),
        },
        Ok(Err(error)) => Err(damaged(&error.to_string())),
        Err(_panic) => Err(damaged("it is damaged")),
    }
}

/// An object in pieces.
struct Blocks {
    objects: Objects,
    name: ObjectName,
    etag: String,
    size: u64,
    kept: Mutex<Kept>,
}

/// Pieces by number, each with the moment it was last wanted.
#[derive(Default)]
struct Kept {
    blocks: BTreeMap<u64, (u64, Bytes)>,
    moment: u64,
}

impl Blocks {
    fn block(&self, number: u64) -> Result<Bytes, ItemsError> {
        // What a thread that panicked left here is whole: it holds what was read, or it does not.
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.moment += 1;
        let moment = kept.moment;
        if let Some((last, block)) = kept.blocks.get_mut(&number) {
            *last = moment;
            return Ok(block.clone());
        }
        let offset = number * BLOCK_BYTES;
        let length = BLOCK_BYTES.min(self.size.saturating_sub(offset));
        let wanted = Wanted {
            offset,
            length: Some(length),
            etag: Some(&self.etag),
        };
        let mut block = Vec::new();
        let opened = self.objects.open(&self.name, wanted)?;
        opened
            .bytes
            .take(length)
            .read_to_end(&mut block)
            .map_err(|error| {
                ItemsError::reader(format!("The dataset could not be read: {error}"))
            })?;
        if block.len() as u64 != length {
            return Err(ItemsError::reader("The Parquet file ends too early."));
        }
        if kept.blocks.len() == BLOCKS_MAX {
            let oldest = kept.blocks.iter().min_by_key(|(_, (last, _))| *last);
            if let Some(oldest) = oldest.map(|(number, _)| *number) {
                kept.blocks.remove(&oldest);
            }
        }
        let block = Bytes::from(block);
        kept.blocks.insert(number, (moment, block.clone()));
        Ok(block)
    }

    fn bytes(&self, start: u64, length: u64) -> Result<Bytes, ItemsError> {
        if start.checked_add(length).is_none_or(|end| end > self.size) {
            return Err(ItemsError::reader("The Parquet file ends too early."));
        }
        let first = self.after(start)?;
        if first.len() as u64 >= length {
            return Ok(first.slice(..length as usize));
        }
        let mut all = BytesMut::with_capacity(length as usize);
        all.extend_from_slice(&first);
        while (all.len() as u64) < length {
            let rest = length - all.len() as u64;
            let block = self.after(start + all.len() as u64)?;
            all.extend_from_slice(&block[..block.len().min(rest as usize)]);
        }
        Ok(all.freeze())
    }

    /// What is left of the piece that `start` lies in; not empty inside the file.
    fn after(&self, start: u64) -> Result<Bytes, ItemsError> {
        let block = self.block(start / BLOCK_BYTES)?;
        let inside = (start % BLOCK_BYTES) as usize;
        Ok(block.slice(inside.min(block.len())..))
    }
}

#[derive(Clone)]
struct Chunks(Arc<Blocks>);

impl Chunks {
    fn check_tail(&self) -> Result<(), ItemsError> {
        let no_file = || ItemsError::reader("The dataset is no Parquet file.");
        let start = self.0.size.checked_sub(TAIL_BYTES).ok_or_else(no_file)?;
        let tail = self.0.bytes(start, TAIL_BYTES)?;
        let length = u32::from_le_bytes([tail[0], tail[1], tail[2], tail[3]]);
        match &tail[4..] {
            b"PAR1" if length > FOOTER_BYTES_MAX => {
                let cause = format!(
                    "The footer of the Parquet file has {length} bytes; at most {FOOTER_BYTES_MAX} are read."
                );
                Err(ItemsError::reader(cause))
            }
            b"PAR1" => Ok(()),
            b"PARE" => Err(ItemsError::reader("Encrypted Parquet files are not read.")),
            _ => Err(no_file()),
        }
    }
}

impl Length for Chunks {
    fn len(&self) -> u64 {
        self.0.size
    }
}

impl ChunkReader for Chunks {
    type T = ChunkRead;

    fn get_read(&self, start: u64) -> Result<ChunkRead, ParquetError> {
        Ok(ChunkRead {
            blocks: Arc::clone(&self.0),
            at: start,
        })
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        let bytes = self.0.bytes(start, length as u64);
        bytes.map_err(|error| ParquetError::External(Box::new(error)))
    }
}

/// Reads on from a place.
struct ChunkRead {
    blocks: Arc<Blocks>,
    at: u64,
}

impl Read for ChunkRead {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.at >= self.blocks.size {
            return Ok(0);
        }
        let bytes = self.blocks.after(self.at).map_err(io::Error::other)?;
        let count = bytes.len().min(into.len());
        into[..count].copy_from_slice(&bytes[..count]);
        self.at += count as u64;
        Ok(count)
    }
}
