//! Identifiers, from one seeded source: the same seed gives the same shard.

use store::ExecutionId;

/// A source of numbers that nobody needs to be unable to guess (task tokens are authenticated
/// apart). SplitMix64: one word of state, every seed good, from Steele, Lea and Flood, "Fast
/// splittable pseudorandom number generators", OOPSLA 2014.
#[derive(Clone, Debug)]
pub(crate) struct Ids {
    state: u64,
    /// The last execution's id, as a number.
    last: u128,
}

impl Ids {
    pub(crate) fn new(seed: u64) -> Ids {
        Ids {
            state: seed,
            last: 0,
        }
    }

    pub(crate) fn number(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A new execution's id: time first, and within a millisecond greater than the last, so that ids
    /// sort by birth. Its bits are those of a version 7 UUID, as which [`uuid_of`] shows it.
    pub(crate) fn execution(&mut self, now_ms: i64) -> ExecutionId {
        let time = (now_ms as u128) << 80;
        let lot = self.number();
        self.last = match self.last >> 80 == time >> 80 {
            // A step at random (RFC 9562, 6.2, method 2): who knows one id does not know the next.
            true => self.last + 1 + u128::from(lot & 0xffff_ffff),
            // The first leaves room behind it for more than there will ever be in one millisecond.
            false => {
                let middle = u128::from(self.number() & 0xfff) << 64;
                time | (0x7 << 76) | middle | (0b10 << 62) | u128::from(lot >> 3)
            }
        };
        ExecutionId(self.last.to_be_bytes())
    }

    /// A version 4 UUID.
    pub(crate) fn uuid(&mut self) -> String {
        let (high, low) = (self.number(), self.number());
        let high = (high & !0xf000) | 0x4000;
        let low = (low & !(0b11 << 62)) | (0b10 << 62);
        in_groups(high, low)
    }
}

/// An execution's id as a name: of an execution that was given none, and in the ARN of an EXPRESS one,
/// whose name may repeat.
pub(crate) fn uuid_of(id: ExecutionId) -> String {
    let number = u128::from_be_bytes(id.0);
    in_groups((number >> 64) as u64, number as u64)
}

/// When an execution of that id began, by the engine's clock.
pub(crate) fn born_ms(id: ExecutionId) -> i64 {
    // 48 bits.
    (u128::from_be_bytes(id.0) >> 80) as i64
}

/// The id that [`uuid_of`] wrote so.
pub(crate) fn execution_of(uuid: &str) -> Option<ExecutionId> {
    if uuid.len() != 36 {
        return None;
    }
    let mut number = 0u128;
    for (place, byte) in uuid.bytes().enumerate() {
        let digit = match (place, byte) {
            (8 | 13 | 18 | 23, b'-') => continue,
            (8 | 13 | 18 | 23, _) => return None,
            (_, b'0'..=b'9') => byte - b'0',
            (_, b'a'..=b'f') => byte - b'a' + 10,
            _ => return None,
        };
        number = (number << 4) | u128::from(digit);
    }
    Some(ExecutionId(number.to_be_bytes()))
}

fn in_groups(high: u64, low: u64) -> String {
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xffff,
        low >> 48,
        low & 0xffff_ffff_ffff
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_is_of_version_4() {
        let uuid = Ids::new(7).uuid();
        assert_eq!(uuid.len(), 36);
        assert_eq!(uuid.as_bytes()[14], b'4');
        assert!(matches!(uuid.as_bytes()[19], b'8' | b'9' | b'a' | b'b'));
    }

    #[test]
    fn an_execution_is_found_by_its_uuid() {
        let id = Ids::new(3).execution(1_700_000_000_000);
        let uuid = uuid_of(id);
        assert_eq!(uuid.as_bytes()[14], b'7');
        assert_eq!(execution_of(&uuid), Some(id));
        assert_eq!(born_ms(id), 1_700_000_000_000);
        let (no_dash, no_digit) = (uuid.replacen('-', "0", 1), uuid.replacen('7', "-", 1));
        let others = ["", "x", "-", &uuid[1..], &uuid.to_uppercase(), "+1-2-3-4-5"];
        for other in others.into_iter().chain([&*no_dash, &no_digit]) {
            assert_eq!(execution_of(other), None, "{other}");
        }
    }

    #[test]
    fn execution_ids_sort_by_birth() {
        let mut ids = Ids::new(1);
        let times = [1_000, 1_000, 1_001, 1_001, 1_001, 1_700_000_000_000];
        let born = times.map(|ms| ids.execution(ms));
        assert!(born.is_sorted_by(|one, next| one < next), "{born:?}");
        let crowd: Vec<_> = (0..10_000).map(|_| ids.execution(2_000)).collect();
        assert!(crowd.is_sorted_by(|one, next| one < next));
        // Another process, or the same after a crash in the same millisecond, makes others.
        assert_ne!(Ids::new(1).execution(5), Ids::new(2).execution(5));
    }
}
