//! The Amazon States Language: parse it, validate it, evaluate it.
//!
//! Usable alone. [`parse`] (and [`parse_state`], for one state) never fails: it returns what could be understood beside a list of
//! [`Diagnostic`]s worded as AWS words them. A [`StateMachine`] comes only from a text without errors.
//!
//! What is absent here is the point:
//!
//! - no clock, no randomness: `States.UUID` and `States.MathRandom` take their source as an argument;
//! - no I/O, no threads, no async;
//! - no executions: where an execution stands is the interpreter's business.

use std::fmt;

pub mod definition;

/// A JSON value. Key order and the text of numbers are kept (`preserve_order`, `arbitrary_precision`).
pub type Value = serde_json::Value;

pub mod choice;
mod intrinsic;
pub mod json;
pub mod jsonata;
pub mod labelled;
mod lint;
mod parse;
pub mod path;
mod states;
pub mod template;
pub mod timestamp;
mod validate;

pub use definition::StateMachine;
pub use parse::{LONE_STATE_NAME, parse, parse_state, parse_within};

/// How bad a diagnostic is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The definition is refused.
    Error,
    /// Worth a look.
    Warning,
}

/// Something to say about a definition, in AWS's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Error or warning.
    pub severity: Severity,
    /// AWS's code: `SCHEMA_VALIDATION_FAILED`, `MISSING_TRANSITION_TARGET`, …
    pub code: &'static str,
    /// AWS's words.
    pub message: String,
    /// Where, as AWS prints it: `/States/X/Resource`.
    pub location: Option<String>,
    /// Where in the text: byte offset, for messages with line and column.
    pub offset: Option<usize>,
}

/// As AWS prints it in `InvalidDefinition`: `CODE: words at /place`.
impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)?;
        match &self.location {
            // Jackson's words end with the place already.
            Some(location) if !self.message.ends_with(location.as_str()) => {
                write!(f, " at {location}")
            }
            _ => Ok(()),
        }
    }
}

/// Which kind of machine the definition is for: some rules differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MachineType {
    /// Durable, up to a year.
    Standard,
    /// Up to five minutes.
    Express,
}

/// What [`parse`] made of a text.
#[derive(Debug)]
pub struct Parsed {
    /// Present when no diagnostic is an error.
    pub machine: Option<StateMachine>,
    /// Everything there is to say, in document order.
    pub diagnostics: Vec<Diagnostic>,
}
