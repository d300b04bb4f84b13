//! The grammar of calls: `States.Name(argument, …)`.

use serde_json::{Number, Value};

use super::{Argument, Call, Function, NESTING_MAX};
use crate::path::Path;

/// Parses a whole text as a call.
pub(super) fn parse(text: &str) -> Result<Call, String> {
    let mut parser = Parser { text, at: 0 };
    let call = parser.call(1)?;
    parser.space();
    if parser.rest().is_empty() {
        Ok(call)
    } else {
        Err(parser.unexpected("the end"))
    }
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Parser<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn space(&mut self) {
        self.at = self.text.len()
            - self
                .rest()
                .trim_start_matches([' ', '\t', '\r', '\n'])
                .len();
    }

    fn unexpected(&self, wanted: &str) -> String {
        format!("Expected {wanted} at position {} of {}", self.at, self.text)
    }

    fn take(&mut self, character: char) -> bool {
        let found = self.rest().starts_with(character);
        if found {
            self.at += character.len_utf8();
        }
        found
    }

    /// Takes all up to one of the characters, or to the end.
    fn until(&mut self, ends: &[char]) -> &'t str {
        let rest = self.rest();
        let taken = &rest[..rest.find(ends).unwrap_or(rest.len())];
        self.at += taken.len();
        taken
    }

    fn call(&mut self, level: usize) -> Result<Call, String> {
        if level > NESTING_MAX {
            return Err(format!(
                "Intrinsic functions nest at most {NESTING_MAX} deep"
            ));
        }
        self.space();
        let start = self.at;
        let name = self.until(&['(']).trim_end();
        let function =
            Function::named(name).ok_or_else(|| format!("There is no function {name}"))?;
        let mut arguments = Vec::new();
        self.at += '('.len_utf8().min(self.rest().len());
        self.space();
        if !self.take(')') {
            loop {
                arguments.push(self.argument(level)?);
                self.space();
                if self.take(')') {
                    break;
                }
                if !self.take(',') {
                    return Err(self.unexpected("',' or ')'"));
                }
            }
        }
        Ok(Call {
            text: self.text[start..self.at].into(),
            function,
            arguments,
        })
    }

    fn argument(&mut self, level: usize) -> Result<Argument, String> {
        self.space();
        match self.rest().chars().next() {
            Some('\'') => self.text_literal(),
            Some('$') => {
                let text = self.path_text();
                Path::parse(text)
                    .map(Argument::Path)
                    .map_err(|error| error.0)
            }
            Some('S') => self.call(level + 1).map(Argument::Call),
            _ => self.literal(),
        }
    }

    /// `'text'`: a backslash escapes a quote, a brace or itself, and may stand before nothing else.
    fn text_literal(&mut self) -> Result<Argument, String> {
        let start = self.at + 1;
        let mut value = String::new();
        let mut escaped = false;
        for (offset, c) in self.text[start..].char_indices() {
            match c {
                '\'' | '\\' | '{' | '}' if escaped => {
                    value.push(c);
                    escaped = false;
                }
                _ if escaped => return Err(format!("There is no escape '\\{c}'")),
                '\\' => escaped = true,
                '\'' => {
                    let raw = self.text[start..start + offset].into();
                    self.at = start + offset + 1;
                    return Ok(Argument::Text {
                        value: Value::String(value),
                        raw,
                    });
                }
                c => value.push(c),
            }
        }
        Err(self.unexpected("a closing quote"))
    }

    /// A path ends at a comma or parenthesis outside of its own brackets and quotes.
    fn path_text(&mut self) -> &'t str {
        let rest = self.rest();
        let mut open = 0_usize;
        let mut quoted = false;
        let end = rest.find(|c| {
            match c {
                '\'' if open > 0 => quoted = !quoted,
                '[' | '(' if !quoted && (open > 0 || c == '[') => open += 1,
                ']' | ')' if !quoted && open > 0 => open -= 1,
                ',' | ')' if open == 0 => return true,
                _ => {}
            }
            false
        });
        let text = &rest[..end.unwrap_or(rest.len())];
        self.at += text.len();
        text.trim_end()
    }

    fn literal(&mut self) -> Result<Argument, String> {
        let start = self.at;
        let value = match self.until(&[',', ')', '(']).trim_end() {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            "null" => Value::Null,
            text => {
                let number = serde_json::from_str::<Number>(text);
                Value::Number(number.map_err(|_| {
                    format!("Expected an argument at position {start} of {}", self.text)
                })?)
            }
        };
        Ok(Argument::Literal(value))
    }
}
