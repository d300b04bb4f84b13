//! Fail: ends its line with a failure. It has no `…StateExited`.

use std::sync::Arc;

use asl::definition::{Fail, Text};
use serde_json::Value;

use crate::Failure;
use crate::dataflow::{Asked, plain};
use crate::failure::Fault;
use crate::frame::FrameId;
use crate::turn::{Halt, Turn};

impl Turn<'_> {
    pub(super) fn fail_state(&mut self, id: FrameId, fail: &Fail) -> Result<(), Halt> {
        let error = self.text(id, "Error", fail.error.as_ref())?;
        let cause = self.text(id, "Cause", fail.cause.as_ref())?;
        Err(Fault {
            failure: Failure { error, cause },
            heartbeat: false,
        }
        .into())
    }

    fn text(
        &mut self,
        id: FrameId,
        field: &str,
        text: Option<&Text>,
    ) -> Result<Option<Arc<str>>, Halt> {
        let template = match text {
            None => return Ok(None),
            Some(Text::Fixed(text)) => return Ok(Some(Arc::clone(text))),
            Some(Text::Expression(template)) => template,
            Some(Text::Jsonata(expression)) => {
                let text = self.jsonata(id, Asked::default(), |scope| {
                    expression.evaluate_string(scope)
                })?;
                return Ok(Some(text.into()));
            }
        };
        let input = self.raw_input(id);
        match self.template(id, Some(template), input)?.into_value() {
            Value::String(text) => Ok(Some(text.into())),
            other => {
                let value = plain(&other);
                let cause = format!(
                    "The {field}Path field refers to value \"{value}\" which is not a string."
                );
                Err(self.runtime_fault(id, cause).into())
            }
        }
    }
}
