//! What each type of state does, one file each, and what they have in common: how a state is left.

mod choice;
mod fail;
mod join;
mod map;
mod map_run;
mod parallel;
mod pass;
mod succeed;
mod task;
mod wait;

use std::sync::Arc;

use asl::definition::{ResultPath, StateKind, Transition};
use asl::jsonata;
use asl::template::Template;
use serde_json::Value;

use crate::Document;
use crate::breaks;
use crate::dataflow::{Asked, Assigned, Payload};
use crate::frame::FrameId;
use crate::history::EventDetails;
use crate::turn::{Halt, Turn, state_type};
pub(crate) use task::{Ended, seconds_to_ms};

impl Turn<'_> {
    /// Begins the work of the state a frame stands in, or does all of it.
    pub(crate) fn begin_state(&mut self, id: FrameId) -> Result<(), Halt> {
        let state = self.state(id);
        match &state.kind {
            StateKind::Task(task) => self.begin_task(id, task),
            StateKind::Pass(pass) => self.pass(id, pass),
            StateKind::Choice(choice) => self.choice(id, choice),
            StateKind::Wait(wait) => self.begin_wait(id, wait),
            StateKind::Succeed => self.succeed_state(id),
            StateKind::Fail(fail) => self.fail_state(id, fail),
            StateKind::Parallel(parallel) => self.begin_parallel(id, parallel),
            StateKind::Map(map) => self.begin_map(id, map),
        }
    }

    /// Leaves a state whose work came to `result`.
    pub(crate) fn leave_with_result(
        &mut self,
        id: FrameId,
        selector: Option<&Template>,
        path: &ResultPath,
        result: Payload,
        transition: Transition,
    ) -> Result<(), Halt> {
        if self.is_jsonata(id) {
            return self.leave_jsonata(id, Some(result), transition);
        }
        let (seen, output) = self.result_to_output(id, selector, path, result)?;
        self.leave(id, seen, output, transition)
    }

    /// Leaves a state that has no work of its own, and hands on its input.
    pub(crate) fn leave_with_input(
        &mut self,
        id: FrameId,
        transition: Transition,
    ) -> Result<(), Halt> {
        if self.is_jsonata(id) {
            return self.leave_jsonata(id, None, transition);
        }
        let input = self.effective_input(id)?;
        let output = self.output(id, input.clone())?;
        self.leave(id, input, output, transition)
    }

    /// Leaves a JSONata state that succeeded, with a result or without.
    pub(crate) fn leave_jsonata(
        &mut self,
        id: FrameId,
        result: Option<Payload>,
        transition: Transition,
    ) -> Result<(), Halt> {
        let state = self.state(id);
        let asked = Asked {
            result: result.as_ref(),
            ..Asked::default()
        };
        let otherwise = match &result {
            Some(result) => result.clone(),
            None => self.raw_input(id),
        };
        let fields = (state.jsonata_assign.as_ref(), state.output.as_ref());
        self.leave_by(id, fields, asked, otherwise, transition)
    }

    /// Leaves a JSONata state by an `Assign` and an `Output`: its own, a rule's or a catcher's. Without
    /// an `Output`, `otherwise` goes on.
    pub(crate) fn leave_by(
        &mut self,
        id: FrameId,
        (assign, output): (Option<&jsonata::Template>, Option<&jsonata::Template>),
        asked: Asked<'_>,
        otherwise: Payload,
        transition: Transition,
    ) -> Result<(), Halt> {
        let nothing = Payload::Value(Value::Null);
        let assigned = self.jsonata_field(id, assign, asked, nothing)?;
        let assigned = self.variables(id, assigned)?;
        let output = self.jsonata_field(id, output, asked, otherwise)?;
        let output = self.within_limit(output, &self.state(id).name)?;
        self.leave_with(id, output, assigned, transition)
    }

    /// Leaves a JSONPath state that succeeded; `seen` is what its `Assign` sees as `$`.
    pub(crate) fn leave(
        &mut self,
        id: FrameId,
        seen: Payload,
        output: Payload,
        transition: Transition,
    ) -> Result<(), Halt> {
        let state = self.state(id);
        let assigned = self.assigned(id, state.assign.as_ref(), seen)?;
        let output = self.within_limit(output, &state.name)?;
        self.leave_with(id, output, assigned, transition)
    }

    /// Writes `…StateExited`, sets the variables and moves the frame on.
    pub(crate) fn leave_with(
        &mut self,
        id: FrameId,
        output: Document,
        assigned: Assigned,
        transition: Transition,
    ) -> Result<(), Halt> {
        let state = self.state(id);
        let assigned_variables = assigned
            .iter()
            .map(|(name, value)| (Arc::clone(name), Arc::clone(value.text())))
            .collect();
        if breaks::awake("r23") && self.execution.events.is_multiple_of(3) {
            return Ok(self.go(id, transition, output)?);
        }
        self.append(
            id,
            EventDetails::StateExited {
                state_type: state_type(state),
                name: state.name.clone(),
                output: output.clone(),
                assigned_variables,
            },
        )?;
        if let Some(noted) = self.noted() {
            noted.variables.extend(assigned.iter().cloned());
        }
        self.execution.frame_mut(id).variables.extend(assigned);
        Ok(self.go(id, transition, output)?)
    }
}
