//! The shard: one owner for executions, queues, polls and timers.

use store::{Store, StoreError};

use crate::arn::Owner;
use crate::message::{Message, Now, Output};

/// What an operator may set.
#[derive(Clone, Debug)]
pub struct ShardOptions {
    /// Whose resources these are.
    pub owner: Owner,
    /// Authenticates task tokens.
    pub token_key: [u8; 32],
    /// Source of identifiers.
    pub seed: u64,
    /// How long a poll is held, in milliseconds; 59,500 by default.
    pub poll_hold_ms: i64,
    /// Most polls parked on one activity; 100,000 by default.
    pub polls_per_activity_max: usize,
    /// Most executions kept in memory.
    pub executions_cached_max: usize,
}

/// Counts, for gauges and checks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gauges {
    /// Executions that are running.
    pub executions_open: u64,
    /// Tasks waiting for a poll.
    pub tasks_queued: u64,
    /// Tasks in workers' hands.
    pub tasks_handed_out: u64,
    /// Of these, hand-outs whose delivery nobody confirmed.
    pub hand_outs_unconfirmed: u64,
    /// Armed timers.
    pub timers: u64,
    /// Parked polls.
    pub polls: u64,
    /// Executions in memory.
    pub executions_cached: u64,
}

/// See the crate's page.
pub struct Shard {
    options: ShardOptions,
}

impl Shard {
    /// A shard over what `store` holds; an empty store gives an empty shard.
    pub fn recover(
        options: ShardOptions,
        _store: &dyn Store,
        _now: Now,
    ) -> Result<Shard, StoreError> {
        Ok(Shard { options })
    }

    /// Takes a message, and puts what is to be done at the end of `out`.
    pub fn handle(&mut self, _message: Message, _now: Now, _out: &mut Vec<Output>) {
        let _ = &self.options;
    }

    /// When [`Message::Tick`] is wanted next, on the steady clock, in milliseconds.
    pub fn next_due_ms(&self, _now: Now) -> Option<i64> {
        None
    }

    /// Counts as of now.
    pub fn gauges(&self) -> Gauges {
        Gauges::default()
    }
}
