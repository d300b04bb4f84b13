//! Writing to a reference path: `ResultPath`.

use serde_json::{Map, Value};

use super::PathError;
use super::budget::{Exhausted, VALUE_DEPTH_MAX, fits};
use super::step::{Step, Steps};

/// Puts `result` at the place `steps` name in `input`.
pub(super) fn put(steps: &Steps, mut input: Value, result: Value) -> Result<Value, PathError> {
    // A loop of states could otherwise nest its own output until reading it back fails.
    if !fits(&result, VALUE_DEPTH_MAX.saturating_sub(steps.len())) {
        return Err(PathError(Exhausted::Depth.to_string()));
    }
    let mut place = &mut input;
    for step in steps.iter() {
        place = match step {
            Step::Property(name) => {
                let Value::Object(members) = place else {
                    return Err(cannot_apply(step, place));
                };
                // What is made here is an object on the way, or the place the result is about to take.
                members
                    .entry(name.as_str())
                    .or_insert_with(|| Value::Object(Map::new()))
            }
            Step::Index(index) => {
                let at = match &mut *place {
                    Value::Array(items) => {
                        let at = position_in(items.len(), *index);
                        if at == Some(items.len()) {
                            items.push(Value::Object(Map::new()));
                        }
                        at
                    }
                    _ => None,
                };
                let Some(at) = at else {
                    return Err(cannot_apply(step, place));
                };
                &mut place[at]
            }
            _ => return Err(PathError(format!("{steps} is no reference path"))),
        };
    }
    *place = result;
    Ok(input)
}

/// Where index `index` lies in an array of `length`; one past the end appends.
fn position_in(length: usize, index: i32) -> Option<usize> {
    match usize::try_from(index) {
        Ok(index) => (index <= length).then_some(index),
        Err(_) => length.checked_sub(index.unsigned_abs() as usize),
    }
}

/// AWS's words for a place that the step does not fit, as users report them.
fn cannot_apply(step: &Step, place: &Value) -> PathError {
    let name = match step {
        Step::Property(name) => name.clone(),
        other => other.to_string(),
    };
    PathError(format!("Unable to apply step \"{name}\" to input {place}"))
}
