//! How long to wait before asking again.

use std::time::Duration;

/// The first wait: short, since most interruptions are a server's restart.
const FIRST: Duration = Duration::from_millis(100);
/// The longest wait: how late a worker may notice that the server is back.
const LONGEST: Duration = Duration::from_secs(10);

/// Doubles from wait to wait. The jitter takes up to half of each wait, so that a thousand workers
/// that lost their server at one moment do not return at one moment.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    failures: u32,
}

impl Backoff {
    /// The next wait, for `chance` in `0.0..1.0`.
    pub(super) fn next(&mut self, chance: f64) -> Duration {
        let whole = LONGEST.min(FIRST * 2_u32.saturating_pow(self.failures.min(16)));
        self.failures += 1;
        whole.mul_f64(0.5 + chance / 2.0)
    }

    /// Asking went well: the next wait is the first again.
    pub(super) fn reset(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest() {
        let mut backoff = Backoff::default();
        let waits: Vec<u128> = (0..9).map(|_| backoff.next(1.0).as_millis()).collect();
        assert_eq!(
            waits,
            [100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000]
        );
        backoff.reset();
        assert_eq!(backoff.next(0.0).as_millis(), 50);
        for _ in 0..100_000 {
            assert!(backoff.next(0.5) <= LONGEST);
        }
    }
}
