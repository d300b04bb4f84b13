//! What an execution holds: its timers and its tasks, as they are written beside its snapshot.
//!
//! The rows of timers and queues are found by time and by queue. Who reads an execution needs the
//! other direction: which of them are its own. So an execution that leaves memory takes what it holds
//! with it, and brings it back.

use serde::{Deserialize, Serialize};

use crate::footprint::Footprint;
use crate::records;

/// Format of what is written; 2 is 1 with the footprint behind.
const VERSION: u8 = 2;

/// Format of a [`Tally`]; 2 is 1 with the bytes of closed executions behind.
const TALLY_VERSION: u8 = 2;

/// See the page.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Holds {
    pub(crate) timers: Vec<HeldTimer>,
    /// Names of queues: tasks refer to them.
    pub(crate) queues: Vec<String>,
    pub(crate) tasks: Vec<HeldTask>,
    /// What it takes in the store.
    #[serde(skip)]
    pub(crate) footprint: Footprint,
}

/// A timer, as in [`store::TimerRow`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct HeldTimer {
    pub(crate) timer: u32,
    pub(crate) kind: u8,
    pub(crate) due_ms: i64,
    pub(crate) span_ms: u64,
    pub(crate) steady: Option<(u64, i64)>,
}

/// A task, as in [`store::TaskRow`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct HeldTask {
    /// Place of its queue in [`Holds::queues`].
    pub(crate) queue: u32,
    pub(crate) event: u32,
    pub(crate) position: u64,
    pub(crate) hand_outs: u32,
    /// Number of the process that handed it out, while somebody has it.
    pub(crate) handed_by: Option<u64>,
}

impl Holds {
    /// As it is written.
    pub(crate) fn encode(&self) -> Vec<u8> {
        postcard::to_extend(&(self, &self.footprint), records::begun(VERSION))
            .expect("plain data always encodes")
    }

    /// What [`Holds::encode`] wrote, or version 1 of it, which wrote nothing for an execution that held
    /// nothing.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Holds> {
        match bytes.split_first() {
            None => Some(Holds::default()),
            Some((1, rest)) => postcard::from_bytes(rest).ok(),
            Some((&VERSION, rest)) => {
                let (holds, footprint) = postcard::from_bytes(rest).ok()?;
                Some(Holds { footprint, ..holds })
            }
            Some(_) => None,
        }
    }
}

/// What a shard counts, written with every commit that changes it: counting rows takes a start as long
/// as there are many of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Tally {
    pub(crate) executions_open: u64,
    pub(crate) timers: u64,
    pub(crate) tasks_queued: u64,
    pub(crate) tasks_handed_out: u64,
    /// The place of the next task in whatever queue.
    pub(crate) next_position: u64,
    /// What closed executions take, in bytes.
    #[serde(skip)]
    pub(crate) closed_bytes: u64,
}

impl Tally {
    pub(crate) fn encode(&self) -> Vec<u8> {
        postcard::to_extend(&(self, self.closed_bytes), records::begun(TALLY_VERSION))
            .expect("plain data always encodes")
    }

    /// What [`Tally::encode`] wrote, or version 1 of it. What had closed by then counts nothing, as its
    /// entries in lists say nothing of bytes.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Tally> {
        match bytes.split_first()? {
            (1, rest) => postcard::from_bytes(rest).ok(),
            (&TALLY_VERSION, rest) => {
                let (tally, closed_bytes) = postcard::from_bytes(rest).ok()?;
                Some(Tally {
                    closed_bytes,
                    ..tally
                })
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::footprint::Closed;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn unhex(text: &str) -> Vec<u8> {
        let byte = |at| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
        (0..text.len()).step_by(2).map(byte).collect()
    }

    /// Bytes of every version: they must read for ever.
    #[test]
    fn all_versions_still_read() {
        let before = Holds {
            timers: vec![HeldTimer {
                timer: 1,
                kind: 2,
                due_ms: 3,
                span_ms: 4,
                steady: Some((5, 6)),
            }],
            queues: vec!["q".into()],
            tasks: vec![HeldTask {
                queue: 0,
                event: 7,
                position: 300,
                hand_outs: 1,
                handed_by: Some(8),
            }],
            footprint: Footprint::default(),
        };
        let version_1 = "01010102060401050c010171010007ac02010108";
        assert_eq!(Holds::decode(&unhex(version_1)), Some(before.clone()));
        let holds = Holds {
            footprint: Footprint {
                events_bytes: 300,
                runs: vec![1, 5],
                parts_bytes: 0,
                has_map_runs: true,
                closed: Some(Closed {
                    status: 2,
                    stop_ms: 3,
                    bytes: 400,
                }),
            },
            ..before
        };
        assert_eq!(
            hex(&holds.encode()),
            "02010102060401050c010171010007ac02010108".to_owned() + "ac02020105000101020690" + "03"
        );
        assert_eq!(Holds::decode(&holds.encode()), Some(holds));
        assert_eq!(Holds::decode(b""), Some(Holds::default()));
        let nothing = Holds::default();
        assert_eq!(Holds::decode(&nothing.encode()), Some(nothing));
        assert_eq!(Holds::decode(b"\x03"), None);
        let before = Tally {
            executions_open: 1,
            timers: 2,
            tasks_queued: 3,
            tasks_handed_out: 4,
            next_position: 300,
            closed_bytes: 0,
        };
        assert_eq!(Tally::decode(&unhex("0101020304ac02")), Some(before));
        let tally = Tally {
            closed_bytes: 5,
            ..before
        };
        assert_eq!(hex(&tally.encode()), "0201020304ac0205");
        assert_eq!(Tally::decode(&tally.encode()), Some(tally));
        assert_eq!(Tally::decode(b"\x03"), None);
    }
}
