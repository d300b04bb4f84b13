//! `States.Array`, `ArrayContains`, `ArrayGetItem`, `ArrayLength`, `ArrayPartition`, `ArrayRange` and
//! `ArrayUnique`.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde_json::Value;

use super::Failure;
use super::arguments::{Arguments, owned};
use super::json::canonical;
use crate::path::budget::Budget;

/// Most items `States.ArrayRange` makes.
///
/// Source: AWS developer guide, "Intrinsics for JSONPath states", `States.ArrayRange`.
pub const ARRAY_RANGE_ITEMS_MAX: i64 = 1_000;

type Outcome<'a> = Result<Cow<'a, Value>, Failure>;

/// `States.Array(…)`: its arguments as they are.
pub(super) fn array<'a>(arguments: Arguments<'a>, budget: &mut Budget) -> Outcome<'a> {
    budget.node(0)?;
    let items = arguments
        .into_values()
        .into_iter()
        .map(|value| owned(value, budget));
    Ok(Cow::Owned(Value::Array(items.collect::<Result<_, _>>()?)))
}

/// `States.ArrayContains(array, value)`: by deep equality.
pub(super) fn contains<'a>(arguments: Arguments<'a>, budget: &mut Budget) -> Outcome<'a> {
    arguments.exactly::<2>()?;
    let wanted = canonical(arguments.value(1)?, budget)?;
    for item in arguments.array(0)? {
        if canonical(item, budget)? == wanted {
            return Ok(Cow::Owned(Value::Bool(true)));
        }
    }
    Ok(Cow::Owned(Value::Bool(false)))
}

/// `States.ArrayGetItem(array, index)`: from zero.
pub(super) fn get_item(arguments: Arguments<'_>) -> Outcome<'_> {
    arguments.exactly::<2>()?;
    let length = arguments.array(0)?.len();
    let index = usize::try_from(arguments.integer(1)?)
        .ok()
        .filter(|index| *index < length);
    let Some(index) = index else {
        return Err(arguments.failure("the index is out of the bounds of the array"));
    };
    let item = match arguments.into_values().swap_remove(0) {
        Cow::Borrowed(Value::Array(items)) => items.get(index).map(Cow::Borrowed),
        Cow::Owned(Value::Array(mut items)) => Some(Cow::Owned(items.swap_remove(index))),
        _ => None,
    };
    Ok(item.expect("the array and its bounds are checked above"))
}

/// `States.ArrayLength(array)`.
pub(super) fn length(arguments: Arguments<'_>) -> Outcome<'_> {
    arguments.exactly::<1>()?;
    Ok(Cow::Owned(arguments.array(0)?.len().into()))
}

/// `States.ArrayPartition(array, size)`: the last part may be shorter.
pub(super) fn partition<'a>(arguments: Arguments<'a>, budget: &mut Budget) -> Outcome<'a> {
    arguments.exactly::<2>()?;
    let size = usize::try_from(arguments.integer(1)?)
        .ok()
        .filter(|size| *size > 0);
    let Some(size) = size else {
        return Err(arguments.failure("the size of a part must be positive"));
    };
    budget.node(0)?;
    let mut parts = Vec::new();
    for part in arguments.array(0)?.chunks(size) {
        budget.node(0)?;
        let items = part.iter().map(|item| budget.copy(item));
        parts.push(Value::Array(items.collect::<Result<_, _>>()?));
    }
    Ok(Cow::Owned(Value::Array(parts)))
}

/// `States.ArrayRange(first, last, step)`: the last is included where the steps meet it.
pub(super) fn range<'a>(arguments: Arguments<'a>, budget: &mut Budget) -> Outcome<'a> {
    arguments.exactly::<3>()?;
    let (first, last, step) = (
        arguments.integer(0)?,
        arguments.integer(1)?,
        arguments.integer(2)?,
    );
    if step == 0 {
        return Err(arguments.failure("the step must not be 0"));
    }
    // In 128 bits nothing below can overflow.
    let (first, last, step) = (i128::from(first), i128::from(last), i128::from(step));
    let count = ((last - first) / step + 1).max(0);
    let against = (last - first).signum() == -step.signum();
    let count = if against { 0 } else { count };
    if count > i128::from(ARRAY_RANGE_ITEMS_MAX) {
        return Err(arguments.failure(&format!(
            "a range has at most {ARRAY_RANGE_ITEMS_MAX} items"
        )));
    }
    let mut items = Vec::new();
    for position in 0..count {
        budget.node(0)?;
        let item =
            i64::try_from(first + position * step).expect("items lie between two 64-bit ends");
        items.push(item.into());
    }
    Ok(Cow::Owned(Value::Array(items)))
}

/// `States.ArrayUnique(array)`: the first of equal items stays.
pub(super) fn unique<'a>(arguments: Arguments<'a>, budget: &mut Budget) -> Outcome<'a> {
    arguments.exactly::<1>()?;
    let mut seen = BTreeSet::new();
    let mut items = Vec::new();
    for item in arguments.array(0)? {
        if seen.insert(canonical(item, budget)?) {
            items.push(budget.copy(item)?);
        }
    }
    Ok(Cow::Owned(Value::Array(items)))
}
