//! What is evaluated is not always what is written: some things are said otherwise, and mean the same.
//!
//! - `[a..b]` becomes `[$between(a, b)]`. The engine builds a range of up to ten million numbers before
//!   it looks at any limit of ours, and that takes a quarter of a gibibyte; our function looks first.
//! - `function($x) { $pad($x, 9) }` becomes `function($x) { ($it := $pad($x, 9)) }`. The engine makes a
//!   call at the end of a function without telling the tracer what it came to, so what is built there
//!   would not be metered. Calls of functions written in the expression stay: they may recurse.
//! - `a = b` becomes `($1 := a; $2 := b; $check($1, $2); $1 = $2)`, unless one is a literal. A value
//!   that holds another twice, sixty times over, is small; comparing it is endless, and spends no step.
//! - `$replace(…)` and `$distinct(…)` likewise: the first may build far more than fits in memory before
//!   any limit is looked at, the second compares each item with each.
//!
//! The names in it are none that anybody writes by accident.

use jlens_core::{Error, HostFunction};
use serde_json::Value;

use super::limits::{ARRAY_ITEMS_MAX, BUILT_BYTES_MAX};
use super::surface::Otherwise;

/// What all our names begin with.
const MARK: &str = "\u{2025}";

/// An insertion or replacement. Of those at one place, what closes comes before what opens.
struct Edit {
    at: usize,
    closes: bool,
    gone: usize,
    come: String,
}

/// The text as it is to be evaluated; `None` if that is as written.
pub(super) fn rewrite(text: &str, otherwise: &[Otherwise]) -> Option<String> {
    if otherwise.is_empty() {
        return None;
    }
    let (mut opening, mut closing) = (Vec::new(), Vec::new());
    for what in otherwise {
        let mut open = |from: usize, to: usize, come: String| {
            opening.push(Edit {
                at: from,
                closes: false,
                gone: to.saturating_sub(from),
                come,
            });
        };
        let (end, come) = match what {
            Otherwise::Range(span, operator_end) => {
                open(span.start, span.start, format!("${MARK}range("));
                open(operator_end.checked_sub(2)?, *operator_end, ",".to_owned());
                (span.end, ")".to_owned())
            }
            Otherwise::LastCall(span) => {
                open(span.start, span.start, format!("(${MARK}:="));
                (span.end, ")".to_owned())
            }
            Otherwise::Comparison(span, operator, operator_end) => {
                open(span.start, span.start, format!("(${MARK}1:="));
                let operator_start = operator_end.checked_sub(operator.len())?;
                open(operator_start, *operator_end, format!(";${MARK}2:="));
                let check = format!("${MARK}compare(${MARK}1,${MARK}2)");
                (span.end, format!(";{check};${MARK}1{operator}${MARK}2)"))
            }
            Otherwise::GuardedCall(function, span, args) => {
                let mut from = span.start;
                let mut names = Vec::with_capacity(args.len());
                for (index, arg) in args.iter().enumerate() {
                    let before = if index == 0 { "(" } else { ";" };
                    let name = format!("${MARK}{}", index + 1);
                    open(from, arg.start, format!("{before}{name}:="));
                    names.push(name);
                    from = arg.end;
                }
                let names = names.join(",");
                let check = format!("${MARK}{function}({names})");
                open(
                    from,
                    span.end,
                    format!(";{check};${MARK}:=${function}({names}))"),
                );
                continue;
            }
        };
        closing.push(Edit {
            at: end,
            closes: true,
            gone: 0,
            come,
        });
    }
    // Outer things come first here; closed they are last. The sort keeps the order of equals.
    closing.reverse();
    closing.extend(opening);
    closing.sort_by_key(|edit| (edit.at, !edit.closes));
    let mut rewritten = String::with_capacity(text.len() + 32 * closing.len());
    let mut at = 0;
    for edit in closing {
        rewritten.push_str(text.get(at..edit.at)?);
        rewritten.push_str(&edit.come);
        at = edit.at + edit.gone;
    }
    rewritten.push_str(text.get(at..)?);
    Some(rewritten)
}

/// The functions that the rewritten text calls.
pub(super) fn functions() -> [(String, HostFunction); 4] {
    type Check = fn(&[Option<Value>]) -> Result<Option<Value>, Error>;
    let functions: [(&str, Check); 4] = [
        ("range", between),
        // That its arguments could be written out within the limit of a result is all there is to check.
        ("compare", |_| Ok(None)),
        ("distinct", distinct),
        ("replace", replace),
    ];
    functions.map(|(name, body)| {
        let function = HostFunction::new(2, move |arguments, _| body(arguments)).without_input();
        (format!("{MARK}{name}"), function)
    })
}

/// Most items that `$distinct` compares with each other. Source: ours; a hundred million comparisons are
/// half a second.
const DISTINCT_ITEMS_MAX: usize = 10_000;

fn distinct(arguments: &[Option<Value>]) -> Result<Option<Value>, Error> {
    match arguments.first().and_then(Option::as_ref) {
        Some(Value::Array(items)) if items.len() > DISTINCT_ITEMS_MAX => Err(too_large(&format!(
            "An array would exceed the limit of {DISTINCT_ITEMS_MAX} items of the distinct function"
        ))),
        _ => Ok(None),
    }
}

/// The most that could come of `$replace`: each byte replaced.
fn replace(arguments: &[Option<Value>]) -> Result<Option<Value>, Error> {
    let length = |position: usize| match arguments.get(position) {
        Some(Some(Value::String(text))) => Some(text.len()),
        _ => None,
    };
    let (Some(text), Some(replacement)) = (length(0), length(2)) else {
        return Ok(None);
    };
    let pattern = length(1).unwrap_or(1).max(1);
    if (text / pattern).saturating_mul(replacement) > BUILT_BYTES_MAX {
        let message = "A string would exceed the size limit of the replace function";
        return Err(too_large(message));
    }
    Ok(None)
}

fn too_large(message: &str) -> Error {
    Error::new("U1001").with("message", message)
}

/// All whole numbers from the first argument to the second.
fn between(arguments: &[Option<Value>]) -> Result<Option<Value>, Error> {
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
        return Err(too_large(&message));
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
