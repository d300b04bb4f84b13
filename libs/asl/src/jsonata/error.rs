//! What is said about an expression that can not be parsed, or fails.

use std::fmt;
use std::sync::Arc;

/// An expression that has no value: the `States.QueryEvaluationError` of AWS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvaluationError {
    /// The field, as AWS prints it: `Output/total`. It is `location` in the history event.
    pub location: Arc<str>,
    /// The cause, without the prefix that names the state.
    pub cause: String,
}

impl fmt::Display for EvaluationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.cause)
    }
}

impl std::error::Error for EvaluationError {}

/// An expression that is refused when the definition is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// AWS's code: `INVALID_JSONATA_EXPRESSION` or `UNSUPPORTED_JSONATA_EXPRESSION`.
    pub code: &'static str,
    /// The words.
    pub message: String,
}

/// The text is no JSONata.
pub(crate) const INVALID: &str = "INVALID_JSONATA_EXPRESSION";
/// The text is JSONata, but asks for something that there is not.
pub(crate) const UNSUPPORTED: &str = "UNSUPPORTED_JSONATA_EXPRESSION";

impl ParseError {
    pub(crate) fn invalid(message: impl Into<String>) -> ParseError {
        ParseError {
            code: INVALID,
            message: message.into(),
        }
    }

    pub(crate) fn unsupported(message: impl Into<String>) -> ParseError {
        ParseError {
            code: UNSUPPORTED,
            message: message.into(),
        }
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for ParseError {}

/// Why an expression has no result, before it is known which expression of which field it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// An error with a code and words.
    Threw {
        /// JSONata's code: `T2001`.
        code: String,
        /// JSONata's words.
        message: String,
    },
    /// It came to nothing, which is not `null`.
    Undefined,
    /// It came to a function.
    Function,
}

impl Failure {
    /// In AWS's words.
    pub(crate) fn of(self, expression: &str, location: &Arc<str>) -> EvaluationError {
        let what = match self {
            Failure::Threw { code, message } => {
                format!("threw an error during evaluation. {code}: {message}")
            }
            Failure::Undefined => "returned nothing (undefined).".to_owned(),
            Failure::Function => "returned an unsupported result type.".to_owned(),
        };
        EvaluationError::of(expression, location, &what)
    }
}

impl EvaluationError {
    pub(crate) fn of(expression: &str, location: &Arc<str>, what: &str) -> EvaluationError {
        EvaluationError {
            location: Arc::clone(location),
            cause: format!(
                "The JSONata expression '{expression}' specified for the field '{location}' {what}"
            ),
        }
    }
}
