//! JSONata as AWS Step Functions has it: `{% $states.input.total * 2 %}`.
//!
//! Two doors. An [`Expression`] is what stands between `{%` and `%}`; a [`Template`] is a whole field
//! of a JSONata state, in which any string may be an expression. Both are parsed once, with the
//! definition, and evaluated against a [`Scope`]; an [`EvaluationError`] carries AWS's words.
//!
//! AWS runs JSONata 2.0.6 without `$eval`, and with `$partition`, `$range`, `$hash`, `$random(seed)`,
//! `$uuid` and `$parse` added (developer guide, "Transforming data with JSONata"). The language itself
//! is the crate `jlens-core`, which follows 2.2; what 2.2 added is refused by `surface`. The crate is
//! named in `engine`, `functions`, `meter`, `needs`, `rewrite`, `surface` and `words`, nowhere else: pinned
//! exactly, since it is one author's and not yet 1.0.
//!
//! What is absent here is the point:
//!
//! - no context: an expression sees variables only, so bare names at the top level are refused;
//! - no clock and no randomness: `$now`, `$random` and `$uuid` take theirs from the [`Scope`];
//! - no way to run for ever: see [`limits`].

mod engine;
mod error;
mod expression;
mod functions;
pub mod limits;
mod meter;
mod needs;
mod number;
mod rewrite;
mod surface;
mod template;
mod typed;
mod words;

use serde_json::Value;

pub use error::{EvaluationError, ParseError};
pub use expression::{Expression, inside};
pub use template::Template;

/// What the expressions of a state can see.
pub trait Scope {
    /// `$states.input`.
    fn input(&self) -> &Value;
    /// `$states.context`.
    fn context(&self) -> &Value;
    /// `$states.result`, once there is one.
    fn result(&self) -> Option<&Value> {
        None
    }
    /// `$states.errorOutput`, in a catcher.
    fn error_output(&self) -> Option<&Value> {
        None
    }
    /// A variable by its name, without the `$`.
    fn variable(&self, name: &str) -> Option<&Value>;
    /// The time of `$now()` and `$millis()`, in milliseconds since the epoch.
    fn now(&self) -> i64;
    /// A number not given before, from which one evaluation draws all its randomness. Asked for only
    /// when an expression names `$random`, `$shuffle` or `$uuid`.
    fn seed(&self) -> u64;
}
