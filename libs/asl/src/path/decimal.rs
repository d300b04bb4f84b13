//! Comparing numbers by their text, exactly, as Java's `BigDecimal` does.

use std::cmp::Ordering;

/// A decimal number: `0.DIGITS × 10^exponent`, without zeros at either end.
struct Decimal<'a> {
    negative: bool,
    whole: &'a str,
    fraction: &'a str,
    exponent: i64,
}

/// Compares two numbers, or nothing if one of the texts is no number.
pub(super) fn compare(left: &str, right: &str) -> Option<Ordering> {
    let (left, right) = (Decimal::parse(left)?, Decimal::parse(right)?);
    Some(match (left.sign(), right.sign()) {
        (l, r) if l != r => l.cmp(&r),
        (0, _) => Ordering::Equal,
        (1, _) => left.compare_size(&right),
        _ => right.compare_size(&left),
    })
}

impl<'a> Decimal<'a> {
    /// Reads `[+-]digits[.digits][e[+-]digits]`; one of the two groups of digits may be missing.
    fn parse(text: &'a str) -> Option<Decimal<'a>> {
        let negative = text.starts_with('-');
        let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
        let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
            None => (unsigned, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if (whole.is_empty() && fraction.is_empty()) || !digits(whole) || !digits(fraction) {
            return None;
        }
        let whole = whole.trim_start_matches('0');
        Some(Decimal {
            negative,
            whole,
            fraction,
            exponent: i64::from(exponent),
        })
    }

    fn digits(&self) -> impl Iterator<Item = u8> + '_ {
        self.whole
            .bytes()
            .chain(self.fraction.bytes())
            .skip_while(|digit| *digit == b'0')
    }

    fn sign(&self) -> i8 {
        match (self.digits().next(), self.negative) {
            (None, _) => 0,
            (Some(_), true) => -1,
            (Some(_), false) => 1,
        }
    }

    /// The power of ten of the first digit that is not zero, plus one.
    fn magnitude(&self) -> i64 {
        let whole = self.whole.len() as i64;
        let zeros = if whole > 0 {
            0
        } else {
            self.fraction.bytes().take_while(|b| *b == b'0').count() as i64
        };
        self.exponent + whole - zeros
    }

    fn compare_size(&self, other: &Decimal<'_>) -> Ordering {
        self.magnitude().cmp(&other.magnitude()).then_with(|| {
            let (mut left, mut right) = (self.digits(), other.digits());
            loop {
                match (left.next(), right.next()) {
                    (None, None) => return Ordering::Equal,
                    (l, r) => match l.unwrap_or(b'0').cmp(&r.unwrap_or(b'0')) {
                        Ordering::Equal => {}
                        unequal => return unequal,
                    },
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_compare_by_value_whatever_their_text() {
        for (left, right, expected) in [
            ("1", "1.0", Ordering::Equal),
            ("1e2", "100", Ordering::Equal),
            ("0.010", "1e-2", Ordering::Equal),
            ("-0", "0.0", Ordering::Equal),
            (".5", "0.49", Ordering::Greater),
            ("-2", "-10", Ordering::Greater),
            ("9007199254740993", "9007199254740992", Ordering::Greater),
            ("-1", "1e-400", Ordering::Less),
        ] {
            assert_eq!(
                compare(left, right),
                Some(expected),
                "{left} against {right}"
            );
        }
        for text in ["", "a", "-", "1e", "1x", ".", "0x1"] {
            assert_eq!(compare(text, "1"), None, "{text}");
        }
    }
}
