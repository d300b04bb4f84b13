//! Strings between their quotes, escapes not yet resolved.

use std::borrow::Cow;

/// A string literal that the scanner has checked, without its quotes.
#[derive(Clone, Copy)]
pub(super) struct RawText<'a> {
    pub(super) raw: &'a str,
    pub(super) has_escapes: bool,
}

impl<'a> RawText<'a> {
    /// Resolves the escapes.
    pub(super) fn decode(self) -> Cow<'a, str> {
        if !self.has_escapes {
            return Cow::Borrowed(self.raw);
        }
        let mut decoded = String::with_capacity(self.raw.len());
        let mut rest = self.raw;
        while let Some(at) = rest.find('\\') {
            decoded.push_str(&rest[..at]);
            rest = &rest[at + 1..];
            let escape = rest.as_bytes().first().copied().unwrap_or(b'\\');
            rest = &rest[1.min(rest.len())..];
            match escape {
                b'b' => decoded.push('\u{8}'),
                b'f' => decoded.push('\u{c}'),
                b'n' => decoded.push('\n'),
                b'r' => decoded.push('\r'),
                b't' => decoded.push('\t'),
                b'u' => decoded.push(unicode_escape(&mut rest)),
                other => decoded.push(char::from(other)),
            }
        }
        decoded.push_str(rest);
        Cow::Owned(decoded)
    }
}

/// Value of four hexadecimal digits.
pub(super) fn hex_unit(digits: &str) -> Option<u16> {
    let all_hex = digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    if all_hex {
        u16::from_str_radix(digits, 16).ok()
    } else {
        None
    }
}

fn unicode_escape(rest: &mut &str) -> char {
    let mut units = [0; 2];
    let mut count = 0;
    for unit in &mut units {
        let digits = if count == 0 {
            rest.get(..4)
        } else {
            rest.get(2..6)
        };
        *unit = digits
            .and_then(hex_unit)
            .expect("the scanner has checked every escape");
        *rest = &rest[if count == 0 { 4 } else { 6 }..];
        count += 1;
        if !(0xd800..0xdc00).contains(unit) {
            break;
        }
    }
    char::decode_utf16(units[..count].iter().copied())
        .next()
        .and_then(Result::ok)
        .expect("the scanner has refused lone surrogates")
}
