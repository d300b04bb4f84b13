//! The time that goes into history.

use crate::message::Now;

/// Wall time that never goes back.
///
/// When the wall clock is set back, history stands still until it has caught up (R22). Lengths of
/// time are never measured on it: timers count on the steady clock.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HistoryClock {
    latest_ms: i64,
}

impl HistoryClock {
    /// A clock that has already shown `latest_ms` (the persisted high-water mark).
    pub(crate) fn starting_at(latest_ms: i64) -> HistoryClock {
        HistoryClock { latest_ms }
    }

    /// What [`HistoryClock::at`] would say.
    pub(crate) fn seen(&self, now: Now) -> i64 {
        self.latest_ms.max(now.wall_ms)
    }

    /// The time of an event that happens now.
    pub(crate) fn at(&mut self, now: Now) -> i64 {
        if interpreter::breaks::awake("r22") {
            return now.wall_ms;
        }
        self.latest_ms = self.latest_ms.max(now.wall_ms);
        self.latest_ms
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn history_stands_still_while_the_wall_clock_is_behind() {
        let mut clock = HistoryClock::starting_at(1_000);
        assert_eq!(
            clock.at(Now {
                wall_ms: 500,
                steady_ms: 0
            }),
            1_000
        );
        assert_eq!(
            clock.at(Now {
                wall_ms: 2_000,
                steady_ms: 1
            }),
            2_000
        );
        assert_eq!(
            clock.at(Now {
                wall_ms: -5,
                steady_ms: 2
            }),
            2_000
        );
    }
}
