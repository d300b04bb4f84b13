//! Data flow: what a state sees, what it hands on, and where the result goes.
//!
//! Here is that of JSONPath; that of JSONata is in [`jsonata`]. A JSONata state has none of the fields
//! of JSONPath, so its `effective_input` is its raw input. In order: `InputPath`, `Parameters`, the work, `ResultSelector`, `ResultPath` (into the raw
//! input), `OutputPath`. A field that is absent costs nothing: the document goes on as it is, with
//! its bytes, parsed by nobody.

mod context;
mod jsonata;
mod number;
mod payload;
mod scope;
mod variables;

use asl::definition::{PathOrNull, ResultPath};
use asl::path::{Path, Scope};
use asl::template::Template;
use serde_json::Value;

pub(crate) use number::{plain, whole};
pub(crate) use payload::Payload;
pub(crate) use scope::{Asked, Item, StateScope};
pub(crate) use variables::Assigned;

use crate::Document;
use crate::failure::{Fault, RUNTIME};
use crate::frame::FrameId;
use crate::test_state::Stage;
use crate::turn::{Halt, Turn};

impl Turn<'_> {
    /// Evaluates something in the scope of a frame's state, where `$` is `input`.
    pub(crate) fn evaluate<T>(
        &mut self,
        id: FrameId,
        input: &Payload,
        asked: Asked<'_>,
        evaluate: impl FnOnce(&dyn Scope) -> T,
    ) -> T {
        let (now_ms, stream) = (self.at.now_ms, self.execution.stream());
        let lent = self.execution.input_to_lend.take();
        let scope = StateScope::new(
            self.execution,
            self.machine,
            id,
            input,
            asked,
            now_ms,
            stream,
        )
        .lent(lent);
        let result = evaluate(&scope);
        let (stream, lent) = scope.give_back();
        self.execution.drawn = stream.drawn;
        self.execution.input_to_lend = lent;
        result
    }

    /// `InputPath`: what of the raw input the state sees.
    pub(crate) fn effective_input(&mut self, id: FrameId) -> Result<Payload, Fault> {
        let raw = self.raw_input(id);
        let state = self.state(id);
        let input = self.select(id, &state.input_path, raw)?;
        self.note_of_jsonpath(state, Stage::InputPath, &input);
        Ok(input)
    }

    /// The input as it came: `$states.input`.
    pub(crate) fn raw_input(&self, id: FrameId) -> Payload {
        Payload::Document(self.execution.frame(id).visit.input.clone())
    }

    /// `OutputPath`: what of its output the state hands on.
    pub(crate) fn output(&mut self, id: FrameId, output: Payload) -> Result<Payload, Fault> {
        let state = self.state(id);
        self.select(id, &state.output_path, output)
    }

    fn select(&mut self, id: FrameId, path: &PathOrNull, from: Payload) -> Result<Payload, Fault> {
        match path {
            PathOrNull::Whole => Ok(from),
            PathOrNull::Null => Ok(Payload::Value(Value::Object(serde_json::Map::new()))),
            PathOrNull::Path(path) => self.path(id, path, &from).map(Payload::Value),
        }
    }

    /// A path that must find something.
    pub(crate) fn path(
        &mut self,
        id: FrameId,
        path: &Path,
        from: &Payload,
    ) -> Result<Value, Fault> {
        self.find(id, path, from).map_err(|text| {
            self.runtime_fault(id, format_args!("Invalid path '{}' : {text}", path.text()))
        })
    }

    /// A path that may find nothing; the error is JSONPath's text.
    pub(crate) fn find(
        &mut self,
        id: FrameId,
        path: &Path,
        from: &Payload,
    ) -> Result<Value, String> {
        self.evaluate(id, from, Asked::default(), |scope| {
            path.evaluate(scope)
                .map(std::borrow::Cow::into_owned)
                .map_err(|error| error.0)
        })
    }

    /// `Parameters`, `ResultSelector` and other templates; absent, `from` goes on.
    pub(crate) fn template(
        &mut self,
        id: FrameId,
        template: Option<&Template>,
        from: Payload,
    ) -> Result<Payload, Fault> {
        self.template_for(id, template, from, Asked::default())
    }

    /// The same, where the context object holds more than usual.
    pub(crate) fn template_for(
        &mut self,
        id: FrameId,
        template: Option<&Template>,
        from: Payload,
        asked: Asked<'_>,
    ) -> Result<Payload, Fault> {
        let Some(template) = template else {
            return Ok(from);
        };
        self.evaluate(id, &from, asked, |scope| template.evaluate(scope))
            .map(Payload::Value)
            .map_err(|error| self.fault_in_state(id, error.error, error.cause))
    }

    /// What the work of a state begins with: `InputPath` and `Parameters`, or `Arguments`.
    pub(crate) fn work_input(
        &mut self,
        id: FrameId,
        parameters: Option<&Template>,
        arguments: Option<&asl::jsonata::Template>,
        asked: Asked<'_>,
    ) -> Result<Payload, Halt> {
        if self.is_jsonata(id) {
            let input = self.raw_input(id);
            let input = self.jsonata_field(id, arguments, asked, input)?;
            self.note(Stage::Arguments, &input);
            return Ok(input);
        }
        let input = self.effective_input(id)?;
        let input = self.template_for(id, parameters, input, asked)?;
        self.note(Stage::Parameters, &input);
        Ok(input)
    }

    /// `ResultPath`: puts the result into the raw input.
    pub(crate) fn put_result(
        &mut self,
        id: FrameId,
        path: &ResultPath,
        result: Payload,
    ) -> Result<Payload, Fault> {
        let raw = &self.execution.frame(id).visit.input;
        match path {
            ResultPath::Whole => Ok(result),
            ResultPath::Discard => Ok(Payload::Document(raw.clone())),
            ResultPath::Path(path) => path
                .put(raw.value().clone(), result.into_value())
                .map(Payload::Value)
                .map_err(|error| self.fault_in_state(id, RUNTIME, error)),
        }
    }

    /// What a state does with its result: `ResultSelector`, `ResultPath`, `OutputPath`. Gives the
    /// selected result, which `Assign` sees, and the output.
    pub(crate) fn result_to_output(
        &mut self,
        id: FrameId,
        selector: Option<&Template>,
        path: &ResultPath,
        result: Payload,
    ) -> Result<(Payload, Payload), Fault> {
        let result = self.template(id, selector, result)?;
        self.note(Stage::ResultSelector, &result);
        let placed = self.put_result(id, path, result.clone())?;
        self.note(Stage::ResultPath, &placed);
        let output = self.output(id, placed)?;
        Ok((result, output))
    }

    /// The payload as a document, unless it is too large; `what` names the culprit as AWS does.
    pub(crate) fn within_limit(&self, payload: Payload, what: &str) -> Result<Document, Fault> {
        let document = payload.into_document();
        if document.text().len() > self.at.limits.payload_bytes_max {
            return Err(Fault::data_limit(what));
        }
        Ok(document)
    }
}
