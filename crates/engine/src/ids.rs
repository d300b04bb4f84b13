//! Identifiers, from one seeded source: the same seed gives the same shard.

use store::ExecutionId;

/// A source of numbers that nobody needs to be unable to guess (task tokens are authenticated
/// apart). SplitMix64: one word of state, every seed good, from Steele, Lea and Flood, "Fast
/// splittable pseudorandom number generators", OOPSLA 2014.
#[derive(Clone, Debug)]
pub(crate) struct Ids {
    state: u64,
}

impl Ids {
    pub(crate) fn new(seed: u64) -> Ids {
        Ids { state: seed }
    }

    pub(crate) fn number(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A new execution's id: time first, so that ids sort by birth. Its bits are those of a version 7
    /// UUID, as which [`uuid_of`] shows it.
    pub(crate) fn execution(&mut self, now_ms: i64) -> ExecutionId {
        let mut id = [0; 16];
        id[..6].copy_from_slice(&now_ms.to_be_bytes()[2..]);
        id[6..14].copy_from_slice(&self.number().to_be_bytes());
        id[14..].copy_from_slice(&self.number().to_be_bytes()[..2]);
        id[6] = (id[6] & 0x0f) | 0x70;
        id[8] = (id[8] & 0x3f) | 0x80;
        ExecutionId(id)
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
        let (no_dash, no_digit) = (uuid.replacen('-', "0", 1), uuid.replacen('7', "-", 1));
        let others = ["", "x", "-", &uuid[1..], &uuid.to_uppercase(), "+1-2-3-4-5"];
        for other in others.into_iter().chain([&*no_dash, &no_digit]) {
            assert_eq!(execution_of(other), None, "{other}");
        }
    }

    #[test]
    fn execution_ids_sort_by_birth() {
        let mut ids = Ids::new(1);
        assert!(ids.execution(1_000) < ids.execution(1_001));
    }
}
