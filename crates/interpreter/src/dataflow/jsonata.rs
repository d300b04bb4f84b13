//! The data flow of a JSONata state: a field is computed from `$states` and the variables.
//!
//! There are no stages, as in JSONPath: `Arguments` begin the work, `Assign` and `Output` end it, and
//! each sees the variables as they were before. A field that fails writes `EvaluationFailed`, once for
//! each attempt, before `Retry` and `Catch` are asked.

use std::sync::Arc;

use asl::definition::StateKind;
use asl::jsonata::{EvaluationError, Scope, Template};

use super::{Asked, Payload, StateScope};
use crate::failure::QUERY_EVALUATION_ERROR;
use crate::frame::FrameId;
use crate::history::{EventDetails, EventId};
use crate::random::Stream;
use crate::turn::{Halt, Turn};

impl Turn<'_> {
    /// A field of a JSONata state; absent, `otherwise` stands for it.
    pub(crate) fn jsonata_field(
        &mut self,
        id: FrameId,
        field: Option<&Template>,
        asked: Asked<'_>,
        otherwise: Payload,
    ) -> Result<Payload, Halt> {
        match field {
            None => Ok(otherwise),
            Some(field) => {
                let value = self.jsonata(id, asked, |scope| field.evaluate(scope))?;
                Ok(Payload::Value(value))
            }
        }
    }

    /// Evaluates something of a JSONata state, now.
    pub(crate) fn jsonata<T>(
        &mut self,
        id: FrameId,
        asked: Asked<'_>,
        evaluate: impl FnOnce(&dyn Scope) -> Result<T, EvaluationError>,
    ) -> Result<T, Halt> {
        let (now_ms, mut stream) = (self.at.now_ms, self.execution.stream());
        let result = self.jsonata_at(id, asked, now_ms, &mut stream, evaluate);
        self.execution.drawn = stream.drawn;
        result.map_err(|error| self.evaluation_failed(id, Some(error.location), &error.cause))
    }

    /// Evaluates something that is not kept, and so is evaluated again after a restore: its time and
    /// its randomness are those of the visit, and it comes to the same however often it is asked for.
    pub(crate) fn jsonata_of_visit<T>(
        &mut self,
        id: FrameId,
        evaluate: impl FnOnce(&dyn Scope) -> Result<T, EvaluationError>,
    ) -> Result<T, Halt> {
        let visit = &self.execution.frame(id).visit;
        let entered_ms = visit.entered_ms;
        let mut stream = Stream::aside(self.execution.birth.seed, visit.entered, visit.retries);
        let asked = Asked::default();
        let result = self.jsonata_at(id, asked, entered_ms, &mut stream, evaluate);
        result.map_err(|error| self.evaluation_failed(id, Some(error.location), &error.cause))
    }

    /// Evaluates something at a time and with a randomness of its own. Writes nothing.
    pub(crate) fn jsonata_at<T>(
        &mut self,
        id: FrameId,
        asked: Asked<'_>,
        now_ms: i64,
        stream: &mut Stream,
        evaluate: impl FnOnce(&dyn Scope) -> Result<T, EvaluationError>,
    ) -> Result<T, EvaluationError> {
        let input = self.raw_input(id);
        let lent = self.execution.input_to_lend.take();
        let scope = StateScope::new(
            self.execution,
            self.machine,
            id,
            &input,
            asked,
            now_ms,
            *stream,
        )
        .lent(lent);
        let result = evaluate(&scope);
        let (drawn, lent) = scope.give_back();
        *stream = drawn;
        self.execution.input_to_lend = lent;
        result
    }

    /// A field of the state a frame stands in has no value, or not one it can have.
    pub(crate) fn evaluation_failed(
        &mut self,
        id: FrameId,
        location: Option<Arc<str>>,
        cause: &str,
    ) -> Halt {
        let fault = self.fault_in_state(id, QUERY_EVALUATION_ERROR, cause);
        let details = EventDetails::EvaluationFailed {
            failure: fault.failure.clone(),
            location,
            state: Arc::clone(&self.execution.frame(id).state_name),
        };
        if let Err(closed) = self.write_pending() {
            return closed.into();
        }
        match self.append_at(self.at.now_ms, self.before_evaluation(id), details) {
            Ok(event) => {
                self.execution.frame_mut(id).previous = event;
                fault.into()
            }
            Err(closed) => closed.into(),
        }
    }

    /// What an `EvaluationFailed` hangs on. A state that has done nothing yet but to be entered is
    /// passed over, unless it is a Wait: so recorded from AWS.
    fn before_evaluation(&self, id: FrameId) -> EventId {
        let frame = self.execution.frame(id);
        if matches!(self.state(id).kind, StateKind::Wait(_)) {
            return frame.previous;
        }
        // Such a state was entered in this very turn.
        let events = self.step.events.iter();
        let last = events.rev().find(|event| event.id == frame.previous);
        match last {
            Some(last) if last.id == frame.visit.entered => last.previous,
            _ => frame.previous,
        }
    }
}
