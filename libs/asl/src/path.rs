//! JSONPath as AWS runs it: the semantics of Jayway JsonPath 2.0.0, its error texts included.

use std::borrow::Cow;
use std::fmt;

use serde_json::Value;

/// A compiled path: `$.a[0]`, `$$.Execution.Id`, `$variable.x`.
#[derive(Clone, Debug)]
pub struct Path {
    text: std::sync::Arc<str>,
}

/// The text is no path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathSyntaxError(pub String);

/// A path that found nothing, or could not go on. The text is Jayway's, without any prefix:
/// `Missing property in path $['no']`, `No results for path: $['a']`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathError(pub String);

/// What the expressions of a state can see.
pub trait Scope {
    /// `$`: the input.
    fn input(&self) -> &Value;
    /// `$$`: the context object.
    fn context(&self) -> &Value;
    /// `$name`: a variable.
    fn variable(&self, name: &str) -> Option<&Value>;
    /// A fresh UUID for `States.UUID()`.
    fn uuid(&self) -> String;
    /// A number in `0.0..1.0` for `States.MathRandom`.
    fn random(&self) -> f64;
}

impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Path {
    /// Compiles a path.
    pub fn parse(text: &str) -> Result<Path, PathSyntaxError> {
        Ok(Path { text: text.into() })
    }

    /// The path as written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Evaluates the path. A definite path gives its value or an error; any other gives a list.
    pub fn evaluate<'a>(&self, _scope: &'a dyn Scope) -> Result<Cow<'a, Value>, PathError> {
        Err(PathError(String::new()))
    }

    /// Puts `result` at this reference path in `input` (`ResultPath`), making objects on the way.
    pub fn put(&self, _input: Value, _result: Value) -> Result<Value, PathError> {
        Err(PathError(String::new()))
    }
}
