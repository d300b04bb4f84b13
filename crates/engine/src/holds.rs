//! What an execution holds: its timers and its tasks, as they are written beside its snapshot.
//!
//! The rows of timers and queues are found by time and by queue. Who reads an execution needs the
//! other direction: which of them are its own. So an execution that leaves memory takes what it holds
//! with it, and brings it back.

use serde::{Deserialize, Serialize};

/// Format of what is written.
const VERSION: u8 = 1;

/// See the page.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Holds {
    pub(crate) timers: Vec<HeldTimer>,
    /// Names of queues: tasks refer to them.
    pub(crate) queues: Vec<String>,
    pub(crate) tasks: Vec<HeldTask>,
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
    /// As it is written; nothing for an execution that holds nothing.
    pub(crate) fn encode(&self) -> Vec<u8> {
        if self.timers.is_empty() && self.tasks.is_empty() {
            return Vec::new();
        }
        postcard::to_extend(self, vec![VERSION]).expect("plain data always encodes")
    }

    /// What [`Holds::encode`] wrote.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Holds> {
        match bytes.split_first() {
            None => Some(Holds::default()),
            Some((&VERSION, rest)) => postcard::from_bytes(rest).ok(),
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
}

impl Tally {
    pub(crate) fn encode(&self) -> Vec<u8> {
        postcard::to_extend(self, vec![VERSION]).expect("plain data always encodes")
    }

    pub(crate) fn decode(bytes: &[u8]) -> Option<Tally> {
        match bytes.split_first()? {
            (&VERSION, rest) => postcard::from_bytes(rest).ok(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Bytes of version 1: they must read for ever.
    #[test]
    fn version_1_still_reads() {
        let holds = Holds {
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
        };
        assert_eq!(
            hex(&holds.encode()),
            "01010102060401050c0101710100".to_owned() + "07ac02010108"
        );
        assert_eq!(Holds::decode(&holds.encode()), Some(holds));
        assert_eq!(Holds::decode(b""), Some(Holds::default()));
        assert_eq!(Holds::default().encode(), b"");
        assert_eq!(Holds::decode(b"\x02"), None);
        let tally = Tally {
            executions_open: 1,
            timers: 2,
            tasks_queued: 3,
            tasks_handed_out: 4,
            next_position: 300,
        };
        assert_eq!(hex(&tally.encode()), "0101020304ac02");
        assert_eq!(Tally::decode(&tally.encode()), Some(tally));
        assert_eq!(Tally::decode(b"\x02"), None);
    }
}
