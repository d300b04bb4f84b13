//! Numbers as JavaScript prints them.

use serde_json::{Number, Value};

/// A finite number: whole ones without a fraction, `1e21` and beyond with an exponent.
fn to_json(value: f64) -> Option<Number> {
    if !value.is_finite() {
        return None;
    }
    if value.fract() == 0.0 && value.abs() < EXACT {
        // Also turns -0.0 into 0, as JSON.stringify does.
        return Some(Number::from(value as i64));
    }
    // Rust prints the shortest digits that read back as the same number, as JavaScript does; the two
    // differ in where the exponent begins.
    let exponent = format!("{value:e}");
    let (_, power) = exponent.split_once('e')?;
    let power: i32 = power.parse().ok()?;
    let text = if power >= 21 {
        exponent.replace('e', "e+")
    } else if power < -6 {
        exponent
    } else {
        format!("{value}")
    };
    text.parse().ok()
}

/// A value with its numbers printed as JavaScript prints them.
pub(super) fn normal(value: Value) -> Value {
    match value {
        Value::Number(number) if number.as_i64().is_none() => number
            .as_f64()
            .and_then(to_json)
            .map_or(Value::Null, Value::Number),
        Value::Array(items) => items.into_iter().map(normal).collect(),
        Value::Object(members) => members
            .into_iter()
            .map(|(name, value)| (name, normal(value)))
            .collect(),
        other => other,
    }
}

/// Below it every whole number is itself.
const EXACT: f64 = 9_007_199_254_740_992.0;

#[cfg(test)]
mod tests {
    use super::to_json;

    #[test]
    fn as_javascript_prints_them() {
        let printed = [
            (0.0, "0"),
            (-0.0, "0"),
            (1.0, "1"),
            (-1.5, "-1.5"),
            (0.1 + 0.2, "0.30000000000000004"),
            (1e-6, "0.000001"),
            (1.5e-7, "1.5e-7"),
            (123_456_789_012_345_680.0, "123456789012345680"),
            (1e20, "100000000000000000000"),
            (1e21, "1e+21"),
            (1.25e300, "1.25e+300"),
            (9_007_199_254_740_993.0, "9007199254740992"),
        ];
        for (value, text) in printed {
            assert_eq!(to_json(value).unwrap().to_string(), text);
        }
        assert_eq!(to_json(f64::INFINITY), None);
        assert_eq!(to_json(f64::NAN), None);
    }
}
