//! Choice rules: the operators, and what they do with values of another type.
//!
//! A comparison with a value of another type does not hold, and is no error. A `Variable` or an operand
//! path that finds nothing is one, except for `IsPresent`.

mod number;
mod operator;
mod pattern;
mod read;

use serde_json::Value;

use crate::jsonata;
use crate::path::{Path, Scope};

pub use operator::{Comparison, Operand, Operator, TypeTest};
pub use pattern::Pattern;
pub(crate) use read::read_rule;

/// A condition.
#[derive(Debug)]
pub enum Rule {
    /// `And`.
    And(Vec<Rule>),
    /// `Or`.
    Or(Vec<Rule>),
    /// `Not`.
    Not(Box<Rule>),
    /// `Variable` and an operator.
    Compare {
        /// `Variable`.
        variable: Path,
        /// What is asked about its value.
        operator: Operator,
    },
    /// `Condition`: a JSONata expression, or a fixed boolean: see
    /// [`jsonata::Template::evaluate_boolean`].
    Condition(jsonata::Template),
}

/// A rule that could not be decided, as a `States.Runtime` cause without its prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChoiceError(pub String);

impl Rule {
    /// Whether the rule holds.
    pub fn matches(&self, scope: &dyn Scope) -> Result<bool, ChoiceError> {
        match self {
            Rule::And(rules) => {
                for rule in rules {
                    if !rule.matches(scope)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Rule::Or(rules) => {
                for rule in rules {
                    if rule.matches(scope)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Rule::Not(rule) => Ok(!rule.matches(scope)?),
            Rule::Compare {
                variable,
                operator: Operator::IsPresent(expected),
            } => Ok(variable.evaluate(scope).is_ok() == *expected),
            Rule::Compare { variable, operator } => {
                let value = find(variable, scope)?;
                operator.holds(&value, scope)
            }
            Rule::Condition(_) => Err(ChoiceError(
                "A JSONata condition is not decided by a JSONPath rule".to_owned(),
            )),
        }
    }
}

fn find<'a>(path: &Path, scope: &'a dyn Scope) -> Result<std::borrow::Cow<'a, Value>, ChoiceError> {
    path.evaluate(scope).map_err(|_| {
        ChoiceError(format!(
            "Invalid path '{}': The choice state's condition path references an invalid value.",
            path.text()
        ))
    })
}

#[cfg(test)]
mod tests;
