//! A state failed: `Retry` is asked, then `Catch`, then the frame above.

use asl::definition::{Catcher, Retrier, State, StateKind, Transition};
use serde_json::json;

use crate::dataflow::{Asked, Payload};
use crate::failure::Fault;
use crate::frame::{FrameId, Stand};
use crate::retry::next_attempt;
use crate::turn::{Closed, Halt, Turn};
use crate::{Due, TimerKind};

impl Turn<'_> {
    /// What the failure of a frame's state leads to.
    pub(crate) fn state_failed(&mut self, id: FrameId, fault: Fault) -> Result<(), Closed> {
        if fault.is_final() {
            return Err(self.fail(id, fault.failure));
        }
        if let Stand::Join(_) | Stand::MapRun(_) = self.execution.frame(id).stand {
            self.remember_where_it_stood();
        }
        self.abort_children(id)?;
        self.settle(id, None);
        let (retry, catch) = policies(&self.state(id).kind);
        let mut stream = self.execution.stream();
        self.note_failure(&fault, retry, catch);
        let visit = &mut self.execution.frame_mut(id).visit;
        if let Some(delay_ms) = next_attempt(retry, &fault, &mut visit.attempts, &mut stream) {
            if let Some(noted) = self.noted() {
                noted.error_details.retry_backoff_seconds = Some(delay_ms / 1000);
                noted.error_details.catch_index = None;
            }
            let visit = &mut self.execution.frame_mut(id).visit;
            visit.retries = visit.retries.saturating_add(1);
            self.execution.drawn = stream.drawn;
            self.stood = None;
            let timer = self.arm(TimerKind::Retry, Due::After(delay_ms));
            self.execution.frame_mut(id).stand = Stand::Retry(timer);
            return Ok(());
        }
        self.write_join_failed(id)?;
        let catcher = catch
            .iter()
            .find(|catcher| fault.matches(&catcher.error_equals));
        let Some(catcher) = catcher else {
            return match self.execution.frame(id).parent {
                None => Err(self.fail(id, fault.failure)),
                Some((parent, slot)) => self.line_failed(id, parent, slot, fault),
            };
        };
        match self.caught(id, catcher, &fault) {
            Ok(()) => {
                self.stood = None;
                Ok(())
            }
            Err(Halt::Closed) => Err(Closed),
            // What goes wrong while catching cannot be caught again by the same state.
            Err(Halt::Fault(fault)) => match self.execution.frame(id).parent {
                Some((parent, slot)) if !fault.is_final() => {
                    self.line_failed(id, parent, slot, fault)
                }
                _ => Err(self.fail(id, fault.failure)),
            },
        }
    }

    /// On trial: which policies answer, if any has to.
    fn note_failure(&mut self, fault: &Fault, retry: &[Retrier], catch: &[Catcher]) {
        if let Some(noted) = self.noted() {
            noted.failure = Some(fault.failure.clone());
            noted.error_details.retry_index = retry
                .iter()
                .position(|retrier| fault.matches(&retrier.error_equals));
            noted.error_details.catch_index = catch
                .iter()
                .position(|catcher| fault.matches(&catcher.error_equals));
        }
    }

    /// Leaves the state by a catcher. `OutputPath` has no say here, as recorded from AWS.
    fn caught(&mut self, id: FrameId, catcher: &Catcher, fault: &Fault) -> Result<(), Halt> {
        let error_output = Payload::Value(json!({
            "Error": fault.failure.error.as_deref().unwrap_or_default(),
            "Cause": fault.failure.cause.as_deref().unwrap_or_default(),
        }));
        let transition = Transition::Next(catcher.next);
        if self.is_jsonata(id) {
            let asked = Asked {
                error_output: Some(&error_output),
                ..Asked::default()
            };
            let fields = (catcher.jsonata_assign.as_ref(), catcher.output.as_ref());
            return self.leave_by(id, fields, asked, error_output.clone(), transition);
        }
        let assigned = self.assigned(id, catcher.assign.as_ref(), error_output.clone())?;
        let output = self.put_result(id, &catcher.result_path, error_output)?;
        let output = self.within_limit(output, &self.state(id).name)?;
        self.leave_with(id, output, assigned, transition)
    }
}

/// How many retriers a state has.
pub(crate) fn retriers_of(state: &State) -> usize {
    policies(&state.kind).0.len()
}

/// The `Retry` and `Catch` of a state; the types that cannot have them have none.
fn policies(kind: &StateKind) -> (&[Retrier], &[Catcher]) {
    match kind {
        StateKind::Task(task) => (&task.retry, &task.catch),
        StateKind::Parallel(parallel) => (&parallel.retry, &parallel.catch),
        StateKind::Map(map) => (&map.retry, &map.catch),
        StateKind::Pass(_)
        | StateKind::Choice(_)
        | StateKind::Wait(_)
        | StateKind::Succeed
        | StateKind::Fail(_) => (&[], &[]),
    }
}
