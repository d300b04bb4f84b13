//! The key that tells a call that is made again from a new one.

use std::fmt;

use sha2::{Digest, Sha256};

/// Names one call of one execution: the same after a crash, another for each attempt of a `Retry`.
///
/// Shaped as a UUID, since that is what services take as a client token. Whoever gets it twice may
/// answer the second time as the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct IdempotencyKey([u8; 16]);

/// The header that carries it where the protocol has no member for it.
/// Source: IETF draft "The Idempotency-Key HTTP Header Field".
pub(crate) const HEADER: &str = "idempotency-key";

impl IdempotencyKey {
    /// The key of what event `task` of an execution scheduled. Events are numbered once: a redrive
    /// goes on counting, and so does a retry.
    pub fn of(execution: [u8; 16], task: u32) -> IdempotencyKey {
        // Hashed, so that nobody outside reads the names of executions from it, and begun with a
        // word of its own, so that no other hash of the same bytes is a key.
        let digest = Sha256::new()
            .chain_update(b"towpath idempotency key 1")
            .chain_update(execution)
            .chain_update(task.to_be_bytes())
            .finalize();
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest[..16]);
        // Source: RFC 9562, version 8 (made in a way of one's own), variant 10.
        bytes[6] = bytes[6] & 0x0f | 0x80;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        IdempotencyKey(bytes)
    }
}

impl fmt::Display for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, byte) in self.0.iter().enumerate() {
            if matches!(at, 4 | 6 | 8 | 10) {
                f.write_str("-")?;
            }
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_stays_over_versions_and_is_shaped_as_a_uuid() {
        // A server that was updated over a crash must say the same: this text never changes.
        let key = IdempotencyKey::of([7; 16], 5).to_string();
        assert_eq!(key, "bb3d7e83-ad34-80ab-8575-b3ee17e5027a");
    }

    #[test]
    fn every_execution_and_every_attempt_has_its_own() {
        let key = IdempotencyKey::of([7; 16], 5);
        assert_ne!(key, IdempotencyKey::of([7; 16], 6));
        assert_ne!(key, IdempotencyKey::of([8; 16], 5));
    }
}
