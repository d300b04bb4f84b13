//! Page tokens: opaque to the caller, authenticated, and good for one listing for a day.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use engine::{ErrorName, Operation, Rejection};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use crate::checks::Checks;
use crate::decode::Text;
use crate::members::{PAGE_SIZE, PAGE_TOKEN};
use crate::operations::Context;

/// How long a token may be used.
///
/// Source: AWS API reference, `nextToken`: "Each pagination token expires after 24 hours."
const LIFE_MS: i64 = 24 * 60 * 60 * 1000;

/// A token minted on a node whose clock is a little ahead is good all the same.
const SKEW_MS: i64 = 5 * 60 * 1000;

const VERSION: u8 = 1;
const HEAD: usize = 1 + 8;
const TAG: usize = 32;

/// Page size when none is given, or 0.
const LIMIT_DEFAULT: usize = 100;

/// What a token is good for: an operation and its arguments, all but the size of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Binding([u8; 32]);

impl Binding {
    /// Every part counts, and where one ends and the next begins.
    pub(crate) fn new(operation: Operation, arguments: &[Option<&str>]) -> Binding {
        let mut hash = Sha256::new();
        hash.update(operation.name());
        for argument in arguments {
            match argument {
                None => hash.update([0]),
                Some(text) => {
                    hash.update([1]);
                    hash.update((text.len() as u64).to_be_bytes());
                    hash.update(text);
                }
            }
        }
        Binding(hash.finalize().into())
    }
}

/// Mints and reads tokens.
#[derive(Clone)]
pub(crate) struct PageKey {
    mac: Hmac<Sha256>,
}

impl std::fmt::Debug for PageKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PageKey")
    }
}

impl PageKey {
    pub(crate) fn new(key: &[u8; 32]) -> PageKey {
        PageKey {
            mac: Hmac::new_from_slice(key).expect("HMAC takes keys of any length"),
        }
    }

    fn mint(&self, binding: Binding, cursor: &[u8], now_ms: i64) -> String {
        let mut bytes = Vec::with_capacity(HEAD + cursor.len() + TAG);
        bytes.push(VERSION);
        bytes.extend(now_ms.to_be_bytes());
        bytes.extend_from_slice(cursor);
        let tag = self
            .mac(binding)
            .chain_update(&bytes)
            .finalize()
            .into_bytes();
        bytes.extend_from_slice(&tag);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The cursor in a token, if it was minted here, for this listing, within a day.
    pub(crate) fn read(
        &self,
        binding: Binding,
        token: &str,
        now_ms: i64,
    ) -> Result<Vec<u8>, Rejection> {
        self.cursor(binding, token, now_ms).ok_or_else(invalid)
    }

    fn cursor(&self, binding: Binding, token: &str, now_ms: i64) -> Option<Vec<u8>> {
        let mut bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (body, tag) = bytes.split_at_checked(bytes.len().checked_sub(TAG)?)?;
        self.mac(binding)
            .chain_update(body)
            .verify_slice(tag)
            .ok()?;
        let (head, _) = body.split_at_checked(HEAD)?;
        let minted_ms = i64::from_be_bytes(head[1..].try_into().ok()?);
        let age_ms = now_ms.checked_sub(minted_ms)?;
        if head[0] != VERSION || !(-SKEW_MS..LIFE_MS).contains(&age_ms) {
            return None;
        }
        bytes.truncate(bytes.len() - TAG);
        bytes.drain(..HEAD);
        Some(bytes)
    }

    fn mac(&self, binding: Binding) -> Hmac<Sha256> {
        self.mac
            .clone()
            .chain_update(b"page")
            .chain_update(binding.0)
    }
}

/// The refusal of a token.
pub(crate) fn invalid() -> Rejection {
    Rejection::new(ErrorName::InvalidToken, "Invalid Token: 'Invalid token'")
}

/// How many entries a page may have. Source: AWS API reference, `maxResults`: 100 by default, and a
/// value of 0 uses the default.
pub(crate) fn limit(max_results: Option<i32>) -> usize {
    match max_results {
        Some(given) if given > 0 => usize::try_from(given).unwrap_or(LIMIT_DEFAULT),
        _ => LIMIT_DEFAULT,
    }
}

/// `maxResults` and `nextToken` of a request, as every operation that pages takes them.
pub(crate) struct PageInput<'a> {
    pub(crate) max_results: Option<i32>,
    pub(crate) next_token: Option<Text<'a>>,
}

/// A page that is asked for.
pub(crate) struct Page<C> {
    pub(crate) binding: Binding,
    pub(crate) limit: usize,
    /// Where to go on.
    pub(crate) after: Option<C>,
}

impl PageInput<'_> {
    /// Checks the constraints of the model.
    pub(crate) fn check(&self, checks: &mut Checks) {
        checks.range("maxResults", self.max_results, &PAGE_SIZE);
        checks.optional("nextToken", self.next_token.as_ref(), &PAGE_TOKEN);
    }

    /// Reads the token, whose cursor `read` makes out.
    pub(crate) fn page<C>(
        self,
        context: &Context<'_>,
        binding: Binding,
        read: impl FnOnce(&[u8]) -> Option<C>,
    ) -> Result<Page<C>, Rejection> {
        let after = match self.next_token {
            Some(token) => {
                let cursor = context.page_key.read(binding, &token, context.now_ms)?;
                Some(read(&cursor).ok_or_else(invalid)?)
            }
            None => None,
        };
        Ok(Page {
            binding,
            limit: limit(self.max_results),
            after,
        })
    }
}

/// A cursor that is a name.
pub(crate) fn name(cursor: &[u8]) -> Option<String> {
    String::from_utf8(cursor.to_vec()).ok()
}

/// What it takes to mint the token of the next page.
pub(crate) struct Pages<'a> {
    pub(crate) key: &'a PageKey,
    pub(crate) binding: Option<Binding>,
    pub(crate) now_ms: i64,
}

impl Pages<'_> {
    /// `nextToken` for a cursor.
    pub(crate) fn token(&self, cursor: &[u8]) -> String {
        let binding = self
            .binding
            .expect("every operation that pages binds its tokens");
        self.key.mint(binding, cursor, self.now_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_700_000_000_000;

    fn binding() -> Binding {
        Binding::new(Operation::ListExecutions, &[Some("arn"), None])
    }

    #[test]
    fn a_token_reads_back_for_a_day() {
        let key = PageKey::new(&[1; 32]);
        let token = key.mint(binding(), b"cursor", NOW);
        assert_eq!(key.read(binding(), &token, NOW).unwrap(), b"cursor");
        assert_eq!(
            key.read(binding(), &token, NOW + LIFE_MS - 1).unwrap(),
            b"cursor"
        );
        assert_eq!(key.read(binding(), &token, NOW + LIFE_MS), Err(invalid()));
        assert_eq!(
            key.read(binding(), &token, NOW - SKEW_MS - 1),
            Err(invalid())
        );
        assert_eq!(key.read(binding(), &token, i64::MIN), Err(invalid()));
    }

    #[test]
    fn the_longest_cursor_fits_the_model() {
        let key = PageKey::new(&[1; 32]);
        // A name of 80 characters of four bytes.
        assert!(key.mint(binding(), &[b'x'; 320], NOW).len() <= 1_024);
    }

    #[test]
    fn a_token_is_good_for_one_listing_only() {
        let key = PageKey::new(&[1; 32]);
        let token = key.mint(binding(), b"cursor", NOW);
        for other in [
            Binding::new(Operation::ListActivities, &[Some("arn"), None]),
            Binding::new(Operation::ListExecutions, &[Some("arn"), Some("")]),
            Binding::new(Operation::ListExecutions, &[Some("ar"), Some("n")]),
            Binding::new(Operation::ListExecutions, &[None, Some("arn")]),
        ] {
            assert_eq!(key.read(other, &token, NOW), Err(invalid()));
        }
        assert_eq!(
            PageKey::new(&[2; 32]).read(binding(), &token, NOW),
            Err(invalid())
        );
    }

    #[test]
    fn no_other_text_is_a_token() {
        let key = PageKey::new(&[1; 32]);
        let token = key.mint(binding(), b"cursor", NOW);
        for end in 0..token.len() {
            assert_eq!(key.read(binding(), &token[..end], NOW), Err(invalid()));
        }
        for at in 0..token.len() {
            for with in [b'A', b'_', b'=', b' '] {
                let mut other = token.clone().into_bytes();
                if other[at] != with {
                    other[at] = with;
                    let other = String::from_utf8(other).unwrap();
                    assert_eq!(key.read(binding(), &other, NOW), Err(invalid()), "at {at}");
                }
            }
        }
    }
}
