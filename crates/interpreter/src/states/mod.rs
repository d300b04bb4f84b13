//! What each type of state does, one file each, and what they have in common: how a state is left.

mod choice;
mod fail;
mod join;
mod map;
mod parallel;
mod pass;
mod succeed;
mod task;
mod wait;

use std::sync::Arc;

use asl::definition::{QueryLanguage, StateKind, Transition};
use asl::template::Template;
use serde_json::Value;

use crate::Document;
use crate::dataflow::{NO_JSONATA, Payload, within_limit};
use crate::failure::Fault;
use crate::frame::FrameId;
use crate::history::EventDetails;
use crate::turn::{Halt, Turn, state_type};
pub(crate) use task::{Ended, seconds_to_ms};

/// Variables that an `Assign` gives, in its order.
pub(crate) type Assigned = Vec<(Arc<str>, Document)>;

impl Turn<'_> {
    /// Begins the work of the state a frame stands in, or does all of it.
    pub(crate) fn begin_state(&mut self, id: FrameId) -> Result<(), Halt> {
        let state = self.state(id);
        if state.query_language == QueryLanguage::Jsonata {
            return Err(self.runtime_fault(id, NO_JSONATA).into());
        }
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

    /// Leaves a state that succeeded; `seen` is what its `Assign` sees as `$`.
    pub(crate) fn leave(
        &mut self,
        id: FrameId,
        seen: Payload,
        output: Payload,
        transition: Transition,
    ) -> Result<(), Halt> {
        let state = self.state(id);
        let assigned = self.assigned(id, state.assign.as_ref(), seen)?;
        let output = within_limit(output, &state.name)?;
        self.leave_with(id, output, assigned, transition)
    }

    /// Evaluates an `Assign`.
    pub(crate) fn assigned(
        &mut self,
        id: FrameId,
        assign: Option<&Template>,
        seen: Payload,
    ) -> Result<Assigned, Fault> {
        if assign.is_none() {
            return Ok(Assigned::new());
        }
        let Value::Object(values) = self.template(id, assign, seen)?.into_value() else {
            return Ok(Assigned::new());
        };
        let documents = values.into_iter();
        Ok(documents
            .map(|(name, value)| (name.into(), Document::from_value(value)))
            .collect())
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
        self.append(
            id,
            EventDetails::StateExited {
                state_type: state_type(state),
                name: state.name.clone(),
                output: output.clone(),
                assigned_variables,
            },
        )?;
        self.execution.frame_mut(id).variables.extend(assigned);
        Ok(self.go(id, transition, output)?)
    }
}
