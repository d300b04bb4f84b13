//! Strings and their escapes.

use super::refusal::describe;
use super::{JacksonError, Scanner, Sink};
use crate::json::text::{RawText, hex_unit};

impl<'a, S: Sink> Scanner<'a, '_, S> {
    /// At an opening quote: reads to behind the closing one. `what` and `at_end` are Jackson's words
    /// for a string of this kind, and for the end of the text inside it.
    pub(super) fn string(&mut self, what: &str, at_end: &str) -> Result<RawText<'a>, JacksonError> {
        self.at += 1;
        let start = self.at;
        let mut has_escapes = false;
        loop {
            match self.peek() {
                None => return Err(self.end_of_input(at_end)),
                Some(b'"') => break,
                Some(b'\\') => {
                    has_escapes = true;
                    self.escape()?;
                }
                Some(byte) if byte < 0x20 => {
                    self.at += 1;
                    let message = format!(
                        "Illegal unquoted character ({}): has to be escaped using backslash to be included in {what}",
                        describe(char::from(byte))
                    );
                    return Err(self.error(message));
                }
                Some(_) => self.at += 1,
            }
        }
        let raw = &self.text[start..self.at];
        self.at += 1;
        Ok(RawText { raw, has_escapes })
    }

    fn escape(&mut self) -> Result<(), JacksonError> {
        self.at += 1;
        match self.peek() {
            None => Err(self.end_of_input(" in character escape sequence")),
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
                self.at += 1;
                Ok(())
            }
            Some(b'u') => {
                let first = self.unicode_unit()?;
                let is_pair = match first {
                    0xd800..0xdc00 if self.text[self.at..].starts_with("\\u") => {
                        self.at += 1;
                        (0xdc00..0xe000).contains(&self.unicode_unit()?)
                    }
                    0xd800..0xe000 => false,
                    _ => return Ok(()),
                };
                // Jackson lets half a pair through; no UTF-8 text can carry it on.
                if is_pair {
                    Ok(())
                } else {
                    Err(self.error("Incomplete surrogate pair".to_owned()))
                }
            }
            Some(_) => {
                let character = self.take_char();
                let message = format!("Unrecognized character escape {}", describe(character));
                Err(self.error(message))
            }
        }
    }

    /// At the `u` of an escape: reads its four digits.
    fn unicode_unit(&mut self) -> Result<u16, JacksonError> {
        self.at += 1;
        if let Some(unit) = self.text.get(self.at..self.at + 4).and_then(hex_unit) {
            self.at += 4;
            return Ok(unit);
        }
        while self.peek().is_some_and(|byte| byte.is_ascii_hexdigit()) {
            self.at += 1;
        }
        if self.peek().is_none() {
            return Err(self.end_of_input(" in character escape sequence"));
        }
        Err(self.unexpected("expected a hex-digit for character escape sequence"))
    }
}
