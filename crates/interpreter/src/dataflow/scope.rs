//! What the expressions of a state can see.

use std::cell::{Cell, OnceCell};

use asl::StateMachine;
use asl::path::Scope;
use serde_json::Value;

use super::{Asked, Payload, context};
use crate::execution::Execution;
use crate::frame::FrameId;
use crate::random::Stream;

/// The scope of one evaluation. The context object is built when an expression asks for it.
pub(crate) struct StateScope<'a> {
    execution: &'a Execution,
    machine: &'a StateMachine,
    frame: FrameId,
    input: &'a Payload,
    asked: Asked<'a>,
    context: OnceCell<Value>,
    stream: Cell<Stream>,
}

impl<'a> StateScope<'a> {
    pub(crate) fn new(
        execution: &'a Execution,
        machine: &'a StateMachine,
        frame: FrameId,
        input: &'a Payload,
        asked: Asked<'a>,
    ) -> StateScope<'a> {
        let stream = Cell::new(execution.stream());
        StateScope {
            execution,
            machine,
            frame,
            input,
            asked,
            context: OnceCell::new(),
            stream,
        }
    }

    /// How many random numbers the execution has drawn by now.
    pub(crate) fn drawn(&self) -> u64 {
        self.stream.get().drawn
    }
}

impl Scope for StateScope<'_> {
    fn input(&self) -> &Value {
        self.input.value()
    }

    fn context(&self) -> &Value {
        self.context
            .get_or_init(|| context::build(self.execution, self.machine, self.frame, self.asked))
    }

    fn variable(&self, name: &str) -> Option<&Value> {
        let mut at = Some(self.frame);
        while let Some(id) = at {
            let frame = self.execution.frame(id);
            if let Some(value) = frame.variables.get(name) {
                return Some(value.value());
            }
            at = frame.parent.map(|(parent, _)| parent);
        }
        None
    }

    fn uuid(&self) -> String {
        let mut stream = self.stream.get();
        let uuid = stream.uuid();
        self.stream.set(stream);
        uuid
    }

    fn random(&self) -> f64 {
        let mut stream = self.stream.get();
        let number = stream.unit();
        self.stream.set(stream);
        number
    }
}
