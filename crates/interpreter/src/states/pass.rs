//! Pass: hands its input on, or data of its own.

use asl::definition::Pass;

use crate::Document;
use crate::dataflow::Payload;
use crate::frame::FrameId;
use crate::turn::{Halt, Turn};

impl Turn<'_> {
    pub(super) fn pass(&mut self, id: FrameId, pass: &Pass) -> Result<(), Halt> {
        let input = self.effective_input(id)?;
        let input = self.template(id, pass.parameters.as_ref(), input)?;
        let result = match &pass.result {
            // `.$` keys inside `Result` are data, not expressions.
            Some(result) => Payload::Document(Document::from_value((**result).clone())),
            None => input,
        };
        let (result, output) = self.result_to_output(id, None, &pass.result_path, result)?;
        self.leave(id, result, output, pass.transition)
    }
}
