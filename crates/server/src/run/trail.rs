//! The way of an execution through its states, read from the events of its history.
//!
//! An event names the one before it in its branch. So each belongs to a visit of a state: that of the
//! event before, unless it enters a state, leaves one, or speaks for a Parallel or Map state further
//! out.

use std::collections::BTreeMap;
use std::sync::Arc;

use interpreter::{Event, EventDetails, EventId, StateType};

/// How the visit of a state ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It did not: the execution could not go on.
    Open,
    /// Well.
    Succeeded,
    /// It failed, and a catcher led on.
    Caught(Option<Arc<str>>),
    /// It failed, with an error or because something inside of it did.
    Failed(Option<Arc<str>>),
    /// Something beside it failed, or the execution was stopped.
    Aborted,
}

/// One visit of a state.
#[derive(Clone, Debug)]
pub struct Visit {
    /// The state.
    pub name: Arc<str>,
    /// Its type.
    pub state_type: StateType,
    /// How many Parallel and Map states it is inside of.
    pub depth: usize,
    /// Which item of the Map state around it.
    pub item: Option<u32>,
    /// When it was entered, in milliseconds since 1970.
    pub entered_ms: i64,
    /// When it ended.
    pub ended_ms: Option<i64>,
    /// How often its work was begun; 1 for states without work.
    pub attempts: u32,
    /// How it ended.
    pub ending: Ending,
    parent: Option<usize>,
    last: Last,
    /// When the last attempt failed.
    failed_ms: Option<i64>,
}

/// How the last attempt of a visit ended.
#[derive(Clone, Debug)]
enum Last {
    None,
    Succeeded,
    Failed(Option<Arc<str>>),
}

/// Where an event belongs.
#[derive(Clone, Copy, Debug, Default)]
struct Context {
    visit: Option<usize>,
    item: Option<u32>,
}

/// What happened so far.
#[derive(Debug, Default)]
pub struct Trail {
    visits: Vec<Visit>,
    contexts: BTreeMap<EventId, Context>,
}

impl Trail {
    /// The visits, in the order in which the states were entered.
    pub fn into_visits(self) -> Vec<Visit> {
        self.visits
    }

    /// Takes the next event.
    pub fn event(&mut self, event: &Event) {
        let before = self.contexts.get(&event.previous);
        let before = before.copied().unwrap_or_default();
        let context = self.place(event, before);
        self.contexts.insert(event.id, context);
    }

    fn place(&mut self, event: &Event, before: Context) -> Context {
        let at = event.timestamp_ms;
        match &event.details {
            EventDetails::StateEntered {
                state_type, name, ..
            } => self.enter(*state_type, name, at, before),
            EventDetails::StateExited { name, .. } => {
                let visit = self.climb(before.visit, at, |visit| visit.name == *name);
                self.leave(visit, at)
            }
            EventDetails::StateAborted { .. } => {
                if let Some(visit) = before.visit {
                    self.end_unfinished(visit, at);
                }
                before
            }
            EventDetails::ParallelStateStarted | EventDetails::MapStateStarted { .. } => {
                let visit = self.climb_to_fan(before.visit, at);
                self.begin(visit, at)
            }
            EventDetails::ParallelStateSucceeded | EventDetails::MapStateSucceeded => {
                let visit = self.climb_to_fan(before.visit, at);
                self.attempted(visit, at, Last::Succeeded)
            }
            EventDetails::ParallelStateFailed | EventDetails::MapStateFailed => {
                let error = before.visit.and_then(|visit| self.error_of(visit));
                let visit = self.climb_to_fan(before.visit, at);
                self.attempted(visit, at, Last::Failed(error))
            }
            EventDetails::MapIterationStarted { index, .. } => Context {
                item: Some(*index),
                ..before
            },
            EventDetails::ActivityScheduled { .. }
            | EventDetails::TaskScheduled { .. }
            | EventDetails::LambdaFunctionScheduled { .. } => self.begin(before.visit, at),
            EventDetails::ActivitySucceeded { .. }
            | EventDetails::TaskSucceeded { .. }
            | EventDetails::LambdaFunctionSucceeded { .. } => {
                self.attempted(before.visit, at, Last::Succeeded)
            }
            EventDetails::ActivityFailed(failure)
            | EventDetails::ActivityTimedOut(failure)
            | EventDetails::ActivityScheduleFailed(failure)
            | EventDetails::LambdaFunctionFailed(failure)
            | EventDetails::LambdaFunctionTimedOut(failure)
            | EventDetails::LambdaFunctionScheduleFailed(failure)
            | EventDetails::LambdaFunctionStartFailed(failure)
            | EventDetails::TaskFailed { failure, .. }
            | EventDetails::TaskTimedOut { failure, .. }
            | EventDetails::TaskStartFailed { failure, .. }
            | EventDetails::TaskSubmitFailed { failure, .. }
            | EventDetails::EvaluationFailed { failure, .. } => {
                self.attempted(before.visit, at, Last::Failed(failure.error.clone()))
            }
            EventDetails::ExecutionFailed(failure) => {
                // The states on the way out failed by that error; any other is cut off.
                let mut inner = before.visit;
                while let Some(visit) = inner {
                    if self.visits[visit].ended_ms.is_none() {
                        self.end(visit, at, Ending::Failed(failure.error.clone()));
                    }
                    inner = self.visits[visit].parent;
                }
                self.end_all(at)
            }
            EventDetails::ExecutionAborted(_)
            | EventDetails::ExecutionTimedOut(_)
            | EventDetails::ExecutionSucceeded { .. } => self.end_all(at),
            _ => before,
        }
    }

    fn enter(
        &mut self,
        state_type: StateType,
        name: &Arc<str>,
        at: i64,
        before: Context,
    ) -> Context {
        let depth = before
            .visit
            .map_or(0, |around| self.visits[around].depth + 1);
        self.visits.push(Visit {
            name: Arc::clone(name),
            state_type,
            depth,
            item: before.item,
            entered_ms: at,
            ended_ms: None,
            attempts: 0,
            ending: Ending::Open,
            parent: before.visit,
            last: Last::None,
            // A Fail state has failed as soon as it is entered.
            failed_ms: (state_type == StateType::Fail).then_some(at),
        });
        Context {
            visit: Some(self.visits.len() - 1),
            item: None,
        }
    }

    /// Leaves a state by its transition; what follows belongs to the state around it.
    fn leave(&mut self, visit: Option<usize>, at: i64) -> Context {
        let Some(index) = visit else {
            return Context::default();
        };
        let visit = &self.visits[index];
        let works = matches!(
            visit.state_type,
            StateType::Task | StateType::Parallel | StateType::Map
        );
        let ending = match &visit.last {
            Last::Failed(error) => Ending::Caught(error.clone()),
            // It failed before its work could begin.
            Last::None if works => Ending::Caught(None),
            Last::None | Last::Succeeded => Ending::Succeeded,
        };
        let context = Context {
            visit: visit.parent,
            item: visit.item,
        };
        self.end_inside(index, at);
        self.end(index, at, ending);
        context
    }

    /// The next visit outwards of which `is_it` holds. Those on the way there have failed.
    fn climb(
        &mut self,
        from: Option<usize>,
        at: i64,
        is_it: impl Fn(&Visit) -> bool,
    ) -> Option<usize> {
        let mut inner = from;
        while let Some(index) = inner {
            if is_it(&self.visits[index]) {
                return Some(index);
            }
            if self.visits[index].ended_ms.is_none() {
                let error = self.error_of(index);
                self.end(index, at, Ending::Failed(error));
            }
            inner = self.visits[index].parent;
        }
        None
    }

    /// The Parallel or Map state that an event speaks for: the next one outwards that has not failed.
    fn climb_to_fan(&mut self, from: Option<usize>, at: i64) -> Option<usize> {
        self.climb(from, at, |visit| {
            let is_fan = matches!(visit.state_type, StateType::Parallel | StateType::Map);
            is_fan && !matches!(visit.last, Last::Failed(_))
        })
    }

    fn begin(&mut self, visit: Option<usize>, at: i64) -> Context {
        if let Some(index) = visit {
            self.visits[index].attempts += 1;
            self.visits[index].last = Last::None;
            self.end_inside(index, at);
        }
        Context { visit, item: None }
    }

    fn attempted(&mut self, visit: Option<usize>, at: i64, last: Last) -> Context {
        if let Some(index) = visit {
            self.visits[index].failed_ms = matches!(last, Last::Failed(_)).then_some(at);
            self.visits[index].last = last;
        }
        Context { visit, item: None }
    }

    fn error_of(&self, visit: usize) -> Option<Arc<str>> {
        match &self.visits[visit].last {
            Last::Failed(error) => error.clone(),
            Last::None | Last::Succeeded => None,
        }
    }

    /// Ends a visit that has no exit: it failed, or was cut off.
    fn end_unfinished(&mut self, visit: usize, at: i64) {
        if self.visits[visit].ended_ms.is_some() {
            return;
        }
        let ending = match &self.visits[visit].last {
            Last::Failed(error) => Ending::Failed(error.clone()),
            _ if self.visits[visit].state_type == StateType::Fail => Ending::Failed(None),
            _ => Ending::Aborted,
        };
        self.end(visit, at, ending);
    }

    /// Ends what is still open inside of a Parallel or Map state.
    fn end_inside(&mut self, around: usize, at: i64) {
        if !matches!(
            self.visits[around].state_type,
            StateType::Parallel | StateType::Map
        ) {
            return;
        }
        // What is inside was entered later, and is open only as long as what is around it.
        let mut inside = vec![false; self.visits.len() - around];
        inside[0] = true;
        for index in around + 1..self.visits.len() {
            let parent = self.visits[index].parent;
            let is_inside = parent.is_some_and(|p| p >= around && inside[p - around]);
            inside[index - around] = is_inside;
            if is_inside {
                self.end_unfinished(index, at);
            }
        }
    }

    fn end_all(&mut self, at: i64) -> Context {
        for visit in 0..self.visits.len() {
            self.end_unfinished(visit, at);
        }
        Context::default()
    }

    fn end(&mut self, visit: usize, at: i64, ending: Ending) {
        let visit = &mut self.visits[visit];
        // What failed had ended before what is around it noticed.
        visit.ended_ms = match ending {
            Ending::Failed(_) => visit.failed_ms.or(Some(at)),
            _ => Some(at),
        };
        visit.ending = ending;
        visit.attempts = visit.attempts.max(1);
    }
}
