//! Judging the filters of a path: whether an item is accepted.

use std::borrow::Cow;

use serde_json::Value;

use super::budget::Exhausted;
use super::evaluate::{Hit, Stop, Walk, follow};
use super::filter::{Criterion, Filter, Operand, Operated, Operator};
use super::step::Steps;
use super::trail::Trail;

impl<'a> Walk<'a, '_> {
    /// Whether `item` passes the filter.
    pub(super) fn accepts(&mut self, filter: &Filter, item: &'a Value) -> Result<bool, Stop> {
        // From the last to the first, as Jayway does: it shows when a comparison fails outright.
        for all in filter.alternatives.iter().rev() {
            let mut held = true;
            for criterion in all.iter().rev() {
                if !self.holds(criterion, item)? {
                    held = false;
                    break;
                }
            }
            if held {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn holds(&mut self, criterion: &Criterion, item: &'a Value) -> Result<bool, Stop> {
        let outcome = match criterion {
            // Even a path from the root is looked up in the item here.
            Criterion::Exists { steps, wanted } => match self.look_up(steps, item, true) {
                Ok(value) => return Ok(value.is_null() != *wanted),
                Err(Stop::NotFound(_)) => return Ok(!wanted),
                Err(stop) => Err(stop),
            },
            Criterion::Comparison {
                left,
                operator,
                right,
            } => self.compare(left, *operator, right, item),
        };
        match outcome {
            Err(Stop::NotFound(_)) => Ok(false),
            outcome => outcome,
        }
    }

    fn compare(
        &mut self,
        left: &Operand,
        operator: Operator,
        right: &Operand,
        item: &'a Value,
    ) -> Result<bool, Stop> {
        let (left, right) = (self.operand(left, item)?, self.operand(right, item)?);
        let (left, right) = (left.operated(), right.operated());
        if operator == Operator::Matches {
            self.pay_for_match(left, right)?;
        }
        Ok(operator.judge(left, right)?)
    }

    /// A linear engine still takes the text times the pattern.
    fn pay_for_match(&mut self, left: Operated<'_>, right: Operated<'_>) -> Result<(), Stop> {
        let (pattern, text) = match (left, right) {
            (Operated::Pattern(pattern), text) | (text, Operated::Pattern(pattern)) => {
                (pattern, text)
            }
            _ => return Ok(()),
        };
        let length = self.text_length(text)?;
        Ok(self.budget.visit(pattern.visits(length))?)
    }

    /// How long the text is that a pattern will see; making it costs as well.
    fn text_length(&mut self, operated: Operated<'_>) -> Result<usize, Exhausted> {
        match operated {
            Operated::Value(value) => self.budget.survey(value),
            Operated::Text(text) => Ok(text.len()),
            Operated::Pattern(_) => Ok(0),
        }
    }

    fn operand<'o>(
        &mut self,
        operand: &'o Operand,
        item: &'a Value,
    ) -> Result<LookedUp<'a, 'o>, Stop> {
        Ok(match operand {
            Operand::Path { steps, from_root } => {
                let from = if *from_root { self.root } else { item };
                LookedUp::Value(self.look_up(steps, from, false)?)
            }
            Operand::Text(text) => LookedUp::Operated(Operated::Text(text)),
            Operand::Pattern(pattern) => LookedUp::Operated(Operated::Pattern(pattern)),
        })
    }

    /// The value of a path inside a filter, which is definite.
    fn look_up(
        &mut self,
        steps: &Steps,
        from: &'a Value,
        strict: bool,
    ) -> Result<Cow<'a, Value>, Stop> {
        self.budget.visit(1 + steps.len())?;
        if let Some(value) = follow(steps, from) {
            return Ok(Cow::Borrowed(value));
        }
        let mut walk = Walk {
            steps,
            root: self.root,
            budget: self.budget,
            hits: Vec::new(),
            quiet: 1,
            strict,
        };
        walk.step(0, &Trail::ROOT, from, 0)?;
        match walk.hits.pop() {
            Some(Hit::Node(node)) => Ok(Cow::Borrowed(node)),
            Some(Hit::Merged(object)) => Ok(Cow::Owned(*object)),
            None => Err(Stop::NotFound(String::new())),
        }
    }
}

/// A side of a comparison and whoever owns it.
enum LookedUp<'a, 'o> {
    Value(Cow<'a, Value>),
    Operated(Operated<'o>),
}

impl LookedUp<'_, '_> {
    fn operated(&self) -> Operated<'_> {
        match self {
            LookedUp::Value(value) => Operated::Value(value),
            LookedUp::Operated(operated) => *operated,
        }
    }
}
