//! JSONPath as AWS runs it: the semantics of Jayway JsonPath 2.0.0, its error texts included.
//!
//! Recorded answers of AWS follow that release and no later one: `[]` for an indefinite path that
//! finds nothing, backslashes in bracket names taken literally, no functions. One thing is added,
//! because AWS is reported to take it and nothing could mean anything else: `[-1]` counts from the end.
//!
//! - a path compiles once ([`Path::parse`]) and is then only read;
//! - a definite path borrows its value from the input and allocates nothing;
//! - work is bounded: every path stops after 500,000 nodes and 20 MiB of copies, and recursion after
//!   400 levels (`budget.rs` says why).

pub(crate) mod budget;
mod compile;
mod decimal;
mod evaluate;
mod filter;
pub(crate) mod java;
mod judge;
mod put;
mod step;
mod trail;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use budget::Budget;
use evaluate::Stop;
use step::{Step, Steps};

/// A compiled path: `$.a[0]`, `$$.Execution.Id`, `$variable.x`. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Path {
    compiled: Arc<Compiled>,
}

#[derive(Debug)]
struct Compiled {
    text: Box<str>,
    root: Root,
    steps: Steps,
}

/// What a path starts from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Root {
    /// `$`: the input.
    Input,
    /// `$$`: the context object.
    Context,
    /// `$name`: a variable.
    Variable(Box<str>),
}

/// The text is no path. The words are ours: AWS only says that the field must be a valid JSONPath.
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

impl std::error::Error for PathError {}

impl fmt::Display for PathSyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for PathSyntaxError {}

impl Path {
    /// Compiles a path. It must start with `$`: the forms `a.b` and `@.a`, which Jayway alone would
    /// take, are not paths to AWS.
    pub fn parse(text: &str) -> Result<Path, PathSyntaxError> {
        let (root, tail) = split_root(text.trim())?;
        let steps = compile::compile(tail).map_err(PathSyntaxError)?;
        Ok(Path {
            compiled: Arc::new(Compiled {
                text: text.into(),
                root,
                steps,
            }),
        })
    }

    /// The path as written.
    pub fn text(&self) -> &str {
        &self.compiled.text
    }

    /// What the path starts from.
    pub fn root(&self) -> &Root {
        &self.compiled.root
    }

    /// The variable the path reads, without its `$`.
    pub fn variable(&self) -> Option<&str> {
        match &self.compiled.root {
            Root::Variable(name) => Some(name),
            Root::Input | Root::Context => None,
        }
    }

    /// Whether the path is `$`, `$$` or a bare variable.
    pub fn is_whole(&self) -> bool {
        self.compiled.steps.is_empty()
    }

    /// Whether the path names at most one place: no `..`, wildcard, slice, filter or list of indexes.
    pub fn is_definite(&self) -> bool {
        self.compiled.steps.is_definite()
    }

    /// Whether the path is a reference path: names and indexes only, so it can be written to.
    pub fn is_reference(&self) -> bool {
        self.compiled
            .steps
            .iter()
            .all(|step| matches!(step, Step::Property(_) | Step::Index(_)))
    }

    /// Evaluates the path. A definite path gives its value or an error; any other gives a list.
    pub fn evaluate<'a>(&self, scope: &'a dyn Scope) -> Result<Cow<'a, Value>, PathError> {
        self.evaluate_within(scope, &mut Budget::new())
    }

    /// [`Path::evaluate`] on the account of a larger evaluation.
    pub(crate) fn evaluate_within<'a>(
        &self,
        scope: &'a dyn Scope,
        budget: &mut Budget,
    ) -> Result<Cow<'a, Value>, PathError> {
        let root = match &self.compiled.root {
            Root::Input => scope.input(),
            Root::Context => scope.context(),
            Root::Variable(name) => scope.variable(name).ok_or_else(|| self.no_variable(name))?,
        };
        evaluate::read(&self.compiled.steps, root, budget).map_err(|stop| match stop {
            Stop::NotFound(text) | Stop::Invalid(text) => PathError(text),
            Stop::Exhausted(exhausted) => PathError(exhausted.to_string()),
        })
    }

    /// Variables are looked up as the fields of an object would be, and missed with the same words.
    fn no_variable(&self, name: &str) -> PathError {
        let missed = if self.is_whole() {
            "No results for path: "
        } else {
            "Missing property in path "
        };
        PathError(format!("{missed}$['{name}']"))
    }

    /// Puts `result` at this reference path in `input` (`ResultPath`).
    ///
    /// Objects are made on the way where a name is missing. An index must be within its array, or
    /// be the array's length, which appends.
    pub fn put(&self, input: Value, result: Value) -> Result<Value, PathError> {
        put::put(&self.compiled.steps, input, result)
    }
}

/// Parts `$.a` into its root and the tail Jayway sees, which starts with `$` as well.
fn split_root(text: &str) -> Result<(Root, &str), PathSyntaxError> {
    let Some(rest) = text.strip_prefix('$') else {
        return Err(PathSyntaxError(format!("A path starts with '$': {text}")));
    };
    if let Some(tail) = rest.strip_prefix('$') {
        return Ok((Root::Context, tail));
    }
    let end = rest.find(['.', '[', ' ']).unwrap_or(rest.len());
    let (name, tail) = rest.split_at(end);
    if name.is_empty() {
        return Ok((Root::Input, tail));
    }
    if !is_variable_name(name) {
        return Err(PathSyntaxError(format!(
            "'{name}' is no name of a variable: {text}"
        )));
    }
    Ok((Root::Variable(name.into()), tail))
}

/// Most characters in a name of a variable.
///
/// Source: AWS developer guide, "Passing data between states with variables".
pub const VARIABLE_NAME_CHARS_MAX: usize = 80;

/// Whether `name` may name a variable: a Unicode identifier of at most
/// [`VARIABLE_NAME_CHARS_MAX`] characters.
pub fn is_variable_name(name: &str) -> bool {
    let mut characters = name.chars();
    characters
        .next()
        .is_some_and(|first| first.is_alphabetic() || first == '_')
        && characters.all(|c| c.is_alphanumeric() || c == '_')
        && name.chars().count() <= VARIABLE_NAME_CHARS_MAX
}
