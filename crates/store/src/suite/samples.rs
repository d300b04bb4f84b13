//! Commits to try a store with.

use crate::{
    Commit, CommitNumber, Epoch, EventRun, ExecutionId, ExecutionWrite, Listing, ListingMove,
    NameClaim, RecordKind, RecordWrite, Store, StoreError, TaskDrop, TaskRow, TimerDrop, TimerRow,
};

/// The epoch of one node.
pub(super) const EPOCH: Epoch = Epoch(0);

/// An execution born at `time`.
pub(super) fn id(time: u64, rest: u64) -> ExecutionId {
    let mut bytes = [0; 16];
    bytes[..6].copy_from_slice(&time.to_be_bytes()[2..]);
    bytes[8..].copy_from_slice(&rest.to_be_bytes());
    ExecutionId(bytes)
}

/// A write of the snapshot and nothing else.
pub(super) fn write(id: ExecutionId, revision: u64) -> ExecutionWrite {
    ExecutionWrite {
        snapshot: format!("snapshot {revision}").into_bytes(),
        holds: format!("holds {revision}").into_bytes(),
        ..ExecutionWrite::of(id, revision)
    }
}

/// A commit of one execution's step.
pub(super) fn step(number: CommitNumber, write: ExecutionWrite) -> Commit {
    Commit {
        number,
        at_ms: 1_700_000_000_000 + i64::try_from(number).unwrap_or(0),
        executions: vec![write],
        removals: Vec::new(),
        records: Vec::new(),
        tally: Vec::new(),
    }
}

/// A commit of one record.
pub(super) fn put(
    number: CommitNumber,
    kind: RecordKind,
    key: &[u8],
    value: Option<&[u8]>,
) -> Commit {
    let record = RecordWrite {
        kind,
        key: key.to_vec(),
        value: value.map(<[u8]>::to_vec),
    };
    Commit {
        number,
        at_ms: 1_700_000_000_000 + i64::try_from(number).unwrap_or(0),
        executions: Vec::new(),
        removals: Vec::new(),
        records: vec![record],
        tally: Vec::new(),
    }
}

/// A run whose bytes tell where it belongs.
pub(super) fn run(first: u32, count: u32) -> EventRun {
    EventRun {
        first,
        count,
        bytes: format!("events {first}+{count}").into_bytes(),
    }
}

/// Commits one after the other, each in a call of its own.
pub(super) fn commit_each(store: &dyn Store, commits: &[Commit]) {
    for commit in commits {
        store
            .commit(EPOCH, std::slice::from_ref(commit))
            .expect("the commit is in order");
    }
}

/// Every timer, as recovery sees them.
pub(super) fn timers(store: &dyn Store) -> Vec<TimerRow> {
    let mut rows = Vec::new();
    store
        .timers(&mut |row| rows.push(row))
        .expect("timers are read");
    rows
}

/// Every task, as recovery sees them.
pub(super) fn tasks(store: &dyn Store) -> Vec<TaskRow> {
    let mut rows = Vec::new();
    store
        .tasks(&mut |row| rows.push(row))
        .expect("tasks are read");
    rows
}

/// Whether the store refused as it should.
pub(super) fn assert_refused(answer: Result<(), StoreError>) {
    assert!(matches!(answer, Err(StoreError::Refused(_))), "{answer:?}");
}

/// Numbers that only look random: splitmix64, so that a seed means the same everywhere.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// Starts at `seed`.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Any number.
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`, which is not 0.
    pub fn below(&mut self, end: u64) -> u64 {
        self.next_u64() % end
    }

    /// Bytes of which about half compress away, as histories do.
    pub fn payload(&mut self, length: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(length + 8);
        while bytes.len() < length {
            bytes.extend(self.next_u64().to_le_bytes());
            bytes.extend(b"\"input\":");
        }
        bytes.truncate(length);
        bytes
    }
}

/// The two writes in the life of an execution with one activity, about 3 KB each: start, and
/// completion. For measuring stores with something like their daily work.
pub fn activity_steps(random: &mut Random, born_ms: u64, serial: u64) -> [ExecutionWrite; 2] {
    let id = id(born_ms, serial);
    let due_ms = born_ms as i64 + 60_000;
    let queue = "orders".to_owned();
    let listing = |status, from| {
        let to = Listing {
            machine: 1,
            status,
            time_ms: born_ms as i64,
            execution: id,
            summary: vec![b's'; 60],
        };
        vec![ListingMove { from, to }]
    };
    let start = ExecutionWrite {
        snapshot: random.payload(700),
        events: Some(EventRun {
            first: 1,
            count: 4,
            bytes: random.payload(2_100),
        }),
        listings: listing(0, None),
        name: Some(NameClaim {
            machine: "orders".into(),
            name: format!("order-{serial}"),
        }),
        timers: vec![TimerRow {
            due_ms,
            execution: id,
            timer: 1,
            kind: 1,
            span_ms: 300,
            steady: Some((1, -2)),
        }],
        tasks: vec![TaskRow {
            queue: queue.clone(),
            position: serial,
            execution: id,
            event: 3,
            hand_outs: 0,
            handed_out: false,
        }],
        ..write(id, 1)
    };
    let complete = ExecutionWrite {
        snapshot: random.payload(700),
        events: Some(EventRun {
            first: 5,
            count: 4,
            bytes: random.payload(2_100),
        }),
        listings: listing(1, Some((0, born_ms as i64))),
        timers_dropped: vec![TimerDrop { due_ms, timer: 1 }],
        tasks_dropped: vec![TaskDrop {
            queue,
            position: serial,
        }],
        ..write(id, 2)
    };
    [start, complete]
}
