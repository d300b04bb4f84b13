//! A refused text, as Jackson words it.

use std::fmt;

/// Most characters of the source that Jackson repeats in a location.
///
/// Source: `JsonLocation.MAX_CONTENT_SNIPPET` of Jackson 2.
const SNIPPET_CHARACTERS_MAX: usize = 500;

/// What is wrong with a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// Nothing but white space.
    Empty,
    /// Not JSON.
    Syntax,
    /// Nested deeper than [`super::DEPTH_MAX`].
    TooDeep,
    /// Two members of the same name in one object (refused in definitions only).
    Duplicate,
}

/// Why a text is not JSON, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JacksonError {
    /// What kind of thing is wrong.
    pub problem: Problem,
    /// Jackson's words, without the place.
    pub message: String,
    /// Byte offset of the point reached: just behind the offending character.
    pub offset: usize,
    /// Line of that point, from 1.
    pub line: usize,
    /// Column of that point in UTF-16 units, from 1.
    pub column: usize,
    /// The place as Jackson prints it: `[Source: (String)"…"; line: 1, column: 4]`.
    pub location: String,
}

impl JacksonError {
    pub(super) fn new(text: &str, offset: usize, problem: Problem, message: String) -> Self {
        let (line, column) = line_and_column(text, offset);
        let location = location(text, line, column);
        JacksonError {
            problem,
            message,
            offset,
            line,
            column,
            location,
        }
    }
}

/// The message with its place, as Jackson's exceptions print it.
impl fmt::Display for JacksonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n at {}", self.message, self.location)
    }
}

impl std::error::Error for JacksonError {}

/// The place of the character at `offset`, as Jackson prints it.
pub(super) fn location_of(text: &str, offset: usize) -> String {
    let (line, column) = line_and_column(text, offset);
    location(text, line, column)
}

pub(super) fn location(text: &str, line: usize, column: usize) -> String {
    let snippet_end = text
        .char_indices()
        .nth(SNIPPET_CHARACTERS_MAX)
        .map_or(text.len(), |(at, _)| at);
    let (snippet, cut) = text.split_at(snippet_end);
    let truncated = match cut.encode_utf16().count() {
        0 => String::new(),
        count => format!("[truncated {count} chars]"),
    };
    format!("[Source: (String)\"{snippet}\"{truncated}; line: {line}, column: {column}]")
}

fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let before = &text[..offset];
    let mut line = 1;
    let mut line_start = 0;
    let bytes = before.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        let breaks = *byte == b'\n' || (*byte == b'\r' && bytes.get(at + 1) != Some(&b'\n'));
        if breaks {
            line += 1;
            line_start = at + 1;
        }
    }
    (line, before[line_start..].encode_utf16().count() + 1)
}
