//! A number of bytes as an operator writes it: `10GB`, `500MB`, `1048576`, `0`.

use std::fmt;
use std::str::FromStr;

/// A number of bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size {
    bytes: u64,
}

/// Units, and their bytes; the largest first of each kind, the longest name before those that end it.
const UNITS: [(&str, u64); 9] = [
    ("TiB", 1 << 40),
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("TB", 1_000_000_000_000),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("KB", 1_000),
    ("B", 1),
];

/// Largest size, in bytes: a million terabytes.
const BYTES_MAX: u64 = 1_000_000_000_000_000_000;

impl Size {
    /// The same as a number.
    pub fn bytes(self) -> u64 {
        self.bytes
    }
}

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Size, String> {
        let wrong = || "must be a size, such as 10GB, 500MB or 8GiB, or 0".to_owned();
        let upper = text.to_ascii_uppercase();
        let unit = UNITS.into_iter().find_map(|(name, bytes)| {
            let digits = upper.strip_suffix(&name.to_ascii_uppercase())?;
            Some((digits, bytes))
        });
        let (digits, unit_bytes) = unit.unwrap_or((&upper, 1));
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(wrong());
        }
        let count: Option<u64> = digits.parse().ok();
        match count.and_then(|count| count.checked_mul(unit_bytes)) {
            Some(bytes) if bytes <= BYTES_MAX => Ok(Size { bytes }),
            _ => Err("must be at most 1000000TB".to_owned()),
        }
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // 10GB are a whole number of KiB, too: the unit of which there are fewest is the one meant.
        let unit = UNITS
            .into_iter()
            .filter(|(_, bytes)| self.bytes.is_multiple_of(*bytes))
            .min_by_key(|(_, bytes)| self.bytes / bytes);
        match unit {
            Some((unit, bytes)) if self.bytes > 0 && bytes > 1 => {
                write!(f, "{}{unit}", self.bytes / bytes)
            }
            _ => write!(f, "{}", self.bytes),
        }
    }
}

impl<'de> serde::Deserialize<'de> for Size {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Size, D::Error> {
        let text = String::deserialize(from)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_read_and_print() {
        for (text, bytes, printed) in [
            ("0", 0, "0"),
            ("0GB", 0, "0"),
            ("1048577", 1_048_577, "1048577"),
            ("17B", 17, "17"),
            ("500MB", 500_000_000, "500MB"),
            ("500mb", 500_000_000, "500MB"),
            ("10GB", 10_000_000_000, "10GB"),
            ("1500KB", 1_500_000, "1500KB"),
            ("8GiB", 8 << 30, "8GiB"),
            ("1048576", 1 << 20, "1MiB"),
            ("1000000TB", BYTES_MAX, "1000000TB"),
        ] {
            let size: Size = text.parse().unwrap();
            assert_eq!((size.bytes(), size.to_string()), (bytes, printed.into()));
            assert_eq!(size.to_string().parse(), Ok(size));
        }
    }

    #[test]
    fn nonsense_is_refused() {
        let huge = "9".repeat(30) + "B";
        for text in [
            "",
            "GB",
            "-1GB",
            "1.5GB",
            "10 GB",
            "10G",
            "10GBB",
            "1000001TB",
            "\u{fc}",
            &huge,
        ] {
            assert!(text.parse::<Size>().is_err(), "{text}");
        }
    }
}
