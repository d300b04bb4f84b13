//! `States.MathAdd` and `States.MathRandom`, with the arithmetic of Java.

use std::borrow::Cow;

use serde_json::Value;

use super::Failure;
use super::arguments::Arguments;
use super::java_random::JavaRandom;
use crate::path::Scope;

/// `States.MathAdd(a, b)`: each rounded first; all within 32 bits.
pub(super) fn add(arguments: Arguments<'_>) -> Result<Cow<'_, Value>, Failure> {
    arguments.exactly::<2>()?;
    let (left, right) = (arguments.integer_32(0)?, arguments.integer_32(1)?);
    match left.checked_add(right) {
        Some(sum) => Ok(Cow::Owned(sum.into())),
        None => Err(arguments.failure("the sum is not within the range of an integer")),
    }
}

/// `States.MathRandom(start, end[, seed])`: from start, before end.
pub(super) fn random<'a>(
    arguments: Arguments<'a>,
    scope: &dyn Scope,
) -> Result<Cow<'a, Value>, Failure> {
    arguments.between(2, 3)?;
    let (start, end) = (arguments.integer_32(0)?, arguments.integer_32(1)?);
    if start >= end {
        return Err(arguments.failure("the end must be greater than the start"));
    }
    let number = if arguments.len() == 3 {
        JavaRandom::new(arguments.integer(2)?).between(start, end)
    } else {
        let width = f64::from(end) - f64::from(start);
        let offset = (scope.random().clamp(0.0, 1.0) * width)
            .floor()
            .min(width - 1.0);
        // Both ends are 32-bit integers, so the sum is exact and between them.
        (f64::from(start) + offset) as i32
    };
    Ok(Cow::Owned(number.into()))
}
