//! Choice: goes where the first matching rule points.

use asl::choice::{ChoiceError, Rule};
use asl::definition::{Choice, ChoiceBranch, Transition};

use crate::dataflow::{Asked, Payload};
use crate::frame::FrameId;
use crate::turn::{Halt, Turn};

impl Turn<'_> {
    pub(super) fn choice(&mut self, id: FrameId, choice: &Choice) -> Result<(), Halt> {
        let input = self.effective_input(id)?;
        let chosen = self.chosen(id, choice, &input)?;
        let next = match (chosen, choice.default) {
            (Some(branch), _) => branch.next,
            (None, Some(default)) => default,
            (None, None) => {
                let cause = "Failed to transition out of the state. The state does not point to a \
                             next state.";
                return Err(self.runtime_fault(id, cause).into());
            }
        };
        let transition = Transition::Next(next);
        let state = self.state(id);
        if self.is_jsonata(id) {
            let fields = match chosen {
                Some(branch) => (branch.jsonata_assign.as_ref(), branch.output.as_ref()),
                None => (state.jsonata_assign.as_ref(), state.output.as_ref()),
            };
            return self.leave_by(id, fields, Asked::default(), input, transition);
        }
        let assign = match chosen {
            Some(branch) => branch.assign.as_ref(),
            None => state.assign.as_ref(),
        };
        let assigned = self.assigned(id, assign, input.clone())?;
        let output = self.output(id, input)?;
        let output = self.within_limit(output, &state.name)?;
        self.leave_with(id, output, assigned, transition)
    }

    /// The first rule that holds.
    fn chosen<'c>(
        &mut self,
        id: FrameId,
        choice: &'c Choice,
        input: &Payload,
    ) -> Result<Option<&'c ChoiceBranch>, Halt> {
        for branch in &choice.choices {
            let holds = match &branch.rule {
                Rule::Condition(condition) => self.jsonata(id, Asked::default(), |scope| {
                    condition.evaluate_boolean(scope)
                })?,
                rule => self
                    .evaluate(id, input, Asked::default(), |scope| rule.matches(scope))
                    .map_err(|ChoiceError(cause)| self.runtime_fault(id, cause))?,
            };
            if holds {
                return Ok(Some(branch));
            }
        }
        Ok(None)
    }
}
