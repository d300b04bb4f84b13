//! Choice: goes where the first matching rule points.

use asl::definition::{Choice, Transition};

use crate::dataflow::{Asked, within_limit};
use crate::frame::FrameId;
use crate::turn::{Halt, Turn};

impl Turn<'_> {
    pub(super) fn choice(&mut self, id: FrameId, choice: &Choice) -> Result<(), Halt> {
        let state = self.state(id);
        let input = self.effective_input(id)?;
        let matched = self.evaluate(id, &input, Asked::default(), |scope| {
            for branch in &choice.choices {
                if branch.rule.matches(scope)? {
                    return Ok(Some(branch));
                }
            }
            Ok(None)
        });
        let matched =
            matched.map_err(|error: asl::choice::ChoiceError| self.runtime_fault(id, error.0))?;
        let (next, assign) = match (matched, choice.default) {
            (Some(branch), _) => (branch.next, branch.assign.as_ref()),
            (None, Some(default)) => (default, state.assign.as_ref()),
            (None, None) => {
                let cause = "Failed to transition out of the state. The state does not point to a \
                             next state.";
                return Err(self.runtime_fault(id, cause).into());
            }
        };
        let assigned = self.assigned(id, assign, input.clone())?;
        let output = self.output(id, input)?;
        let output = within_limit(output, &state.name)?;
        self.leave_with(id, output, assigned, Transition::Next(next))
    }
}
