//! What the functions share about their arguments: how many, of which type, and how numbers round.

use std::borrow::Cow;

use serde_json::{Map, Number, Value};

use super::Failure;
use crate::path::budget::{Budget, Exhausted};
use crate::path::java;

/// The evaluated arguments of a call.
pub(super) struct Arguments<'a> {
    function: &'static str,
    values: Vec<Cow<'a, Value>>,
}

impl<'a> Arguments<'a> {
    pub(super) fn new(function: &'static str, values: Vec<Cow<'a, Value>>) -> Arguments<'a> {
        Arguments { function, values }
    }

    /// A failure of this function.
    pub(super) fn failure(&self, why: &str) -> Failure {
        Failure::Failed(format!("Invalid arguments in {}: {why}", self.function))
    }

    /// Checks that there are `N` arguments.
    pub(super) fn exactly<const N: usize>(&self) -> Result<(), Failure> {
        self.between(N, N)
    }

    /// Checks that there are `least` to `most` arguments.
    pub(super) fn between(&self, least: usize, most: usize) -> Result<(), Failure> {
        let count = self.values.len();
        if (least..=most).contains(&count) {
            return Ok(());
        }
        let wanted = if least == most {
            least.to_string()
        } else {
            format!("{least} to {most}")
        };
        Err(self.failure(&format!("expected {wanted} arguments but got {count}")))
    }

    pub(super) fn len(&self) -> usize {
        self.values.len()
    }

    pub(super) fn values(&self) -> &[Cow<'a, Value>] {
        &self.values
    }

    pub(super) fn into_values(self) -> Vec<Cow<'a, Value>> {
        self.values
    }

    pub(super) fn value(&self, position: usize) -> Result<&Value, Failure> {
        match self.values.get(position) {
            Some(value) => Ok(value),
            None => Err(self.wrong_type(position, "given")),
        }
    }

    pub(super) fn array(&self, position: usize) -> Result<&Vec<Value>, Failure> {
        self.value(position)?
            .as_array()
            .ok_or_else(|| self.wrong_type(position, "an array"))
    }

    pub(super) fn object(&self, position: usize) -> Result<&Map<String, Value>, Failure> {
        self.value(position)?
            .as_object()
            .ok_or_else(|| self.wrong_type(position, "an object"))
    }

    pub(super) fn text(&self, position: usize) -> Result<&str, Failure> {
        self.value(position)?
            .as_str()
            .ok_or_else(|| self.wrong_type(position, "a string"))
    }

    /// A number, rounded as Java does.
    pub(super) fn integer(&self, position: usize) -> Result<i64, Failure> {
        let number = match self.value(position)? {
            Value::Number(number) => number,
            _ => return Err(self.wrong_type(position, "a number")),
        };
        rounded(number).ok_or_else(|| self.wrong_type(position, "within the range of a long"))
    }

    /// An [`Arguments::integer`] within 32 bits.
    pub(super) fn integer_32(&self, position: usize) -> Result<i32, Failure> {
        let integer = self.integer(position)?;
        i32::try_from(integer)
            .map_err(|_| self.wrong_type(position, "within the range of an integer"))
    }

    fn wrong_type(&self, position: usize, wanted: &str) -> Failure {
        self.failure(&format!("argument {} must be {wanted}", position + 1))
    }
}

/// `Math.round`: half up, towards positive infinity.
fn rounded(number: &Number) -> Option<i64> {
    if java::is_integer(number) {
        return number.as_str().parse().ok();
    }
    let value = number.as_f64().filter(|value| value.is_finite())?;
    let floor = value.floor();
    let nearest = if value - floor >= 0.5 {
        floor + 1.0
    } else {
        floor
    };
    // A cast saturates, as Math.round does.
    Some(nearest as i64)
}

/// The value itself where it is ours, else a copy.
pub(super) fn owned(value: Cow<'_, Value>, budget: &mut Budget) -> Result<Value, Exhausted> {
    match value {
        Cow::Borrowed(value) => budget.copy(value),
        Cow::Owned(value) => Ok(value),
    }
}
