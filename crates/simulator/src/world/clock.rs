//! Time as a number: the true time of the world, and two clocks that show it more or less well.

use engine::Now;

/// When the world begins: 2023-11-14, in milliseconds since 1970.
pub const BEGINNING_MS: i64 = 1_700_000_000_000;

/// The world's time and the clocks of the process.
#[derive(Clone, Debug)]
pub struct Clock {
    /// Milliseconds since the beginning; never goes back, not even over a crash.
    pub true_ms: i64,
    /// What the steady clock showed at the beginning of the world, were the process that old.
    steady_base_ms: i64,
    /// By how much the wall clock is wrong.
    wall_error_ms: i64,
    /// When the wall clock was last set, and the most that it had shown just before.
    last_set: Option<(i64, i64)>,
    /// By how much the wall clock was wrong when the process began.
    wall_error_at_start_ms: i64,
}

impl Clock {
    /// The beginning.
    pub fn new() -> Clock {
        Clock {
            true_ms: 0,
            steady_base_ms: 0,
            wall_error_ms: 0,
            last_set: None,
            wall_error_at_start_ms: 0,
        }
    }

    /// What the process's clocks show.
    pub fn now(&self) -> Now {
        Now {
            wall_ms: BEGINNING_MS + self.true_ms + self.wall_error_ms,
            steady_ms: self.true_ms + self.steady_base_ms,
        }
    }

    /// A new process: its steady clock begins anywhere.
    pub fn restart(&mut self, steady_ms: i64) {
        self.steady_base_ms = steady_ms - self.true_ms;
        self.wall_error_at_start_ms = self.wall_error_ms;
    }

    /// By how much the wall clock is wrong.
    pub fn wall_error_ms(&self) -> i64 {
        self.wall_error_ms
    }

    /// Somebody sets the wall clock.
    pub fn set_wall_error(&mut self, error_ms: i64) {
        self.last_set = Some((self.true_ms, self.latest_wall_ms()));
        self.wall_error_ms = error_ms;
    }

    /// The most that the wall clock has shown in the last moments.
    pub fn latest_wall_ms(&self) -> i64 {
        const MOMENT_MS: i64 = 1_000;
        let shown_ms = self.now().wall_ms;
        match self.last_set {
            Some((set_ms, before_ms)) if self.true_ms - set_ms <= MOMENT_MS => {
                shown_ms.max(before_ms)
            }
            _ => shown_ms,
        }
    }

    /// How far the wall clock has jumped since the process began.
    pub fn jumped_ms(&self) -> i64 {
        self.wall_error_ms - self.wall_error_at_start_ms
    }
}

impl Default for Clock {
    fn default() -> Clock {
        Clock::new()
    }
}
