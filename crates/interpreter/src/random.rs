//! The execution's own randomness: a stream of numbers drawn from its seed.
//!
//! How many were drawn is part of the snapshot, so a replay from any snapshot draws the same.

/// A place in the stream that a seed gives.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stream {
    pub(crate) seed: u64,
    pub(crate) drawn: u64,
}

impl Stream {
    /// A stream of its own for the attempt `retries` of the visit that began with event `entered`: the
    /// same whenever it is asked for, at a place that drawing numbers one by one never comes to.
    pub(crate) fn aside(seed: u64, entered: u32, retries: u32) -> Stream {
        const FAR: u64 = 1 << 63;
        // Events number a few thousands, so nothing is lost at the top.
        let drawn = FAR | (u64::from(entered) << 40) | (u64::from(retries) << 8);
        Stream { seed, drawn }
    }

    /// A stream of its own for an item of the map run that began with event `started`: the same
    /// whenever it is asked for.
    pub(crate) fn of_item(seed: u64, started: u32, index: u64) -> Stream {
        const FAR: u64 = 1 << 62;
        // Events number a few thousands and items a hundred million, so nothing is lost at the top.
        let drawn = FAR | (u64::from(started) << 40) | index;
        let seed = Stream { seed, drawn }.next();
        Stream { seed, drawn: 0 }
    }

    /// The next number (SplitMix64: the n-th number needs no state but n).
    pub(crate) fn next(&mut self) -> u64 {
        self.drawn = self.drawn.wrapping_add(1);
        let mut z = self
            .seed
            .wrapping_add(self.drawn.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number in `0.0..1.0`.
    pub(crate) fn unit(&mut self) -> f64 {
        const STEPS: f64 = (1_u64 << 53) as f64;
        (self.next() >> 11) as f64 / STEPS
    }

    /// A random UUID (version 4, RFC 9562).
    pub(crate) fn uuid(&mut self) -> String {
        let bits = (u128::from(self.next()) << 64) | u128::from(self.next());
        let bits = bits & !(0xF000_u128 << 64) | (0x4000_u128 << 64);
        let bits = bits & !(0xC000_u128 << 48) | (0x8000_u128 << 48);
        let hex = format!("{bits:032x}");
        format!(
            "{}-{}-{}-{}-{}",
            &hex[..8],
            &hex[8..12],
            &hex[12..16],
            &hex[16..20],
            &hex[20..]
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uuids_carry_their_version_and_variant() {
        let mut stream = Stream { seed: 7, drawn: 0 };
        for _ in 0..100 {
            let uuid = stream.uuid();
            assert_eq!(uuid.len(), 36);
            assert_eq!(uuid.as_bytes()[14], b'4');
            assert!(b"89ab".contains(&uuid.as_bytes()[19]), "{uuid}");
        }
    }

    #[test]
    fn a_stream_goes_on_where_it_stood() {
        let mut whole = Stream { seed: 42, drawn: 0 };
        let first: Vec<u64> = (0..10).map(|_| whole.next()).collect();
        let mut later = Stream { seed: 42, drawn: 5 };
        assert_eq!((0..5).map(|_| later.next()).collect::<Vec<_>>(), first[5..]);
    }

    #[test]
    fn streams_aside_are_apart_from_each_other_and_from_the_stream() {
        let seed = 7;
        let first = |entered, retries| Stream::aside(seed, entered, retries).next();
        assert_eq!(first(2, 0), first(2, 0));
        let all = [
            Stream { seed, drawn: 0 }.next(),
            first(2, 0),
            first(2, 1),
            first(3, 0),
            first(25_000, u32::MAX),
        ];
        let different: std::collections::BTreeSet<u64> = all.into_iter().collect();
        assert_eq!(different.len(), all.len());
    }

    #[test]
    fn units_stay_below_one() {
        let mut stream = Stream {
            seed: u64::MAX,
            drawn: u64::MAX - 3,
        };
        for _ in 0..1000 {
            let unit = stream.unit();
            assert!((0.0..1.0).contains(&unit));
        }
    }
}
