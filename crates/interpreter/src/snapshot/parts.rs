//! Parts: what of a snapshot is written apart from it, and only when it changed.
//!
//! A snapshot is written with every commit, so nothing may stand in it that grows with the execution:
//! the outputs of a join that has many lines, and long documents that no event holds.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{PartChange, Place};
use crate::Document;
use crate::outputs::Outputs;

/// First byte of every part.
const FORMAT_VERSION: u8 = 1;

/// Most lines of a join that is read back. No array has more items: each takes two bytes of a payload,
/// and no payload may have more than 1 MiB.
const LINES_MAX: u32 = 1 << 20;

/// The greatest number that the next part may have when it is read back. A year of steps does not get
/// there.
const NEXT_MAX: u32 = 1 << 31;

/// What is written apart, and how it is divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartSizes {
    /// Most outputs in one part; joins of no more lines than that have no parts. At least 1.
    pub outputs: u32,
    /// Most bytes of a document that has no part of its own.
    pub document_bytes: usize,
    /// Most bytes of all of them together.
    pub documents_bytes: usize,
}

impl Default for PartSizes {
    /// As measured: an output is the number of an event, two or three bytes, so that a part is some 200
    /// bytes, less than what else is written with each item.
    fn default() -> PartSizes {
        PartSizes {
            outputs: 64,
            document_bytes: 1_024,
            documents_bytes: 4_096,
        }
    }
}

/// Where the outputs of a join are kept.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct OutputParts {
    /// The part of the first lines; those of the others follow.
    first: u32,
    /// How many lines each is of.
    lines: u32,
}

/// What a snapshot says of the outputs of a join that have parts.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct PartedJoin {
    /// Where they are.
    parts: OutputParts,
    /// How many lines there are.
    lines: u32,
}

/// The parts of an execution, as the last snapshot left them.
#[derive(Debug, Default)]
pub(crate) struct Parts {
    /// The number of the next one. None is used twice.
    next: u32,
    /// What is kept, by the number of its first part.
    kept: BTreeMap<u32, Kept>,
    /// How many bytes each part has that is kept.
    bytes: BTreeMap<u32, usize>,
    /// How many all of them have.
    bytes_kept: u64,
}

#[derive(Debug)]
enum Kept {
    Document(Document),
    /// Outputs: which of their parts there are.
    Outputs(BTreeSet<u32>),
}

impl Kept {
    fn numbers(&self, first: u32) -> Vec<u32> {
        match self {
            Kept::Document(_) => vec![first],
            Kept::Outputs(parts) => parts.iter().copied().collect(),
        }
    }
}

impl Parts {
    /// The number of the next part.
    pub(super) fn next(&self) -> u32 {
        self.next
    }

    /// Numbers for so many parts in a row: the first of them.
    fn allot(&mut self, parts: u32) -> u32 {
        let first = self.next;
        self.next = first
            .checked_add(parts)
            .expect("an execution has fewer than 2^32 parts in its life");
        first
    }

    /// How many parts there are, and how many bytes they are.
    pub(super) fn kept(&self) -> (u32, u64) {
        let count = u32::try_from(self.bytes.len());
        let count = count.expect("parts have numbers of 32 bits");
        (count, self.bytes_kept)
    }

    /// A part is written, or goes.
    fn change(&mut self, part: u32, bytes: Option<Vec<u8>>) -> PartChange {
        let before = match &bytes {
            Some(bytes) => self.bytes.insert(part, bytes.len()),
            None => self.bytes.remove(&part),
        };
        self.bytes_kept -= before.unwrap_or(0) as u64;
        self.bytes_kept += bytes.as_ref().map_or(0, Vec::len) as u64;
        PartChange { part, bytes }
    }
}

/// Writes what a snapshot refers to.
pub(super) struct Writer<'a> {
    parts: &'a mut Parts,
    sizes: PartSizes,
    /// Bytes of documents that have no part.
    here_bytes: usize,
    /// What the snapshot refers to, by the number of its first part.
    named: BTreeSet<u32>,
    changes: Vec<PartChange>,
}

impl<'a> Writer<'a> {
    pub(super) fn new(parts: &'a mut Parts, sizes: PartSizes) -> Writer<'a> {
        Writer {
            parts,
            sizes,
            here_bytes: 0,
            named: BTreeSet::new(),
            changes: Vec::new(),
        }
    }

    /// Where a document stands, or will with this snapshot.
    pub(super) fn place(&mut self, document: &Document) -> Place {
        if let Some(event) = document.home() {
            return Place::At(event);
        }
        let bytes = document.text().len();
        let is_short = bytes <= self.sizes.document_bytes
            && self.here_bytes + bytes <= self.sizes.documents_bytes;
        // One that has a part keeps it, however short: what is written depends on this alone.
        let part = match document.part() {
            None if is_short => {
                self.here_bytes += bytes;
                return Place::Here(document.text().clone());
            }
            None => document.set_part(self.parts.allot(1)),
            Some(part) => part,
        };
        self.named.insert(part);
        match self.parts.kept.get(&part) {
            Some(kept) => assert!(
                matches!(kept, Kept::Document(kept) if kept.is_same(document)),
                "a document that comes from another execution has no part"
            ),
            None => {
                let kept = Kept::Document(document.clone());
                self.parts.kept.insert(part, kept);
                let mut bytes = vec![FORMAT_VERSION];
                bytes.extend_from_slice(document.text().as_bytes());
                self.changes.push(self.parts.change(part, Some(bytes)));
            }
        }
        Place::Part(part)
    }

    /// Writes the outputs of a join that came since the last snapshot, if it is one whose outputs have
    /// parts. Otherwise they stand in the snapshot.
    pub(super) fn outputs(&mut self, outputs: &mut Outputs) -> Option<PartedJoin> {
        let lines = u32::try_from(outputs.len()).expect("no payload has so many items");
        let parts = match outputs.parts() {
            Some(parts) => parts,
            None if lines <= self.sizes.outputs => {
                outputs.take_changed();
                return None;
            }
            None => {
                let each = self.sizes.outputs.max(1);
                let parts = OutputParts {
                    first: self.parts.allot(lines.div_ceil(each)),
                    lines: each,
                };
                outputs.keep_in(parts);
                parts
            }
        };
        self.named.insert(parts.first);
        let changed = outputs.take_changed().into_iter();
        let changed: BTreeSet<u32> = changed.map(|slot| slot / parts.lines).collect();
        let none = || Kept::Outputs(BTreeSet::new());
        let Kept::Outputs(kept) = self.parts.kept.entry(parts.first).or_insert_with(none) else {
            panic!("no two things are kept in one part");
        };
        let mut of_each = outputs.slots().chunks(parts.lines as usize);
        let mut passed = 0;
        let mut written = Vec::new();
        for at in changed {
            let slots = of_each.nth((at - passed) as usize);
            passed = at + 1;
            // The output of a line is that of its last state, so an event holds it.
            let places: Vec<Option<Place>> = slots
                .expect("a line that ended is one of the join's")
                .iter()
                .map(|output| output.as_ref().map(home_of))
                .collect();
            let part = parts.first + at;
            kept.insert(part);
            let bytes = postcard::to_extend(&places, vec![FORMAT_VERSION])
                .expect("a part is plain data and memory grows");
            written.push((part, bytes));
        }
        for (part, bytes) in written {
            self.changes.push(self.parts.change(part, Some(bytes)));
        }
        Some(PartedJoin { parts, lines })
    }

    /// What has to be written and dropped.
    pub(super) fn finish(self) -> Vec<PartChange> {
        let mut changes = self.changes;
        let mut gone = Vec::new();
        self.parts.kept.retain(|first, kept| {
            let stays = self.named.contains(first);
            if !stays {
                gone.extend(kept.numbers(*first));
            }
            stays
        });
        changes.extend(gone.into_iter().map(|part| self.parts.change(part, None)));
        changes
    }
}

fn home_of(output: &Document) -> Place {
    match output.home() {
        Some(event) => Place::At(event),
        None => Place::Here(output.text().clone()),
    }
}

/// Reads what a snapshot refers to. Everything is `None` where the parts are not those of the snapshot.
pub(super) struct Reader<'a> {
    bytes: &'a BTreeMap<u32, Vec<u8>>,
    kept: BTreeMap<u32, Kept>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a BTreeMap<u32, Vec<u8>>) -> Reader<'a> {
        Reader {
            bytes,
            kept: BTreeMap::new(),
        }
    }

    /// A document that has a part.
    pub(super) fn document(&mut self, part: u32) -> Option<Document> {
        match self.kept.get(&part) {
            Some(Kept::Document(known)) => return Some(known.clone()),
            Some(Kept::Outputs(_)) => return None,
            None => {}
        }
        let text = std::str::from_utf8(opened(self.bytes.get(&part)?)?).ok()?;
        let document = Document::from_text(text);
        document.set_part(part);
        self.kept.insert(part, Kept::Document(document.clone()));
        Some(document)
    }

    /// The outputs of a join that have parts.
    pub(super) fn outputs(
        &mut self,
        join: PartedJoin,
        find: &mut dyn FnMut(&mut Self, Place) -> Option<Document>,
    ) -> Option<Outputs> {
        if join.lines > LINES_MAX {
            return None;
        }
        let mut slots = vec![None; join.lines as usize];
        let mut kept = BTreeSet::new();
        for (part, places) in places_of(self.bytes, join)? {
            kept.insert(part);
            let begin = (part - join.parts.first) as usize * join.parts.lines as usize;
            for (slot, place) in slots[begin..].iter_mut().zip(places) {
                *slot = match place {
                    Some(place) => Some(find(self, place)?),
                    None => None,
                };
            }
        }
        let before = self.kept.insert(join.parts.first, Kept::Outputs(kept));
        before
            .is_none()
            .then(|| Outputs::kept_in(join.parts, slots))
    }

    /// All that was referred to has been read: the parts, if there are no others.
    pub(super) fn finish(self, next: u32) -> Option<Parts> {
        let last = self.bytes.last_key_value();
        let all_before = last.is_none_or(|(last, _)| *last < next);
        let kept = self.kept.iter();
        let numbers: BTreeSet<u32> = kept
            .flat_map(|(first, kept)| kept.numbers(*first))
            .collect();
        let is_whole = all_before && next <= NEXT_MAX && numbers.iter().eq(self.bytes.keys());
        let lengths = self.bytes.iter().map(|(part, bytes)| (*part, bytes.len()));
        is_whole.then(|| Parts {
            next,
            kept: self.kept,
            bytes: lengths.collect(),
            bytes_kept: self.bytes.values().map(|bytes| bytes.len() as u64).sum(),
        })
    }
}

/// The outputs of a join, part by part.
pub(super) fn places_of(
    bytes: &BTreeMap<u32, Vec<u8>>,
    join: PartedJoin,
) -> Option<Vec<(u32, Vec<Option<Place>>)>> {
    let OutputParts { first, lines: each } = join.parts;
    if each == 0 {
        return None;
    }
    let end = first.checked_add(join.lines.div_ceil(each))?;
    let mut all = Vec::new();
    for (part, bytes) in bytes.range(first..end) {
        let places: Vec<Option<Place>> = postcard::from_bytes(opened(bytes)?).ok()?;
        let begin = (part - first) * each;
        if places.len() != each.min(join.lines - begin) as usize {
            return None;
        }
        all.push((*part, places));
    }
    Some(all)
}

/// A part without its version, if that is one that we know.
fn opened(part: &[u8]) -> Option<&[u8]> {
    match part.split_first()? {
        (&FORMAT_VERSION, body) => Some(body),
        _ => None,
    }
}
