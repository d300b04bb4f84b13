//! What Parallel and Map have in common: lines that begin, end, fail and are aborted, and the join.
//!
//! A line is one branch, or one iteration. The output of a state is joined once, when the last line
//! has ended; when one fails, the others are aborted before the state itself fails.

use asl::definition::{StateIndex, StateKind};

use crate::Document;
use crate::breaks;
use crate::dataflow::Payload;
use crate::failure::Fault;
use crate::frame::{Frame, FrameId, Join, Stand, Visit};
use crate::history::{EventDetails, EventId};
use crate::turn::{Closed, Halt, Turn, state_type};

impl Turn<'_> {
    pub(super) fn join(&mut self, id: FrameId) -> &mut Join {
        match &mut self.execution.frame_mut(id).stand {
            Stand::Join(join) => join,
            _ => panic!("a frame with lines below it stands in a Parallel or Map state"),
        }
    }

    /// Puts a new line behind those that are ready.
    pub(super) fn begin_line(
        &mut self,
        parent: FrameId,
        slot: u32,
        start_at: StateIndex,
        previous: EventId,
        input: Document,
    ) {
        let frame = Frame {
            parent: Some((parent, slot)),
            state_name: self.machine.state(start_at).name.clone(),
            state: start_at,
            previous,
            variables: Default::default(),
            visit: Visit::of(input),
            stand: Stand::Ready,
        };
        let id = self.execution.new_frame(frame);
        self.execution.ready.push_back(id);
    }

    /// A line reached its end.
    pub(crate) fn line_ended(
        &mut self,
        id: FrameId,
        parent: FrameId,
        slot: u32,
        output: Document,
    ) -> Result<(), Closed> {
        let last = self.execution.frame(id).previous;
        let state = self.state(parent);
        let mut after = last;
        if let StateKind::Map(_) = &state.kind {
            let name = state.name.clone();
            after = self.append_aside(
                id,
                EventDetails::MapIterationSucceeded { name, index: slot },
            )?;
        }
        self.execution.frames.remove(&id);
        let join = self.join(parent);
        // Only its text is joined. Thousands of values would stay until then, and go all at once.
        let before = join.outputs.put(slot, output.unparsed());
        assert!(before.is_none(), "a line ends once");
        join.running -= 1;
        let (all_begun, running) = (join.next as usize == join.outputs.len(), join.running);
        if !all_begun {
            let StateKind::Map(map) = &state.kind else {
                panic!("only a Map begins lines one after another");
            };
            // The next iteration of a lane hangs on the last state of the one before.
            let begun = self.begin_iteration(parent, map, last);
            return self.settle_halt(parent, begun);
        }
        if running > 0 {
            return Ok(());
        }
        self.execution.frame_mut(parent).previous = after;
        let joined = self.joined(parent);
        self.settle_halt(parent, joined)
    }

    /// All lines have ended: the state succeeds.
    pub(super) fn joined(&mut self, id: FrameId) -> Result<(), Halt> {
        let state = self.state(id);
        let (succeeded, selector, result_path, transition) = match &state.kind {
            StateKind::Parallel(parallel) => (
                EventDetails::ParallelStateSucceeded,
                &parallel.result_selector,
                &parallel.result_path,
                parallel.transition,
            ),
            StateKind::Map(map) => (
                EventDetails::MapStateSucceeded,
                &map.result_selector,
                &map.result_path,
                map.transition,
            ),
            _ => panic!("only Parallel and Map states join lines"),
        };
        let mut outputs = self.join(id).outputs.take();
        if breaks::awake("r38") {
            outputs.reverse();
        }
        let outputs: Vec<Document> = outputs
            .into_iter()
            .map(|output| output.expect("every line has ended"))
            .collect();
        let result = Payload::Document(Document::from_text(array(&outputs)));
        // A result that is too large fails the state only when something of it goes on.
        self.append_aside(id, succeeded)?;
        self.settle(id, None);
        self.leave_with_result(id, selector.as_ref(), result_path, result, transition)
    }

    /// A line failed, and nothing in it caught the failure.
    pub(crate) fn line_failed(
        &mut self,
        id: FrameId,
        parent: FrameId,
        slot: u32,
        fault: Fault,
    ) -> Result<(), Closed> {
        self.remember_where_it_stood();
        let failed = self.state(id);
        if let StateKind::Task(_) = &failed.kind {
            self.append_aside(
                id,
                EventDetails::StateAborted {
                    state_type: state_type(failed),
                },
            )?;
        }
        let state = self.state(parent);
        if let StateKind::Map(_) = &state.kind {
            let name = state.name.clone();
            self.append_aside(id, EventDetails::MapIterationFailed { name, index: slot })?;
        }
        let frame = self
            .execution
            .frames
            .remove(&id)
            .expect("a line that fails is there");
        assert!(
            frame.timers() == [None; 2],
            "a line that fails waits for nothing"
        );
        self.execution.frame_mut(parent).previous = frame.previous;
        self.state_failed(parent, fault)
    }

    /// Aborts every line below a frame, the innermost first.
    pub(crate) fn abort_children(&mut self, id: FrameId) -> Result<(), Closed> {
        if !matches!(self.execution.frame(id).stand, Stand::Join(_)) {
            return Ok(());
        }
        // Children are younger than their parents.
        let later = self.execution.frames.range(FrameId(id.0 + 1)..);
        let children: Vec<FrameId> = later
            .filter(|(_, frame)| frame.parent.is_some_and(|(parent, _)| parent == id))
            .map(|(child, _)| *child)
            .collect();
        for child in children {
            self.abort(child)?;
        }
        let execution = &mut *self.execution;
        execution
            .ready
            .retain(|frame| execution.frames.contains_key(frame));
        Ok(())
    }

    fn abort(&mut self, id: FrameId) -> Result<(), Closed> {
        self.abort_children(id)?;
        let state = self.state(id);
        let frame = self.execution.frame(id);
        let waits = !matches!(frame.stand, Stand::Ready);
        let (parent, slot) = frame.parent.expect("only lines are aborted");
        if frame.open_map_run().is_some() {
            self.append_aside(id, EventDetails::MapRunAborted)?;
        }
        if waits {
            self.append_aside(
                id,
                EventDetails::StateAborted {
                    state_type: state_type(state),
                },
            )?;
        }
        let above = self.state(parent);
        if let StateKind::Map(_) = &above.kind {
            let name = above.name.clone();
            self.append_aside(id, EventDetails::MapIterationAborted { name, index: slot })?;
        }
        let frame = self
            .execution
            .frames
            .remove(&id)
            .expect("a line that is aborted is there");
        self.release(&frame);
        Ok(())
    }

    /// A Parallel or Map state fails for good: retries write nothing.
    pub(crate) fn write_join_failed(&mut self, id: FrameId) -> Result<(), Closed> {
        match self.state(id).kind {
            StateKind::Parallel(_) => self.append(id, EventDetails::ParallelStateFailed)?,
            StateKind::Map(_) => self.append(id, EventDetails::MapStateFailed)?,
            _ => return Ok(()),
        };
        Ok(())
    }
}

/// The outputs as one JSON array, their texts untouched.
fn array(outputs: &[Document]) -> String {
    let length: usize = outputs.iter().map(|output| output.text().len() + 1).sum();
    let mut text = String::with_capacity(length + 2);
    text.push('[');
    for output in outputs {
        if text.len() > 1 {
            text.push(',');
        }
        text.push_str(output.text());
    }
    text.push(']');
    text
}
