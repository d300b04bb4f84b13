//! Whether it is worth to ask an endpoint that did not answer.
//!
//! An endpoint that is down costs each call the time to find that out. After some failures in a row
//! calls of it fail at once for a while, then one is let through; if that one is answered, all are.

/// Failures in a row after which an endpoint is left alone. Fewer, and a few clients that hang up
/// would do; more, and a black hole costs every one of them its time to connect.
const FAILURES_MAX: u32 = 10;
/// How long it is left alone the first time, in milliseconds: most interruptions are a restart.
const FIRST_PAUSE_MS: u64 = 1_000;
/// The longest pause, in milliseconds: how late it may be noticed that an endpoint is back.
const LONGEST_PAUSE_MS: u64 = 30_000;

/// What is known of an endpoint.
#[derive(Debug, Default)]
pub(super) struct Breaker {
    /// In a row.
    failures: u32,
    /// Pauses in a row.
    pauses: u32,
    /// While there is one, nothing is let through before; then one call at a time.
    paused_until_ms: Option<u64>,
    probing: bool,
    /// What the last failure said.
    last: String,
}

/// How a call was let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Admitted {
    /// As any other.
    Freely,
    /// To find out whether the endpoint is back.
    AsProbe,
}

/// Why a call is not made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Paused {
    /// For how long, in milliseconds; 0 while somebody else finds out.
    pub(super) left_ms: u64,
    /// What the last failure said.
    pub(super) last: String,
}

impl Breaker {
    /// Whether a call would be let through now.
    pub(super) fn look(&self, now_ms: u64) -> Result<Admitted, Paused> {
        let Some(until_ms) = self.paused_until_ms else {
            return Ok(Admitted::Freely);
        };
        let left_ms = until_ms.saturating_sub(now_ms);
        match left_ms > 0 || self.probing {
            true => Err(Paused {
                left_ms,
                last: self.last.clone(),
            }),
            false => Ok(Admitted::AsProbe),
        }
    }

    /// Lets a call through, or not. Each that was let through says how it ended.
    pub(super) fn admit(&mut self, now_ms: u64) -> Result<Admitted, Paused> {
        let admitted = self.look(now_ms)?;
        self.probing |= admitted == Admitted::AsProbe;
        Ok(admitted)
    }

    /// The endpoint answered, whatever it said.
    pub(super) fn answered(&mut self) {
        *self = Breaker::default();
    }

    /// The endpoint could not be reached, or did not answer in time.
    pub(super) fn failed(&mut self, admitted: Admitted, now_ms: u64, why: &str) {
        let is_probe = admitted == Admitted::AsProbe;
        if is_probe {
            self.probing = false;
        } else if self.paused_until_ms.is_some() {
            // Begun before the pause: says nothing that was not known.
            return;
        }
        self.failures = self.failures.saturating_add(1);
        why.clone_into(&mut self.last);
        if is_probe || self.failures >= FAILURES_MAX {
            let pause_ms = FIRST_PAUSE_MS << self.pauses.min(16);
            self.pauses = self.pauses.saturating_add(1);
            self.paused_until_ms = Some(now_ms + pause_ms.min(LONGEST_PAUSE_MS));
        }
    }

    /// Whoever made the call lost interest before anything was known.
    pub(super) fn given_up(&mut self, admitted: Admitted) {
        if admitted == Admitted::AsProbe {
            self.probing = false;
        }
    }

    /// Whether nothing is known that a new one would not know.
    pub(super) fn is_blank(&self) -> bool {
        self.failures == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failing(times: u32, at_ms: u64) -> Breaker {
        let mut breaker = Breaker::default();
        for _ in 0..times {
            let admitted = breaker.admit(at_ms).unwrap();
            breaker.failed(admitted, at_ms, "no route");
        }
        breaker
    }

    #[test]
    fn failures_in_a_row_pause_an_endpoint_and_an_answer_forgets_them() {
        let mut breaker = failing(FAILURES_MAX - 1, 0);
        assert_eq!(breaker.admit(0), Ok(Admitted::Freely));
        breaker.answered();
        assert!(breaker.is_blank());
        let mut breaker = failing(FAILURES_MAX, 5);
        let paused = breaker.admit(6).unwrap_err();
        assert_eq!((paused.left_ms, paused.last.as_str()), (999, "no route"));
    }

    #[test]
    fn after_a_pause_one_call_finds_out() {
        let mut breaker = failing(FAILURES_MAX, 0);
        assert_eq!(breaker.admit(1_000), Ok(Admitted::AsProbe));
        assert_eq!(breaker.admit(1_000).unwrap_err().left_ms, 0);
        breaker.answered();
        assert_eq!(breaker.admit(1_000), Ok(Admitted::Freely));
    }

    #[test]
    fn pauses_double_up_to_the_longest() {
        let mut breaker = failing(FAILURES_MAX, 0);
        let (mut now_ms, mut pauses) = (1_000, Vec::new());
        for _ in 0..7 {
            let probe = breaker.admit(now_ms).unwrap();
            assert_eq!(probe, Admitted::AsProbe);
            breaker.failed(probe, now_ms, "still no route");
            let paused = breaker.look(now_ms).unwrap_err();
            pauses.push(paused.left_ms);
            now_ms += paused.left_ms;
        }
        assert_eq!(
            pauses,
            [2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]
        );
    }

    #[test]
    fn calls_that_began_before_a_pause_do_not_lengthen_it_and_may_end_it() {
        let mut breaker = Breaker::default();
        let crowd: Vec<_> = (0..100).map(|_| breaker.admit(0).unwrap()).collect();
        for admitted in crowd {
            breaker.failed(admitted, 0, "timed out");
        }
        assert_eq!(breaker.look(999).unwrap_err().left_ms, 1);
        assert_eq!(breaker.look(1_000), Ok(Admitted::AsProbe));
        breaker.answered();
        assert_eq!(breaker.look(0), Ok(Admitted::Freely));
    }

    #[test]
    fn a_probe_that_is_given_up_makes_room_for_the_next() {
        let mut breaker = failing(FAILURES_MAX, 0);
        let probe = breaker.admit(2_000).unwrap();
        breaker.given_up(probe);
        assert_eq!(breaker.admit(2_000), Ok(Admitted::AsProbe));
    }
}
