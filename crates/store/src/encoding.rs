//! The values of rows, as bytes.
//!
//! The first byte of every value is the version of its format. A store written by an older Towpath
//! is read for ever; one written by a newer Towpath is refused, never guessed at. To change a
//! format, add a version beside the old one and a sample of it to the tests: samples are never
//! edited, since each of them lies on somebody's disk.
//!
//! Written by hand: nine small shapes do not earn a dependency, and what is on disk should be
//! readable here and not follow from the attributes of a library.

use std::collections::BTreeMap;

use crate::StoreError;
use crate::commit::{CommitNumber, Epoch, EventRun, ExecutionWrite};
use crate::rows::{ExecutionId, ExecutionRow, TaskRow, TimerKey, TimerRow};

/// The version of most kinds of values.
const VERSION: u8 = 1;

/// The version of the head and of timers: the tally, what an execution holds, and the clock of who
/// armed a timer came with 2.
const VERSION_2: u8 = 2;

/// Versions of executions: the number of their parts came with 3, events in the row with 4.
const VERSION_3: u8 = 3;
const VERSION_4: u8 = 4;

/// Where the shard stands: written with every commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) last_commit: CommitNumber,
    pub(crate) epoch: Epoch,
    pub(crate) at_ms: i64,
    pub(crate) tally: Vec<u8>,
}

pub(crate) fn head(head: &Head) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(32 + head.tally.len());
    bytes.push(VERSION_2);
    put_varint(&mut bytes, head.last_commit);
    put_varint(&mut bytes, head.epoch.0);
    bytes.extend(head.at_ms.to_be_bytes());
    put_varint(&mut bytes, head.tally.len() as u64);
    bytes.extend_from_slice(&head.tally);
    bytes
}

pub(crate) fn head_from(bytes: &[u8]) -> Result<Head, StoreError> {
    let (version, mut value) = Value::open_up_to(VERSION_2, "head", bytes)?;
    let mut head = Head {
        last_commit: value.varint()?,
        epoch: Epoch(value.varint()?),
        at_ms: value.millis()?,
        tally: Vec::new(),
    };
    if version > VERSION {
        head.tally = value.some()?.to_vec();
    }
    value.end()?;
    Ok(head)
}

pub(crate) fn execution(write: &ExecutionWrite) -> Vec<u8> {
    let events = write.events.as_ref().filter(|_| write.events_in_row);
    let events_bytes = events.map_or(0, |run| run.bytes.len());
    let mut bytes =
        Vec::with_capacity(write.snapshot.len() + write.holds.len() + events_bytes + 24);
    bytes.push(VERSION_4);
    put_varint(&mut bytes, write.revision);
    put_varint(&mut bytes, write.parts_kept.into());
    // None is a run of no events.
    put_varint(&mut bytes, events.map_or(0, |run| run.count).into());
    if let Some(run) = events {
        put_varint(&mut bytes, run.first.into());
        put_varint(&mut bytes, run.bytes.len() as u64);
        bytes.extend_from_slice(&run.bytes);
    }
    put_varint(&mut bytes, write.holds.len() as u64);
    bytes.extend_from_slice(&write.holds);
    bytes.extend_from_slice(&write.snapshot);
    bytes
}

/// The execution without its parts, and how many it has.
pub(crate) fn execution_from(bytes: &[u8]) -> Result<(ExecutionRow, u32), StoreError> {
    let (version, mut value) = Value::open_up_to(VERSION_4, "execution", bytes)?;
    let revision = value.varint()?;
    let parts_kept = match version {
        VERSION | VERSION_2 => 0,
        _ => value.varint_u32()?,
    };
    let events = match version {
        VERSION | VERSION_2 | VERSION_3 => None,
        _ => value.events_in_row()?,
    };
    let row = ExecutionRow {
        revision,
        holds: match version {
            VERSION => None,
            _ => Some(value.some()?.to_vec()),
        },
        snapshot: value.rest().to_vec(),
        parts: BTreeMap::new(),
        events,
    };
    Ok((row, parts_kept))
}

/// Only its events, if its row keeps them.
pub(crate) fn events_in_row_from(bytes: &[u8]) -> Result<Option<EventRun>, StoreError> {
    match Value::open_up_to(VERSION_4, "execution", bytes)? {
        (VERSION | VERSION_2 | VERSION_3, _) => Ok(None),
        (_, mut value) => {
            value.varint()?;
            value.varint_u32()?;
            value.events_in_row()
        }
    }
}

/// Only how many parts it has.
pub(crate) fn parts_kept_from(bytes: &[u8]) -> Result<u32, StoreError> {
    match Value::open_up_to(VERSION_4, "execution", bytes)? {
        (VERSION | VERSION_2, _) => Ok(0),
        (_, mut value) => {
            value.varint()?;
            value.varint_u32()
        }
    }
}

/// Only the revision, so that the check before a commit copies no snapshot.
pub(crate) fn revision_from(bytes: &[u8]) -> Result<u64, StoreError> {
    Value::open_up_to(VERSION_4, "execution", bytes)?.1.varint()
}

pub(crate) fn events(run: &EventRun) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(run.bytes.len() + 4);
    bytes.push(VERSION);
    put_varint(&mut bytes, run.count.into());
    bytes.extend_from_slice(&run.bytes);
    bytes
}

pub(crate) fn events_from(first: u32, bytes: &[u8]) -> Result<EventRun, StoreError> {
    let mut value = Value::open("events", bytes)?;
    Ok(EventRun {
        first,
        count: value.varint_u32()?,
        bytes: value.rest().to_vec(),
    })
}

/// A value that is opaque to the store: a record, a part of a snapshot, or what a listing shows.
pub(crate) fn opaque(value: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(value.len() + 1);
    bytes.push(VERSION);
    bytes.extend_from_slice(value);
    bytes
}

pub(crate) fn opaque_from(what: &'static str, bytes: &[u8]) -> Result<Vec<u8>, StoreError> {
    Ok(Value::open(what, bytes)?.rest().to_vec())
}

pub(crate) fn name(id: ExecutionId) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(1 + id.0.len());
    bytes.push(VERSION);
    bytes.extend(id.0);
    bytes
}

pub(crate) fn name_from(bytes: &[u8]) -> Result<ExecutionId, StoreError> {
    let mut value = Value::open("name", bytes)?;
    let id = value.id()?;
    value.end()?;
    Ok(id)
}

pub(crate) fn timer(timer: &TimerRow) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(32);
    bytes.extend([VERSION_2, timer.kind]);
    put_varint(&mut bytes, timer.span_ms);
    bytes.push(timer.steady.is_some().into());
    if let Some((process, steady_ms)) = timer.steady {
        put_varint(&mut bytes, process);
        bytes.extend(steady_ms.to_be_bytes());
    }
    bytes
}

/// A timer of that key.
pub(crate) fn timer_from(key: TimerKey, bytes: &[u8]) -> Result<TimerRow, StoreError> {
    let (version, mut value) = Value::open_up_to(VERSION_2, "timer", bytes)?;
    let (due_ms, execution, timer) = key;
    let mut row = TimerRow {
        due_ms,
        execution,
        timer,
        kind: value.byte()?,
        span_ms: value.varint()?,
        steady: None,
    };
    if version > VERSION {
        row.steady = match value.byte()? {
            0 => None,
            1 => Some((value.varint()?, value.millis()?)),
            _ => return Err(value.damaged()),
        };
    }
    value.end()?;
    Ok(row)
}

pub(crate) fn task(task: &TaskRow) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(24);
    bytes.push(VERSION);
    bytes.extend(task.execution.0);
    put_varint(&mut bytes, task.event.into());
    put_varint(&mut bytes, task.hand_outs.into());
    bytes.push(task.handed_out.into());
    bytes
}

pub(crate) fn task_from(queue: String, position: u64, bytes: &[u8]) -> Result<TaskRow, StoreError> {
    let mut value = Value::open("task", bytes)?;
    let row = TaskRow {
        queue,
        position,
        execution: value.id()?,
        event: value.varint_u32()?,
        hand_outs: value.varint_u32()?,
        handed_out: match value.byte()? {
            0 => false,
            1 => true,
            _ => return Err(value.damaged()),
        },
    };
    value.end()?;
    Ok(row)
}

/// Seven bits a byte, lowest first, the high bit meaning "more".
pub(crate) fn put_varint(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// What is left to read of a value.
struct Value<'a> {
    what: &'static str,
    bytes: &'a [u8],
}

impl<'a> Value<'a> {
    fn open(what: &'static str, bytes: &'a [u8]) -> Result<Self, StoreError> {
        Ok(Self::open_up_to(VERSION, what, bytes)?.1)
    }

    /// A value whose newest version is `newest`, and its own version.
    fn open_up_to(
        newest: u8,
        what: &'static str,
        bytes: &'a [u8],
    ) -> Result<(u8, Self), StoreError> {
        match bytes.split_first() {
            Some((&version, bytes)) if (VERSION..=newest).contains(&version) => {
                Ok((version, Self { what, bytes }))
            }
            Some((version, _)) => Err(StoreError::Damaged(format!(
                "a row of kind \"{what}\" has format {version} and this version of Towpath reads up to {newest}: \
                 start the version that wrote it"
            ))),
            None => Err(StoreError::Damaged(format!(
                "a row of kind \"{what}\" is empty"
            ))),
        }
    }

    fn byte(&mut self) -> Result<u8, StoreError> {
        let (&byte, rest) = self.bytes.split_first().ok_or_else(|| self.damaged())?;
        self.bytes = rest;
        Ok(byte)
    }

    fn id(&mut self) -> Result<ExecutionId, StoreError> {
        let (id, rest) = self
            .bytes
            .split_first_chunk::<16>()
            .ok_or_else(|| self.damaged())?;
        self.bytes = rest;
        Ok(ExecutionId(*id))
    }

    fn millis(&mut self) -> Result<i64, StoreError> {
        let (bytes, rest) = self
            .bytes
            .split_first_chunk::<8>()
            .ok_or_else(|| self.damaged())?;
        self.bytes = rest;
        Ok(i64::from_be_bytes(*bytes))
    }

    fn varint(&mut self) -> Result<u64, StoreError> {
        let mut number = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7F);
            if shift == 63 && bits > 1 {
                return Err(self.damaged());
            }
            number |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(self.damaged())
    }

    fn varint_u32(&mut self) -> Result<u32, StoreError> {
        u32::try_from(self.varint()?).map_err(|_| self.damaged())
    }

    /// The run of events in an execution's row.
    fn events_in_row(&mut self) -> Result<Option<EventRun>, StoreError> {
        let count = self.varint_u32()?;
        if count == 0 {
            return Ok(None);
        }
        Ok(Some(EventRun {
            first: self.varint_u32()?,
            count,
            bytes: self.some()?.to_vec(),
        }))
    }

    /// Bytes that come with their length.
    fn some(&mut self) -> Result<&'a [u8], StoreError> {
        let length = usize::try_from(self.varint()?).map_err(|_| self.damaged())?;
        let (some, rest) = self
            .bytes
            .split_at_checked(length)
            .ok_or_else(|| self.damaged())?;
        self.bytes = rest;
        Ok(some)
    }

    fn rest(self) -> &'a [u8] {
        self.bytes
    }

    fn end(self) -> Result<(), StoreError> {
        if self.bytes.is_empty() {
            Ok(())
        } else {
            Err(self.damaged())
        }
    }

    fn damaged(&self) -> StoreError {
        StoreError::Damaged(format!("a row of kind \"{}\" cannot be read", self.what))
    }
}

#[cfg(test)]
mod tests;
