//! Succeed: ends its line with success.

use asl::definition::Transition;

use crate::frame::FrameId;
use crate::turn::{Halt, Turn};

impl Turn<'_> {
    pub(super) fn succeed_state(&mut self, id: FrameId) -> Result<(), Halt> {
        self.leave_with_input(id, Transition::End)
    }
}
