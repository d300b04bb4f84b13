//! What is evaluated is not always what is written: two things are said otherwise, and mean the same.
//!
//! `[a..b]` becomes `[$between(a, b)]`. The engine builds a range of up to ten million numbers before it
//! looks at any limit of ours, and that takes a quarter of a gibibyte; our function looks first.
//!
//! `function($x) { $pad($x, 9) }` becomes `function($x) { ($it := $pad($x, 9)) }`. The engine makes a
//! call at the end of a function without telling the tracer what it came to, so what is built there
//! would not be metered. Calls of functions written in the expression stay: they may recurse.

use jlens_core::Error;
use serde_json::Value;

use super::limits::ARRAY_ITEMS_MAX;
use super::surface::Surface;

/// The name of the function, which nobody writes by accident; whoever does gets a range.
pub(super) const NAME: &str = "\u{2025}";

/// The text as it is to be evaluated; `None` if that is as written.
pub(super) fn rewrite(text: &str, surface: &Surface) -> Option<String> {
    let (call, open) = (format!("${NAME}("), format!("(${NAME}:="));
    // Place, how many bytes go, and what comes.
    let mut edits: Vec<(usize, usize, &str)> = Vec::new();
    for range in &surface.ranges {
        edits.push((range.start, 0, &call));
        edits.push((range.operator_end.checked_sub(2)?, 2, ","));
        edits.push((range.end, 0, ")"));
    }
    for call in &surface.last_calls {
        edits.push((call.start, 0, &open));
        edits.push((call.end, 0, ")"));
    }
    if edits.is_empty() {
        return None;
    }
    edits.sort_by_key(|(at, _, _)| *at);
    let mut rewritten = String::with_capacity(text.len() + 8 * edits.len());
    let mut at = 0;
    for (place, gone, come) in edits {
        rewritten.push_str(text.get(at..place)?);
        rewritten.push_str(come);
        at = place + gone;
    }
    rewritten.push_str(text.get(at..)?);
    Some(rewritten)
}

/// All whole numbers from the first argument to the second.
pub(super) fn between(arguments: &[Option<Value>]) -> Result<Option<Value>, Error> {
    let first = whole(arguments, 0, "T2003")?;
    let last = whole(arguments, 1, "T2004")?;
    let (Some(first), Some(last)) = (first, last) else {
        return Ok(None);
    };
    if first > last {
        return Ok(None);
    }
    let count = last - first + 1.0;
    if count > ENGINE_MAX {
        return Err(Error::new("D2014").with("value", count));
    }
    if count > ARRAY_ITEMS_MAX as f64 {
        let message = format!("An array would exceed the limit of {ARRAY_ITEMS_MAX} items");
        return Err(Error::new("U1001").with("message", message));
    }
    let numbers = (0..count as u32).map(|index| Value::from(first as i64 + i64::from(index)));
    Ok(Some(numbers.collect()))
}

/// The limit that JSONata itself has.
const ENGINE_MAX: f64 = 1e7;

/// A whole number, or nothing; anything else is the error of that code.
fn whole(
    arguments: &[Option<Value>],
    position: usize,
    code: &'static str,
) -> Result<Option<f64>, Error> {
    match arguments.get(position).and_then(Option::as_ref) {
        None => Ok(None),
        Some(Value::Number(number)) => match number.as_f64() {
            Some(number) if number.fract() == 0.0 => Ok(Some(number)),
            _ => Err(Error::new(code)),
        },
        Some(_) => Err(Error::new(code)),
    }
}
