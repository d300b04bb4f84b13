//! How fast map runs go.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use super::sight::Sight;

/// Long enough for a steady number, short enough to see a change.
const WINDOW: Duration = Duration::from_secs(10);

/// Items done, moment by moment, of each map run.
#[derive(Debug, Default)]
pub(super) struct Paces(BTreeMap<String, VecDeque<(Instant, u64)>>);

impl Paces {
    /// Takes note of what was seen.
    pub(super) fn note(&mut self, sight: &Sight, now: Instant) {
        for run in &sight.map_runs {
            let seen = self.0.entry(run.arn.clone()).or_default();
            let done = run.items.done();
            // A redrive takes items back.
            seen.retain(|(_, before)| *before <= done);
            seen.push_back((now, done));
            // One from before the window stays, to be compared with.
            while seen.len() > 2 && now.duration_since(seen[1].0) >= WINDOW {
                seen.pop_front();
            }
        }
    }

    /// Items a second, of a map run that has been seen twice.
    pub(super) fn of(&self, arn: &str) -> Option<f64> {
        let seen = self.0.get(arn)?;
        let ((first, before), (last, done)) = (seen.front()?, seen.back()?);
        let seconds = last.duration_since(*first).as_secs_f64();
        (seconds > 0.0).then(|| (done - before) as f64 / seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::super::sight::{Counts, MapRun};
    use super::*;

    #[test]
    fn a_pace_is_that_of_the_last_seconds() {
        let (mut paces, start) = (Paces::default(), Instant::now());
        let mut note = |second: u64, succeeded: u64| {
            let items = Counts {
                succeeded,
                ..Counts::default()
            };
            let run = MapRun {
                arn: "a".to_owned(),
                items,
                ..MapRun::default()
            };
            let sight = Sight {
                map_runs: vec![run],
                ..Sight::default()
            };
            paces.note(&sight, start + Duration::from_secs(second));
            paces.of("a")
        };
        assert_eq!(note(0, 0), None);
        assert_eq!(note(1, 100), Some(100.0));
        assert_eq!(note(10, 1_000), Some(100.0));
        assert_eq!(note(20, 1_000), Some(0.0));
        assert_eq!(note(40, 1_020), Some(1.0));
        // After a redrive there is nothing to compare with.
        assert_eq!(note(41, 5), None);
        assert_eq!(note(42, 8), Some(3.0));
    }
}
