//! R16, R36 and R37: the attempts of a Task state, one after another.

use interpreter::{Event, EventDetails, Failure};

use super::Seen;
use super::timing::{Early, SLACK_MS};
use crate::definitions::{RetrySpec, StateSpec};
use crate::violated;
use crate::world::World;

impl World {
    /// R16 (who started it), R36 and R37 of one execution.
    pub fn check_attempts(&mut self, seen: &Seen) {
        for event in &seen.events {
            match &event.details {
                EventDetails::StateEntered { name, .. } => {
                    let name: &str = name;
                    if let Some(StateSpec::Task { retry }) = self.author.specs.get(name).cloned() {
                        self.check_visit(seen, event, &retry);
                    }
                }
                EventDetails::ActivityStarted { worker_name } => {
                    let arrived = self.journal.arrived.get(&(seen.id, event.previous));
                    if let Some(name) = arrived
                        && worker_name.as_deref() != Some(name)
                    {
                        let (arn, id) = (&seen.arn, event.id);
                        let what = format!(
                            "{arn}: event {id} says {worker_name:?} started what {name} got"
                        );
                        violated!(self, 16, "{what}");
                    }
                }
                _ => {}
            }
        }
    }

    fn check_visit(&mut self, seen: &Seen, entered: &Event, retry: &[RetrySpec]) {
        let most = 1 + retry.iter().map(|spec| spec.max_attempts).sum::<u32>();
        let mut made = vec![0_u32; retry.len()];
        let (mut attempts, mut tried) = (0, 0);
        let mut last = entered;
        for event in &seen.events[entered.id as usize..] {
            if event.previous != last.id || is_aside(&event.details) {
                continue;
            }
            if matches!(event.details, EventDetails::ActivityScheduled { .. }) {
                // A redrive counts from the beginning.
                if seen.redriven_between(last.id, event.id) {
                    attempts = 0;
                    made.fill(0);
                }
                attempts += 1;
                tried = tried.max(attempts);
                if attempts > 1 {
                    self.check_delay(seen, last, event, retry, &mut made);
                }
            }
            let goes_on = matches!(
                event.details,
                EventDetails::ActivityScheduled { .. }
                    | EventDetails::ActivityStarted { .. }
                    | EventDetails::ActivityFailed(_)
                    | EventDetails::ActivityTimedOut(_)
            );
            if !goes_on {
                break;
            }
            last = event;
        }
        if tried > most {
            violated!(
                self,
                36,
                "{}: the state entered at event {} was tried {tried} times, and may be {most} times",
                seen.arn,
                entered.id
            );
        }
    }

    /// R37: how long after a failure the next attempt came.
    fn check_delay(
        &mut self,
        seen: &Seen,
        failed: &Event,
        scheduled: &Event,
        retry: &[RetrySpec],
        made: &mut [u32],
    ) {
        let arn = &seen.arn;
        let error = match &failed.details {
            EventDetails::ActivityFailed(Failure { error, .. })
            | EventDetails::ActivityTimedOut(Failure { error, .. }) => {
                error.as_deref().unwrap_or_default()
            }
            _ => return,
        };
        let Some(at) = retry.iter().position(|spec| spec.error == error) else {
            violated!(
                self,
                36,
                "{arn}: event {} tries again after {error:?}, which nothing retries",
                scheduled.id
            );
            return;
        };
        let spec = &retry[at];
        let seconds = spec
            .interval_seconds
            .saturating_mul(spec.backoff_rate.saturating_pow(made[at]))
            .min(spec.max_delay_seconds.unwrap_or(i64::MAX));
        made[at] += 1;
        let full_ms = seconds * 1000;
        let least_ms = if spec.jitter { 0 } else { full_ms };
        let (Some(armed), Some(fired)) = (seen.written(failed.id), seen.written(scheduled.id))
        else {
            return;
        };
        let books = &self.ledger;
        let by = |span| books.earliest_ms(armed, failed.timestamp_ms, span, fired.incarnation);
        let (earliest_ms, latest_ms) = (by(least_ms), by(full_ms) + SLACK_MS);
        if fired.true_ms < earliest_ms {
            let early = Early {
                armed,
                fired,
                by_ms: earliest_ms - fired.true_ms,
                invariant: 37,
            };
            self.report_early(early, &format!("{arn}: retry at event {}", scheduled.id));
        } else if fired.true_ms > latest_ms {
            let late_ms = fired.true_ms - latest_ms;
            self.report_late(
                armed,
                fired,
                37,
                &format!(
                    "{arn}: retry at event {} came {late_ms} ms late",
                    scheduled.id
                ),
            );
        }
    }
}

/// What may hang on an attempt of a state before a redrive goes on with it.
fn is_aside(details: &EventDetails) -> bool {
    matches!(
        details,
        EventDetails::StateAborted { .. }
            | EventDetails::MapIterationFailed { .. }
            | EventDetails::MapIterationAborted { .. }
            | EventDetails::ParallelStateFailed
            | EventDetails::MapStateFailed
            | EventDetails::ExecutionFailed(_)
    )
}
