//! Constraints of the model, checked one after another and refused all at once, in AWS's words.

use std::fmt::{Debug, Display};

use crate::DoorLimits;
use crate::decode::Text;
use crate::members::{Measure, Range, Shape};
use crate::refusal::Refusal;

/// Most broken constraints that one answer lists; a thousand bad tags say no more than a few.
const BROKEN_MAX: usize = 20;

/// What was found broken so far.
#[derive(Debug, Default)]
pub(crate) struct Checks {
    broken: Vec<String>,
    limits: DoorLimits,
}

impl Checks {
    /// Nothing found yet.
    pub(crate) fn within(limits: DoorLimits) -> Checks {
        Checks {
            broken: Vec::new(),
            limits,
        }
    }

    /// A member that must be there. When it is not, what is returned is empty and never used, since
    /// [`Checks::finish`] refuses the request.
    pub(crate) fn required<'a>(
        &mut self,
        at: &str,
        value: Option<Text<'a>>,
        shape: &Shape,
    ) -> Text<'a> {
        self.optional(at, value.as_ref(), shape);
        match value {
            Some(value) => value,
            None => {
                self.null(at, shape.sensitive);
                Text::default()
            }
        }
    }

    /// A member that may be left out.
    pub(crate) fn optional(&mut self, at: &str, value: Option<&Text<'_>>, shape: &Shape) {
        let Some(value) = value else { return };
        let length = match shape.measure {
            Measure::PayloadBytes | Measure::DefinitionBytes => value.len(),
            Measure::Characters => value.chars().count(),
        };
        let max = match shape.measure {
            Measure::PayloadBytes => self.limits.payload_bytes_max,
            Measure::DefinitionBytes => self.limits.definition_bytes_max,
            Measure::Characters => shape.max,
        };
        let mut broken = |what: String| self.value(at, shape.sensitive, &**value, &what);
        if length < shape.min {
            broken(format!(
                "Member must have length greater than or equal to {}",
                shape.min
            ));
        }
        if length > max {
            broken(format!(
                "Member must have length less than or equal to {max}"
            ));
        }
        if let Some(pattern) = &shape.pattern
            && !(pattern.matches)(value)
        {
            broken(format!(
                "Member must satisfy regular expression pattern: {}",
                pattern.text
            ));
        }
        if !shape.values.is_empty() && !shape.values.contains(&&**value) {
            broken(format!(
                "Member must satisfy enum value set: [{}]",
                shape.values.join(", ")
            ));
        }
    }

    /// A number that may be left out.
    pub(crate) fn range<N: Copy + PartialOrd + Debug + Display>(
        &mut self,
        at: &str,
        value: Option<N>,
        range: &Range<N>,
    ) {
        let Some(value) = value else { return };
        // As Java prints it: `-1`, but `-1.0` when fractions are allowed.
        let printed = format!("{value:?}");
        if value < range.min {
            let what = format!(
                "Member must have value greater than or equal to {}",
                range.min
            );
            self.value(at, false, &printed, &what);
        }
        if value > range.max {
            let what = format!("Member must have value less than or equal to {}", range.max);
            self.value(at, false, &printed, &what);
        }
    }

    /// A member that must be there and is not.
    pub(crate) fn null(&mut self, at: &str, sensitive: bool) {
        let value = if sensitive { "" } else { "null " };
        self.push(format!(
            "Value {value}at '{at}' failed to satisfy constraint: Member must not be null"
        ));
    }

    /// Refuses the request if anything was broken.
    pub(crate) fn finish(self) -> Result<(), Refusal> {
        if self.broken.is_empty() {
            Ok(())
        } else {
            Err(Refusal::Constraints(self.broken))
        }
    }

    // AWS prints the value of a member, unless the model calls it sensitive.
    pub(crate) fn value(&mut self, at: &str, sensitive: bool, value: impl Display, what: &str) {
        let value = if sensitive {
            String::new()
        } else {
            format!("'{value}' ")
        };
        self.push(format!(
            "Value {value}at '{at}' failed to satisfy constraint: {what}"
        ));
    }

    fn push(&mut self, broken: String) {
        if self.broken.len() < BROKEN_MAX {
            self.broken.push(broken);
        }
    }
}
