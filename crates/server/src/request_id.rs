//! Identifiers of requests.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

static COUNT: AtomicU64 = AtomicU64::new(0);
static SEED: OnceLock<u64> = OnceLock::new();

/// A UUID of version 4 that no other request of this server has. It protects nothing, so a counter
/// stirred with a seed will do.
pub fn next() -> String {
    let (high, low) = pair();
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        high >> 32,
        high >> 16 & 0xffff,
        high & 0xfff,
        low >> 48 & 0x3fff | 0x8000,
        low & 0xffff_ffff_ffff
    )
}

/// A number that this server does not give twice, but by a chance of one in 2^64 for each pair of them.
pub fn number() -> u64 {
    pair().0
}

fn pair() -> (u64, u64) {
    let seed = *SEED.get_or_init(|| {
        // Without the system's randomness identifiers would only be less distinct between servers.
        getrandom::u64().unwrap_or_else(|_| u64::from(std::process::id()))
    });
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let high = stir(seed ^ stir(count));
    (high, stir(high ^ count.rotate_left(32)))
}

/// The finalizer of SplitMix64: a bijection that leaves no pattern.
fn stir(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    #[test]
    fn they_look_like_uuids_and_differ() {
        let ids: std::collections::HashSet<String> = (0..10_000).map(|_| super::next()).collect();
        assert_eq!(ids.len(), 10_000);
        for id in ids {
            let lengths: Vec<usize> = id.split('-').map(str::len).collect();
            assert_eq!(lengths, [8, 4, 4, 4, 12]);
            assert_eq!(id.as_bytes()[14], b'4');
            assert!(b"89ab".contains(&id.as_bytes()[19]));
        }
    }
}
