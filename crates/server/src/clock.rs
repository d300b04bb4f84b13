//! The one place that looks at a clock for the engine.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use engine::Now;

/// Reads the wall clock, and a steady clock that began with it.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    start: Instant,
}

impl Clock {
    /// A clock that starts now.
    pub fn start() -> Clock {
        Clock {
            start: Instant::now(),
        }
    }

    /// The moment.
    pub fn now(&self) -> Now {
        Now {
            wall_ms: self.wall_ms(),
            steady_ms: millis(self.start.elapsed()),
        }
    }

    /// Milliseconds since 1970.
    pub fn wall_ms(&self) -> i64 {
        match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(passed) => millis(passed),
            Err(before) => -millis(before.duration()),
        }
    }

    /// How long until the steady clock shows `steady_ms`.
    pub fn until(&self, steady_ms: i64) -> Duration {
        let at = Duration::from_millis(steady_ms.max(0).unsigned_abs());
        at.saturating_sub(self.start.elapsed())
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// `2026-11-22T17:39:01.250Z`
pub fn iso_8601(unix_ms: i64) -> String {
    let (days, ms) = (
        unix_ms.div_euclid(86_400_000),
        unix_ms.rem_euclid(86_400_000),
    );
    // Days to a civil date, counting eras of 400 years from 1 March of year 0.
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let (hour, minute) = (ms / 3_600_000, ms / 60_000 % 60);
    let (second, milli) = (ms / 1_000 % 60, ms % 1_000);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z")
}

#[cfg(test)]
mod tests {
    use super::iso_8601;

    #[test]
    fn dates_are_those_of_the_calendar() {
        assert_eq!(iso_8601(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(iso_8601(951_782_399_999), "2000-02-28T23:59:59.999Z");
        assert_eq!(iso_8601(951_782_400_000), "2000-02-29T00:00:00.000Z");
        assert_eq!(iso_8601(1_667_486_785_389), "2022-11-03T14:46:25.389Z");
        assert_eq!(iso_8601(-1), "1969-12-31T23:59:59.999Z");
    }
}
