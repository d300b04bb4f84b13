//! Numbers that a definition gives outright, by a `…Path` field or by an expression.

use asl::definition::{Percentage, Seconds};
use serde_json::Value;

use super::Asked;
use crate::frame::FrameId;
use crate::turn::{Halt, Turn};

impl Turn<'_> {
    /// A whole number of at least `least`; `field` is the name of the plain field, `TimeoutSeconds`.
    /// Paths read the state's raw input.
    pub(crate) fn whole_number(
        &mut self,
        id: FrameId,
        field: &str,
        given: Option<&Seconds>,
        least: u64,
    ) -> Result<Option<u64>, Halt> {
        let path = match given {
            None => return Ok(None),
            Some(Seconds::Fixed(number)) => return Ok(Some(*number)),
            Some(Seconds::Path(path)) => path,
            Some(Seconds::Expression(expression)) => {
                let number = self.jsonata(id, Asked::default(), |scope| {
                    expression.evaluate_whole_number(scope, least)
                });
                return number.map(Some);
            }
        };
        let raw = self.raw_input(id);
        let value = self.path(id, path, &raw)?;
        let fault = match whole(&value) {
            Some(number) if number >= i128::from(least) => {
                return Ok(Some(u64::try_from(number).unwrap_or(u64::MAX)));
            }
            Some(_) if least == 0 => {
                self.runtime_fault(id, format_args!("{field} cannot be negative."))
            }
            Some(_) => self.runtime_fault(id, format_args!("{field} must be positive.")),
            None => self.runtime_fault(
                id,
                format_args!(
                    "The {field}Path field refers to value \"{}\" which is not a valid integer: {}",
                    plain(&value),
                    path.text()
                ),
            ),
        };
        Err(fault.into())
    }
}

impl Turn<'_> {
    /// A share in percent; `field` is the name of the plain field, `ToleratedFailurePercentage`.
    pub(crate) fn percentage(
        &mut self,
        id: FrameId,
        field: &str,
        given: Option<&Percentage>,
    ) -> Result<Option<f64>, Halt> {
        let path = match given {
            None => return Ok(None),
            Some(Percentage::Fixed(share)) => return Ok(Some(*share)),
            Some(Percentage::Path(path)) => path,
            Some(Percentage::Expression(expression)) => {
                let share = self.jsonata(id, Asked::default(), |scope| {
                    expression.evaluate_percentage(scope)
                });
                return share.map(Some);
            }
        };
        let raw = self.raw_input(id);
        let value = self.path(id, path, &raw)?;
        let fault = match fraction(&value) {
            Some(share) if (0.0..=100.0).contains(&share) => return Ok(Some(share)),
            Some(_) => self.runtime_fault(id, format_args!("{field} must be between 0 and 100.")),
            None => self.runtime_fault(
                id,
                format_args!(
                    "The {field}Path field refers to value \"{}\" which is not a valid float: {}",
                    plain(&value),
                    path.text()
                ),
            ),
        };
        Err(fault.into())
    }
}

/// A number; a text of one counts, as it does in AWS.
fn fraction(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

/// A number without a fraction; a text of digits counts, as it does in AWS.
pub(crate) fn whole(value: &Value) -> Option<i128> {
    match value {
        Value::Number(number) => number.to_string().parse().ok(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

/// A value within a message: a text without its quotes, anything else as compact JSON.
pub(crate) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
