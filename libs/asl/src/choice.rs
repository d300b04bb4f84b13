//! Choice rules: the operators, and what they do with values of another type.

use crate::path::{Path, Scope};

/// A condition.
#[derive(Debug)]
pub enum Rule {
    /// `And`.
    And(Vec<Rule>),
    /// `Or`.
    Or(Vec<Rule>),
    /// `Not`.
    Not(Box<Rule>),
    /// `Variable` and an operator (to be completed in this file).
    Compare {
        /// `Variable`.
        variable: Path,
    },
}

/// A rule that could not be decided, as a `States.Runtime` cause without its prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChoiceError(pub String);

impl Rule {
    /// Whether the rule holds.
    pub fn matches(&self, _scope: &dyn Scope) -> Result<bool, ChoiceError> {
        Ok(false)
    }
}
