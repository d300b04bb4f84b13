//! R38 and R39: Parallel and Map states, and the lines below them.

use std::collections::{BTreeMap, BTreeSet};

use interpreter::{Event, EventDetails, StateType};
use serde_json::Value;

use super::Seen;
use super::lines::{Line, Lines};
use crate::definitions::{MAP_RESULT, PARALLEL_RESULT, StateSpec};
use crate::violated;
use crate::world::World;

/// Most iterations at one time where the definition sets no limit.
const LANES_MAX: usize = 40;

impl World {
    /// R38 and R39 of one execution.
    pub fn check_joins(&mut self, seen: &Seen) {
        let lines = Lines::of(seen);
        for event in &seen.events {
            match &event.details {
                EventDetails::ParallelStateStarted => self.check_parallel(seen, &lines, event.id),
                // A Distributed Map has no lines here.
                EventDetails::MapStateStarted { .. } if seen.is_distributed(event.id) => {}
                EventDetails::MapStateStarted { length } => {
                    self.check_map(seen, &lines, event.id, *length);
                }
                _ => {}
            }
        }
    }

    fn check_parallel(&mut self, seen: &Seen, lines: &Lines, fan: u32) {
        let branches: BTreeSet<Line> = own_lines(seen, lines, fan);
        let in_order: Vec<Line> = branches.into_iter().collect();
        self.check_join(seen, lines, fan, 38, (&in_order, PARALLEL_RESULT));
        self.check_silence(seen, lines, fan, 38);
    }

    fn check_map(&mut self, seen: &Seen, lines: &Lines, fan: u32, length: u32) {
        let arn = &seen.arn;
        self.check_silence(seen, lines, fan, 39);
        let mut by_index: BTreeMap<u32, Line> = BTreeMap::new();
        let mut open: BTreeSet<u32> = BTreeSet::new();
        let mut succeeded: BTreeSet<u32> = BTreeSet::new();
        let most = self.lanes_of(seen, lines, fan);
        for event in &seen.events[fan as usize..] {
            if let EventDetails::ExecutionRedriven { .. } = event.details {
                // Those that had not succeeded go on where they were, if the state does.
                open = by_index.keys().copied().collect();
                open.retain(|index| !succeeded.contains(index));
            }
            let line = lines.line(event.id);
            if line.fan != fan {
                continue;
            }
            match &event.details {
                EventDetails::MapIterationStarted { index, .. } => {
                    let again = by_index.insert(*index, line).is_some();
                    open.insert(*index);
                    if again || *index >= length || open.len() > most {
                        violated!(
                            self,
                            39,
                            "{arn}: event {} begins iteration {index} of {length}; {} run, at most \
                             {most} may, and it has begun before: {again}",
                            event.id,
                            open.len()
                        );
                    }
                }
                EventDetails::MapIterationSucceeded { index, .. } => {
                    let first = succeeded.insert(*index);
                    if !open.remove(index) || !first {
                        violated!(
                            self,
                            39,
                            "{arn}: event {} ends iteration {index}, which has ended",
                            event.id
                        );
                    }
                }
                EventDetails::MapIterationFailed { index, .. }
                | EventDetails::MapIterationAborted { index, .. }
                    if !open.remove(index) =>
                {
                    violated!(
                        self,
                        39,
                        "{arn}: event {} ends iteration {index}, which has ended",
                        event.id
                    );
                }
                _ => {}
            }
        }
        let joined = joins(seen, lines, fan);
        if joined.is_some() && succeeded.len() != length as usize {
            let ended = succeeded.len();
            violated!(
                self,
                39,
                "{arn}: the Map of event {fan} succeeded when {ended} of {length} iterations had"
            );
        }
        let in_order: Vec<Line> = by_index.into_values().collect();
        self.check_join(seen, lines, fan, 39, (&in_order, MAP_RESULT));
    }

    /// How many iterations may run at one time.
    fn lanes_of(&self, seen: &Seen, lines: &Lines, fan: u32) -> usize {
        let around = lines.line(fan);
        let entries = seen.events[..fan as usize].iter().rev();
        let name = entries
            .filter(|event| lines.line(event.id) == around)
            .find_map(|event| match &event.details {
                EventDetails::StateEntered { name, .. } => Some(name),
                _ => None,
            });
        match name.and_then(|name| self.author.specs.get(&**name)) {
            Some(StateSpec::Map { max_concurrency }) if *max_concurrency > 0 => *max_concurrency,
            _ => LANES_MAX,
        }
    }

    /// What the lines came to is joined once, in their order.
    fn check_join(
        &mut self,
        seen: &Seen,
        lines: &Lines,
        fan: u32,
        invariant: u32,
        (in_order, member): (&[Line], &str),
    ) {
        let arn = &seen.arn;
        let Some((succeeded, exited)) = joins(seen, lines, fan) else {
            return;
        };
        let again = seen.events[succeeded.id as usize..]
            .iter()
            .any(|event| joined_by(seen, lines, event) == Some(fan));
        if again {
            self.report(
                invariant,
                format!("{arn}: the lines of event {fan} are joined twice"),
            );
        }
        let Some(EventDetails::StateExited { output, .. }) = exited.map(|event| &event.details)
        else {
            return;
        };
        let outputs: Option<Vec<Value>> = in_order
            .iter()
            .map(|line| output_of(seen, lines, *line))
            .collect();
        let Some(joined) = output.value().get(member) else {
            return;
        };
        if outputs.map(Value::Array).as_ref() != Some(joined) {
            self.report(invariant, format!("{arn}: the lines of event {fan} are joined to {joined}, which is not what they \
                 came to, in order"));
        }
    }

    /// When the state has failed, nothing below it goes on, until a redrive.
    fn check_silence(&mut self, seen: &Seen, lines: &Lines, fan: u32, invariant: u32) {
        let arn = &seen.arn;
        let is_failure = |event: &&Event| {
            matches!(
                event.details,
                EventDetails::ParallelStateFailed | EventDetails::MapStateFailed
            ) && lines.line(event.previous).fan == fan
                && lines.line(event.id) == lines.line(fan)
        };
        let Some(failed) = seen.events[fan as usize..].iter().find(is_failure) else {
            return;
        };
        let goes_on = seen.events[failed.id as usize..].iter().find(|event| {
            lines.is_within(lines.line(event.id), fan)
                && !seen.redriven_between(failed.id, event.id)
        });
        if let Some(event) = goes_on {
            self.report(
                invariant,
                format!(
                    "{arn}: event {} runs on in a line whose state failed at event {}",
                    event.id, failed.id
                ),
            );
        }
    }
}

impl Seen {
    /// Whether a map run hangs on that event.
    fn is_distributed(&self, started: u32) -> bool {
        self.events.iter().any(|event| {
            event.previous == started && matches!(event.details, EventDetails::MapRunStarted { .. })
        })
    }
}

/// The lines that begin at `fan`, in the order in which they began.
fn own_lines(seen: &Seen, lines: &Lines, fan: u32) -> BTreeSet<Line> {
    seen.events
        .iter()
        .map(|event| lines.line(event.id))
        .filter(|line| line.fan == fan)
        .collect()
}

/// The `…StateStarted` whose lines an event joins, if it joins any.
fn joined_by(seen: &Seen, lines: &Lines, event: &Event) -> Option<u32> {
    match event.details {
        EventDetails::ParallelStateSucceeded | EventDetails::MapStateSucceeded => {
            match seen.event(event.previous)?.details {
                // A Map of nothing has no line to hang on.
                EventDetails::MapStateStarted { .. } => Some(event.previous),
                EventDetails::MapRunSucceeded => None,
                _ => Some(lines.line(event.previous).fan),
            }
        }
        _ => None,
    }
}

/// Where the lines of `fan` are joined, and how the state is left then.
fn joins<'s>(seen: &'s Seen, lines: &Lines, fan: u32) -> Option<(&'s Event, Option<&'s Event>)> {
    let after = &seen.events[fan as usize..];
    let joined = after
        .iter()
        .find(|event| joined_by(seen, lines, event) == Some(fan))?;
    let exited = seen.event(joined.id + 1).filter(|event| {
        let fan_state = |state_type| matches!(state_type, StateType::Parallel | StateType::Map);
        matches!(event.details, EventDetails::StateExited { state_type, .. } if fan_state(state_type))
            && event.previous == joined.previous
    });
    Some((joined, exited))
}

/// What a line came to: the output of the last state it left.
fn output_of(seen: &Seen, lines: &Lines, line: Line) -> Option<Value> {
    let mut events = seen.events.iter().rev();
    events.find_map(|event| match &event.details {
        EventDetails::StateExited { output, .. } if lines.line(event.id) == line => {
            Some(output.value().clone())
        }
        _ => None,
    })
}
