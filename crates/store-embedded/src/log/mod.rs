//! The commit log: what makes a commit durable, before the engine has heard of it.
//!
//! A commit is one record at the end of the current segment, and one sync. Segments are files of one
//! size, written with zeros when they are made and used again when the engine has durably taken over
//! what they hold: a sync then writes down the record and nothing else, neither lengths nor places.
//!
//! When a segment is full the next begins; the full one is *sealed*. Whoever applies the groups to the
//! engine frees it once the engine has synced them all ([`Segments::free`]), in the order they were
//! sealed. After a crash every group of every segment that is not free is applied again, in order. That
//! makes the engine whole whatever part of them it had already kept: the last write to each key decides,
//! and keys that these groups do not name were synced before.
//!
//! Decision 11 says why it is there and how we would know that it was wrong.

mod disk;
mod segment;
#[cfg(test)]
mod tests;

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use store::Op;

pub(crate) use disk::{Disk, DiskFile, Folder};
use segment::{Header, RECORDS_AT};

/// Numbers the sets of writes that were synced together, from 1 without gaps.
pub(crate) type Group = u64;

/// A file that may be used for the next segment.
struct Spare<F> {
    number: u32,
    file: Arc<F>,
}

/// A full segment, to be freed when the engine has all of it.
pub(crate) struct Sealed<F> {
    number: u32,
    file: Arc<F>,
}

/// The files, shared by who writes and who frees.
pub(crate) struct Segments<D: Disk> {
    disk: D,
    bytes: u64,
    pool: Mutex<Pool<D::File>>,
}

struct Pool<F> {
    spares: Vec<Spare<F>>,
    next_number: u32,
}

impl<D: Disk> Segments<D> {
    fn pool(&self) -> MutexGuard<'_, Pool<D::File>> {
        // A plain list: whatever panicked while it was held, it is whole.
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The engine has all of it durably: the segment may be used again.
    pub(crate) fn free(&self, sealed: Sealed<D::File>) -> io::Result<()> {
        sealed.file.write(0, &Header::FREE.encode())?;
        sealed.file.sync()?;
        self.pool().spares.push(Spare {
            number: sealed.number,
            file: sealed.file,
        });
        Ok(())
    }

    /// Makes one more file in advance if there is none in reserve, so that no commit waits for it.
    pub(crate) fn prepare(&self) -> io::Result<()> {
        let number = {
            let mut pool = self.pool();
            if !pool.spares.is_empty() {
                return Ok(());
            }
            pool.next_number += 1;
            pool.next_number - 1
        };
        let file = Arc::new(self.disk.create(number, self.bytes)?);
        self.pool().spares.push(Spare { number, file });
        Ok(())
    }

    fn take(&self) -> io::Result<Spare<D::File>> {
        loop {
            if let Some(spare) = self.pool().spares.pop() {
                return Ok(spare);
            }
            self.prepare()?;
        }
    }
}

/// The end of the log, where groups are appended.
pub(crate) struct Log<D: Disk> {
    segments: Arc<Segments<D>>,
    current: Current<D::File>,
    next_group: Group,
}

struct Current<F> {
    number: u32,
    file: Arc<F>,
    sequence: u64,
    end: u64,
    /// The header waits for the first record, and is synced with it.
    header: Option<Vec<u8>>,
}

/// What became of an append.
pub(crate) struct Appended<F> {
    /// The group's number.
    pub(crate) group: Group,
    /// The segment before, when this group began another.
    pub(crate) sealed: Option<Sealed<F>>,
}

/// A log that was read to its end.
pub(crate) struct Recovered<D: Disk> {
    segments: Arc<Segments<D>>,
    live: Vec<Sealed<D::File>>,
    sequence: u64,
    group: Group,
}

impl<D: Disk> Recovered<D> {
    /// The engine has durably all that was replayed: the log goes on with the next group.
    pub(crate) fn finish(self) -> Result<Log<D>, LogError> {
        // The new segment is there before the old ones go: there is always one in use.
        let log = Log::begin(Arc::clone(&self.segments), self.sequence, self.group)?;
        for sealed in self.live {
            self.segments.free(sealed)?;
        }
        Ok(log)
    }
}

/// Why a log does not open.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LogError {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("{0}")]
    Damaged(String),
}

impl<D: Disk> Log<D> {
    /// Begins a log where there is none.
    pub(crate) fn create(disk: D, bytes: u64) -> Result<Log<D>, LogError> {
        let segments = Arc::new(Segments {
            disk,
            bytes,
            pool: Mutex::new(Pool {
                spares: Vec::new(),
                next_number: 0,
            }),
        });
        Log::begin(segments, 1, 1)
    }

    /// Reads a log: `replay` gets every group that the engine may lack, in order. When the engine keeps
    /// them, [`Recovered::finish`] begins the log's next segment.
    ///
    /// `applied` is the last group that the engine says it has: a log that begins after the next one
    /// has lost something.
    pub(crate) fn recover<E: From<LogError>>(
        disk: D,
        bytes: u64,
        applied: Group,
        mut replay: impl FnMut(Group, Vec<Op>) -> Result<(), E>,
    ) -> Result<Recovered<D>, E> {
        let (mut live, mut spares) = (Vec::new(), Vec::new());
        let numbers = disk.list().map_err(LogError::Io)?;
        let next_number = numbers.last().map_or(0, |last| last + 1);
        for number in numbers {
            let file = Arc::new(disk.open(number).map_err(LogError::Io)?);
            let content = file.read_all().map_err(LogError::Io)?;
            let (header, is_torn) = Header::decode(&content);
            if header.sequence == 0 {
                spares.push(Spare { number, file });
                continue;
            }
            // Else the older copy could come back: were the power to go while the newer is written
            // over, it would be all that is left.
            if is_torn {
                file.write(0, &header.encode()).map_err(LogError::Io)?;
                file.sync().map_err(LogError::Io)?;
            }
            live.push((header, number, file, content));
        }
        live.sort_by_key(|(header, ..)| header.sequence);
        let Some((first, ..)) = live.first() else {
            return Err(LogError::Damaged("no segment of it is in use".into()).into());
        };
        if first.first_group > applied + 1 {
            let (from, to) = (applied + 1, first.first_group - 1);
            let what = format!("groups {from} to {to} are in no segment");
            return Err(LogError::Damaged(what).into());
        }
        let mut group = first.first_group;
        let mut last_sequence = first.sequence;
        for (header, number, _, content) in &live {
            if header.first_group != group {
                let what = format!(
                    "segment {number} goes on from group {}, and the one before ends with group {}",
                    header.first_group,
                    group - 1
                );
                return Err(LogError::Damaged(what).into());
            }
            last_sequence = header.sequence;
            let mut at = RECORDS_AT as usize;
            while let Some(payload) = segment::record_at(content, at, header.sequence, group) {
                let ops = segment::ops(payload).ok_or_else(|| {
                    LogError::Damaged(format!("group {group} holds something else than writes"))
                })?;
                replay(group, ops)?;
                at += segment::record_bytes(payload);
                group += 1;
            }
            if segment::is_damaged_from(content, at, header.sequence, group) {
                let what = format!("segment {number}, byte {at}: group {group} does not check");
                return Err(LogError::Damaged(what).into());
            }
        }
        let segments = Arc::new(Segments {
            disk,
            bytes,
            pool: Mutex::new(Pool {
                spares,
                next_number,
            }),
        });
        let live = live
            .into_iter()
            .map(|(_, number, file, _)| Sealed { number, file })
            .collect();
        Ok(Recovered {
            segments,
            live,
            // The next number may have been given to a segment whose header the power took while a
            // record of it stayed. It must not come to count by way of a later use of that file.
            sequence: last_sequence + 2,
            group,
        })
    }

    /// A log that goes on in a fresh segment, whose header is durable.
    fn begin(
        segments: Arc<Segments<D>>,
        sequence: u64,
        next_group: Group,
    ) -> Result<Log<D>, LogError> {
        let mut current = Current::new(segments.take()?, sequence, next_group);
        if let Some(header) = current.header.take() {
            current.file.write(0, &header)?;
            current.file.sync()?;
        }
        Ok(Log {
            segments,
            current,
            next_group,
        })
    }

    pub(crate) fn segments(&self) -> Arc<Segments<D>> {
        Arc::clone(&self.segments)
    }

    /// The last group that is durable; 0 when there is none.
    pub(crate) fn last_group(&self) -> Group {
        self.next_group - 1
    }

    /// The engine has durably everything, and every sealed segment is free: empties the log, so that the
    /// next start has nothing to read.
    pub(crate) fn restart(&mut self) -> io::Result<()> {
        let header = Header {
            sequence: self.current.sequence + 1,
            first_group: self.next_group,
        };
        self.current.file.write(0, &header.encode())?;
        self.current.file.sync()?;
        self.current.sequence = header.sequence;
        self.current.end = RECORDS_AT;
        self.current.header = None;
        Ok(())
    }

    /// Writes `ops` as the next group, and returns when it is durable. After an error nobody knows
    /// what is on the disk, and nothing may be appended any more.
    pub(crate) fn append(&mut self, ops: &[Op]) -> io::Result<Appended<D::File>> {
        let group = self.next_group;
        let mut record = segment::record(self.current.sequence, group, ops);
        let mut sealed = None;
        let is_full = self.current.end + record.len() as u64 > self.segments.bytes;
        // A record larger than a segment has one to itself, which grows.
        if is_full && self.current.end > RECORDS_AT {
            let next = Current::new(self.segments.take()?, self.current.sequence + 1, group);
            let full = std::mem::replace(&mut self.current, next);
            sealed = Some(Sealed {
                number: full.number,
                file: full.file,
            });
            record = segment::record(self.current.sequence, group, ops);
        }
        if let Some(header) = self.current.header.take() {
            self.current.file.write(0, &header)?;
        }
        self.current.file.write(self.current.end, &record)?;
        self.current.file.sync()?;
        self.current.end += record.len() as u64;
        self.next_group += 1;
        Ok(Appended { group, sealed })
    }
}

impl<F> Current<F> {
    fn new(spare: Spare<F>, sequence: u64, first_group: Group) -> Current<F> {
        let header = Header {
            sequence,
            first_group,
        };
        Current {
            number: spare.number,
            file: spare.file,
            sequence,
            end: RECORDS_AT,
            header: Some(header.encode()),
        }
    }
}
