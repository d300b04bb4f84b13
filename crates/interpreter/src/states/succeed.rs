//! Succeed: ends its line with success.

use asl::definition::Transition;

use crate::frame::FrameId;
use crate::turn::{Halt, Turn};

impl Turn<'_> {
    pub(super) fn succeed_state(&mut self, id: FrameId) -> Result<(), Halt> {
        let input = self.effective_input(id)?;
        let output = self.output(id, input.clone())?;
        self.leave(id, input, output, Transition::End)
    }
}
