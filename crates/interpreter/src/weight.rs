//! About how much memory an execution takes, for whoever keeps many.

use crate::Document;
use crate::execution::Execution;
use crate::frame::{Frame, Stand};

/// Of an execution without frames, in bytes: measured over 20,000 that wait for one task each, with
/// what the engine keeps beside them.
const EXECUTION_BYTES: usize = 3 << 10;

/// Of a frame, without its documents.
const FRAME_BYTES: usize = 1 << 10;

/// Memory for each byte of a document's text: the text, and the value once somebody looked inside.
const BYTES_PER_TEXT_BYTE: usize = 4;

/// Frames that are looked at. Others are taken to be like them: what asks must not take longer the
/// more frames there are.
const FRAMES_LOOKED_AT: usize = 8;

impl Execution {
    /// About how many bytes of memory it takes.
    pub fn memory_bytes(&self) -> usize {
        let looked_at = self.frames.values().take(FRAMES_LOOKED_AT);
        let seen: usize = looked_at.map(|frame| self.bytes_of(frame)).sum();
        let count = self.frames.len();
        let frames = seen / count.clamp(1, FRAMES_LOOKED_AT) * count;
        let output = self
            .output
            .as_ref()
            .map_or(0, |output| self.bytes_in(output));
        EXECUTION_BYTES + text_bytes(&self.input) + output + frames
    }

    fn bytes_of(&self, frame: &Frame) -> usize {
        let input = &frame.visit.input;
        let given = match &frame.stand {
            Stand::Task(task) if !task.input.is_same(input) => self.bytes_in(&task.input),
            _ => 0,
        };
        let variables = frame.variables.values();
        let assigned: usize = variables.map(|value| self.bytes_in(value)).sum();
        FRAME_BYTES + self.bytes_in(input) + given + assigned
    }

    /// The execution's input is counted once.
    fn bytes_in(&self, document: &Document) -> usize {
        match document.is_same(&self.input) {
            true => 0,
            false => text_bytes(document),
        }
    }
}

fn text_bytes(document: &Document) -> usize {
    document.text().len() * BYTES_PER_TEXT_BYTE
}
