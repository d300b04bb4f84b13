//! One expression.

use serde_json::Value;

use super::engine::{Engine, Variables};
use super::error::{Failure, ParseError};
use super::limits::EXPRESSION_BYTES_MAX;
use super::needs::Needs;

/// An expression, compiled: what stands between `{%` and `%}`.
#[derive(Clone, Debug)]
pub struct Expression {
    engine: Engine,
    needs: Needs,
}

/// The text of an expression, if `text` is one: `{% … %}`, with nothing before or behind.
pub fn inside(text: &str) -> Option<&str> {
    let inside = text.strip_prefix("{%")?.strip_suffix("%}")?;
    Some(inside.trim())
}

impl Expression {
    /// Parses the text inside `{%` and `%}`. Never panics, whatever the text.
    pub fn parse(text: &str) -> Result<Expression, ParseError> {
        let text = text.trim();
        if text.len() > EXPRESSION_BYTES_MAX {
            return Err(ParseError::invalid(format!(
                "The expression has {} bytes, more than the limit of {EXPRESSION_BYTES_MAX}",
                text.len()
            )));
        }
        let engine = Engine::compile(text)?;
        let needs = Needs::of(&engine);
        Ok(Expression { engine, needs })
    }

    /// The text, without `{%`, `%}` and the space around it.
    pub fn text(&self) -> &str {
        self.engine.text()
    }

    /// The variables it reads, without their `$`, in alphabetical order; `$states` and functions are
    /// none.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        self.needs.variables()
    }

    /// Whether it reads `$states.result`.
    pub(crate) fn uses_result(&self) -> bool {
        self.engine.surface().result
    }

    /// Whether it reads `$states.errorOutput`.
    pub(crate) fn uses_error_output(&self) -> bool {
        self.engine.surface().error_output
    }

    pub(super) fn needs(&self) -> &Needs {
        &self.needs
    }

    pub(super) fn evaluate(&self, variables: &Variables) -> Result<Value, Failure> {
        self.engine.evaluate(variables)
    }
}
