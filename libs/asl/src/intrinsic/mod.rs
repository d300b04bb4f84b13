//! The 18 intrinsic functions of JSONPath states: `States.Format('Hello {}', $.name)`.
//!
//! A call is parsed once and evaluated against a [`Scope`], which also brings the randomness that
//! `States.UUID` and `States.MathRandom` need. The functions are grouped by what they work on:
//! [`array`], [`json`], [`math`], [`text`]; what they share about arguments is in [`arguments`].
//!
//! How many arguments a function takes, and of which type, is looked at when it is called, not when
//! it is parsed: AWS documents no refusal of such definitions.

mod arguments;
mod array;
pub(crate) mod java_random;
mod json;
mod math;
mod parse;
mod text;

pub(crate) use text::digest;

use std::borrow::Cow;

use serde_json::Value;

use crate::path::budget::{Budget, Exhausted};
use crate::path::{Path, Scope};
use arguments::Arguments;

/// Most calls within one another.
///
/// Source: AWS developer guide, "Intrinsics for JSONPath states", "up to 10 intrinsic functions".
pub const NESTING_MAX: usize = 10;

/// A parsed call.
#[derive(Debug)]
pub(crate) struct Call {
    text: Box<str>,
    function: Function,
    arguments: Vec<Argument>,
}

#[derive(Debug)]
enum Argument {
    /// A number, `true`, `false` or `null`.
    Literal(Value),
    /// `'text'`: as a value, and as written, which is what `States.Format` needs to tell `\{` from `{`.
    Text {
        value: Value,
        raw: Box<str>,
    },
    Path(Path),
    Call(Call),
}

/// Why a call has no result.
#[derive(Debug)]
pub(crate) enum Failure {
    /// A path among the arguments found nothing.
    Missing(Path),
    /// The function can not work with its arguments.
    Failed(String),
    /// The budget of the evaluation is spent.
    Exhausted(Exhausted),
}

impl From<Exhausted> for Failure {
    fn from(exhausted: Exhausted) -> Failure {
        Failure::Exhausted(exhausted)
    }
}

/// The functions there are, by the names AWS gave them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Function {
    Array,
    ArrayContains,
    ArrayGetItem,
    ArrayLength,
    ArrayPartition,
    ArrayRange,
    ArrayUnique,
    Base64Decode,
    Base64Encode,
    Format,
    Hash,
    JsonMerge,
    JsonToString,
    MathAdd,
    MathRandom,
    StringSplit,
    StringToJson,
    Uuid,
}

const FUNCTIONS: [(&str, Function); 18] = [
    ("States.Array", Function::Array),
    ("States.ArrayContains", Function::ArrayContains),
    ("States.ArrayGetItem", Function::ArrayGetItem),
    ("States.ArrayLength", Function::ArrayLength),
    ("States.ArrayPartition", Function::ArrayPartition),
    ("States.ArrayRange", Function::ArrayRange),
    ("States.ArrayUnique", Function::ArrayUnique),
    ("States.Base64Decode", Function::Base64Decode),
    ("States.Base64Encode", Function::Base64Encode),
    ("States.Format", Function::Format),
    ("States.Hash", Function::Hash),
    ("States.JsonMerge", Function::JsonMerge),
    ("States.JsonToString", Function::JsonToString),
    ("States.MathAdd", Function::MathAdd),
    ("States.MathRandom", Function::MathRandom),
    ("States.StringSplit", Function::StringSplit),
    ("States.StringToJson", Function::StringToJson),
    ("States.UUID", Function::Uuid),
];

impl Function {
    fn named(name: &str) -> Option<Function> {
        FUNCTIONS
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, function)| *function)
    }

    fn name(self) -> &'static str {
        let found = FUNCTIONS.iter().find(|(_, function)| *function == self);
        found
            .map(|(name, _)| *name)
            .expect("every function has a name")
    }
}

/// Whether the text means to be a call rather than a path.
pub(crate) fn is_call(text: &str) -> bool {
    text.trim_start().starts_with("States.")
}

impl Call {
    /// Parses a call; the error says what is wrong in our words, since AWS has none for it.
    pub(crate) fn parse(text: &str) -> Result<Call, String> {
        parse::parse(text)
    }

    /// The call as written.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Calls `visit` with every path among the arguments, those of inner calls included.
    pub(crate) fn each_path<'c>(&'c self, visit: &mut dyn FnMut(&'c Path)) {
        for argument in &self.arguments {
            match argument {
                Argument::Path(path) => visit(path),
                Argument::Call(call) => call.each_path(visit),
                Argument::Literal(_) | Argument::Text { .. } => {}
            }
        }
    }

    /// Evaluates the arguments from left to right, then the function.
    pub(crate) fn evaluate<'a>(
        &'a self,
        scope: &'a dyn Scope,
        budget: &mut Budget,
    ) -> Result<Cow<'a, Value>, Failure> {
        let mut values = Vec::with_capacity(self.arguments.len());
        for argument in &self.arguments {
            values.push(match argument {
                Argument::Literal(value) | Argument::Text { value, .. } => Cow::Borrowed(value),
                Argument::Path(path) => path
                    .evaluate_within(scope, budget)
                    .map_err(|_| Failure::Missing(path.clone()))?,
                Argument::Call(call) => call.evaluate(scope, budget)?,
            });
        }
        let arguments = Arguments::new(self.function.name(), values);
        match self.function {
            Function::Array => array::array(arguments, budget),
            Function::ArrayContains => array::contains(arguments, budget),
            Function::ArrayGetItem => array::get_item(arguments),
            Function::ArrayLength => array::length(arguments),
            Function::ArrayPartition => array::partition(arguments, budget),
            Function::ArrayRange => array::range(arguments, budget),
            Function::ArrayUnique => array::unique(arguments, budget),
            Function::Base64Decode => text::base64_decode(arguments, budget),
            Function::Base64Encode => text::base64_encode(arguments, budget),
            Function::Format => {
                let raw = match self.arguments.first() {
                    Some(Argument::Text { raw, .. }) => Some(&**raw),
                    _ => None,
                };
                text::format(arguments, raw, budget)
            }
            Function::Hash => text::hash(arguments, budget),
            Function::JsonMerge => json::merge(arguments, budget),
            Function::JsonToString => json::to_string(arguments, budget),
            Function::MathAdd => math::add(arguments),
            Function::MathRandom => math::random(arguments, scope),
            Function::StringSplit => text::split(arguments, budget),
            Function::StringToJson => json::from_string(arguments, budget),
            Function::Uuid => {
                arguments.exactly::<0>()?;
                Ok(Cow::Owned(Value::String(scope.uuid())))
            }
        }
    }
}
