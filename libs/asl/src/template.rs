//! Payload templates: `Parameters`, `ResultSelector`, `ItemSelector`, `Assign`, and the single
//! expressions of `ErrorPath` and `CausePath`.

use serde_json::Value;

use crate::path::Scope;

/// A compiled template.
#[derive(Debug)]
pub struct Template {}

/// The text is no valid template; a diagnostic says where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateSyntaxError {
    /// Where in the template, as AWS prints it: `/a/b.$`.
    pub at: String,
    /// AWS's words.
    pub message: String,
}

/// A template that could not be evaluated: the cause without the "An error occurred while
/// executing the state" prefix, and the error name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateError {
    /// `States.Runtime`, `States.IntrinsicFailure`, …
    pub error: &'static str,
    /// AWS's words.
    pub cause: String,
}

impl Template {
    /// Compiles a template: every field whose name ends in `.$` is a path or an intrinsic call.
    pub fn parse(_value: &Value) -> Result<Template, TemplateSyntaxError> {
        Ok(Template {})
    }

    /// Compiles a single expression: a path or an intrinsic call.
    pub fn parse_expression(_text: &str) -> Result<Template, TemplateSyntaxError> {
        Ok(Template {})
    }

    /// Evaluates the template.
    pub fn evaluate(&self, _scope: &dyn Scope) -> Result<Value, TemplateError> {
        Ok(Value::Null)
    }
}
