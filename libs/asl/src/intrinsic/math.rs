//! `States.MathAdd` and `States.MathRandom`, with the arithmetic of Java.

use std::borrow::Cow;

use serde_json::Value;

use super::Failure;
use super::arguments::Arguments;
use crate::path::Scope;

/// `States.MathAdd(a, b)`: each rounded first; all within 32 bits.
pub(super) fn add(arguments: Arguments<'_>) -> Result<Cow<'_, Value>, Failure> {
    arguments.exactly::<2>()?;
    let (left, right) = (arguments.integer_32(0)?, arguments.integer_32(1)?);
    match left.checked_add(right) {
        Some(sum) => Ok(Cow::Owned(sum.into())),
        None => Err(arguments.failure("the sum is not within the range of an integer")),
    }
}

/// `States.MathRandom(start, end[, seed])`: from start, before end.
pub(super) fn random<'a>(
    arguments: Arguments<'a>,
    scope: &dyn Scope,
) -> Result<Cow<'a, Value>, Failure> {
    arguments.between(2, 3)?;
    let (start, end) = (arguments.integer_32(0)?, arguments.integer_32(1)?);
    if start >= end {
        return Err(arguments.failure("the end must be greater than the start"));
    }
    let number = if arguments.len() == 3 {
        JavaRandom::new(arguments.integer(2)?).between(start, end)
    } else {
        let width = f64::from(end) - f64::from(start);
        let offset = (scope.random().clamp(0.0, 1.0) * width)
            .floor()
            .min(width - 1.0);
        // Both ends are 32-bit integers, so the sum is exact and between them.
        (f64::from(start) + offset) as i32
    };
    Ok(Cow::Owned(number.into()))
}

/// `java.util.Random`: the linear congruential generator its documentation prescribes.
struct JavaRandom {
    seed: u64,
}

impl JavaRandom {
    const MULTIPLIER: u64 = 0x5_DEEC_E66D;
    const MASK: u64 = (1 << 48) - 1;

    fn new(seed: i64) -> JavaRandom {
        JavaRandom {
            seed: (seed.cast_unsigned() ^ Self::MULTIPLIER) & Self::MASK,
        }
    }

    /// The next `bits` bits, signed when there are 32 of them.
    fn next(&mut self, bits: u32) -> i32 {
        self.seed = (self.seed.wrapping_mul(Self::MULTIPLIER) + 0xB) & Self::MASK;
        ((self.seed >> (48 - bits)) as u32).cast_signed()
    }

    /// `nextInt(bound)`.
    fn below(&mut self, bound: i32) -> i32 {
        if bound & -bound == bound {
            return ((i64::from(bound) * i64::from(self.next(31))) >> 31) as i32;
        }
        loop {
            let bits = self.next(31);
            let value = bits % bound;
            // The last, incomplete run of `bound` numbers would favour the small ones.
            if bits.checked_add(bound - 1 - value).is_some() {
                return value;
            }
        }
    }

    /// `ints(start, end)`: where the width does not fit 32 bits, numbers are drawn until one fits.
    fn between(&mut self, start: i32, end: i32) -> i32 {
        match end.checked_sub(start) {
            Some(width) => self.below(width) + start,
            None => loop {
                let value = self.next(32);
                if (start..end).contains(&value) {
                    return value;
                }
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::JavaRandom;

    /// Printed by `new java.util.Random(42)`.
    #[test]
    fn a_seed_gives_the_numbers_java_gives() {
        let mut random = JavaRandom::new(42);
        let numbers: Vec<i32> = (0..5).map(|_| random.below(10)).collect();
        assert_eq!(numbers, [0, 3, 8, 4, 0]);
        assert_eq!(JavaRandom::new(42).next(32), -1_170_105_035);
    }
}
