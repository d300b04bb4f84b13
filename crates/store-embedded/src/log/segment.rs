//! The bytes of a segment: a header, then records until one does not check.
//!
//! | offset | bytes | what |
//! |---|---|---|
//! | 0 | 512 | the header |
//! | 512 | 512 | the header again: one of the two is whole, whatever a power cut or a bit does |
//! | 1,024 | … | records, one after the other |
//!
//! A header: `TPLG`, format (1), 3 zeros, sequence (8), first group (8), checksum of these (8). Sequence
//! 0 means that the segment holds nothing. A record: length of its payload (4), group (8), checksum
//! (8), payload. The checksum of a record begins from the segment's sequence, so what an earlier use of
//! the file left behind never checks. Numbers are little-endian, checksums are xxh3.

use store::Op;
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

const MAGIC: [u8; 4] = *b"TPLG";
const FORMAT: u8 = 1;

/// A sector: the most that a disk writes at once or not at all.
const SECTOR: usize = 512;

/// Where the first record begins.
pub(super) const RECORDS_AT: u64 = 2 * SECTOR as u64;

const HEADER_BYTES: usize = 32;
const FRAME_BYTES: usize = 20;

/// What a segment is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// Grows from segment to segment and is used once, from 1; 0: the segment is free.
    pub(super) sequence: u64,
    /// The group its first record has.
    pub(super) first_group: u64,
}

impl Header {
    pub(super) const FREE: Header = Header {
        sequence: 0,
        first_group: 0,
    };

    /// Both copies.
    pub(super) fn encode(self) -> Vec<u8> {
        let mut one = Vec::with_capacity(SECTOR);
        one.extend(MAGIC);
        one.extend([FORMAT, 0, 0, 0]);
        one.extend(self.sequence.to_le_bytes());
        one.extend(self.first_group.to_le_bytes());
        one.extend(xxh3_64(&one).to_le_bytes());
        one.resize(SECTOR, 0);
        one.repeat(2)
    }

    /// The newer of the two copies that check, and whether they differ. A segment of which neither does
    /// was being made or being freed when the power went: it is free.
    pub(super) fn decode(segment: &[u8]) -> (Header, bool) {
        let copy = |at: usize| {
            let bytes = segment.get(at..at + HEADER_BYTES)?;
            let (content, checksum) = bytes.split_at(HEADER_BYTES - 8);
            let checks = xxh3_64(content).to_le_bytes() == *checksum;
            (checks && content.starts_with(&MAGIC) && content[4] == FORMAT).then_some(Header {
                sequence: number(content, 8)?,
                first_group: number(content, 16)?,
            })
        };
        let copies = [copy(0), copy(SECTOR)];
        let newest = copies
            .into_iter()
            .flatten()
            .max_by_key(|header| header.sequence);
        let newest = newest.unwrap_or(Header::FREE);
        (newest, copies != [Some(newest); 2])
    }
}

/// A record of `ops`, ready to be written.
pub(super) fn record(sequence: u64, group: u64, ops: &[Op]) -> Vec<u8> {
    let payload_bytes: usize = ops
        .iter()
        .map(|op| match op {
            Op::Put(key, value) => 9 + key.len() + value.len(),
            Op::Delete(key) => 5 + key.len(),
        })
        .sum();
    let mut bytes = Vec::with_capacity(FRAME_BYTES + payload_bytes);
    bytes.extend((payload_bytes as u32).to_le_bytes());
    bytes.extend(group.to_le_bytes());
    bytes.extend([0; 8]);
    for op in ops {
        let (kind, key) = match op {
            Op::Delete(key) => (0, key),
            Op::Put(key, _) => (1, key),
        };
        bytes.push(kind);
        bytes.extend((key.len() as u32).to_le_bytes());
        bytes.extend_from_slice(key);
        if let Op::Put(_, value) = op {
            bytes.extend((value.len() as u32).to_le_bytes());
            bytes.extend_from_slice(value);
        }
    }
    let checksum = checksum(sequence, group, &bytes[FRAME_BYTES..]);
    bytes[12..FRAME_BYTES].copy_from_slice(&checksum.to_le_bytes());
    bytes
}

fn checksum(sequence: u64, group: u64, payload: &[u8]) -> u64 {
    let length = payload.len() as u64;
    xxh3_64_with_seed(
        payload,
        sequence.rotate_left(32) ^ group ^ length.rotate_left(16),
    )
}

/// The payload of the record of `group` at `at`, if there is one.
pub(super) fn record_at(segment: &[u8], at: usize, sequence: u64, group: u64) -> Option<&[u8]> {
    let frame = segment.get(at..at.checked_add(FRAME_BYTES)?)?;
    if number(frame, 4)? != group {
        return None;
    }
    let payload = payload_at(segment, at)?;
    (checksum(sequence, group, payload) == number(frame, 12)?).then_some(payload)
}

/// As many bytes after a frame at `at` as it says there are, whether or not it is one.
fn payload_at(segment: &[u8], at: usize) -> Option<&[u8]> {
    let length = segment.get(at..at.checked_add(4)?)?;
    let length = u32::from_le_bytes(length.try_into().ok()?) as usize;
    let from = at.checked_add(FRAME_BYTES)?;
    segment.get(from..from.checked_add(length)?)
}

/// Bytes of a record in the segment, payload included.
pub(super) fn record_bytes(payload: &[u8]) -> usize {
    FRAME_BYTES + payload.len()
}

/// Whether a whole record of a group after `group` lies anywhere from `at` on.
///
/// One record is written and synced before the next is begun. So a later record that checks proves
/// that what does not check before it was durable once, and is damaged now.
///
/// What earlier uses of the file left is full of numbers that could be a frame's, each with a length
/// of megabytes. So writes must lie there, to the last byte, before a checksum is made: else the
/// end of a log in a used file took a second to find, which was most of a start.
pub(super) fn is_damaged_from(segment: &[u8], at: usize, sequence: u64, group: u64) -> bool {
    (at..segment.len().saturating_sub(FRAME_BYTES)).any(|candidate| {
        // Records in between, each of which has a frame at least.
        let between = ((candidate - at) / FRAME_BYTES) as u64;
        let groups = group..=group.saturating_add(between);
        number(segment, candidate + 4).is_some_and(|found| {
            groups.contains(&found)
                && payload_at(segment, candidate).is_some_and(is_writes)
                && record_at(segment, candidate, sequence, found).is_some()
        })
    })
}

/// What [`record`] was made of; `None` when the bytes are none of a record's.
pub(super) fn ops(mut payload: &[u8]) -> Option<Vec<Op>> {
    let mut ops = Vec::new();
    while !payload.is_empty() {
        let (key, value) = next_write(&mut payload)?;
        ops.push(match value {
            None => Op::Delete(key.to_vec()),
            Some(value) => Op::Put(key.to_vec(), value.to_vec()),
        });
    }
    Some(ops)
}

/// Whether [`ops`] gives any.
fn is_writes(mut payload: &[u8]) -> bool {
    while !payload.is_empty() {
        if next_write(&mut payload).is_none() {
            return false;
        }
    }
    true
}

/// Takes a key, and its value unless it is deleted, from the front.
fn next_write<'a>(payload: &mut &'a [u8]) -> Option<(&'a [u8], Option<&'a [u8]>)> {
    fn text<'a>(from: &mut &'a [u8]) -> Option<&'a [u8]> {
        let (length, rest) = from.split_at_checked(4)?;
        let length = u32::from_le_bytes(length.try_into().ok()?) as usize;
        let (text, rest) = rest.split_at_checked(length)?;
        *from = rest;
        Some(text)
    }
    let (kind, rest) = payload.split_first()?;
    *payload = rest;
    let key = text(payload)?;
    match kind {
        0 => Some((key, None)),
        1 => Some((key, Some(text(payload)?))),
        _ => None,
    }
}

fn number(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEQUENCE: u64 = 7;

    fn put(value: &[u8]) -> Vec<Op> {
        vec![Op::Put(b"key".to_vec(), value.to_vec())]
    }

    #[test]
    fn a_record_behind_one_that_does_not_check_is_found() {
        for gap in [0, 1, 1_000] {
            let mut segment = record(SEQUENCE, 5, &put(b"torn"));
            segment[FRAME_BYTES] ^= 1;
            segment.resize(segment.len() + gap, 0);
            segment.extend(record(SEQUENCE, 6, &[Op::Delete(b"key".to_vec())]));
            segment.resize(segment.len() + 1_000, 0);
            assert!(is_damaged_from(&segment, 0, SEQUENCE, 5), "{gap}");
            assert!(!is_damaged_from(&segment, 0, SEQUENCE + 1, 5), "{gap}");
        }
    }

    /// Were a checksum made of everything that might be a record, this would go over four terabytes.
    #[test]
    fn what_a_used_file_is_full_of_costs_no_checksums() {
        let mut segment = Vec::new();
        while segment.len() < 16 << 20 {
            segment.extend((7_u32 << 20).to_le_bytes());
            segment.extend(6_u64.to_le_bytes());
            segment.extend([0xff; 8]);
        }
        assert!(!is_damaged_from(&segment, 0, SEQUENCE, 5));
    }

    #[test]
    fn every_write_comes_back() {
        let ops_given = vec![
            Op::Put(b"a".to_vec(), b"1".to_vec()),
            Op::Delete(Vec::new()),
            Op::Put(b"b".to_vec(), Vec::new()),
        ];
        let record = record(SEQUENCE, 5, &ops_given);
        let payload = record_at(&record, 0, SEQUENCE, 5).unwrap();
        assert!(is_writes(payload));
        assert_eq!(ops(payload), Some(ops_given));
        // Every end before the last is within a write, or between two.
        let whole = (0..payload.len())
            .filter(|end| is_writes(&payload[..*end]))
            .count();
        assert_eq!(whole, 3);
    }
}
