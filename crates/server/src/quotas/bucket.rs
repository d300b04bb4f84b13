//! One bucket of tokens: how often something may happen.

/// What a bucket holds, and how fast it is refilled.
#[derive(Clone, Copy, Debug, PartialEq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// Most requests at once, when nothing happened for a while.
    pub burst: u32,
    /// Requests per second, on and on.
    pub per_second: f64,
}

impl Rate {
    /// Whether it lets anything through, ever.
    pub fn is_sound(&self) -> bool {
        self.burst > 0 && self.per_second.is_finite() && self.per_second >= 0.0
    }
}

impl std::fmt::Display for Rate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.burst, self.per_second)
    }
}

/// A bucket, full at first. No clock: time is an argument.
#[derive(Debug)]
pub(super) struct Bucket {
    rate: Rate,
    tokens: f64,
    filled_ms: i64,
}

impl Bucket {
    pub(super) fn new(rate: Rate) -> Bucket {
        Bucket {
            rate,
            tokens: f64::from(rate.burst),
            filled_ms: i64::MIN,
        }
    }

    /// Takes a token, if there is one, at a time of the steady clock.
    pub(super) fn take(&mut self, now_ms: i64) -> bool {
        // Two threads may come in another order than they looked at the clock.
        if now_ms > self.filled_ms {
            let waited_ms = now_ms.saturating_sub(self.filled_ms) as f64;
            self.filled_ms = now_ms;
            let more = waited_ms * self.rate.per_second / 1000.0;
            self.tokens = (self.tokens + more).min(f64::from(self.rate.burst));
        }
        let enough = self.tokens >= 1.0;
        if enough {
            self.tokens -= 1.0;
        }
        enough
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bucket(burst: u32, per_second: f64) -> Bucket {
        Bucket::new(Rate { burst, per_second })
    }

    /// How many of `asked` requests get through at that moment.
    fn through(bucket: &mut Bucket, now_ms: i64, asked: u32) -> u32 {
        (0..asked).map(|_| u32::from(bucket.take(now_ms))).sum()
    }

    #[test]
    fn a_burst_and_then_the_rate() {
        let mut bucket = bucket(100, 1.0);
        assert_eq!(through(&mut bucket, 5, 150), 100);
        assert_eq!(through(&mut bucket, 1_004, 10), 0);
        assert_eq!(through(&mut bucket, 1_005, 10), 1);
        assert_eq!(through(&mut bucket, 4_005, 10), 3);
        // No longer than it takes to fill it.
        assert_eq!(through(&mut bucket, 1_000_000_000, 150), 100);
    }

    #[test]
    fn fractions_add_up() {
        let mut bucket = bucket(2, 0.5);
        assert_eq!(through(&mut bucket, 0, 3), 2);
        let got: u32 = (1..=100)
            .map(|tick| through(&mut bucket, tick * 100, 1))
            .sum();
        assert_eq!(got, 5, "ten seconds at one in two");
    }

    #[test]
    fn a_clock_that_steps_back_gives_nothing_and_takes_nothing() {
        let mut bucket = bucket(1, 1.0);
        assert!(bucket.take(10_000));
        assert!(!bucket.take(0));
        assert!(!bucket.take(10_999));
        assert!(bucket.take(11_000));
        assert!(!bucket.take(i64::MIN));
        assert!(bucket.take(i64::MAX));
    }
}
