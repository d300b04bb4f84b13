//! R21 and R4 where executions are redriven: each run has one end, and what was acknowledged happened.

use engine::operations::redrive_execution::CLIENT_TOKEN_MS;
use interpreter::{Event, EventDetails};

use super::Seen;
use super::histories::end;
use crate::journal::{Fate, Redrive};
use crate::violated;
use crate::world::World;

impl Seen {
    /// Whether the execution was redriven after event `before` and before event `after`.
    pub fn redriven_between(&self, before: u32, after: u32) -> bool {
        self.last_redrive(before, after).is_some()
    }

    /// The last redrive after event `before` and before event `after`.
    pub fn last_redrive(&self, before: u32, after: u32) -> Option<&Event> {
        let mut events = self.events.iter().rev();
        events.find(|event| {
            matches!(event.details, EventDetails::ExecutionRedriven { .. })
                && (before + 1..after).contains(&event.id)
        })
    }

    /// Whether a run of it ended then, the last one or one that a redrive followed.
    pub fn ended_at(&self, stop_ms: i64) -> bool {
        self.events
            .iter()
            .any(|event| event.timestamp_ms == stop_ms && end(&event.details).is_some())
    }
}

impl World {
    /// Whether a redrive of that execution may have happened: then what was closed may run.
    pub fn may_be_redriven(&self, arn: &str) -> bool {
        self.journal.redrives.iter().any(|redrive| {
            redrive.execution_arn == arn && !matches!(redrive.fate, Fate::Refused(_))
        })
    }

    /// R21: with k redrives k + 1 ends, each but the last directly followed by its redrive, and the
    /// last one the last event, as the status says.
    pub fn check_ends(&mut self, seen: &Seen) {
        let arn = &seen.arn;
        let mut redrives = 0;
        for event in &seen.events {
            let next = seen.event(event.id + 1).map(|next| &next.details);
            match &event.details {
                EventDetails::ExecutionRedriven { redrive_count } => {
                    redrives += 1;
                    let before = seen.event(event.id - 1);
                    let after_end = before.is_some_and(|before| end(&before.details).is_some());
                    if !after_end || *redrive_count != redrives {
                        violated!(
                            self,
                            21,
                            "{arn}: redrive {redrive_count} at event {} is number {redrives} and does \
                             not follow an end, or not in order",
                            event.id
                        );
                    }
                }
                details => {
                    let Some(status) = end(details) else { continue };
                    let right = match next {
                        None => status == seen.description.status,
                        Some(EventDetails::ExecutionRedriven { .. }) => true,
                        Some(_) => false,
                    };
                    if !right {
                        violated!(
                            self,
                            21,
                            "{arn} is {:?}, and ends as {status:?} at event {} of {}",
                            seen.description.status,
                            event.id,
                            seen.events.len()
                        );
                    }
                }
            }
        }
        let ended = seen
            .events
            .last()
            .is_some_and(|last| end(&last.details).is_some());
        let running = seen.description.status == interpreter::Status::Running;
        if ended == running || redrives != seen.description.redrive_count {
            violated!(
                self,
                21,
                "{arn} is {:?} with {} redrives; its {} events have {redrives} and end: {ended}",
                seen.description.status,
                seen.description.redrive_count,
                seen.events.len()
            );
        }
    }

    /// R21: a redrive that was acknowledged is in history, and one that was asked for twice is there
    /// once.
    pub fn check_redrives(&mut self, seen: &Seen) {
        let arn = &seen.arn;
        if self.was_taken(arn) {
            // They may have been of the one before it.
            return;
        }
        let own = self.journal.redrives.iter();
        let acked: Vec<Redrive> = own
            .filter(|redrive| redrive.execution_arn == *arn && redrive.fate == Fate::Acked)
            .cloned()
            .collect();
        for redrive in &acked {
            let there = seen.events.iter().any(|event| {
                event.timestamp_ms == redrive.redrive_ms
                    && matches!(event.details, EventDetails::ExecutionRedriven { .. })
            });
            if !there {
                let at_ms = redrive.redrive_ms;
                violated!(
                    self,
                    21,
                    "{arn}: a redrive was acknowledged at {at_ms} and is not in history"
                );
            }
            // Beyond the time for which tokens are remembered, by the clock of history, which jumps with
            // the wall clock, the same token may redrive again.
            let twin = acked.iter().find(|other| {
                redrive.client_token.is_some()
                    && other.client_token == redrive.client_token
                    && other.redrive_ms != redrive.redrive_ms
                    && other.redrive_ms.abs_diff(redrive.redrive_ms)
                        < CLIENT_TOKEN_MS.unsigned_abs()
            });
            if let Some(twin) = twin {
                violated!(
                    self,
                    21,
                    "{arn}: token {:?} redrove it at {} and at {}",
                    redrive.client_token,
                    redrive.redrive_ms,
                    twin.redrive_ms
                );
            }
        }
    }
}
