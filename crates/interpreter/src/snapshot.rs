//! Snapshots: everything about an execution that is not in its history, as bytes.
//!
//! Documents are not in a snapshot but for those that no event holds (an item whose state was not
//! entered yet, a variable): it names the event where each one stands. An execution is restored from
//! its snapshot and the documents of [`Execution::documents_of`].

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::execution::{Birth, Execution, Status};
use crate::frame::{Frame, FrameId, PendingStart, Stand};
use crate::map_run::Child;
use crate::redrive::Redrives;
use crate::{Document, EventId, Failure, TimerId};

/// First byte of every snapshot.
const FORMAT_VERSION: u8 = 4;

/// Where a document stands.
#[derive(Clone, Debug, Serialize, Deserialize)]
enum Place {
    /// In that event.
    At(EventId),
    /// Right here.
    Here(Arc<str>),
}

/// All of version 1. Later versions add parts behind it: 2 the redrives, 3 what was [`Submitted`], 4 what
/// makes it a child of a map run.
#[derive(Serialize, Deserialize)]
struct Snapshot {
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

impl Execution {
    /// Everything that is not in history, as bytes with a format version.
    pub fn snapshot(&self) -> Vec<u8> {
        let frames = self.frames.iter().map(|(id, frame)| {
            let placed = frame
                .clone()
                .map_documents(&mut |document| Some(place(&document)));
            (*id, placed.expect("every document has a place"))
        });
        let snapshot = Snapshot {
            birth: self.birth.clone(),
            status: self.status,
            start_ms: self.start_ms,
            stop_ms: self.stop_ms,
            input: place(&self.input),
            output: self.output.as_ref().map(place),
            failure: self.failure.clone(),
            events: self.events,
            last_ms: self.last_ms,
            frames: frames.collect(),
            ready: self.ready.iter().copied().collect(),
            pending: self.pending.clone(),
            next_frame: self.next_frame,
            next_timer: self.next_timer,
            drawn: self.drawn,
            deadline: self.deadline,
            go_on: self.go_on,
            machine_deleted: self.machine_deleted,
        };
        let submitted: Submitted = self
            .frames
            .iter()
            .filter_map(|(id, frame)| {
                let answer = frame.open_task()?.submitted.as_ref()?;
                Some((*id, place(answer)))
            })
            .collect();
        let parts = (snapshot, &self.redrives, submitted, &self.birth.child);
        postcard::to_extend(&parts, vec![FORMAT_VERSION])
            .expect("a snapshot is plain data and memory grows")
    }

    /// The events whose documents [`Execution::restore`] will ask for, each once, in order. `None`
    /// when the bytes are damaged.
    pub fn documents_of(snapshot: &[u8]) -> Option<Vec<u32>> {
        let (snapshot, _, submitted) = read(snapshot)?;
        let mut events = BTreeSet::new();
        let mut note = |place: Place| {
            if let Place::At(event) = place {
                events.insert(event);
            }
            Some(())
        };
        note(snapshot.input);
        snapshot.output.map(&mut note);
        for (_, frame) in snapshot.frames {
            frame.map_documents(&mut note);
        }
        for place in submitted.into_values() {
            note(place);
        }
        Some(events.into_iter().collect())
    }

    /// The execution that [`Execution::snapshot`] wrote; `None` when the bytes are damaged, or when a
    /// document is not given.
    pub fn restore(
        snapshot: &[u8],
        document: &mut dyn FnMut(u32) -> Option<Document>,
    ) -> Option<Execution> {
        let (snapshot, redrives, mut submitted) = read(snapshot)?;
        let mut known: BTreeMap<EventId, Document> = BTreeMap::new();
        let mut find = |place: Place| match place {
            Place::Here(text) => Some(Document::from_text(text)),
            Place::At(event) => match known.get(&event) {
                Some(found) => Some(found.clone()),
                None => {
                    let found = document(event)?.at_home(event);
                    known.insert(event, found.clone());
                    Some(found)
                }
            },
        };
        let input = find(snapshot.input)?;
        let output = match snapshot.output {
            Some(output) => Some(find(output)?),
            None => None,
        };
        let mut frames = BTreeMap::new();
        for (id, frame) in snapshot.frames {
            let mut frame = frame.map_documents(&mut find)?;
            if let Some(answer) = submitted.remove(&id) {
                let Stand::Task(task) = &mut frame.stand else {
                    return None;
                };
                task.submitted = Some(find(answer)?);
            }
            frames.insert(id, frame);
        }
        let execution = Execution {
            input_to_lend: None,
            birth: snapshot.birth,
            status: snapshot.status,
            start_ms: snapshot.start_ms,
            stop_ms: snapshot.stop_ms,
            input,
            output,
            failure: snapshot.failure,
            events: snapshot.events,
            last_ms: snapshot.last_ms,
            frames,
            ready: VecDeque::from(snapshot.ready),
            pending: snapshot.pending,
            next_frame: snapshot.next_frame,
            next_timer: snapshot.next_timer,
            drawn: snapshot.drawn,
            deadline: snapshot.deadline,
            go_on: snapshot.go_on,
            machine_deleted: snapshot.machine_deleted,
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

fn read(snapshot: &[u8]) -> Option<(Snapshot, Redrives, Submitted)> {
    let (&version, body) = snapshot.split_first()?;
    match version {
        1 => {
            let snapshot = postcard::from_bytes(body).ok()?;
            Some((snapshot, Redrives::default(), Submitted::new()))
        }
        2 => {
            let (snapshot, redrives) = postcard::from_bytes(body).ok()?;
            Some((snapshot, redrives, Submitted::new()))
        }
        3 => postcard::from_bytes(body).ok(),
        FORMAT_VERSION => {
            let parts: (Snapshot, Redrives, Submitted, Option<Child>) =
                postcard::from_bytes(body).ok()?;
            let (mut snapshot, redrives, submitted, child) = parts;
            snapshot.birth.child = child;
            Some((snapshot, redrives, submitted))
        }
        _ => None,
    }
}

fn place(document: &Document) -> Place {
    match document.home() {
        Some(event) => Place::At(event),
        None => Place::Here(Arc::clone(document.text())),
    }
}
