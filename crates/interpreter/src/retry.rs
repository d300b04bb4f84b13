//! `Retry`: whether there is another attempt, and after which delay.

use asl::definition::Retrier;

use crate::breaks;
use crate::failure::Fault;
use crate::limits::RETRY_DELAY_SECONDS_MAX;
use crate::random::Stream;

/// Milliseconds until the next attempt, or `None` when there is none.
///
/// The first retrier that matches decides alone: when its attempts are used up, those behind it are
/// not asked. `attempts` holds how many each has made in this visit of the state.
pub(crate) fn next_attempt(
    retriers: &[Retrier],
    fault: &Fault,
    attempts: &mut Vec<u64>,
    stream: &mut Stream,
) -> Option<i64> {
    let at = retriers
        .iter()
        .position(|retrier| fault.matches(&retrier.error_equals))?;
    let retrier = &retriers[at];
    if attempts.len() <= at {
        attempts.resize(at + 1, 0);
    }
    if attempts[at] >= retrier.max_attempts {
        return None;
    }
    let made = if breaks::awake("r37") {
        0
    } else {
        attempts[at]
    };
    let delay_ms = delay_ms(retrier, made);
    attempts[at] += u64::from(!breaks::awake("r36"));
    Some(if retrier.full_jitter {
        (stream.unit() * delay_ms as f64) as i64
    } else {
        delay_ms
    })
}

/// The delay before the retry that follows `made` earlier ones, without jitter.
fn delay_ms(retrier: &Retrier, made: u64) -> i64 {
    let most = retrier.max_delay_seconds.unwrap_or(RETRY_DELAY_SECONDS_MAX);
    let exponent = i32::try_from(made).unwrap_or(i32::MAX);
    let seconds = retrier.interval_seconds as f64 * retrier.backoff_rate.powi(exponent);
    // A product of 0 and infinity is no number; an interval of 0 stays 0 however large the rate.
    let seconds = if seconds.is_nan() {
        0.0
    } else {
        seconds.min(most as f64)
    };
    (seconds * 1000.0).round() as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn retrier(interval: u64, rate: f64, attempts: u64) -> Retrier {
        Retrier {
            error_equals: vec!["States.ALL".into()],
            interval_seconds: interval,
            max_attempts: attempts,
            backoff_rate: rate,
            max_delay_seconds: None,
            full_jitter: false,
        }
    }

    fn delays(retriers: &[Retrier]) -> Vec<i64> {
        let mut attempts = Vec::new();
        let mut stream = Stream { seed: 1, drawn: 0 };
        let fault = Fault::new("E", "");
        std::iter::from_fn(|| next_attempt(retriers, &fault, &mut attempts, &mut stream)).collect()
    }

    #[test]
    fn delays_grow_by_the_rate() {
        assert_eq!(delays(&[retrier(1, 2.0, 3)]), [1000, 2000, 4000]);
        assert_eq!(delays(&[retrier(3, 1.5, 3)]), [3000, 4500, 6750]);
        assert_eq!(delays(&[retrier(1, 2.0, 0)]), [0_i64; 0]);
    }

    #[test]
    fn delays_stop_growing_at_the_limit() {
        let mut capped = retrier(3, 2.0, 4);
        capped.max_delay_seconds = Some(5);
        assert_eq!(delays(&[capped]), [3000, 5000, 5000, 5000]);
        let huge = retrier(99_999_999, 1e300, 4);
        assert_eq!(delays(&[huge]), [31_622_400_000; 4]);
        assert_eq!(delays(&[retrier(0, f64::INFINITY, 3)]), [0, 0, 0]);
    }

    #[test]
    fn jitter_stays_within_the_delay() {
        let mut jittered = retrier(10, 1.0, 1000);
        jittered.full_jitter = true;
        let delays = delays(&[jittered]);
        assert!(delays.iter().all(|delay| (0..=10_000).contains(delay)));
        assert!(delays.iter().min() < Some(&500) && delays.iter().max() > Some(&9_500));
    }

    #[test]
    fn the_first_match_decides_and_each_counts_alone() {
        let mut first = retrier(1, 1.0, 1);
        first.error_equals = vec!["E".into()];
        assert_eq!(delays(&[first.clone(), retrier(9, 1.0, 5)]), [1000]);

        let mut attempts = Vec::new();
        let mut stream = Stream { seed: 1, drawn: 0 };
        let retriers = [first, retrier(9, 1.0, 1)];
        for (error, expected) in [
            ("F", Some(9000)),
            ("E", Some(1000)),
            ("F", None),
            ("E", None),
        ] {
            let fault = Fault::new(error, "");
            assert_eq!(
                next_attempt(&retriers, &fault, &mut attempts, &mut stream),
                expected
            );
        }
    }
}
