//! Parallel: runs its branches side by side, each on the same input.

use asl::definition::Parallel;

use crate::Document;
use crate::dataflow::Asked;
use crate::frame::{FrameId, Join, Stand};
use crate::history::EventDetails;
use crate::outputs::Outputs;
use crate::turn::{Halt, Turn};

impl Turn<'_> {
    pub(super) fn begin_parallel(&mut self, id: FrameId, parallel: &Parallel) -> Result<(), Halt> {
        let input = self.parallel_input(id, parallel)?;
        self.append(id, EventDetails::ParallelStateStarted)?;
        let branches = u32::try_from(parallel.branches.len())
            .expect("a definition of at most 1 MB has fewer than 2^32 branches");
        self.execution.frame_mut(id).stand = Stand::Join(Join {
            outputs: Outputs::none_of(parallel.branches.len()),
            running: branches,
            next: branches,
            lanes: branches,
            items: None,
            selected_from: None,
        });
        let started = self.execution.frame(id).previous;
        for (slot, start_at) in (0..branches).zip(&parallel.branches) {
            self.begin_line(id, slot, *start_at, started, input.clone());
        }
        Ok(())
    }

    /// What every branch begins with.
    pub(crate) fn parallel_input(
        &mut self,
        id: FrameId,
        parallel: &Parallel,
    ) -> Result<Document, Halt> {
        let (parameters, arguments) = (&parallel.parameters, &parallel.arguments);
        let asked = Asked::default();
        let input = self.work_input(id, parameters.as_ref(), arguments.as_ref(), asked)?;
        Ok(self.within_limit(input, &self.state(id).name)?)
    }
}
