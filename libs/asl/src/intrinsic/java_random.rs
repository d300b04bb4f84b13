//! The randomness that a seed gives in AWS, which runs on Java.

/// `java.util.Random`: the linear congruential generator its documentation prescribes.
pub(crate) struct JavaRandom {
    seed: u64,
}

impl JavaRandom {
    const MULTIPLIER: u64 = 0x5_DEEC_E66D;
    const MASK: u64 = (1 << 48) - 1;

    pub(crate) fn new(seed: i64) -> JavaRandom {
        JavaRandom {
            seed: (seed.cast_unsigned() ^ Self::MULTIPLIER) & Self::MASK,
        }
    }

    /// The next `bits` bits, signed when there are 32 of them.
    fn next(&mut self, bits: u32) -> i32 {
        self.seed = (self.seed.wrapping_mul(Self::MULTIPLIER) + 0xB) & Self::MASK;
        ((self.seed >> (48 - bits)) as u32).cast_signed()
    }

    /// `nextDouble()`: in `0.0..1.0`.
    pub(crate) fn unit(&mut self) -> f64 {
        const STEPS: f64 = (1_u64 << 53) as f64;
        let high = i64::from(self.next(26)) << 27;
        (high + i64::from(self.next(27))) as f64 / STEPS
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
    pub(super) fn between(&mut self, start: i32, end: i32) -> i32 {
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
        assert_eq!(JavaRandom::new(42).unit(), 0.727_563_680_032_868_1);
    }
}
