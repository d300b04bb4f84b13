//! A length of time as an operator writes it: `7d`, `12h`, `30m`, `90s`, `0`.

use std::fmt;
use std::str::FromStr;

/// A length of time in whole seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    seconds: u64,
}

/// Units, and their seconds; the largest first.
const UNITS: [(char, u64); 4] = [('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

/// Longest span, in days: a hundred years.
const DAYS_MAX: u64 = 36_500;

impl Span {
    /// So many days.
    pub const fn days(days: u64) -> Span {
        Span {
            seconds: days * 86_400,
        }
    }

    /// The same in milliseconds.
    pub fn millis(self) -> i64 {
        i64::try_from(self.seconds.saturating_mul(1_000)).unwrap_or(i64::MAX)
    }
}

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Span, String> {
        let wrong = || "must be a length of time, such as 7d, 12h, 30m or 90s, or 0".to_owned();
        if text == "0" {
            return Ok(Span::default());
        }
        let (at, unit) = text.char_indices().next_back().ok_or_else(wrong)?;
        let (_, unit_seconds) = UNITS
            .into_iter()
            .find(|(name, _)| *name == unit)
            .ok_or_else(wrong)?;
        let digits = &text[..at];
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(wrong());
        }
        let too_long = || format!("must be at most {DAYS_MAX}d");
        let count: u64 = digits.parse().map_err(|_| too_long())?;
        match count.checked_mul(unit_seconds) {
            Some(seconds) if seconds <= DAYS_MAX * 86_400 => Ok(Span { seconds }),
            _ => Err(too_long()),
        }
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = |(_, seconds): &(char, u64)| self.seconds.is_multiple_of(*seconds);
        match UNITS.into_iter().find(whole) {
            Some((unit, seconds)) if self.seconds > 0 => {
                write!(f, "{}{unit}", self.seconds / seconds)
            }
            _ => f.write_str("0"),
        }
    }
}

impl<'de> serde::Deserialize<'de> for Span {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Span, D::Error> {
        let text = String::deserialize(from)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_read_and_print() {
        for (text, seconds, printed) in [
            ("0", 0, "0"),
            ("0s", 0, "0"),
            ("90s", 90, "90s"),
            ("120s", 120, "2m"),
            ("36h", 129_600, "36h"),
            ("7d", 604_800, "7d"),
        ] {
            let span: Span = text.parse().unwrap();
            assert_eq!((span.seconds, span.to_string()), (seconds, printed.into()));
            assert_eq!(span.to_string().parse(), Ok(span));
        }
    }

    #[test]
    fn nonsense_is_refused() {
        let huge = "9".repeat(30) + "d";
        for text in [
            "", "7", "d", "-1d", "1.5h", "7 d", "7w", "1dd", "36501d", "ü", &huge,
        ] {
            assert!(text.parse::<Span>().is_err(), "{text}");
        }
    }
}
