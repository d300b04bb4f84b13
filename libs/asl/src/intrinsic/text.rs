//! `States.Format`, `States.StringSplit`, `States.Hash`, `States.Base64Encode` and
//! `States.Base64Decode`.

use std::borrow::Cow;
use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use sha2::Digest;

use super::Failure;
use super::arguments::Arguments;
use crate::path::budget::Budget;
use crate::path::java;

/// Most characters `States.Hash` and the Base64 functions take.
///
/// Source: AWS developer guide, "Intrinsics for JSONPath states".
pub const TEXT_CHARS_MAX: usize = 10_000;

type Outcome<'a> = Result<Cow<'a, Value>, Failure>;

fn text<'a>(text: String, budget: &mut Budget) -> Outcome<'a> {
    budget.node(text.len())?;
    Ok(Cow::Owned(Value::String(text)))
}

/// `States.Format(template, …)`: each `{}` is replaced by the next argument as Java prints it.
///
/// `raw` is the template as written when it is a literal, its escapes still in it.
pub(super) fn format<'a>(
    arguments: Arguments<'a>,
    raw: Option<&str>,
    budget: &mut Budget,
) -> Outcome<'a> {
    if arguments.len() == 0 {
        return Err(arguments.failure("a template is needed"));
    }
    let template = match raw {
        Some(raw) => raw,
        None => arguments.text(0)?,
    };
    let mut values = arguments.values()[1..].iter();
    let mut out = String::new();
    let mut rest = template;
    let mut placeholders = 0_usize;
    while let Some(at) = rest.find(['\\', '{']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some(after) = rest.strip_prefix("{}") {
            placeholders += 1;
            if let Some(value) = values.next() {
                let length = out.len();
                java::print(value, &mut out);
                budget.allocate(2 * (out.len() - length))?;
            }
            rest = after;
            continue;
        }
        // An escape leaves the character after it; anything else stands for itself.
        let escaped = rest[1..].chars().next().filter(|_| rest.starts_with('\\'));
        match escaped.filter(|c| matches!(c, '\'' | '\\' | '{' | '}')) {
            Some(c) => {
                out.push(c);
                rest = &rest[1 + c.len_utf8()..];
            }
            None => {
                out.push_str(&rest[..1]);
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    let given = arguments.len() - 1;
    if placeholders != given {
        return Err(arguments.failure(&format!(
            "the template has {placeholders} occurrences of {{}} but {given} arguments follow it"
        )));
    }
    text(out, budget)
}

/// `States.StringSplit(text, delimiters)`: at each character of `delimiters`; empty parts are dropped.
pub(super) fn split<'a>(arguments: Arguments<'a>, budget: &mut Budget) -> Outcome<'a> {
    arguments.exactly::<2>()?;
    let delimiters: Vec<char> = arguments.text(1)?.chars().collect();
    budget.node(0)?;
    let mut parts = Vec::new();
    for part in arguments
        .text(0)?
        .split(&delimiters[..])
        .filter(|part| !part.is_empty())
    {
        budget.node(part.len())?;
        budget.visit(1 + part.len() * delimiters.len() / 64)?;
        parts.push(Value::String(part.to_owned()));
    }
    Ok(Cow::Owned(Value::Array(parts)))
}

/// `States.Hash(data, algorithm)`: lower-case hexadecimal.
pub(super) fn hash<'a>(arguments: Arguments<'a>, budget: &mut Budget) -> Outcome<'a> {
    arguments.exactly::<2>()?;
    let data = short(&arguments, 0)?.as_bytes();
    match digest(data, arguments.text(1)?) {
        Some(digest) => text(digest, budget),
        None => {
            Err(arguments
                .failure("the algorithm must be one of MD5, SHA-1, SHA-256, SHA-384, SHA-512"))
        }
    }
}

/// The digest of some bytes in lower-case hexadecimal, if there is such an algorithm.
pub(crate) fn digest(data: &[u8], algorithm: &str) -> Option<String> {
    Some(match algorithm {
        "MD5" => hexadecimal(&md5::Md5::digest(data)),
        "SHA-1" => hexadecimal(&sha1::Sha1::digest(data)),
        "SHA-256" => hexadecimal(&sha2::Sha256::digest(data)),
        "SHA-384" => hexadecimal(&sha2::Sha384::digest(data)),
        "SHA-512" => hexadecimal(&sha2::Sha512::digest(data)),
        _ => return None,
    })
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(2 * bytes.len()), |mut out, byte| {
            write!(out, "{byte:02x}").expect("writing to a string never fails");
            out
        })
}

/// `States.Base64Encode(text)`.
pub(super) fn base64_encode<'a>(arguments: Arguments<'a>, budget: &mut Budget) -> Outcome<'a> {
    arguments.exactly::<1>()?;
    text(STANDARD.encode(short(&arguments, 0)?), budget)
}

/// `States.Base64Decode(text)`: bytes that are no UTF-8 become replacement characters, as in Java.
pub(super) fn base64_decode<'a>(arguments: Arguments<'a>, budget: &mut Budget) -> Outcome<'a> {
    arguments.exactly::<1>()?;
    match STANDARD.decode(short(&arguments, 0)?) {
        Ok(bytes) => text(String::from_utf8_lossy(&bytes).into_owned(), budget),
        Err(error) => Err(arguments.failure(&format!("the string is not valid Base64 ({error})"))),
    }
}

/// A text of at most [`TEXT_CHARS_MAX`] characters.
fn short<'s>(arguments: &'s Arguments<'_>, position: usize) -> Result<&'s str, Failure> {
    let text = arguments.text(position)?;
    if text.chars().count() <= TEXT_CHARS_MAX {
        return Ok(text);
    }
    Err(arguments.failure(&format!(
        "a string of at most {TEXT_CHARS_MAX} characters is needed"
    )))
}
