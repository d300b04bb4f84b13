//! What the expressions of a state can see.

use std::cell::{Cell, OnceCell};

use asl::StateMachine;
use asl::{jsonata, path};
use serde_json::Value;

use super::{Payload, context};
use crate::execution::Execution;
use crate::frame::FrameId;
use crate::random::Stream;

/// The item of a Map that an `ItemSelector` is evaluated for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Item<'a> {
    pub(crate) index: u64,
    pub(crate) value: &'a Value,
    /// Its name, where the items are the members of an object.
    pub(crate) key: Option<&'a str>,
    /// Where it is from, in a Distributed Map.
    pub(crate) source: Option<&'a str>,
}

/// What expressions see beside the usual.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Asked<'a> {
    /// `Map.Item` of the context object.
    pub(crate) item: Option<Item<'a>>,
    /// `Task.Token` of the context object.
    pub(crate) token: Option<&'a str>,
    /// `$states.result`.
    pub(crate) result: Option<&'a Payload>,
    /// `$states.errorOutput`.
    pub(crate) error_output: Option<&'a Payload>,
}

/// The scope of one evaluation. The context object is built when an expression asks for it.
pub(crate) struct StateScope<'a> {
    execution: &'a Execution,
    machine: &'a StateMachine,
    frame: FrameId,
    input: &'a Payload,
    asked: Asked<'a>,
    now_ms: i64,
    context: OnceCell<Value>,
    /// Of the execution, until the context object takes it.
    input_to_lend: Cell<Option<Value>>,
    stream: Cell<Stream>,
}

impl<'a> StateScope<'a> {
    pub(crate) fn new(
        execution: &'a Execution,
        machine: &'a StateMachine,
        frame: FrameId,
        input: &'a Payload,
        asked: Asked<'a>,
        now_ms: i64,
        stream: Stream,
    ) -> StateScope<'a> {
        StateScope {
            execution,
            machine,
            frame,
            input,
            asked,
            now_ms,
            context: OnceCell::new(),
            input_to_lend: Cell::new(None),
            stream: Cell::new(stream),
        }
    }

    /// With a value of the execution's input for the context object, which need not make one then.
    pub(crate) fn lent(mut self, input: Option<Value>) -> StateScope<'a> {
        self.input_to_lend = Cell::new(input);
        self
    }

    /// After the evaluation: the stream of randomness, where it stands by now, and the value of the
    /// execution's input, if one was lent or made.
    pub(crate) fn give_back(self) -> (Stream, Option<Value>) {
        let input = match self.context.into_inner() {
            // In a trial the context object may be one that was given, with an input of its own.
            Some(_) if self.execution.trial.is_some() => None,
            Some(context) => context::reclaim_input(context),
            None => self.input_to_lend.into_inner(),
        };
        (self.stream.get(), input)
    }
}

/// What JSONPath and JSONata see alike.
impl StateScope<'_> {
    fn context_object(&self) -> &Value {
        self.context.get_or_init(|| {
            let input = || {
                let lent = self.input_to_lend.take();
                lent.unwrap_or_else(|| self.execution.input.value().clone())
            };
            context::build(self.execution, self.machine, self.frame, self.asked, input)
        })
    }

    fn find_variable(&self, name: &str) -> Option<&Value> {
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

    fn draw<T>(&self, draw: impl FnOnce(&mut Stream) -> T) -> T {
        let mut stream = self.stream.get();
        let drawn = draw(&mut stream);
        self.stream.set(stream);
        drawn
    }
}

impl path::Scope for StateScope<'_> {
    fn input(&self) -> &Value {
        self.input.value()
    }

    fn context(&self) -> &Value {
        self.context_object()
    }

    fn variable(&self, name: &str) -> Option<&Value> {
        self.find_variable(name)
    }

    fn uuid(&self) -> String {
        self.draw(Stream::uuid)
    }

    fn random(&self) -> f64 {
        self.draw(Stream::unit)
    }
}

impl jsonata::Scope for StateScope<'_> {
    fn input(&self) -> &Value {
        self.input.value()
    }

    fn context(&self) -> &Value {
        self.context_object()
    }

    fn result(&self) -> Option<&Value> {
        self.asked.result.map(Payload::value)
    }

    fn error_output(&self) -> Option<&Value> {
        self.asked.error_output.map(Payload::value)
    }

    fn variable(&self, name: &str) -> Option<&Value> {
        self.find_variable(name)
    }

    fn now(&self) -> i64 {
        self.now_ms
    }

    fn seed(&self) -> u64 {
        self.draw(Stream::next)
    }
}
