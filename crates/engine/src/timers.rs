//! Timers in memory: those due soon, read ahead from the store, and those of executions in memory.

use std::collections::{BTreeMap, BTreeSet};

use interpreter::{TimerId, TimerKind};
use store::{ExecutionId, Store, StoreError, TimerKey, TimerRow};

use crate::holds::HeldTimer;
use crate::message::Now;
use crate::windows::Windows;

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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Armed {
    /// When it fires.
    pub(crate) fire: FireAt,
    /// Key of its row in the store.
    pub(crate) due_ms: i64,
    pub(crate) kind: TimerKind,
    /// The length of time it was armed for; 0 when it waits for a timestamp.
    pub(crate) span_ms: u64,
    /// Whether the store has (or is being given) its row.
    pub(crate) stored: bool,
}

/// The timers of a shard that are due soon, and all of those of executions in memory.
///
/// The rest is in the store alone. Rows come in order of due time, and those due before a horizon are
/// read ahead. A due time is one of the history's clock, which jumps; so the horizon is reckoned by the
/// most that clock was ever ahead of the steady one, and no row can be due before it was read.
#[derive(Debug)]
pub(crate) struct Timers {
    /// What is due before the horizon, whoever has it.
    order: BTreeSet<(FireAt, ExecutionId, TimerId)>,
    /// Of executions in memory; and heartbeats, whose times are written nowhere.
    armed: BTreeMap<(ExecutionId, TimerId), Armed>,
    /// The armed ones beyond the horizon.
    far: BTreeSet<(i64, ExecutionId, TimerId)>,
    horizon_ms: i64,
    /// The last row that was read.
    read_to: Option<TimerKey>,
    reading: bool,
    /// Whether all rows due before the horizon have been read.
    all_read: bool,
    /// The most that the history's clock was ahead of the steady one.
    ahead_ms: i64,
    /// When this process began, on both clocks, and its number.
    began: Now,
    began_at_ms: i64,
    process: u64,
    count: u64,
    stored: u64,
    windows: Windows,
}

/// Which timers are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimerSearch {
    before_ms: i64,
    after: Option<TimerKey>,
    limit: usize,
}

/// Reads what [`Output::FindTimers`](crate::Output::FindTimers) asks for.
pub fn find_timers(store: &dyn Store, search: &TimerSearch) -> Result<Vec<TimerRow>, StoreError> {
    store.timers_before(search.before_ms, search.after, search.limit)
}

impl Timers {
    /// The timers of a process that begins now, of which the store has so many.
    pub(crate) fn starting_at(
        now: Now,
        at_ms: i64,
        process: u64,
        stored: u64,
        windows: Windows,
    ) -> Timers {
        Timers {
            order: BTreeSet::new(),
            armed: BTreeMap::new(),
            far: BTreeSet::new(),
            horizon_ms: at_ms.saturating_add(windows.timers_ahead_ms),
            read_to: None,
            reading: false,
            all_read: stored == 0,
            ahead_ms: at_ms.saturating_sub(now.steady_ms),
            began: now,
            began_at_ms: at_ms,
            process,
            count: stored,
            stored,
            windows,
        }
    }

    pub(crate) fn arm(&mut self, execution: ExecutionId, timer: TimerId, armed: Armed) {
        self.count += 1;
        self.stored += u64::from(armed.stored);
        let before = self.insert(execution, timer, armed);
        assert!(before.is_none(), "a timer is armed once");
    }

    fn insert(&mut self, execution: ExecutionId, timer: TimerId, armed: Armed) -> Option<Armed> {
        if armed.due_ms < self.horizon_ms {
            self.order.insert((armed.fire, execution, timer));
        } else {
            self.far.insert((armed.due_ms, execution, timer));
        }
        self.armed.insert((execution, timer), armed)
    }

    /// Takes a timer away; `None` when it is not armed.
    pub(crate) fn disarm(&mut self, execution: ExecutionId, timer: TimerId) -> Option<Armed> {
        let armed = self.remove(execution, timer)?;
        self.order.remove(&(armed.fire, execution, timer));
        self.count -= 1;
        self.stored -= u64::from(armed.stored);
        Some(armed)
    }

    fn remove(&mut self, execution: ExecutionId, timer: TimerId) -> Option<Armed> {
        let armed = self.armed.remove(&(execution, timer))?;
        self.far.remove(&(armed.due_ms, execution, timer));
        Some(armed)
    }

    fn of(&self, execution: ExecutionId) -> impl Iterator<Item = (TimerId, Armed)> {
        self.armed
            .range((execution, TimerId(0))..=(execution, TimerId(u32::MAX)))
            .map(|((_, timer), armed)| (*timer, *armed))
    }

    /// Takes all timers of an execution away, and leaves their rows.
    pub(crate) fn forget(&mut self, execution: ExecutionId) {
        let own: Vec<_> = self.of(execution).collect();
        for (timer, armed) in own {
            self.disarm(execution, timer);
            // The row is there, and counts at the next start.
            self.stored += u64::from(armed.stored);
        }
    }

    /// An execution leaves memory, and the store has it.
    pub(crate) fn leave(&mut self, execution: ExecutionId) {
        let own: Vec<_> = self.of(execution).collect();
        for (timer, armed) in own {
            if armed.kind != TimerKind::Heartbeat {
                self.remove(execution, timer);
            }
        }
    }

    /// What an execution holds, for its row.
    pub(crate) fn held(&self, execution: ExecutionId) -> Vec<HeldTimer> {
        let held = |(timer, armed): (TimerId, Armed)| HeldTimer {
            timer: timer.0,
            kind: armed.kind as u8,
            due_ms: armed.due_ms,
            span_ms: armed.span_ms,
            steady: self.steady(&armed),
        };
        self.of(execution).map(held).collect()
    }

    /// An execution is in memory again.
    pub(crate) fn restore(&mut self, execution: ExecutionId, held: Vec<HeldTimer>) {
        for it in held {
            let timer = TimerId(it.timer);
            let Some(kind) = timer_kind(it.kind) else {
                continue;
            };
            if self.armed.contains_key(&(execution, timer)) {
                continue;
            }
            let armed = Armed {
                fire: self.fire_at(kind, it.due_ms, it.span_ms, it.steady),
                due_ms: it.due_ms,
                kind,
                span_ms: it.span_ms,
                stored: true,
            };
            self.insert(execution, timer, armed);
        }
    }

    /// As it is written: heartbeats as they were armed, for they are wound up too often to be written.
    pub(crate) fn steady(&self, armed: &Armed) -> Option<(u64, i64)> {
        match armed.fire {
            FireAt::Steady(ms) if armed.kind != TimerKind::Heartbeat => Some((self.process, ms)),
            _ => None,
        }
    }

    fn fire_at(
        &self,
        kind: TimerKind,
        due_ms: i64,
        span_ms: u64,
        steady: Option<(u64, i64)>,
    ) -> FireAt {
        match (kind, steady) {
            (TimerKind::WaitUntil, _) => FireAt::Wall(due_ms),
            (_, Some((process, ms))) if process == self.process => FireAt::Steady(ms),
            // Heartbeats are not written down, so each open task gets one full interval.
            (TimerKind::Heartbeat, _) => {
                FireAt::after(i64::try_from(span_ms).unwrap_or(i64::MAX), self.began)
            }
            _ => FireAt::after(due_ms.saturating_sub(self.began_at_ms), self.began),
        }
    }

    /// A row that is kept in memory from the start on: its execution was written by a version that
    /// did not write down what executions hold.
    pub(crate) fn adopt(&mut self, row: &TimerRow) {
        if let Some(kind) = timer_kind(row.kind) {
            let armed = Armed {
                fire: self.fire_at(kind, row.due_ms, row.span_ms, row.steady),
                due_ms: row.due_ms,
                kind,
                span_ms: row.span_ms,
                stored: true,
            };
            self.arm(row.execution, TimerId(row.timer), armed);
        }
    }

    /// The clocks, seen anew: `at_ms` is the history's.
    pub(crate) fn see(&mut self, now: Now, at_ms: i64) {
        self.ahead_ms = self.ahead_ms.max(at_ms.saturating_sub(now.steady_ms));
    }

    /// The rows that are to be read now, if any.
    pub(crate) fn look(&mut self, now: Now) -> Option<TimerSearch> {
        if self
            .look_ms(self.ahead_ms)
            .is_none_or(|due| due > now.steady_ms)
        {
            return None;
        }
        if self.all_read {
            let horizon_ms = now.steady_ms.saturating_add(self.ahead_ms);
            self.horizon_ms = horizon_ms.saturating_add(self.windows.timers_ahead_ms);
            self.all_read = false;
            while let Some(&(due_ms, execution, timer)) = self.far.first() {
                if due_ms >= self.horizon_ms {
                    break;
                }
                self.far.pop_first();
                let armed = &self.armed[&(execution, timer)];
                self.order.insert((armed.fire, execution, timer));
            }
        }
        self.reading = true;
        Some(TimerSearch {
            before_ms: self.horizon_ms,
            after: self.read_to,
            limit: self.windows.page,
        })
    }

    /// When to look for rows next, on the steady clock.
    fn look_ms(&self, ahead_ms: i64) -> Option<i64> {
        match () {
            () if self.reading || (self.stored == 0 && self.far.is_empty()) => None,
            () if !self.all_read => Some(i64::MIN),
            () => Some(
                self.horizon_ms
                    .saturating_sub(ahead_ms)
                    .saturating_sub(self.windows.timers_ahead_ms / 2),
            ),
        }
    }

    /// Rows that were looked for. Of an execution that `is_here` all that is armed is known.
    pub(crate) fn found(
        &mut self,
        search: &TimerSearch,
        rows: &[TimerRow],
        is_here: impl Fn(ExecutionId) -> bool,
    ) {
        self.reading = false;
        self.all_read = rows.len() < search.limit;
        self.read_to = match rows.last() {
            Some(last) if !self.all_read => Some(last.key()),
            _ => Some((search.before_ms - 1, ExecutionId([u8::MAX; 16]), u32::MAX)),
        };
        for row in rows {
            let key = (row.execution, TimerId(row.timer));
            let Some(kind) = timer_kind(row.kind) else {
                continue;
            };
            if !self.armed.contains_key(&key) && !is_here(row.execution) {
                let fire = self.fire_at(kind, row.due_ms, row.span_ms, row.steady);
                self.order.insert((fire, key.0, key.1));
            }
        }
    }

    /// Whether a timer will fire when it is due.
    pub(crate) fn will_find(&self, row: &TimerRow) -> bool {
        let key = (row.execution, TimerId(row.timer));
        let unread = row.due_ms >= self.horizon_ms
            || (!self.all_read && self.read_to.is_none_or(|read_to| read_to < row.key()));
        let in_order = |kind| {
            let fire = self.fire_at(kind, row.due_ms, row.span_ms, row.steady);
            self.order.contains(&(fire, key.0, key.1))
        };
        unread || self.armed.contains_key(&key) || timer_kind(row.kind).is_some_and(in_order)
    }

    /// Its row is part of a commit.
    pub(crate) fn mark_stored(&mut self, execution: ExecutionId, timer: TimerId) {
        if let Some(armed) = self.armed.get_mut(&(execution, timer)) {
            self.stored += u64::from(!armed.stored);
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
    pub(crate) fn next_ms(&self, now: Now, at_ms: i64) -> Option<i64> {
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
        // The history's clock may have jumped ahead while nothing happened.
        let ahead_ms = self.ahead_ms.max(at_ms.saturating_sub(now.steady_ms));
        let look = self.look_ms(ahead_ms).map(|at| at.max(now.steady_ms));
        [steady, wall, look].into_iter().flatten().min()
    }

    /// All that are armed, in memory or not.
    pub(crate) fn len(&self) -> u64 {
        self.count
    }

    /// Rows in the store, with those of the commit that is being made.
    pub(crate) fn stored(&self) -> u64 {
        self.stored
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

fn timer_kind(number: u8) -> Option<TimerKind> {
    [
        TimerKind::Wait,
        TimerKind::WaitUntil,
        TimerKind::TaskTimeout,
        TimerKind::Heartbeat,
        TimerKind::Retry,
        TimerKind::ExecutionTimeout,
        TimerKind::Continue,
    ]
    .into_iter()
    .find(|kind| *kind as u8 == number)
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
            kind: TimerKind::Wait,
            span_ms: 0,
            stored: false,
        }
    }

    /// With nothing in the store.
    fn timers() -> Timers {
        Timers::starting_at(now(0, 0), 0, 1, 0, Windows::default())
    }

    #[test]
    fn lengths_of_time_ignore_the_wall_clock() {
        let mut timers = timers();
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
        let mut timers = timers();
        timers.arm(E, TimerId(1), armed(FireAt::Wall(5_000)));
        assert_eq!(timers.pop_due(now(4_999, i64::MAX)), None);
        assert_eq!(
            timers.next_ms(now(0, 7), 0),
            Some(1_007),
            "looked at again within a second"
        );
        assert_eq!(timers.next_ms(now(4_990, 7), 4_990), Some(17));
        assert_eq!(timers.pop_due(now(5_000, 0)), Some((E, TimerId(1))));
    }

    #[test]
    fn a_rewound_timer_fires_at_its_new_time() {
        let mut timers = timers();
        timers.arm(E, TimerId(1), armed(FireAt::Steady(10)));
        assert_eq!(timers.pop_due(now(0, 10)), Some((E, TimerId(1))));
        timers.rewind(E, TimerId(1), FireAt::Steady(20));
        assert!(!timers.is_due(E, TimerId(1), now(0, 19)));
        assert_eq!(timers.pop_due(now(0, 19)), None);
        assert_eq!(timers.pop_due(now(0, 20)), Some((E, TimerId(1))));
    }

    #[test]
    fn rows_are_read_at_once_when_the_wall_clock_has_jumped() {
        const DAY_MS: i64 = 86_400_000;
        let mut timers = Timers::starting_at(now(0, 0), 0, 1, 1, Windows::default());
        let search = timers.look(now(0, 0)).expect("the store has a timer");
        timers.found(&search, &[], |_| false);
        assert!(timers.next_ms(now(0, 0), 0) > Some(0));
        assert_eq!(timers.look(now(0, 0)), None);
        let jumped = now(DAY_MS, 1);
        assert_eq!(timers.next_ms(jumped, DAY_MS), Some(1));
        timers.see(jumped, DAY_MS);
        let search = timers.look(jumped).expect("the horizon has moved");
        let row = TimerRow {
            due_ms: DAY_MS - 1,
            execution: E,
            timer: 1,
            kind: TimerKind::WaitUntil as u8,
            span_ms: 0,
            steady: None,
        };
        assert!(!timers.will_find(&row) || search.before_ms > row.due_ms);
        timers.found(&search, std::slice::from_ref(&row), |_| false);
        assert!(timers.will_find(&row));
        assert_eq!(timers.pop_due(jumped), Some((E, TimerId(1))));
    }
}
