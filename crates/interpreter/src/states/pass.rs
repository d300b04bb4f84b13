//! Pass: hands its input on, or data of its own.

use asl::definition::Pass;

use crate::Document;
use crate::dataflow::Payload;
use crate::frame::FrameId;
use crate::test_state::Stage;
use crate::turn::{Halt, Turn};

impl Turn<'_> {
    pub(super) fn pass(&mut self, id: FrameId, pass: &Pass) -> Result<(), Halt> {
        if self.is_jsonata(id) {
            return self.leave_jsonata(id, None, pass.transition);
        }
        let input = self.effective_input(id)?;
        let input = self.template(id, pass.parameters.as_ref(), input)?;
        self.note(Stage::Parameters, &input);
        let result = match &pass.result {
            // `.$` keys inside `Result` are data, not expressions.
            Some(result) => {
                let result = Payload::Document(Document::from_value((**result).clone()));
                self.note(Stage::Result, &result);
                result
            }
            None => input,
        };
        self.leave_with_result(id, None, &pass.result_path, result, pass.transition)
    }
}
