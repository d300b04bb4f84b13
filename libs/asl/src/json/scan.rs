//! The one scanner behind checking and reading: it knows JSON's grammar and Jackson's words, and tells
//! a [`Sink`] what it sees.

mod number;
mod refusal;
mod string;

use super::DEPTH_MAX;
use super::error::{self, JacksonError, Problem};
use super::text::RawText;

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
        let continues = |rest: &str| rest.chars().next().is_some_and(refusal::is_identifier_part);
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
}
