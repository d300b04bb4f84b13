//! `States.JsonMerge`, `States.JsonToString` and `States.StringToJson`, and when two values are equal.

use std::borrow::Cow;
use std::io;

use serde_json::{Number, Value};

use super::Failure;
use super::arguments::{Arguments, owned};
use crate::path::budget::{Budget, Exhausted};
use crate::path::java;

/// `States.JsonMerge(first, second, false)`: shallow, the second wins, keys in order of appearance.
pub(super) fn merge<'a>(
    arguments: Arguments<'a>,
    budget: &mut Budget,
) -> Result<Cow<'a, Value>, Failure> {
    arguments.exactly::<3>()?;
    arguments.object(0)?;
    arguments.object(1)?;
    match arguments.value(2)? {
        Value::Bool(false) => {}
        Value::Bool(true) => return Err(arguments.failure("deep merging is not supported")),
        _ => return Err(arguments.failure("argument 3 must be a boolean")),
    }
    let mut values = arguments.into_values().into_iter();
    let mut merged = Value::Null;
    for value in values.by_ref().take(2) {
        let value = owned(value, budget)?;
        match (&mut merged, value) {
            (Value::Object(members), Value::Object(others)) => members.extend(others),
            (_, first) => merged = first,
        }
    }
    Ok(Cow::Owned(merged))
}

/// `States.JsonToString(value)`: compact.
pub(super) fn to_string<'a>(
    arguments: Arguments<'a>,
    budget: &mut Budget,
) -> Result<Cow<'a, Value>, Failure> {
    arguments.exactly::<1>()?;
    let text = written(arguments.value(0)?, budget)?;
    Ok(Cow::Owned(Value::String(text)))
}

/// `States.StringToJson(text)`: blank text is null.
pub(super) fn from_string<'a>(
    arguments: Arguments<'a>,
    budget: &mut Budget,
) -> Result<Cow<'a, Value>, Failure> {
    arguments.exactly::<1>()?;
    let text = arguments.text(0)?;
    if text.trim().is_empty() {
        return Ok(Cow::Owned(Value::Null));
    }
    // Paid before it is read: no node comes without one of these, but for the first.
    let nodes = 1 + text
        .bytes()
        .filter(|byte| matches!(byte, b',' | b'[' | b'{' | b':'))
        .count();
    budget.allocate(text.len())?;
    for _ in 0..nodes {
        budget.node(0)?;
    }
    let mut value = serde_json::from_str(text)
        .map_err(|error| arguments.failure(&format!("the string is not valid JSON ({error})")))?;
    drop_negative_zeros(&mut value);
    Ok(Cow::Owned(value))
}

/// An integer in Java has no negative zero.
fn drop_negative_zeros(value: &mut Value) {
    match value {
        Value::Number(number) if number.as_str() == "-0" => *number = Number::from(0),
        Value::Array(items) => items.iter_mut().for_each(drop_negative_zeros),
        Value::Object(members) => members.values_mut().for_each(drop_negative_zeros),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// A text that two values share if and only if they are equal: members are sorted, an integer never
/// equals a fraction (`1` and `1.0` are of two types in Java), fractions are equal by value.
pub(super) fn canonical(value: &Value, budget: &mut Budget) -> Result<String, Exhausted> {
    let mut out = String::new();
    write_canonical(value, &mut out, budget)?;
    budget.allocate(out.len())?;
    Ok(out)
}

fn write_canonical(value: &Value, out: &mut String, budget: &mut Budget) -> Result<(), Exhausted> {
    budget.visit(1)?;
    match value {
        Value::Null | Value::Bool(_) => java::print(value, out),
        Value::Number(number) => java::print_number(number, out),
        Value::String(text) => write_quoted(text, out),
        Value::Array(items) => {
            out.push('[');
            for item in items {
                write_canonical(item, out, budget)?;
                out.push(',');
            }
            out.push(']');
        }
        Value::Object(members) => {
            let mut sorted: Vec<_> = members.iter().collect();
            sorted.sort_unstable_by_key(|(key, _)| *key);
            out.push('{');
            for (key, member) in sorted {
                write_quoted(key, out);
                out.push(':');
                write_canonical(member, out, budget)?;
                out.push(',');
            }
            out.push('}');
        }
    }
    Ok(())
}

/// A text can hold anything, so its length goes before it.
fn write_quoted(text: &str, out: &mut String) {
    out.push('"');
    out.push_str(&text.len().to_string());
    out.push('"');
    out.push_str(text);
}

/// The value as compact JSON, stopped as soon as it grows beyond the budget: escapes make a text up
/// to six times as long.
fn written(value: &Value, budget: &mut Budget) -> Result<String, Exhausted> {
    let mut paid = Paid {
        text: Vec::new(),
        budget,
        exhausted: None,
    };
    match serde_json::to_writer(&mut paid, value) {
        Ok(()) => Ok(String::from_utf8(paid.text).expect("serde_json writes UTF-8")),
        Err(_) => Err(paid.exhausted.unwrap_or(Exhausted::Bytes)),
    }
}

/// A text whose every byte is paid for: twice, since it moves as it grows.
struct Paid<'b> {
    text: Vec<u8>,
    budget: &'b mut Budget,
    exhausted: Option<Exhausted>,
}

impl io::Write for Paid<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Err(exhausted) = self.budget.allocate(2 * bytes.len()) {
            self.exhausted = Some(exhausted);
            return Err(io::Error::other(exhausted.to_string()));
        }
        self.text.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
