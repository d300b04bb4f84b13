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
    pub wall_error_ms: i64,
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
