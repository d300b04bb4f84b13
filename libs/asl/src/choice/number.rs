//! Numbers compared exactly, from their text: `1`, `1.0` and `10e-1` are equal, and no digit is lost.

use std::cmp::Ordering;

use serde_json::Number;

/// Orders two numbers by value.
pub(super) fn compare(a: &Number, b: &Number) -> Ordering {
    let (a, b) = (a.to_string(), b.to_string());
    let (a, b) = (Decimal::read(&a), Decimal::read(&b));
    match (a.sign, b.sign) {
        (0, 0) => Ordering::Equal,
        (-1, -1) => b.compare_magnitude(&a),
        (1, 1) => a.compare_magnitude(&b),
        _ => a.sign.cmp(&b.sign),
    }
}

/// `sign * 0.DIGITS * 10^exponent`, the first and the last digit not being zero.
struct Decimal {
    sign: i8,
    digits: Vec<u8>,
    exponent: i128,
}

impl Decimal {
    /// Reads a number of JSON.
    fn read(text: &str) -> Decimal {
        let (negative, text) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all: Vec<u8> = whole.bytes().chain(fraction.bytes()).collect();
        let zeros_before = all.iter().take_while(|digit| **digit == b'0').count();
        let zeros_after = all.iter().rev().take_while(|digit| **digit == b'0').count();
        if zeros_before == all.len() {
            return Decimal {
                sign: 0,
                digits: Vec::new(),
                exponent: 0,
            };
        }
        let digits = all[zeros_before..all.len() - zeros_after].to_vec();
        // Lengths fit: a text is much shorter than 2^64. An exponent beyond that is as good as infinite.
        let shift = whole.len() as i128 - zeros_before as i128;
        let exponent = i128::from(read_exponent(exponent)) + shift;
        Decimal {
            sign: if negative { -1 } else { 1 },
            digits,
            exponent,
        }
    }

    fn compare_magnitude(&self, other: &Decimal) -> Ordering {
        self.exponent
            .cmp(&other.exponent)
            .then_with(|| self.digits.cmp(&other.digits))
    }
}

fn read_exponent(text: &str) -> i64 {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let magnitude = digits.bytes().fold(0_i64, |number, digit| {
        number
            .saturating_mul(10)
            .saturating_add(i64::from(digit.saturating_sub(b'0')))
    });
    if negative { -magnitude } else { magnitude }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compares_by_value_and_not_by_text() {
        let cases = [
            ("1", "1.0", Ordering::Equal),
            ("0", "-0.0e5", Ordering::Equal),
            ("10e-1", "1", Ordering::Equal),
            ("100", "1E+2", Ordering::Equal),
            ("2", "10", Ordering::Less),
            ("-2", "-10", Ordering::Greater),
            ("-1", "0", Ordering::Less),
            ("0.1", "0.09", Ordering::Greater),
            ("0.001", "1e-3", Ordering::Equal),
            ("9007199254740993", "9007199254740992", Ordering::Greater),
            ("1e999999999999999999999", "1e400", Ordering::Greater),
            ("1e-999999999999999999999", "0", Ordering::Greater),
            ("1.5", "1.25", Ordering::Greater),
        ];
        for (a, b, expected) in cases {
            let (x, y): (Number, Number) = (a.parse().unwrap(), b.parse().unwrap());
            assert_eq!(compare(&x, &y), expected, "{a} {b}");
            assert_eq!(compare(&y, &x), expected.reverse(), "{b} {a}");
        }
    }
}
