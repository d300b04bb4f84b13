//! Task tokens: opaque, authenticated, and carrying their own routing.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use store::ExecutionId;

/// What a token says once it is known to be ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TaskToken {
    /// The shard that owns the execution; 0 on one node.
    pub(crate) shard: u16,
    /// Whose task.
    pub(crate) execution: ExecutionId,
    /// The event that scheduled it.
    pub(crate) event: u32,
    /// Which hand-out of it, from 1: a task that was put back gets a new token.
    pub(crate) hand_out: u32,
}

const VERSION: u8 = 1;
const BODY: usize = 1 + 2 + 16 + 4 + 4;
const TAG: usize = 32;

/// Longest token a door lets through, in characters. The model allows 2,048; ours are 80.
pub const TOKEN_CHARS_MAX: usize = 2_048;

/// Mints and reads tokens.
#[derive(Clone)]
pub(crate) struct TokenKey {
    mac: Hmac<Sha256>,
}

/// The key itself is never printed.
impl std::fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenKey")
    }
}

impl TokenKey {
    pub(crate) fn new(key: &[u8; 32]) -> TokenKey {
        TokenKey {
            mac: Hmac::new_from_slice(key).expect("HMAC takes keys of any length"),
        }
    }

    pub(crate) fn mint(&self, token: TaskToken) -> String {
        let mut bytes = [0; BODY + TAG];
        bytes[0] = VERSION;
        bytes[1..3].copy_from_slice(&token.shard.to_be_bytes());
        bytes[3..19].copy_from_slice(&token.execution.0);
        bytes[19..23].copy_from_slice(&token.event.to_be_bytes());
        bytes[23..27].copy_from_slice(&token.hand_out.to_be_bytes());
        let tag = self
            .mac
            .clone()
            .chain_update(&bytes[..BODY])
            .finalize()
            .into_bytes();
        bytes[BODY..].copy_from_slice(&tag);
        STANDARD.encode(bytes)
    }

    /// `None` for anything this service did not mint.
    pub(crate) fn read(&self, text: &str) -> Option<TaskToken> {
        let mut bytes = [0; BODY + TAG];
        let length = STANDARD.decode_slice(text, &mut bytes).ok()?;
        if length != bytes.len() || bytes[0] != VERSION {
            return None;
        }
        self.mac
            .clone()
            .chain_update(&bytes[..BODY])
            .verify_slice(&bytes[BODY..])
            .ok()?;
        Some(TaskToken {
            shard: u16::from_be_bytes([bytes[1], bytes[2]]),
            execution: ExecutionId(bytes[3..19].try_into().ok()?),
            event: u32::from_be_bytes(bytes[19..23].try_into().ok()?),
            hand_out: u32::from_be_bytes(bytes[23..27].try_into().ok()?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token() -> TaskToken {
        TaskToken {
            shard: 3,
            execution: ExecutionId([7; 16]),
            event: 5,
            hand_out: 1,
        }
    }

    #[test]
    fn a_token_reads_back() {
        let key = TokenKey::new(&[1; 32]);
        let text = key.mint(token());
        assert!(text.len() <= 1_024);
        assert_eq!(key.read(&text), Some(token()));
    }

    #[test]
    fn no_other_text_is_a_token() {
        let key = TokenKey::new(&[1; 32]);
        let text = key.mint(token());
        assert_eq!(
            TokenKey::new(&[2; 32]).read(&text),
            None,
            "another server's key"
        );
        for end in 0..text.len() {
            assert_eq!(key.read(&text[..end]), None, "cut after {end}");
        }
        for at in 0..text.len() {
            for with in [b'A', b'/', b'=', b' '] {
                let mut other = text.clone().into_bytes();
                if other[at] != with {
                    other[at] = with;
                    let other = String::from_utf8(other).unwrap();
                    assert_eq!(key.read(&other), None, "changed at {at}");
                }
            }
        }
        assert_eq!(key.read(&format!("{text}A")), None);
    }
}
