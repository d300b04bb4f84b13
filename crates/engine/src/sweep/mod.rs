//! The sweep: closed executions whose time is over go, and when all of them take more than they may,
//! those that ended first; each with its events, its name and its entries in lists.
//!
//! It is made in small steps, so that it never stands in anybody's way: the shard asks for some
//! ([`Output::FindExpired`]), somebody looks them up in the store ([`find_expired`]), and the shard
//! commits that they go ([`Message::FoundExpired`](crate::Message::FoundExpired)).
//!
//! This file says when steps are made, and makes the commits; what goes next is found in `find.rs`. The
//! children of map runs go before the execution that began them (`map_runs/expire.rs`).

mod find;
mod place;

use std::collections::{BTreeSet, VecDeque};

use store::{CommitNumber, ExecutionId, ExecutionRemoval, RecordWrite};

use crate::message::{Now, Output};
use crate::shapes::MachineType;
use crate::shard::Shard;

pub use find::find_expired;
pub use place::Place;

/// What is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search {
    /// Where to go on.
    pub place: Place,
    /// STANDARD executions that ended before this are expired, milliseconds since 1970; `None`: none.
    pub standard_before_ms: Option<i64>,
    /// EXPRESS executions that ended before this are expired, milliseconds since 1970; `None`: none.
    pub express_before_ms: Option<i64>,
    /// So many bytes must go beside, of those that ended first.
    pub bytes_over: u64,
    /// Whatever ended before this is in the store, milliseconds since 1970: what ended later may still
    /// be joined by what ended earlier, and is left for another time.
    pub settled_ms: i64,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// What is to go.
    pub expired: Vec<Expired>,
    /// Where to go on.
    pub place: Place,
    /// Whether there may be more to find at once.
    pub has_more: bool,
    /// Whether what was found must be gone before more is looked for: children of an execution that
    /// goes itself when none is left.
    pub must_be_gone: bool,
}

/// What goes together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expired {
    /// An execution.
    pub execution: Option<ExecutionRemoval>,
    /// Records that only lead to it, or tell of it.
    pub records: Vec<RecordWrite>,
    /// What the execution takes, as it was counted when it closed.
    pub bytes: u64,
    /// The execution that goes when all its children are gone, where this is one of them.
    pub child_of: Option<ExecutionId>,
}

/// Most executions found at a time: one commit takes them away.
pub(crate) const EXECUTIONS_MAX: usize = 256;

/// So many executions end before the next step of a sweep that has more to do. Fewer than a step takes
/// away, so that a sweep is always faster than what it runs after, and hardly fewer, so that it takes no
/// more from those who begin executions than it must.
const ENDS_PER_STEP: u32 = 192;

/// How long between two steps of one sweep while fewer end, in milliseconds.
const PAUSE_MS: i64 = 20;

/// How long until the next look, in milliseconds, when too much is kept and nothing of it may go yet.
const FRUITLESS_MS: i64 = 1_000;

/// How long between two sweeps, in milliseconds: a tenth of the retention, within these. What expires
/// may stay for so much longer.
const INTERVAL_MS: std::ops::RangeInclusive<i64> = 1_000..=60_000;

/// Where the sweep stands.
#[derive(Debug)]
pub(crate) struct Sweep {
    place: Place,
    /// Somebody looks.
    is_looking: bool,
    /// When the last look was asked for, on the steady clock, in milliseconds.
    last_ms: i64,
    /// When to look for what is expired by time, on the steady clock; `None`: never again.
    expires_ms: Option<i64>,
    /// Whether the last look was, among others, for what is expired by time.
    by_time: bool,
    /// Whether the last step left something to do.
    has_more: bool,
    /// Whether the last step found nothing.
    is_fruitless: bool,
    /// Executions that ended since the last look was asked for.
    ended: u32,
    /// The next look is not asked for before this commit is durable.
    after: CommitNumber,
    /// A commit, and what the history's clock showed when it was the last one.
    stamp: (CommitNumber, i64),
    /// See [`Search::settled_ms`].
    settled_ms: i64,
    /// The execution whose children are going.
    begun: Option<ExecutionId>,
    /// What was redriven, in commits that may not have been durable when somebody began to look.
    reopened: VecDeque<(CommitNumber, ExecutionId)>,
    /// What commits take away that may not have been durable when somebody began to look.
    going: VecDeque<(CommitNumber, BTreeSet<ExecutionId>)>,
}

impl Search {
    /// Executions of that type expire that ended before this; `None` when they never do.
    fn ends_before(&self, machine_type: MachineType) -> Option<i64> {
        match machine_type {
            MachineType::Standard => self.standard_before_ms,
            MachineType::Express => self.express_before_ms,
        }
    }
}

impl Sweep {
    /// The first begins at once: what is kept may have become less while nobody swept. `last` is the
    /// last commit, and durable; `latest_ms` is the latest time of any: the wall clock may show more now,
    /// and less when something ends.
    pub(crate) fn starting_at(now: Now, last: CommitNumber, latest_ms: i64) -> Sweep {
        Sweep {
            place: Place::default(),
            is_looking: false,
            last_ms: now.steady_ms.saturating_sub(FRUITLESS_MS),
            expires_ms: Some(now.steady_ms),
            by_time: false,
            has_more: false,
            is_fruitless: false,
            ended: 0,
            after: 0,
            stamp: (last, latest_ms),
            settled_ms: latest_ms,
            begun: None,
            reopened: VecDeque::new(),
            going: VecDeque::new(),
        }
    }

    /// Whether an execution is being taken away. The store may still show it, and nothing more may be
    /// written of it.
    pub(crate) fn is_going(&self, id: ExecutionId) -> bool {
        self.going.iter().any(|(_, going)| going.contains(&id))
    }

    /// Whether children of that execution are gone, so that it cannot go on.
    pub(crate) fn has_begun(&self, id: ExecutionId) -> bool {
        self.begun == Some(id)
    }

    /// An execution was written in a commit, and perhaps ended.
    pub(crate) fn count(&mut self, has_ended: bool) {
        self.ended += u32::from(has_ended);
    }

    /// An execution was redriven in a commit: whoever looks now may still find it closed.
    pub(crate) fn reopened(&mut self, commit: CommitNumber, id: ExecutionId) {
        self.reopened.push_back((commit, id));
    }
}

impl Shard {
    /// When to look next, on the steady clock.
    pub(crate) fn sweep_due_ms(&self) -> Option<i64> {
        let sweep = &self.sweep;
        if sweep.is_looking || sweep.after > self.durable {
            return None;
        }
        if sweep.has_more {
            let pause_ms = match sweep.ended >= ENDS_PER_STEP {
                true => 0,
                false => PAUSE_MS,
            };
            return Some(sweep.last_ms.saturating_add(pause_ms));
        }
        let pause_ms = match sweep.is_fruitless {
            true => FRUITLESS_MS,
            false => PAUSE_MS,
        };
        let is_over = self.bytes_over() > 0;
        let over_ms = is_over.then(|| sweep.last_ms.saturating_add(pause_ms));
        [over_ms, sweep.expires_ms].into_iter().flatten().min()
    }

    /// By how much closed executions take more than they may.
    fn bytes_over(&self) -> u64 {
        match self.retention_bytes {
            0 => 0,
            _ if interpreter::breaks::awake("r40-bytes") => 0,
            kept => self.closed_bytes.saturating_sub(kept),
        }
    }

    /// So many bytes of closed executions are gone, or are bytes of open ones again.
    pub(crate) fn no_longer_closed(&mut self, bytes: u64) {
        // Were the count ever wrong, it must not turn round: all would be too much, and would go.
        debug_assert!(bytes <= self.closed_bytes, "what closed was counted");
        self.closed_bytes = self.closed_bytes.saturating_sub(bytes);
    }

    /// Looks for what is to go, when it is time to.
    pub(crate) fn sweep(&mut self, now: Now, out: &mut Vec<Output>) {
        if self.sweep_due_ms().is_none_or(|due| due > now.steady_ms) {
            return;
        }
        let at_ms = self.clock.at(now);
        let (issued, durable, bytes_over) = (self.issued, self.durable, self.bytes_over());
        let sweep = &mut self.sweep;
        // Times of history only grow, so what ends from now on ends no earlier than this.
        if sweep.stamp.0 <= durable {
            sweep.settled_ms = sweep.stamp.1;
            sweep.stamp = (issued, at_ms);
        }
        sweep.going.retain(|(commit, _)| *commit > durable);
        sweep.reopened.retain(|(commit, _)| *commit > durable);
        sweep.is_looking = true;
        sweep.last_ms = now.steady_ms;
        sweep.ended = 0;
        let settled_ms = sweep.settled_ms;
        let by_time = sweep.expires_ms.is_some_and(|due| due <= now.steady_ms);
        sweep.by_time = by_time;
        let before = |kept_ms: i64| at_ms.saturating_sub(kept_ms).min(settled_ms);
        let retention_ms = Some(self.retention_ms).filter(|kept| *kept > 0);
        out.push(Output::FindExpired(Search {
            place: std::mem::take(&mut sweep.place),
            standard_before_ms: retention_ms.filter(|_| by_time).map(before),
            express_before_ms: by_time.then(|| before(self.express_retention_ms)),
            bytes_over,
            settled_ms,
        }));
    }

    /// Takes away what was found, and plans the next look.
    pub(crate) fn found_expired(&mut self, found: Found, now: Now, out: &mut Vec<Output>) {
        self.sweep.is_looking = false;
        self.sweep.place = found.place;
        let mut removals = Vec::new();
        let mut records = Vec::new();
        let mut bytes = 0;
        let mut begun = None;
        for expired in found.expired {
            let id = expired.execution.as_ref().map(|removal| removal.id);
            // The store showed it still when somebody looked.
            if id.is_some_and(|id| self.sweep.is_going(id)) {
                continue;
            }
            // Whoever works with one of them now finds it whole; another sweep takes it.
            let is_wanted = |id| {
                let mut reopened = self.sweep.reopened.iter();
                self.executions.knows(id) || reopened.any(|(_, it)| *it == id)
            };
            if [id, expired.child_of].into_iter().flatten().any(is_wanted) {
                self.sweep.place.leave_behind();
                continue;
            }
            if let Some(parent) = expired.child_of {
                self.map_runs.forget_resting(parent);
                begun = Some(parent);
            }
            bytes += expired.bytes;
            removals.extend(expired.execution);
            records.extend(expired.records);
        }
        self.sweep.begun = begun;
        self.sweep.is_fruitless = removals.is_empty() && records.is_empty();
        if !self.sweep.is_fruitless {
            let at_ms = self.clock.at(now);
            let number = self.next_commit();
            let going = removals.iter().map(|removal| removal.id).collect();
            self.sweep.going.push_back((number, going));
            self.no_longer_closed(bytes);
            out.push(Output::Commit(store::Commit {
                number,
                at_ms,
                removals,
                records,
                tally: self.tally(),
                ..store::Commit::default()
            }));
            if found.must_be_gone {
                self.sweep.after = number;
            }
        }
        self.sweep.has_more = found.has_more;
        if found.has_more {
            return;
        }
        self.sweep.place.end();
        if self.sweep.by_time {
            let kept_ms = [self.retention_ms, self.express_retention_ms];
            let shortest = kept_ms.into_iter().filter(|kept| *kept > 0).min();
            // What is not kept is never left behind, and what is kept for ever never goes: one sweep was
            // enough.
            self.sweep.expires_ms = shortest.map(|kept_ms| {
                let interval = (kept_ms / 10).clamp(*INTERVAL_MS.start(), *INTERVAL_MS.end());
                now.steady_ms.saturating_add(interval)
            });
        }
    }
}
