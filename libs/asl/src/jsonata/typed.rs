//! Fields that must come to a value of one type.

use serde_json::Value;

use super::error::EvaluationError;
use super::template::{Node, Placed};
use super::{Scope, Template};
use crate::timestamp;

impl Template {
    /// `Condition`: `true` or `false`.
    pub fn evaluate_boolean(&self, scope: &dyn Scope) -> Result<bool, EvaluationError> {
        match self.evaluate(scope)? {
            Value::Bool(value) => Ok(value),
            other => Err(self.unexpected("boolean", &other)),
        }
    }

    /// `Error`, `Cause` and their like.
    pub fn evaluate_string(&self, scope: &dyn Scope) -> Result<String, EvaluationError> {
        match self.evaluate(scope)? {
            Value::String(value) => Ok(value),
            other => Err(self.unexpected("string", &other)),
        }
    }

    /// `Items` of a Map.
    pub fn evaluate_array(&self, scope: &dyn Scope) -> Result<Vec<Value>, EvaluationError> {
        match self.evaluate(scope)? {
            Value::Array(items) => Ok(items),
            other => Err(self.unexpected("array", &other)),
        }
    }

    /// `TimeoutSeconds`, `MaxConcurrency`, `ToleratedFailureCount`: a whole number of at least `least`
    /// (0 or 1).
    pub fn evaluate_whole_number(
        &self,
        scope: &dyn Scope,
        least: u64,
    ) -> Result<u64, EvaluationError> {
        let value = self.evaluate(scope)?;
        let Value::Number(number) = &value else {
            return Err(self.unexpected("number", &value));
        };
        let number = number.as_f64().unwrap_or(f64::NAN);
        let field = self.field();
        if number.fract() != 0.0 {
            return Err(self.error(format!(
                "The {field} field refers to value \"{value}\" which is not a valid integer"
            )));
        }
        if number < least as f64 {
            let rule = if least == 0 {
                "cannot be negative"
            } else {
                "must be positive"
            };
            return Err(self.error(format!("{field} {rule}.")));
        }
        // Beyond the range of the type, a number of seconds or items is as good as endless.
        Ok(number as u64)
    }

    /// `ToleratedFailurePercentage`: from 0 to 100.
    pub fn evaluate_percentage(&self, scope: &dyn Scope) -> Result<f64, EvaluationError> {
        let value = self.evaluate(scope)?;
        let Value::Number(number) = &value else {
            return Err(self.unexpected("number", &value));
        };
        match number.as_f64() {
            Some(percentage) if (0.0..=100.0).contains(&percentage) => Ok(percentage),
            _ => Err(self.error(format!("{} must be between 0 and 100.", self.field()))),
        }
    }

    /// `Timestamp` of a Wait: milliseconds since the epoch, and the text.
    pub fn evaluate_timestamp(&self, scope: &dyn Scope) -> Result<(i64, String), EvaluationError> {
        let text = self.evaluate_string(scope)?;
        match timestamp::parse(&text) {
            Ok(moment) => Ok((moment, text)),
            Err(timestamp::NotATimestamp) => Err(self.error(format!(
                "The {} field cannot be parsed as an ISO-8601 extended offset date-time format string: {text}",
                self.field()
            ))),
        }
    }

    fn error(&self, cause: String) -> EvaluationError {
        EvaluationError {
            location: self.field().clone(),
            cause,
        }
    }

    /// The value is of the wrong type.
    fn unexpected(&self, expected: &str, value: &Value) -> EvaluationError {
        let found = type_name(value);
        let what = format!(
            "returned an unexpected result type. Expected '{expected}', but was '{found}' for value: {value}"
        );
        match self.root() {
            Node::Expression(Placed {
                location,
                expression,
            }) => EvaluationError::of(expression.text(), location, &what),
            // Something written outright: the definition has been refused for it, so this is for
            // whoever evaluates a field of his own.
            _ => self.error(format!("The field '{}' {what}", self.field())),
        }
    }
}

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}
