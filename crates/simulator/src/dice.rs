//! The one source of chance: everything that happens in a run follows from its seed.

/// A stream of random numbers. SplitMix64, as in `engine::ids`: one word of state, every seed good.
#[derive(Clone, Debug)]
pub struct Dice {
    state: u64,
}

impl Dice {
    /// The stream of a seed.
    pub fn new(seed: u64) -> Dice {
        Dice { state: seed }
    }

    /// The next number.
    pub fn number(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `sides`; 0 when there are no sides.
    pub fn roll(&mut self, sides: u64) -> u64 {
        self.number().checked_rem(sides).unwrap_or(0)
    }

    /// An index into something of that length.
    pub fn index(&mut self, length: usize) -> usize {
        self.roll(length as u64) as usize
    }

    /// A length of time from `low` to `high`, both possible.
    pub fn span(&mut self, low: i64, high: i64) -> i64 {
        low + self.roll((high - low).unsigned_abs() + 1) as i64
    }

    /// True so often out of a hundred times.
    pub fn chance(&mut self, percent: u64) -> bool {
        self.roll(100) < percent
    }

    /// One of several.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        items.get(self.index(items.len()))
    }

    /// A seed for a stream of its own.
    pub fn split(&mut self) -> Dice {
        Dice::new(self.number())
    }
}
