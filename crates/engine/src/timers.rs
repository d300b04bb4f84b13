//! Timers in memory: rebuilt from the store at start, never read from it while running.

use std::collections::{BTreeMap, BTreeSet};

use interpreter::TimerId;
use store::ExecutionId;

use crate::message::Now;

/// When a timer fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum FireAt {
    /// When the steady clock shows this: lengths of time, whatever happens to the wall clock.
    Steady(i64),
    /// When the wall clock shows this: timestamps.
    Wall(i64),
}

impl FireAt {
    /// When `span_ms` have certainly passed.
    ///
    /// Both clocks are cut to whole milliseconds, so a difference of `span_ms` between two readings
    /// may be up to a millisecond less in truth, and history would show it (R27): hence one more.
    pub(crate) fn after(span_ms: i64, now: Now) -> FireAt {
        let whole = if span_ms > 0 {
            span_ms.saturating_add(1)
        } else {
            0
        };
        FireAt::Steady(now.steady_ms.saturating_add(whole))
    }
}

/// One armed timer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Armed {
    /// When it fires.
    pub(crate) fire: FireAt,
    /// Key of its row in the store.
    pub(crate) due_ms: i64,
    /// Whether the store has (or is being given) its row.
    pub(crate) stored: bool,
}

/// Every armed timer of a shard.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    order: BTreeSet<(FireAt, ExecutionId, TimerId)>,
    armed: BTreeMap<(ExecutionId, TimerId), Armed>,
}

impl Timers {
    pub(crate) fn arm(&mut self, execution: ExecutionId, timer: TimerId, armed: Armed) {
        let before = self.armed.insert((execution, timer), armed);
        assert!(before.is_none(), "a timer is armed once");
        self.order.insert((armed.fire, execution, timer));
    }

    /// Takes a timer away; `None` when it is not armed.
    pub(crate) fn disarm(&mut self, execution: ExecutionId, timer: TimerId) -> Option<Armed> {
        let armed = self.armed.remove(&(execution, timer))?;
        self.order.remove(&(armed.fire, execution, timer));
        Some(armed)
    }

    /// Takes all timers of an execution away, and leaves their rows.
    pub(crate) fn forget(&mut self, execution: ExecutionId) {
        let own = (execution, TimerId(0))..=(execution, TimerId(u32::MAX));
        let timers: Vec<TimerId> = self
            .armed
            .range(own)
            .map(|((_, timer), _)| *timer)
            .collect();
        for timer in timers {
            self.disarm(execution, timer);
        }
    }

    /// Its row is part of a commit.
    pub(crate) fn mark_stored(&mut self, execution: ExecutionId, timer: TimerId) {
        if let Some(armed) = self.armed.get_mut(&(execution, timer)) {
            armed.stored = true;
        }
    }

    /// Makes a timer fire later (or earlier) without touching its row.
    pub(crate) fn rewind(&mut self, execution: ExecutionId, timer: TimerId, fire: FireAt) {
        if let Some(armed) = self.armed.get_mut(&(execution, timer)) {
            self.order.remove(&(armed.fire, execution, timer));
            armed.fire = fire;
            self.order.insert((fire, execution, timer));
        }
    }

    /// The next timer that is due. It stays armed, but fires no more, until somebody disarms it.
    pub(crate) fn pop_due(&mut self, now: Now) -> Option<(ExecutionId, TimerId)> {
        let steady = self
            .order
            .first()
            .filter(|(fire, ..)| *fire <= FireAt::Steady(now.steady_ms));
        let from = (FireAt::Wall(i64::MIN), FIRST, TimerId(0));
        let wall = || {
            self.order
                .range(from..)
                .next()
                .filter(|(fire, ..)| *fire <= FireAt::Wall(now.wall_ms))
        };
        let entry = *steady.or_else(wall)?;
        self.order.remove(&entry);
        Some((entry.1, entry.2))
    }

    /// When to look again, on the steady clock. The wall clock may jump meanwhile, so a timer that
    /// waits for it is looked at no later than a second from now.
    pub(crate) fn next_ms(&self, now: Now) -> Option<i64> {
        const LOOK_AGAIN_MS: i64 = 1_000;
        let steady = match self.order.first() {
            Some(&(FireAt::Steady(at), ..)) => Some(at),
            _ => None,
        };
        let from = (FireAt::Wall(i64::MIN), FIRST, TimerId(0));
        let wall = match self.order.range(from..).next() {
            Some(&(FireAt::Wall(at), ..)) => {
                Some(now.steady_ms + at.saturating_sub(now.wall_ms).clamp(0, LOOK_AGAIN_MS))
            }
            _ => None,
        };
        [steady, wall].into_iter().flatten().min()
    }

    pub(crate) fn len(&self) -> usize {
        self.armed.len()
    }

    /// Whether a timer that came due is still armed, and was not rewound since. A wall clock that
    /// was set back since does not take back that it came due.
    pub(crate) fn is_due(&self, execution: ExecutionId, timer: TimerId, now: Now) -> bool {
        self.armed
            .get(&(execution, timer))
            .is_some_and(|armed| match armed.fire {
                FireAt::Steady(at) => at <= now.steady_ms,
                FireAt::Wall(_) => true,
            })
    }
}

const FIRST: ExecutionId = ExecutionId([0; 16]);

#[cfg(test)]
mod tests {
    use super::*;

    const E: ExecutionId = ExecutionId([1; 16]);

    fn now(wall_ms: i64, steady_ms: i64) -> Now {
        Now { wall_ms, steady_ms }
    }

    fn armed(fire: FireAt) -> Armed {
        Armed {
            fire,
            due_ms: 0,
            stored: true,
        }
    }

    #[test]
    fn lengths_of_time_ignore_the_wall_clock() {
        let mut timers = Timers::default();
        timers.arm(E, TimerId(1), armed(FireAt::Steady(100)));
        assert_eq!(
            timers.pop_due(now(i64::MAX, 99)),
            None,
            "a year forward fires nothing early"
        );
        assert_eq!(
            timers.pop_due(now(i64::MIN, 100)),
            Some((E, TimerId(1))),
            "a year back delays nothing"
        );
        assert_eq!(timers.pop_due(now(0, 100)), None, "and it fires once");
        assert!(timers.disarm(E, TimerId(1)).is_some());
    }

    #[test]
    fn no_length_of_time_is_cut_short_by_rounding() {
        // Read at 0.9 ms and cut to 0, a second is over at 1,000.9 ms: cut to 1,000 it may not be.
        assert_eq!(FireAt::after(1_000, now(0, 0)), FireAt::Steady(1_001));
        assert_eq!(
            FireAt::after(0, now(0, 7)),
            FireAt::Steady(7),
            "at once is at once"
        );
    }

    #[test]
    fn timestamps_follow_the_wall_clock() {
        let mut timers = Timers::default();
        timers.arm(E, TimerId(1), armed(FireAt::Wall(5_000)));
        assert_eq!(timers.pop_due(now(4_999, i64::MAX)), None);
        assert_eq!(
            timers.next_ms(now(0, 7)),
            Some(1_007),
            "looked at again within a second"
        );
        assert_eq!(timers.next_ms(now(4_990, 7)), Some(17));
        assert_eq!(timers.pop_due(now(5_000, 0)), Some((E, TimerId(1))));
    }

    #[test]
    fn a_rewound_timer_fires_at_its_new_time() {
        let mut timers = Timers::default();
        timers.arm(E, TimerId(1), armed(FireAt::Steady(10)));
        assert_eq!(timers.pop_due(now(0, 10)), Some((E, TimerId(1))));
        timers.rewind(E, TimerId(1), FireAt::Steady(20));
        assert!(!timers.is_due(E, TimerId(1), now(0, 19)));
        assert_eq!(timers.pop_due(now(0, 19)), None);
        assert_eq!(timers.pop_due(now(0, 20)), Some((E, TimerId(1))));
    }
}
