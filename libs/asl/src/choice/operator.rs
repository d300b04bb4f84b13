//! The operators of a rule.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::sync::Arc;

use serde_json::{Number, Value};

use super::{ChoiceError, Pattern, find, number};
use crate::path::{Path, Scope};
use crate::timestamp;

/// What a rule asks about the value of its `Variable`.
#[derive(Debug)]
pub enum Operator {
    /// `StringEquals`, `StringLessThan`, … and their `…Path` forms.
    String(Comparison, Operand<Arc<str>>),
    /// `NumericEquals`, … and their `…Path` forms.
    Numeric(Comparison, Operand<Number>),
    /// `TimestampEquals`, … and their `…Path` forms; the fixed operand in epoch milliseconds.
    Timestamp(Comparison, Operand<i64>),
    /// `BooleanEquals` and `BooleanEqualsPath`.
    BooleanEquals(Operand<bool>),
    /// `StringMatches`.
    StringMatches(Pattern),
    /// `IsPresent`.
    IsPresent(bool),
    /// `IsNull`, `IsString`, … and whether they should hold.
    Is(TypeTest, bool),
}

/// How two values must stand to one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `…Equals`
    Equals,
    /// `…LessThan`
    LessThan,
    /// `…LessThanEquals`
    LessThanEquals,
    /// `…GreaterThan`
    GreaterThan,
    /// `…GreaterThanEquals`
    GreaterThanEquals,
}

/// What a value is compared with.
#[derive(Clone, Debug)]
pub enum Operand<T> {
    /// As written.
    Fixed(T),
    /// Found by a path.
    Path(Path),
}

/// The type asked for by an `Is…` operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TypeTest {
    /// `IsNull`
    Null,
    /// `IsString`
    String,
    /// `IsNumeric`
    Numeric,
    /// `IsBoolean`
    Boolean,
    /// `IsTimestamp`
    Timestamp,
}

impl Comparison {
    /// All of them, under the names that follow the type in an operator's name.
    pub(super) const NAMED: [(&'static str, Comparison); 5] = [
        ("Equals", Comparison::Equals),
        ("LessThan", Comparison::LessThan),
        ("LessThanEquals", Comparison::LessThanEquals),
        ("GreaterThan", Comparison::GreaterThan),
        ("GreaterThanEquals", Comparison::GreaterThanEquals),
    ];

    fn holds(self, ordering: Ordering) -> bool {
        match self {
            Comparison::Equals => ordering.is_eq(),
            Comparison::LessThan => ordering.is_lt(),
            Comparison::LessThanEquals => ordering.is_le(),
            Comparison::GreaterThan => ordering.is_gt(),
            Comparison::GreaterThanEquals => ordering.is_ge(),
        }
    }
}

impl TypeTest {
    /// All of them, under the names that follow `Is`.
    pub(super) const NAMED: [(&'static str, TypeTest); 5] = [
        ("Null", TypeTest::Null),
        ("String", TypeTest::String),
        ("Numeric", TypeTest::Numeric),
        ("Boolean", TypeTest::Boolean),
        ("Timestamp", TypeTest::Timestamp),
    ];

    fn holds(self, value: &Value) -> bool {
        match self {
            TypeTest::Null => value.is_null(),
            TypeTest::String => value.is_string(),
            TypeTest::Numeric => value.is_number(),
            TypeTest::Boolean => value.is_boolean(),
            TypeTest::Timestamp => moment(value).is_some(),
        }
    }
}

impl Operator {
    /// Whether `value` satisfies the operator.
    pub(super) fn holds(&self, value: &Value, scope: &dyn Scope) -> Result<bool, ChoiceError> {
        Ok(match self {
            Operator::String(comparison, operand) => {
                let fixed;
                let found;
                let operand = match operand {
                    Operand::Fixed(text) => {
                        fixed = text;
                        Some(&**fixed)
                    }
                    Operand::Path(path) => {
                        found = find(path, scope)?;
                        found.as_str()
                    }
                };
                let pair = value.as_str().zip(operand);
                pair.is_some_and(|(value, operand)| comparison.holds(compare_text(value, operand)))
            }
            Operator::Numeric(comparison, operand) => {
                let operand = match operand {
                    Operand::Fixed(number) => Some(Cow::Borrowed(number)),
                    Operand::Path(path) => match find(path, scope)?.into_owned() {
                        Value::Number(number) => Some(Cow::Owned(number)),
                        _ => None,
                    },
                };
                match (value, operand) {
                    (Value::Number(value), Some(operand)) => {
                        comparison.holds(number::compare(value, &operand))
                    }
                    _ => false,
                }
            }
            Operator::Timestamp(comparison, operand) => {
                let operand = match operand {
                    Operand::Fixed(moment) => Some(*moment),
                    Operand::Path(path) => moment(&*find(path, scope)?),
                };
                let pair = moment(value).zip(operand);
                pair.is_some_and(|(value, operand)| comparison.holds(value.cmp(&operand)))
            }
            Operator::BooleanEquals(operand) => {
                let operand = match operand {
                    Operand::Fixed(boolean) => Some(*boolean),
                    Operand::Path(path) => find(path, scope)?.as_bool(),
                };
                operand.is_some() && value.as_bool() == operand
            }
            Operator::StringMatches(pattern) => {
                value.as_str().is_some_and(|text| pattern.matches(text))
            }
            Operator::Is(test, expected) => test.holds(value) == *expected,
            // The rule answers it before it looks for a value.
            Operator::IsPresent(expected) => *expected,
        })
    }
}

fn moment(value: &Value) -> Option<i64> {
    timestamp::parse(value.as_str()?).ok()
}

/// Strings are ordered as Java orders them, by UTF-16 unit.
fn compare_text(a: &str, b: &str) -> Ordering {
    a.encode_utf16().cmp(b.encode_utf16())
}
