//! Which branch or iteration an event belongs to, found out from `previousEventId` alone.

use std::collections::BTreeMap;

use interpreter::{Event, EventDetails, StateType};

use super::Seen;

/// One branch of a Parallel state, one iteration of a Map state, or the main line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Line {
    /// The `…StateStarted` it belongs to; 0 for the main line.
    pub fan: u32,
    /// The event it begins with; 0 for the main line.
    pub root: u32,
}

const MAIN: Line = Line { fan: 0, root: 0 };

/// The lines of one history.
#[derive(Debug, Default)]
pub struct Lines {
    of: BTreeMap<u32, Line>,
}

impl Lines {
    /// Sorts a history.
    pub fn of(seen: &Seen) -> Lines {
        let mut lines = Lines::default();
        for event in &seen.events {
            let line = lines.place(seen, event);
            lines.of.insert(event.id, line);
        }
        lines
    }

    /// The line of an event.
    pub fn line(&self, event: u32) -> Line {
        self.of.get(&event).copied().unwrap_or(MAIN)
    }

    /// The line in which the state stands that began these lines.
    fn around(&self, line: Line) -> Line {
        self.line(line.fan)
    }

    /// Whether the line belongs to that `…StateStarted`, directly or further down.
    pub fn is_within(&self, mut line: Line, fan: u32) -> bool {
        while line != MAIN {
            if line.fan == fan {
                return true;
            }
            line = self.around(line);
        }
        false
    }

    fn place(&self, seen: &Seen, event: &Event) -> Line {
        use EventDetails as E;
        let line = self.line(event.previous);
        let before = seen.event(event.previous).map(|before| &before.details);
        match &event.details {
            E::StateEntered { .. } if matches!(before, Some(E::ParallelStateStarted)) => Line {
                fan: event.previous,
                root: event.id,
            },
            E::MapIterationStarted { .. } => {
                // The first of each lane hangs on the start, the others on the one before.
                let fan = match before {
                    Some(E::MapStateStarted { .. }) => event.previous,
                    _ => line.fan,
                };
                let root = event.id;
                Line { fan, root }
            }
            // These belong to the state around the line that they hang on, unless they hang on an
            // event of that state itself.
            E::ParallelStateStarted | E::MapStateStarted { .. } => match before {
                Some(E::StateEntered { state_type, .. }) if is_fan(*state_type) => line,
                _ => self.around(line),
            },
            E::ParallelStateFailed | E::MapStateFailed => match before {
                Some(E::StateEntered { state_type, .. }) if is_fan(*state_type) => line,
                Some(E::MapStateStarted { .. } | E::ParallelStateStarted) => line,
                _ => self.around(line),
            },
            E::ParallelStateSucceeded | E::MapStateSucceeded => match before {
                Some(E::MapStateStarted { .. }) => line,
                _ => self.around(line),
            },
            E::StateExited { state_type, .. } if is_fan(*state_type) => match before {
                Some(E::MapStateStarted { .. } | E::ParallelStateFailed | E::MapStateFailed) => {
                    line
                }
                _ => self.around(line),
            },
            _ => line,
        }
    }
}

fn is_fan(state_type: StateType) -> bool {
    matches!(state_type, StateType::Parallel | StateType::Map)
}
