//! The engine's errors in the words of jsonata-js, which AWS shows.
//!
//! The codes and nearly all words are the same. Built here are those that differ: numbers within words,
//! which the engine prints as Rust does (`1.0`), and a few sentences that version 2.0.6 has otherwise.

use jlens_core::Error;
use jlens_core::error::catalog;
use serde_json::Value;

use super::number;

/// Sentences that version 2.0.6 has otherwise than the engine.
const OTHERWISE: &[(&str, &str)] = &[(
    "D2014",
    "The size of the sequence allocated by the range operator (..) must not exceed 1e6.  Attempted to allocate {{value}}.",
)];

/// What an error says, without its code and position.
pub(super) fn message(error: &Error) -> String {
    let code = error.code();
    let ours = OTHERWISE.iter().find(|(known, _)| *known == code);
    let template = match ours {
        Some((_, template)) => Some(*template),
        None => catalog()
            .iter()
            .find(|entry| entry.code == code)
            .map(|entry| entry.template),
    };
    match template {
        Some(template) => fill(template, error),
        None => error.message(),
    }
}

/// Fills in the details: `{{{name}}}` as they are, `{{name}}` as JSON.
fn fill(template: &str, error: &Error) -> String {
    let mut filled = String::with_capacity(template.len() + 16);
    let mut rest = template;
    while let Some((before, behind)) = rest.split_once("{{") {
        filled.push_str(before);
        let (is_raw, behind) = match behind.strip_prefix('{') {
            Some(behind) => (true, behind),
            None => (false, behind),
        };
        let Some((name, after)) = behind.split_once("}}") else {
            break;
        };
        rest = if is_raw {
            after.strip_prefix('}').unwrap_or(after)
        } else {
            after
        };
        filled.push_str(&match error.detail(name) {
            None => "undefined".to_owned(),
            Some(Value::String(text)) if is_raw => text.clone(),
            Some(detail) => number::normal(detail.clone()).to_string(),
        });
    }
    filled.push_str(rest);
    filled
}
