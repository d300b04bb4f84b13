//! What the store keeps of map runs: small records, each with a format version, as `records.rs` has it.
//!
//! | kind | key | what |
//! |---|---|---|
//! | `MapRun` | id | [`MapRunRecord`], written once |
//! | `MapRunOpen` | id | [`Progress`] of a map run that is open; these are read at the start |
//! | `MapRunEnded` | id | [`Progress`] of one that is over |
//! | `MapRunOf` | execution, event (newest first) | the id |
//! | `MapRunChild` | id, index | [`ChildRow`] |
//!
//! Children are found in the order of their items by `MapRunChild`, and by status in the list
//! [`list_of`](crate::records::list_of) their machine and the map run's ARN, which is the only list they
//! are in. A child claims no name: its name is its id.

use interpreter::{Failure, MapRunPlan, Status};
use serde::{Deserialize, Serialize};
use store::{ExecutionId, RecordKind, RecordWrite};

use super::MapRunId;
use crate::records;
use crate::shapes::MapRunStatus;

/// What does not change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct MapRunRecord {
    /// The execution that started it.
    pub(crate) execution: [u8; 16],
    pub(crate) execution_arn: String,
    /// Number of the state machine.
    pub(crate) machine: u64,
    pub(crate) machine_name: String,
    pub(crate) start_ms: i64,
    pub(crate) plan: MapRunPlan,
}

/// How a map run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum State {
    /// Begins children.
    Running,
    /// Too much has failed, or a reader or selector did: children are being aborted.
    Failing,
    /// Its execution has gone on without it: children are being aborted.
    Aborting,
    /// All children have ended; the result is being put together.
    Finishing,
    /// Over.
    Succeeded,
    /// Over.
    Failed,
    /// Over.
    Aborted,
}

/// Where children, or items, stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Counts {
    pub(crate) running: u64,
    pub(crate) succeeded: u64,
    pub(crate) failed: u64,
    pub(crate) timed_out: u64,
    pub(crate) aborted: u64,
    /// Those that did not succeed before a redrive and were not taken up again yet.
    pub(crate) pending_redrive: u64,
    /// Those of `failed` that a redrive could not take up again.
    pub(crate) not_redrivable: u64,
}

/// Where a reader goes on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Position {
    /// As the reader said; `None`: from the beginning.
    pub(crate) at: Option<Vec<u8>>,
    /// How many of the items from there on belong to children already.
    pub(crate) skip: u64,
}

/// What changes: written with each child that starts or ends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Progress {
    pub(crate) state: State,
    pub(crate) stop_ms: Option<i64>,
    pub(crate) max_concurrency: u32,
    pub(crate) tolerated_failure_count: u64,
    pub(crate) tolerated_failure_percentage: f64,
    pub(crate) position: Position,
    /// How many items belong to children: the next item's index.
    pub(crate) items_begun: u64,
    /// Whether those are all items there are.
    pub(crate) is_exhausted: bool,
    pub(crate) children: Counts,
    pub(crate) items: Counts,
    pub(crate) redrives: u32,
    pub(crate) redrive_ms: Option<i64>,
    pub(crate) failure: Option<Failure>,
}

/// A child of a map run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ChildRow {
    pub(crate) execution: [u8; 16],
    /// How many items it has.
    pub(crate) items: u32,
    pub(crate) status: Status,
    /// The redrive of the map run in which it was begun or taken up last: one that did not succeed is
    /// taken up once in each.
    pub(crate) redrive: u32,
}

impl Counts {
    /// How many there are.
    pub(crate) fn begun(&self) -> u64 {
        self.running + self.succeeded + self.unsuccessful() + self.pending_redrive
    }

    /// How many are over and did not succeed.
    pub(crate) fn unsuccessful(&self) -> u64 {
        self.failed + self.timed_out + self.aborted
    }

    /// Notes that `count` of those that ran have ended so.
    pub(crate) fn ended(&mut self, status: Status, count: u64) {
        self.running -= count;
        match status {
            Status::Succeeded => self.succeeded += count,
            Status::TimedOut => self.timed_out += count,
            Status::Aborted => self.aborted += count,
            Status::Failed => self.failed += count,
            Status::Running | Status::PendingRedrive => panic!("only what is over has ended"),
        }
    }

    /// Whatever did not succeed waits to be taken up again.
    pub(crate) fn redrive(&mut self) {
        self.pending_redrive += self.unsuccessful();
        (self.failed, self.timed_out, self.aborted) = (0, 0, 0);
        self.not_redrivable = 0;
    }
}

impl Progress {
    /// At the start.
    pub(crate) fn of(plan: &MapRunPlan) -> Progress {
        let refused = plan.refused.is_some();
        Progress {
            state: if refused {
                State::Failing
            } else {
                State::Running
            },
            stop_ms: None,
            max_concurrency: plan.max_concurrency,
            tolerated_failure_count: plan.tolerated_failure_count,
            tolerated_failure_percentage: plan.tolerated_failure_percentage,
            position: Position::default(),
            items_begun: 0,
            is_exhausted: plan.length == Some(0),
            children: Counts::default(),
            items: Counts::default(),
            redrives: 0,
            redrive_ms: None,
            failure: plan.refused.clone(),
        }
    }

    /// `status`.
    pub(crate) fn status(&self) -> MapRunStatus {
        match self.state {
            State::Running | State::Failing | State::Aborting | State::Finishing => {
                MapRunStatus::Running
            }
            State::Succeeded => MapRunStatus::Succeeded,
            State::Failed => MapRunStatus::Failed,
            State::Aborted => MapRunStatus::Aborted,
        }
    }

    /// Whether so much has failed that the map run fails. A threshold of 0 beside one that is greater
    /// says nothing: it cannot be told from one that was not set.
    pub(crate) fn is_exceeded(&self, plan: &MapRunPlan) -> bool {
        let failed = self.items.unsuccessful();
        let (count, share) = (
            self.tolerated_failure_count,
            self.tolerated_failure_percentage,
        );
        if count == 0 && share == 0.0 {
            return failed > 0;
        }
        let by_count = count > 0 && failed > count;
        let total = match plan.length {
            _ if self.is_exhausted => Some(self.items_begun),
            // How many a reader will find is known when it has found them all.
            length => length,
        };
        let by_share =
            share > 0.0 && total.is_some_and(|total| failed as f64 * 100.0 > share * total as f64);
        by_count || by_share
    }
}

fn put(kind: RecordKind, key: Vec<u8>, value: Vec<u8>) -> RecordWrite {
    let value = Some(value);
    RecordWrite { kind, key, value }
}

/// What is written of a map run when it starts, but for its progress.
pub(crate) fn start(id: MapRunId, record: &MapRunRecord) -> [RecordWrite; 2] {
    let key = of_key(ExecutionId(record.execution), record.plan.event);
    [
        put(RecordKind::MapRun, id.0.to_vec(), records::encode(record)),
        put(RecordKind::MapRunOf, key, id.0.to_vec()),
    ]
}

/// The progress of an open map run.
pub(crate) fn open(id: MapRunId, progress: &Progress) -> RecordWrite {
    put(
        RecordKind::MapRunOpen,
        id.0.to_vec(),
        records::encode(progress),
    )
}

/// The progress moves to where it is kept for good.
pub(crate) fn ended(id: MapRunId, progress: &Progress) -> [RecordWrite; 2] {
    moved(
        id,
        progress,
        RecordKind::MapRunOpen,
        RecordKind::MapRunEnded,
    )
}

/// And back.
pub(crate) fn reopened(id: MapRunId, progress: &Progress) -> [RecordWrite; 2] {
    moved(
        id,
        progress,
        RecordKind::MapRunEnded,
        RecordKind::MapRunOpen,
    )
}

fn moved(id: MapRunId, progress: &Progress, from: RecordKind, to: RecordKind) -> [RecordWrite; 2] {
    let gone = RecordWrite {
        kind: from,
        key: id.0.to_vec(),
        value: None,
    };
    [gone, put(to, id.0.to_vec(), records::encode(progress))]
}

/// A child.
pub(crate) fn child(id: MapRunId, index: u64, row: &ChildRow) -> RecordWrite {
    let key = child_key(id, index);
    put(RecordKind::MapRunChild, key, records::encode(row))
}

/// Key of a [`ChildRow`].
pub(crate) fn child_key(id: MapRunId, index: u64) -> Vec<u8> {
    [&id.0[..], &index.to_be_bytes()].concat()
}

/// Key of a map run among those of an execution: the newest comes first.
pub(crate) fn of_key(execution: ExecutionId, event: u32) -> Vec<u8> {
    [&execution.0[..], &(!event).to_be_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn progress(items: Counts) -> Progress {
        Progress {
            state: State::Running,
            stop_ms: None,
            max_concurrency: 0,
            tolerated_failure_count: 0,
            tolerated_failure_percentage: 0.0,
            position: Position::default(),
            items_begun: 10,
            is_exhausted: false,
            children: items,
            items,
            redrives: 0,
            redrive_ms: None,
            failure: None,
        }
    }

    fn plan(length: Option<u64>) -> MapRunPlan {
        MapRunPlan {
            event: 4,
            map_run_arn: "arn:aws:states:us-east-1:123456789012:mapRun:m/l:i".into(),
            label: "l".into(),
            start_at: "A".into(),
            state_name: "M".into(),
            is_express: true,
            reader: None,
            length,
            items_max: None,
            has_selector: false,
            batches: None,
            max_concurrency: 3,
            tolerated_failure_count: 1,
            tolerated_failure_percentage: 0.5,
            writer: None,
            refused: None,
        }
    }

    #[test]
    fn a_threshold_is_passed_not_reached() {
        let failed = |failed| Counts {
            failed,
            succeeded: 10 - failed,
            ..Counts::default()
        };
        for (failures, count, share, length, exceeded) in [
            (0, 0, 0.0, None, false),
            (1, 0, 0.0, None, true),
            (1, 1, 0.0, None, false),
            (2, 1, 0.0, None, true),
            (2, 0, 10.0, Some(20), false),
            (3, 0, 10.0, Some(20), true),
            (9, 0, 10.0, None, false),
            (2, 1, 50.0, Some(20), true),
        ] {
            let progress = Progress {
                tolerated_failure_count: count,
                tolerated_failure_percentage: share,
                ..progress(failed(failures))
            };
            assert_eq!(
                progress.is_exceeded(&plan(length)),
                exceeded,
                "{failures} {count} {share}"
            );
        }
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Bytes of version 1: once released, they must read for ever.
    #[test]
    fn records_of_version_1_read() {
        let row = ChildRow {
            execution: [7; 16],
            items: 300,
            status: Status::TimedOut,
            redrive: 2,
        };
        let bytes = records::encode(&row);
        assert_eq!(hex(&bytes), "0107070707070707070707070707070707ac020302");
        assert_eq!(records::decode(&bytes), Some(row));

        let counts = Counts {
            running: 1,
            succeeded: 2,
            failed: 3,
            timed_out: 4,
            aborted: 5,
            pending_redrive: 6,
            not_redrivable: 7,
        };
        let progress = Progress {
            position: Position {
                at: Some(vec![9]),
                skip: 8,
            },
            failure: Some(Failure::default()),
            redrive_ms: Some(1),
            ..progress(counts)
        };
        let bytes = records::encode(&progress);
        assert_eq!(
            hex(&bytes),
            "01000000000000000000000000010109080a000102030405060701020304050607000102010000"
        );
        assert_eq!(records::decode(&bytes), Some(progress));

        let record = MapRunRecord {
            execution: [1; 16],
            execution_arn: "e".into(),
            machine: 2,
            machine_name: "m".into(),
            start_ms: 3,
            plan: plan(Some(4)),
        };
        let bytes = records::encode(&record);
        assert_eq!(records::decode(&bytes), Some(record));
        assert_eq!(
            hex(&bytes[..20]),
            "0101010101010101010101010101010101016502"
        );
    }
}
