//! What Jackson says where the grammar is broken.

use super::{Kind, Scanner, Sink};
use crate::json::error::{self, JacksonError, Problem};

/// Longest token that Jackson repeats, in characters. Source: Jackson 2, `MAX_ERROR_TOKEN_LENGTH`.
const TOKEN_CHARACTERS_MAX: usize = 256;

const ANY_VALUE: &str = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')";

impl<S: Sink> Scanner<'_, '_, S> {
    pub(super) fn odd_value(&mut self) -> JacksonError {
        let start = self.at;
        let rest = &self.text[start..];
        for word in ["NaN", "Infinity"] {
            if rest.starts_with(word) {
                self.at += word.len();
                return self.error(format!(
                    "Non-standard token '{word}': enable JsonParser.Feature.ALLOW_NON_NUMERIC_NUMBERS to allow"
                ));
            }
        }
        match rest.chars().next() {
            Some(first) if is_identifier_start(first) => {
                self.unrecognized_token(start, start + first.len_utf8())
            }
            _ => self.unexpected(&format!("expected a valid value {ANY_VALUE}")),
        }
    }

    /// Behind the one value of the text there is more.
    pub(super) fn trailing(&mut self) -> JacksonError {
        let token = match self.peek() {
            Some(b'{') => "START_OBJECT",
            Some(b'[') => "START_ARRAY",
            Some(b'"') => "VALUE_STRING",
            Some(b'-' | b'0'..=b'9') => "VALUE_NUMBER_INT",
            Some(b']' | b'}') => return self.mismatched_close(None),
            _ => return self.odd_value(),
        };
        self.at += 1;
        self.error(format!(
            "Trailing token (of type {token}) found after value: not allowed as per `DeserializationFeature.FAIL_ON_TRAILING_TOKENS`"
        ))
    }

    pub(super) fn unrecognized_token(&mut self, start: usize, mut end: usize) -> JacksonError {
        let mut dots = "";
        let mut length = self.text[start..end].chars().count();
        for character in self.text[end..]
            .chars()
            .take_while(|c| is_identifier_part(*c))
        {
            end += character.len_utf8();
            length += 1;
            if length >= TOKEN_CHARACTERS_MAX {
                dots = "...";
                break;
            }
        }
        self.at = end;
        let token = &self.text[start..end];
        self.error(format!(
            "Unrecognized token '{token}{dots}': was expecting {ANY_VALUE}"
        ))
    }

    pub(super) fn mismatched_close(&mut self, opened: Option<(Kind, usize)>) -> JacksonError {
        let actual = self.take_char();
        let expected = if actual == ']' { '}' } else { ']' };
        let (kind, place) = match opened {
            Some((kind, start)) => (kind, error::location_of(self.text, start)),
            None => (Kind::Root, error::location(self.text, 1, 0)),
        };
        let kind = kind.name();
        self.error(format!(
            "Unexpected close marker '{actual}': expected '{expected}' (for {kind} starting at {place})"
        ))
    }

    pub(super) fn unexpected(&mut self, expected: &str) -> JacksonError {
        let character = self.take_char();
        self.error(format!(
            "Unexpected character ({}): {expected}",
            describe(character)
        ))
    }

    pub(super) fn unexpected_in_number(&mut self, expected: &str) -> JacksonError {
        let character = self.take_char();
        self.error(format!(
            "Unexpected character ({}) in numeric value: {expected}",
            describe(character)
        ))
    }

    pub(super) fn end_of_input(&self, expected: &str) -> JacksonError {
        self.error(format!("Unexpected end-of-input{expected}"))
    }

    pub(super) fn error(&self, message: String) -> JacksonError {
        JacksonError::new(self.text, self.at, Problem::Syntax, message)
    }

    pub(super) fn take_char(&mut self) -> char {
        let character = self.text[self.at..].chars().next().unwrap_or('\0');
        self.at = (self.at + character.len_utf8()).min(self.text.len());
        character
    }
}

/// A character as Jackson names it: `'x' (code 120)`.
pub(super) fn describe(character: char) -> String {
    let mut units = [0; 2];
    let code = character.encode_utf16(&mut units)[0];
    if character.is_control() {
        format!("(CTRL-CHAR, code {code})")
    } else if code > 255 {
        format!("'{character}' (code {code} / 0x{code:x})")
    } else {
        format!("'{character}' (code {code})")
    }
}

fn is_identifier_start(character: char) -> bool {
    character.is_alphabetic() || matches!(character, '_' | '$' | '¢'..='¥' | '€')
}

pub(super) fn is_identifier_part(character: char) -> bool {
    is_identifier_start(character) || character.is_numeric()
}
