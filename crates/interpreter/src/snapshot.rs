//! Snapshots: everything about an execution that is not in its history, as bytes.
//!
//! Documents are not in a snapshot but for short ones that no event holds (an item whose state was not
//! entered yet, a variable): it names the event or the part where each one stands. An execution is
//! restored from its snapshot, the parts of it, and the documents of [`Execution::documents_of`].

mod parts;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::execution::{Birth, Execution, Status};
use crate::frame::{Frame, FrameId, PendingStart, Stand};
use crate::limits::Limits;
use crate::map_run::Child;
use crate::redrive::Redrives;
use crate::{Document, EventId, Failure, TimerId};

pub use parts::PartSizes;
pub(crate) use parts::{OutputParts, Parts};
use parts::{PartedJoin, Reader, Writer};

/// First byte of every snapshot.
const FORMAT_VERSION: u8 = 5;

/// What is to be written of an execution beside its events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The snapshot without its parts.
    pub bytes: Vec<u8>,
    /// What of the parts is not as the snapshot before left it.
    pub parts: Vec<PartChange>,
    /// How many parts there are with this snapshot.
    pub parts_kept: u32,
    /// How many bytes they are together.
    pub parts_bytes: u64,
}

/// A part that comes, changes or goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartChange {
    /// Its number within the execution.
    pub part: u32,
    /// The part, whole; `None` when it goes.
    pub bytes: Option<Vec<u8>>,
}

/// Where a document stands.
#[derive(Clone, Debug, Serialize, Deserialize)]
enum Place {
    /// In that event.
    At(EventId),
    /// Right here.
    Here(Arc<str>),
    /// In that part.
    Part(u32),
}

/// All of version 1. Later versions add behind it: 2 the redrives, 3 what was [`Submitted`], 4 what
/// makes it a child of a map run, 5 what is in parts.
#[derive(Serialize, Deserialize)]
struct Body {
    birth: Birth,
    status: Status,
    start_ms: i64,
    stop_ms: Option<i64>,
    input: Place,
    output: Option<Place>,
    failure: Option<Failure>,
    events: EventId,
    last_ms: i64,
    frames: Vec<(FrameId, Frame<Place>)>,
    ready: Vec<FrameId>,
    pending: Vec<PendingStart>,
    next_frame: u32,
    next_timer: u32,
    drawn: u64,
    deadline: Option<(TimerId, i64)>,
    go_on: Option<TimerId>,
    machine_deleted: bool,
}

/// What services answered to calls that are watched, by the frames that wait for them.
type Submitted = BTreeMap<FrameId, Place>;

/// What is in parts.
#[derive(Default, Serialize, Deserialize)]
struct Apart {
    /// The number of the next part.
    next: u32,
    /// Joins whose outputs have parts. In the frame there are none then.
    joins: BTreeMap<FrameId, PartedJoin>,
}

/// A snapshot as it was read.
struct Read {
    body: Body,
    redrives: Redrives,
    submitted: Submitted,
    apart: Apart,
}

impl Execution {
    /// Everything that is not in history, as bytes with a format version. Of its parts only what changed
    /// since the last snapshot: each must be written, in order.
    pub fn snapshot(&mut self, limits: &Limits) -> Snapshot {
        let mut writer = Writer::new(&mut self.parts, limits.parts);
        let mut joins = BTreeMap::new();
        let mut frames = Vec::with_capacity(self.frames.len());
        let mut submitted = Submitted::new();
        for (id, frame) in &mut self.frames {
            if let Stand::Join(join) = &mut frame.stand
                && let Some(parted) = writer.outputs(&mut join.outputs)
            {
                joins.insert(*id, parted);
            }
            let placed = frame.map_documents(&mut |document| Some(writer.place(document)));
            frames.push((*id, placed.expect("every document has a place")));
            if let Some(answer) = frame.open_task().and_then(|task| task.submitted.as_ref()) {
                submitted.insert(*id, writer.place(answer));
            }
        }
        let body = Body {
            birth: self.birth.clone(),
            status: self.status,
            start_ms: self.start_ms,
            stop_ms: self.stop_ms,
            input: writer.place(&self.input),
            output: self.output.as_ref().map(|output| writer.place(output)),
            failure: self.failure.clone(),
            events: self.events,
            last_ms: self.last_ms,
            frames,
            ready: self.ready.iter().copied().collect(),
            pending: self.pending.clone(),
            next_frame: self.next_frame,
            next_timer: self.next_timer,
            drawn: self.drawn,
            deadline: self.deadline,
            go_on: self.go_on,
            machine_deleted: self.machine_deleted,
        };
        let parts = writer.finish();
        let (parts_kept, parts_bytes) = self.parts.kept();
        let next = self.parts.next();
        let apart = Apart { next, joins };
        let all = (body, &self.redrives, submitted, &self.birth.child, apart);
        // Room for most: growing from one byte on takes eight allocations.
        let mut begun = Vec::with_capacity(512);
        begun.push(FORMAT_VERSION);
        let bytes =
            postcard::to_extend(&all, begun).expect("a snapshot is plain data and memory grows");
        Snapshot {
            bytes,
            parts,
            parts_kept,
            parts_bytes,
        }
    }

    /// The events whose documents [`Execution::restore`] will ask for, each once, in order. `None`
    /// when the bytes are damaged.
    pub fn documents_of(snapshot: &[u8], parts: &BTreeMap<u32, Vec<u8>>) -> Option<Vec<u32>> {
        let read = read(snapshot)?;
        let mut events = BTreeSet::new();
        let mut note = |place: &Place| {
            if let Place::At(event) = place {
                events.insert(*event);
            }
            Some(())
        };
        note(&read.body.input);
        read.body.output.as_ref().map(&mut note);
        for (_, frame) in &read.body.frames {
            frame.map_documents(&mut note);
        }
        for place in read.submitted.values() {
            note(place);
        }
        for join in read.apart.joins.into_values() {
            for (_, places) in parts::places_of(parts, join)? {
                for place in places.iter().flatten() {
                    note(place);
                }
            }
        }
        Some(events.into_iter().collect())
    }

    /// Of these, the events whose documents are the input and the output: those who only look at an
    /// execution need no others, and may give [`Execution::restore`] anything in their place.
    pub fn documents_shown(snapshot: &[u8]) -> Option<Vec<u32>> {
        let body = read(snapshot)?.body;
        let shown = [Some(body.input), body.output].into_iter().flatten();
        let events: BTreeSet<EventId> = shown
            .filter_map(|place| match place {
                Place::At(event) => Some(event),
                Place::Here(_) | Place::Part(_) => None,
            })
            .collect();
        Some(events.into_iter().collect())
    }

    /// Its ARN; `None` when the bytes are damaged. For those who want to know no more.
    pub fn arn_of(snapshot: &[u8]) -> Option<Arc<str>> {
        let (version, rest) = snapshot.split_first()?;
        let (birth, _): (Birth, _) = postcard::take_from_bytes(rest).ok()?;
        (1..=FORMAT_VERSION)
            .contains(version)
            .then_some(birth.execution_arn)
    }

    /// The execution that [`Execution::snapshot`] wrote, with all the parts there were then; `None` when
    /// the bytes are damaged, or when a document is not given.
    pub fn restore(
        snapshot: &[u8],
        parts: &BTreeMap<u32, Vec<u8>>,
        document: &mut dyn FnMut(u32) -> Option<Document>,
    ) -> Option<Execution> {
        let Read {
            body,
            redrives,
            mut submitted,
            mut apart,
        } = read(snapshot)?;
        let mut reader = Reader::new(parts);
        let mut known: BTreeMap<EventId, Document> = BTreeMap::new();
        let mut find = |reader: &mut Reader<'_>, place: Place| match place {
            Place::Here(text) => Some(Document::from_text(text)),
            Place::Part(part) => reader.document(part),
            Place::At(event) => match known.get(&event) {
                Some(found) => Some(found.clone()),
                None => {
                    let found = document(event)?.at_home(event);
                    known.insert(event, found.clone());
                    Some(found)
                }
            },
        };
        let input = find(&mut reader, body.input)?;
        let output = match body.output {
            Some(output) => Some(find(&mut reader, output)?),
            None => None,
        };
        let mut frames = BTreeMap::new();
        for (id, frame) in body.frames {
            let mut frame = frame.map_documents(&mut |place| find(&mut reader, place.clone()))?;
            if let Some(parted) = apart.joins.remove(&id) {
                let Stand::Join(join) = &mut frame.stand else {
                    return None;
                };
                join.outputs = reader.outputs(parted, &mut find)?;
            }
            if let Some(answer) = submitted.remove(&id) {
                let Stand::Task(task) = &mut frame.stand else {
                    return None;
                };
                task.submitted = Some(find(&mut reader, answer)?);
            }
            frames.insert(id, frame);
        }
        if !apart.joins.is_empty() {
            return None;
        }
        let execution = Execution {
            parts: reader.finish(apart.next)?,
            input_to_lend: None,
            birth: body.birth,
            status: body.status,
            start_ms: body.start_ms,
            stop_ms: body.stop_ms,
            input,
            output,
            failure: body.failure,
            events: body.events,
            last_ms: body.last_ms,
            frames,
            ready: VecDeque::from(body.ready),
            pending: body.pending,
            next_frame: body.next_frame,
            next_timer: body.next_timer,
            drawn: body.drawn,
            deadline: body.deadline,
            go_on: body.go_on,
            machine_deleted: body.machine_deleted,
            redrives,
            located: false,
            trial: None,
        };
        execution.is_whole().then_some(execution)
    }

    /// Whether everything that is named is there: damaged bytes may read well and mean nothing.
    fn is_whole(&self) -> bool {
        let there = |id: &FrameId| self.frames.contains_key(id);
        self.ready.iter().all(there)
            && self.pending.iter().all(|start| {
                let frame = self.frames.get(&start.frame);
                frame.is_some_and(|frame| frame.open_task().is_some())
            })
            && self.frames.iter().all(|(id, frame)| {
                id.0 < self.next_frame
                    && frame
                        .parent
                        .is_none_or(|(parent, _)| parent < *id && there(&parent))
            })
    }
}

fn read(snapshot: &[u8]) -> Option<Read> {
    let (&version, rest) = snapshot.split_first()?;
    let (mut body, rest): (Body, _) = postcard::take_from_bytes(rest).ok()?;
    let (redrives, rest) = since(2, version, rest)?;
    let (submitted, rest) = since(3, version, rest)?;
    let (child, rest): (Option<Child>, _) = since(4, version, rest)?;
    let (apart, rest) = since(5, version, rest)?;
    body.birth.child = child;
    let is_known = (1..=FORMAT_VERSION).contains(&version);
    // Of old, what came behind a snapshot was not looked at.
    (is_known && (version < FORMAT_VERSION || rest.is_empty())).then_some(Read {
        body,
        redrives,
        submitted,
        apart,
    })
}

/// What came with version `first`, and what stands behind it; nothing in a snapshot that is older.
fn since<'a, T: Default + Deserialize<'a>>(
    first: u8,
    version: u8,
    bytes: &'a [u8],
) -> Option<(T, &'a [u8])> {
    match version < first {
        true => Some((T::default(), bytes)),
        false => postcard::take_from_bytes(bytes).ok(),
    }
}
