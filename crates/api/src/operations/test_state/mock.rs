//! `mock`: what stands for the work of a state.

use asl::definition::{Map, StateKind};
use interpreter::test_state::Mock;
use interpreter::{Document, Failure};
use serde::Deserialize;
use serde_json::Value;

use super::fields::{self, Mode};
use super::invalid;
use crate::checks::Checks;
use crate::decode::{Object, Text};
use crate::members::{FIELD_VALIDATION_MODE, SENSITIVE_CAUSE, SENSITIVE_DATA, SENSITIVE_ERROR};
use crate::refusal::Refusal;

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Input<'a> {
    #[serde(borrow)]
    result: Option<Text<'a>>,
    #[serde(borrow)]
    error_output: Option<Object<ErrorInput<'a>>>,
    #[serde(borrow)]
    field_validation_mode: Option<Text<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ErrorInput<'a> {
    #[serde(borrow)]
    error: Option<Text<'a>>,
    #[serde(borrow)]
    cause: Option<Text<'a>>,
}

/// A mock that says one thing.
pub(super) enum Mocked {
    Result {
        text: String,
        value: Value,
        mode: Mode,
    },
    Error(Failure),
}

impl<'a> Input<'a> {
    pub(super) fn check(self, checks: &mut Checks) -> Input<'a> {
        checks.optional("mock.result", self.result.as_ref(), &SENSITIVE_DATA);
        if let Some(Object(error)) = &self.error_output {
            let (name, cause) = (error.error.as_ref(), error.cause.as_ref());
            checks.optional("mock.errorOutput.error", name, &SENSITIVE_ERROR);
            checks.optional("mock.errorOutput.cause", cause, &SENSITIVE_CAUSE);
        }
        let mode = self.field_validation_mode.as_ref();
        checks.optional("mock.fieldValidationMode", mode, &FIELD_VALIDATION_MODE);
        self
    }

    pub(super) fn one(self) -> Result<Mocked, Refusal> {
        let mode = match self.field_validation_mode.as_deref() {
            Some("NONE") => Mode::None,
            Some("PRESENT") => Mode::Present,
            _ => Mode::Strict,
        };
        match (self.result, self.error_output) {
            (Some(text), None) => match asl::json::value(&text) {
                Ok(value) => Ok(Mocked::Result {
                    text: text.into_string(),
                    value,
                    mode,
                }),
                Err(_) => Err(invalid("Mocked result must be valid JSON")),
            },
            (None, Some(Object(error))) => Ok(Mocked::Error(Failure {
                error: error.error.map(|it| it.into_string().into()),
                cause: error.cause.map(|it| it.into_string().into()),
            })),
            (Some(_), Some(_)) | (None, None) => Err(invalid(
                "A test mock should have only one of the following fields: [result, errorOutput].",
            )),
        }
    }
}

impl Mocked {
    /// Whether a state of that type can be given it.
    pub(super) fn suits(&self, kind: &StateKind) -> Result<(), Refusal> {
        let name = match kind {
            StateKind::Task(task) => {
                return match self {
                    Mocked::Result { value, mode, .. } => {
                        fields::check(&task.resource, value, *mode)
                    }
                    Mocked::Error(_) => Ok(()),
                };
            }
            StateKind::Parallel(parallel) => {
                return match self.items() {
                    Items::Many(items) if items == parallel.branches.len() => Ok(()),
                    Items::Many(_) => Err(invalid(
                        "Mocked result must contain the same number of items as number of \
                         Parallel branches.",
                    )),
                    Items::NoArray => Err(no_array()),
                    Items::NoResult => Ok(()),
                };
            }
            StateKind::Map(map) => {
                return match self.items() {
                    Items::NoArray if !writes_elsewhere(map) => Err(no_array()),
                    _ => Ok(()),
                };
            }
            StateKind::Pass(_) => "Pass",
            StateKind::Choice(_) => "Choice",
            StateKind::Wait(_) => "Wait",
            StateKind::Succeed => "Succeed",
            StateKind::Fail(_) => "Fail",
        };
        Err(invalid(&format!(
            "State type '{name}' is not supported when a mock is specified"
        )))
    }

    fn items(&self) -> Items {
        match self {
            Mocked::Result {
                value: Value::Array(items),
                ..
            } => Items::Many(items.len()),
            Mocked::Result { .. } => Items::NoArray,
            Mocked::Error(_) => Items::NoResult,
        }
    }
}

enum Items {
    Many(usize),
    NoArray,
    NoResult,
}

/// The result of a Map state with a `ResultWriter` says where the results are.
fn writes_elsewhere(map: &Map) -> bool {
    let fields = map.distributed.as_ref();
    fields.is_some_and(|fields| fields.writer.is_some())
}

fn no_array() -> Refusal {
    invalid("Mocked result must be an array.")
}

impl From<Mocked> for Mock {
    fn from(mocked: Mocked) -> Mock {
        match mocked {
            Mocked::Result { text, .. } => Mock::Result(Document::from_text(text)),
            Mocked::Error(failure) => Mock::Error(failure),
        }
    }
}
