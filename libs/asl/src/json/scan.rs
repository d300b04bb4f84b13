//! The one scanner behind checking and reading: it knows JSON's grammar and Jackson's words, and tells
//! a [`Sink`] what it sees.

use super::DEPTH_MAX;
use super::error::{self, JacksonError, Problem};
use super::text::{RawText, hex_unit};

/// Longest token that Jackson repeats, in characters. Source: Jackson 2, `MAX_ERROR_TOKEN_LENGTH`.
const TOKEN_CHARACTERS_MAX: usize = 256;

const ANY_VALUE: &str = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')";

/// Takes what the scanner finds, in document order. Offsets are of the first byte.
pub(super) trait Sink {
    fn null(&mut self, at: usize);
    fn boolean(&mut self, at: usize, value: bool);
    fn number(&mut self, at: usize, text: &str);
    fn string(&mut self, at: usize, text: RawText<'_>);
    fn open_array(&mut self, at: usize);
    fn close_array(&mut self);
    fn open_object(&mut self, at: usize);
    fn name(&mut self, at: usize, end: usize, text: RawText<'_>);
    fn close_object(&mut self);
}

/// Drops everything: what is left is the check.
pub(super) struct Nothing;

impl Sink for Nothing {
    fn null(&mut self, _at: usize) {}
    fn boolean(&mut self, _at: usize, _value: bool) {}
    fn number(&mut self, _at: usize, _text: &str) {}
    fn string(&mut self, _at: usize, _text: RawText<'_>) {}
    fn open_array(&mut self, _at: usize) {}
    fn close_array(&mut self) {}
    fn open_object(&mut self, _at: usize) {}
    fn name(&mut self, _at: usize, _end: usize, _text: RawText<'_>) {}
    fn close_object(&mut self) {}
}

/// Scans one value and nothing behind it.
pub(super) fn scan<S: Sink>(text: &str, sink: &mut S) -> Result<(), JacksonError> {
    let mut scanner = Scanner { text, at: 0, sink };
    scanner.skip_space();
    let Some(first) = scanner.peek() else {
        let message = "No content to map due to end-of-input".to_owned();
        return Err(JacksonError::new(text, scanner.at, Problem::Empty, message));
    };
    if first == b']' || first == b'}' {
        return Err(scanner.mismatched_close(None));
    }
    scanner.value(Enclosing {
        depth: 0,
        kind: Kind::Root,
    })?;
    scanner.skip_space();
    if scanner.peek().is_none() {
        Ok(())
    } else {
        Err(scanner.trailing())
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Root,
    Array,
    Object,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::Root => "root",
            Kind::Array => "Array",
            Kind::Object => "Object",
        }
    }
}

/// What a value stands in.
#[derive(Clone, Copy)]
struct Enclosing {
    depth: usize,
    kind: Kind,
}

struct Scanner<'a, 's, S> {
    text: &'a str,
    at: usize,
    sink: &'s mut S,
}

impl<'a, S: Sink> Scanner<'a, '_, S> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    fn value(&mut self, enclosing: Enclosing) -> Result<(), JacksonError> {
        let at = self.at;
        match self.peek() {
            Some(b'"') => {
                let text = self.string(
                    "string value",
                    ": was expecting closing quote for a string value",
                )?;
                self.sink.string(at, text);
            }
            Some(b'{') => return self.object(enclosing.depth + 1),
            Some(b'[') => return self.array(enclosing.depth + 1),
            Some(b'}') => return Err(self.unexpected("expected a value")),
            Some(b't') => {
                self.literal("true")?;
                self.sink.boolean(at, true);
            }
            Some(b'f') => {
                self.literal("false")?;
                self.sink.boolean(at, false);
            }
            Some(b'n') => {
                self.literal("null")?;
                self.sink.null(at);
            }
            Some(b'-' | b'0'..=b'9') => self.number(enclosing.kind)?,
            _ => return Err(self.odd_value()),
        }
        Ok(())
    }

    fn array(&mut self, depth: usize) -> Result<(), JacksonError> {
        let start = self.at;
        self.open(depth)?;
        self.sink.open_array(start);
        let enclosing = Enclosing {
            depth,
            kind: Kind::Array,
        };
        let mut first = true;
        loop {
            if self.closes(b']', enclosing.kind, start)? {
                self.sink.close_array();
                return Ok(());
            }
            if !first {
                self.comma(enclosing.kind)?;
            }
            self.value(enclosing)?;
            first = false;
        }
    }

    fn object(&mut self, depth: usize) -> Result<(), JacksonError> {
        let start = self.at;
        self.open(depth)?;
        self.sink.open_object(start);
        let enclosing = Enclosing {
            depth,
            kind: Kind::Object,
        };
        let mut first = true;
        loop {
            if self.closes(b'}', enclosing.kind, start)? {
                self.sink.close_object();
                return Ok(());
            }
            if !first {
                self.comma(enclosing.kind)?;
            }
            let name_at = self.at;
            if self.peek() != Some(b'"') {
                return Err(self.unexpected("was expecting double-quote to start field name"));
            }
            let name = self.string("name", " in field name")?;
            self.sink.name(name_at, self.at, name);
            self.skip_space_within(enclosing.kind)?;
            if self.peek() != Some(b':') {
                return Err(
                    self.unexpected("was expecting a colon to separate field name and value")
                );
            }
            self.at += 1;
            self.skip_space_within(enclosing.kind)?;
            self.value(enclosing)?;
            first = false;
        }
    }

    fn open(&mut self, depth: usize) -> Result<(), JacksonError> {
        self.at += 1;
        if depth > DEPTH_MAX {
            let message = format!(
                "Document nesting depth ({depth}) exceeds the maximum allowed ({DEPTH_MAX})"
            );
            return Err(JacksonError::new(
                self.text,
                self.at,
                Problem::TooDeep,
                message,
            ));
        }
        Ok(())
    }

    /// Between entries: whether `close` comes next (it is then taken).
    fn closes(&mut self, close: u8, kind: Kind, start: usize) -> Result<bool, JacksonError> {
        self.skip_space();
        match self.peek() {
            None => {
                let opened = error::location_of(self.text, start);
                let expected = format!(
                    ": expected close marker for {} (start marker at {opened})",
                    kind.name()
                );
                Err(self.end_of_input(&expected))
            }
            Some(byte) if byte == close => {
                self.at += 1;
                Ok(true)
            }
            Some(b']' | b'}') => Err(self.mismatched_close(Some((kind, start)))),
            Some(_) => Ok(false),
        }
    }

    fn comma(&mut self, kind: Kind) -> Result<(), JacksonError> {
        if self.peek() != Some(b',') {
            let expected = format!("was expecting comma to separate {} entries", kind.name());
            return Err(self.unexpected(&expected));
        }
        self.at += 1;
        self.skip_space_within(kind)
    }

    fn skip_space_within(&mut self, kind: Kind) -> Result<(), JacksonError> {
        self.skip_space();
        if self.peek().is_some() {
            return Ok(());
        }
        Err(self.end_of_input(&format!(" within/between {} entries", kind.name())))
    }

    fn literal(&mut self, word: &'static str) -> Result<(), JacksonError> {
        let start = self.at;
        let rest = &self.text[start..];
        let continues = |rest: &str| rest.chars().next().is_some_and(is_identifier_part);
        if rest.starts_with(word) && !continues(&rest[word.len()..]) {
            self.at += word.len();
            return Ok(());
        }
        let matched = rest
            .bytes()
            .zip(word.bytes())
            .take_while(|(is, want)| is == want)
            .count();
        Err(self.unrecognized_token(start, start + matched))
    }

    fn number(&mut self, kind: Kind) -> Result<(), JacksonError> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
            match self.peek() {
                None => return Err(self.end_of_input("No digit following minus sign")),
                Some(b'0'..=b'9') => {}
                Some(_) => {
                    let expected =
                        "expected digit (0-9) to follow minus sign, for valid numeric value";
                    return Err(self.unexpected_in_number(expected));
                }
            }
        }
        let leading_zero = self.peek() == Some(b'0');
        let whole_digits = self.digits();
        if leading_zero && whole_digits > 1 {
            let message = "Invalid numeric value: Leading zeroes not allowed".to_owned();
            return Err(self.error(message));
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            if self.digits() == 0 {
                if self.peek().is_none() {
                    self.at -= 1;
                }
                return Err(self.unexpected_in_number("Decimal point not followed by a digit"));
            }
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            if self.peek().is_none() {
                return Err(self.end_of_input("expected a digit for number exponent"));
            }
            if self.digits() == 0 {
                return Err(self.unexpected_in_number("Exponent indicator not followed by a digit"));
            }
        }
        let space_follows = matches!(self.peek(), None | Some(b' ' | b'\t' | b'\n' | b'\r'));
        if kind == Kind::Root && !space_follows {
            return Err(self.unexpected("Expected space separating root-level values"));
        }
        self.sink.number(start, &self.text[start..self.at]);
        Ok(())
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        self.at - start
    }

    fn string(&mut self, what: &str, at_end: &str) -> Result<RawText<'a>, JacksonError> {
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

    fn odd_value(&mut self) -> JacksonError {
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
    fn trailing(&mut self) -> JacksonError {
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

    fn unrecognized_token(&mut self, start: usize, mut end: usize) -> JacksonError {
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

    fn mismatched_close(&mut self, opened: Option<(Kind, usize)>) -> JacksonError {
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

    fn unexpected(&mut self, expected: &str) -> JacksonError {
        let character = self.take_char();
        self.error(format!(
            "Unexpected character ({}): {expected}",
            describe(character)
        ))
    }

    fn unexpected_in_number(&mut self, expected: &str) -> JacksonError {
        let character = self.take_char();
        self.error(format!(
            "Unexpected character ({}) in numeric value: {expected}",
            describe(character)
        ))
    }

    fn end_of_input(&self, expected: &str) -> JacksonError {
        self.error(format!("Unexpected end-of-input{expected}"))
    }

    fn error(&self, message: String) -> JacksonError {
        JacksonError::new(self.text, self.at, Problem::Syntax, message)
    }

    fn take_char(&mut self) -> char {
        let character = self.text[self.at..].chars().next().unwrap_or('\0');
        self.at = (self.at + character.len_utf8()).min(self.text.len());
        character
    }
}

/// A character as Jackson names it: `'x' (code 120)`.
fn describe(character: char) -> String {
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

fn is_identifier_part(character: char) -> bool {
    is_identifier_start(character) || character.is_numeric()
}
