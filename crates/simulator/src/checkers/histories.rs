//! R10, R19 to R23: what every history must look like.

use std::collections::{BTreeMap, BTreeSet};

use interpreter::{Event, EventDetails, StateType, Status};

use super::Seen;
use crate::definitions::{StateSpec, WORD};
use crate::violated;
use crate::world::World;

impl World {
    /// R10, R19, R20, R21, R22 and R23 of one execution.
    pub fn check_history(&mut self, seen: &Seen) {
        let arn = &seen.arn;
        for (at, event) in seen.events.iter().enumerate() {
            if event.id as usize != at + 1 {
                violated!(self, 19, "{arn}: event {} stands at {}", event.id, at + 1);
                return;
            }
        }
        if seen.events.is_empty() {
            violated!(self, 19, "{arn} has no events");
            return;
        }
        for pair in seen.events.windows(2) {
            if pair[1].timestamp_ms < pair[0].timestamp_ms {
                violated!(
                    self,
                    22,
                    "{arn}: event {} is older than the one before, by {} ms",
                    pair[1].id,
                    pair[0].timestamp_ms - pair[1].timestamp_ms
                );
            }
        }
        for event in &seen.events {
            if let Some(what) = wrong_previous(seen, event) {
                violated!(self, 20, "{arn}: event {}: {what}", event.id);
            } else if let Some(what) = wrong_place(seen, event) {
                violated!(self, 23, "{arn}: event {}: {what}", event.id);
            }
        }
        self.check_ends(seen);
        self.check_chains(seen);
        self.check_words(seen);
    }

    /// R6: what was assigned once is there whenever it is asked for.
    fn check_words(&mut self, seen: &Seen) {
        for event in &seen.events {
            if let EventDetails::StateExited { name, output, .. } = &event.details
                && let Some(StateSpec::Recall) = self.author.specs.get(&**name)
            {
                let output = output.value();
                let word = output.get("w").unwrap_or(output).get("word");
                if word.and_then(|word| word.as_str()) != Some(WORD) {
                    violated!(
                        self,
                        6,
                        "{}: event {} shows {output} and not the word",
                        seen.arn,
                        event.id
                    );
                }
                self.tally.words += 1;
            }
        }
    }

    /// R10 and R23: what hangs on one event. A chain forks only where branches begin.
    fn check_chains(&mut self, seen: &Seen) {
        let arn = &seen.arn;
        let mut outcomes: BTreeSet<u32> = BTreeSet::new();
        let mut followed: BTreeMap<u32, u32> = BTreeMap::new();
        for event in &seen.events {
            if is_outcome(&event.details) {
                // A second outcome hangs on the start, or on the first outcome.
                let started = match seen.event(event.previous) {
                    Some(before) if is_outcome(&before.details) => before.previous,
                    _ => event.previous,
                };
                if !outcomes.insert(started) {
                    violated!(
                        self,
                        10,
                        "{arn}: event {} is another end of the attempt started by {started}",
                        event.id
                    );
                }
            }
            let forks = seen
                .event(event.previous)
                .is_none_or(|before| may_fork(&before.details));
            if is_aside(&event.details) || forks {
                continue;
            }
            // What a redrive takes up hangs where the run before it was cut.
            if let Some(other) = followed.insert(event.previous, event.id)
                && !seen.redriven_between(other, event.id)
            {
                violated!(
                    self,
                    23,
                    "{arn}: events {other} and {} both follow {}",
                    event.id,
                    event.previous
                );
            }
        }
    }
}

/// How an event ends an execution, if it does.
pub fn end(details: &EventDetails) -> Option<Status> {
    match details {
        EventDetails::ExecutionSucceeded { .. } => Some(Status::Succeeded),
        EventDetails::ExecutionFailed(_) => Some(Status::Failed),
        EventDetails::ExecutionAborted(_) => Some(Status::Aborted),
        EventDetails::ExecutionTimedOut(_) => Some(Status::TimedOut),
        _ => None,
    }
}

/// Whether an event ends an attempt.
pub fn is_outcome(details: &EventDetails) -> bool {
    matches!(
        details,
        EventDetails::ActivitySucceeded { .. }
            | EventDetails::ActivityFailed(_)
            | EventDetails::ActivityTimedOut(_)
    )
}

/// Events that several may follow: branches begin there, or end there with the state around them.
fn may_fork(details: &EventDetails) -> bool {
    matches!(
        details,
        EventDetails::ParallelStateStarted
            | EventDetails::MapStateStarted { .. }
            | EventDetails::MapIterationSucceeded { .. }
            | EventDetails::StateExited { .. }
    ) || is_outcome(details)
}

/// Events that hang on a chain and do not prolong it.
fn is_aside(details: &EventDetails) -> bool {
    matches!(
        details,
        EventDetails::MapIterationSucceeded { .. }
            | EventDetails::MapIterationFailed { .. }
            | EventDetails::MapIterationAborted { .. }
            | EventDetails::StateAborted { .. }
            | EventDetails::ParallelStateSucceeded
            | EventDetails::MapStateSucceeded
    )
}

/// R20: what `previousEventId` may be, whatever stands there.
fn wrong_previous(seen: &Seen, event: &Event) -> Option<String> {
    let hangs_on_nothing = matches!(
        event.details,
        EventDetails::ExecutionStarted { .. }
            | EventDetails::ExecutionAborted(_)
            | EventDetails::ExecutionTimedOut(_)
    ) || (event.id == 2
        && matches!(event.details, EventDetails::StateEntered { .. }));
    match (event.previous, hangs_on_nothing) {
        (0, true) => None,
        (0, false) => Some("it hangs on nothing".to_owned()),
        (previous, true) => Some(format!("it hangs on {previous}")),
        (previous, false) if previous >= event.id || seen.event(previous).is_none() => {
            Some(format!("it hangs on {previous}"))
        }
        _ => None,
    }
}

/// R23: whether an event may follow the one it hangs on.
fn wrong_place(seen: &Seen, event: &Event) -> Option<String> {
    use EventDetails as E;
    let before = seen.event(event.previous).map(|before| &before.details);
    let redriven = seen.redriven_between(event.previous, event.id);
    let right = match &event.details {
        E::ExecutionStarted { .. } => event.id == 1,
        E::ExecutionRedriven { .. } => before.is_some_and(|before| end(before).is_some()),
        // Of all states Fail alone is entered again.
        E::StateEntered {
            state_type: StateType::Fail,
            name,
            ..
        } if redriven && matches!(before, Some(E::StateEntered { .. })) => {
            matches!(before, Some(E::StateEntered { name: again, .. }) if name == again)
        }
        E::StateEntered { .. } => matches!(
            before,
            None | Some(
                E::StateExited { .. } | E::ParallelStateStarted | E::MapIterationStarted { .. }
            )
        ),
        E::ActivityScheduled { .. } => match before {
            Some(E::StateEntered { state_type, .. }) => *state_type == StateType::Task,
            Some(E::ActivityScheduled { .. } | E::ActivityStarted { .. }) => redriven,
            Some(before) => matches!(before, E::ActivityFailed(_) | E::ActivityTimedOut(_)),
            None => false,
        },
        E::ActivityStarted { .. } => matches!(before, Some(E::ActivityScheduled { .. })),
        E::ActivitySucceeded { .. } | E::ActivityFailed(_) | E::ActivityTimedOut(_) => {
            matches!(before, Some(E::ActivityStarted { .. }))
        }
        E::StateExited {
            state_type, name, ..
        } => is_end_of(seen, event, *state_type, name),
        E::ParallelStateStarted => {
            matches!(before, Some(E::StateEntered { state_type, .. }) if *state_type == StateType::Parallel)
                || before.is_some_and(may_end_a_line)
        }
        E::MapStateStarted { .. } => {
            matches!(before, Some(E::StateEntered { state_type, .. }) if *state_type == StateType::Map)
                || before.is_some_and(|before| matches!(before, E::MapRunFailed(_)))
                || before.is_some_and(may_end_a_line)
        }
        E::MapRunStarted { .. } => matches!(before, Some(E::MapStateStarted { .. })),
        E::MapRunSucceeded | E::MapRunFailed(_) => {
            matches!(
                before,
                Some(E::MapRunStarted { .. } | E::MapRunRedriven { .. })
            )
        }
        E::MapRunRedriven { .. } => redriven,
        _ => true,
    };
    (!right).then(|| {
        format!(
            "{} follows {}",
            kind(&event.details),
            before.map_or("nothing", kind)
        )
    })
}

/// After a failed branch, the state around it hangs on the branch's last event.
fn may_end_a_line(details: &EventDetails) -> bool {
    is_outcome(details) || matches!(details, EventDetails::StateEntered { .. })
}

/// Whether a state that was entered is left here, by its own name.
fn is_end_of(seen: &Seen, event: &Event, state_type: StateType, name: &str) -> bool {
    use EventDetails as E;
    let Some(before) = seen.event(event.previous) else {
        return false;
    };
    match state_type {
        StateType::Parallel | StateType::Map => true,
        StateType::Task => {
            // Back over the attempts to the entry.
            let mut at = before;
            if !is_outcome(&at.details) {
                return false;
            }
            loop {
                match &at.details {
                    E::StateEntered { name: entered, .. } => return **entered == *name,
                    E::StateExited { .. } => return false,
                    _ => match seen.event(at.previous) {
                        Some(earlier) => at = earlier,
                        None => return false,
                    },
                }
            }
        }
        _ => matches!(&before.details, E::StateEntered { name: entered, .. } if **entered == *name),
    }
}

/// The kind of an event, for messages.
pub fn kind(details: &EventDetails) -> &'static str {
    use EventDetails as E;
    match details {
        E::ExecutionStarted { .. } => "ExecutionStarted",
        E::ExecutionSucceeded { .. } => "ExecutionSucceeded",
        E::ExecutionFailed(_) => "ExecutionFailed",
        E::ExecutionAborted(_) => "ExecutionAborted",
        E::ExecutionTimedOut(_) => "ExecutionTimedOut",
        E::ExecutionRedriven { .. } => "ExecutionRedriven",
        E::StateEntered { .. } => "StateEntered",
        E::StateExited { .. } => "StateExited",
        E::StateAborted { .. } => "StateAborted",
        E::ActivityScheduled { .. } => "ActivityScheduled",
        E::ActivityStarted { .. } => "ActivityStarted",
        E::ActivitySucceeded { .. } => "ActivitySucceeded",
        E::ActivityFailed(_) => "ActivityFailed",
        E::ActivityTimedOut(_) => "ActivityTimedOut",
        E::ParallelStateStarted => "ParallelStateStarted",
        E::ParallelStateSucceeded => "ParallelStateSucceeded",
        E::ParallelStateFailed => "ParallelStateFailed",
        E::MapStateStarted { .. } => "MapStateStarted",
        E::MapStateSucceeded => "MapStateSucceeded",
        E::MapStateFailed => "MapStateFailed",
        E::MapIterationStarted { .. } => "MapIterationStarted",
        E::MapIterationSucceeded { .. } => "MapIterationSucceeded",
        E::MapIterationFailed { .. } => "MapIterationFailed",
        E::MapIterationAborted { .. } => "MapIterationAborted",
        E::MapRunStarted { .. } => "MapRunStarted",
        E::MapRunSucceeded => "MapRunSucceeded",
        E::MapRunFailed(_) => "MapRunFailed",
        E::MapRunRedriven { .. } => "MapRunRedriven",
        _ => "an event",
    }
}
