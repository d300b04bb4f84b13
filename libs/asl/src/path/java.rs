//! Values in the words of Java's `toString`, which AWS lets through in messages and `States.Format`.

use std::fmt::Write;

use serde_json::{Number, Value};

/// Appends `value` as Java prints it: `{a=1, b=[x, null]}`, strings bare.
pub(crate) fn print(value: &Value, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(number) => print_number(number, out),
        Value::String(text) => out.push_str(text),
        Value::Array(items) => {
            out.push('[');
            for (position, item) in items.iter().enumerate() {
                if position > 0 {
                    out.push_str(", ");
                }
                print(item, out);
            }
            out.push(']');
        }
        Value::Object(members) => {
            out.push('{');
            for (position, (key, member)) in members.iter().enumerate() {
                if position > 0 {
                    out.push_str(", ");
                }
                out.push_str(key);
                out.push('=');
                print(member, out);
            }
            out.push('}');
        }
    }
}

/// [`print`] into a new text.
pub(crate) fn printed(value: &Value) -> String {
    let mut out = String::new();
    print(value, &mut out);
    out
}

/// Whether the number is written without fraction or exponent, which makes it an integer to Java.
pub(crate) fn is_integer(number: &Number) -> bool {
    number
        .as_str()
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'-')
}

/// Integers keep their text; anything else is a `double` and printed as `Double.toString` does.
pub(crate) fn print_number(number: &Number, out: &mut String) {
    if is_integer(number) {
        out.push_str(if number.as_str() == "-0" {
            "0"
        } else {
            number.as_str()
        });
    } else {
        print_double(number.as_f64().unwrap_or(f64::INFINITY), out);
    }
}

/// `Double.toString`: plain between 10⁻³ and 10⁷, else `1.0E10`; always a digit after the point.
fn print_double(value: f64, out: &mut String) {
    let size = value.abs();
    let from = out.len();
    if value.is_infinite() {
        out.push_str(if value > 0.0 { "Infinity" } else { "-Infinity" });
    } else if size == 0.0 || (1e-3..1e7).contains(&size) {
        push(out, format_args!("{value}"));
        if !out[from..].contains('.') {
            out.push_str(".0");
        }
    } else {
        let scientific = format!("{value:e}");
        let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
        let point = if digits.contains('.') { "" } else { ".0" };
        push(out, format_args!("{digits}{point}E{exponent}"));
    }
}

fn push(out: &mut String, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text)
        .expect("writing to a string never fails");
}
