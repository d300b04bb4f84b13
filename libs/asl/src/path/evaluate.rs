//! Walking the steps of a path through a document.

use std::borrow::Cow;
use std::fmt::Write;

use serde_json::{Map, Value};

use super::budget::{Budget, DEPTH_MAX, Exhausted};
use super::filter::{Filter, Incomparable};
use super::java;
use super::step::{Step, Steps};
use super::trail::{At, Trail};

/// Why an evaluation stopped.
#[derive(Debug)]
pub(super) enum Stop {
    /// Nothing is there: a wildcard over an array and a filter take it for «no».
    NotFound(String),
    /// The step can not be taken here: nothing takes this for anything but a failure.
    Invalid(String),
    /// The budget is spent.
    Exhausted(Exhausted),
}

impl From<Exhausted> for Stop {
    fn from(exhausted: Exhausted) -> Stop {
        Stop::Exhausted(exhausted)
    }
}

impl From<Incomparable> for Stop {
    fn from(incomparable: Incomparable) -> Stop {
        Stop::Invalid(incomparable.0)
    }
}

/// Something found: in the document, or an object made of several of its fields.
pub(super) enum Hit<'a> {
    Node(&'a Value),
    Merged(Box<Value>),
}

/// Reads the value at `steps` in `root`: itself for a definite path, else the list of all that match.
pub(super) fn read<'a>(
    steps: &Steps,
    root: &'a Value,
    budget: &mut Budget,
) -> Result<Cow<'a, Value>, Stop> {
    if let Some(value) = follow(steps, root) {
        return Ok(Cow::Borrowed(value));
    }
    let mut walk = Walk {
        steps,
        root,
        budget,
        hits: Vec::new(),
        quiet: 0,
        strict: false,
    };
    walk.step(0, &Trail::ROOT, root, 0)?;
    let hits = walk.hits;
    if steps.is_definite() {
        return match hits.into_iter().next() {
            Some(Hit::Node(node)) => Ok(Cow::Borrowed(node)),
            Some(Hit::Merged(object)) => Ok(Cow::Owned(*object)),
            None => Err(Stop::NotFound(format!("No results for path: ${steps}"))),
        };
    }
    let mut list = Vec::with_capacity(hits.len());
    for hit in hits {
        list.push(match hit {
            Hit::Node(node) => budget.copy(node)?,
            Hit::Merged(object) => *object,
        });
    }
    Ok(Cow::Owned(Value::Array(list)))
}

/// The road of nearly every path: names and indexes that are all there. Allocates nothing.
pub(super) fn follow<'a>(steps: &[Step], root: &'a Value) -> Option<&'a Value> {
    let mut value = root;
    for step in steps {
        value = match step {
            Step::Property(name) => value.as_object()?.get(name)?,
            Step::Index(index) => value.as_array()?.get(usize::try_from(*index).ok()?)?,
            _ => return None,
        };
    }
    Some(value)
}

/// One walk of a path through a document.
pub(super) struct Walk<'a, 'w> {
    pub(super) steps: &'w Steps,
    /// What `$` in a filter stands for.
    pub(super) root: &'a Value,
    pub(super) budget: &'w mut Budget,
    pub(super) hits: Vec<Hit<'a>>,
    /// Above zero when somebody will swallow a [`Stop::NotFound`], so that its text is never made.
    pub(super) quiet: u32,
    /// Whether `['a','b']` fails when one of the names is missing: so it is for the existence of a path.
    pub(super) strict: bool,
}

impl<'a> Walk<'a, '_> {
    /// Takes the step at `position` from `model`, and all that follow.
    pub(super) fn step(
        &mut self,
        position: usize,
        trail: &Trail<'_>,
        model: &'a Value,
        depth: usize,
    ) -> Result<(), Stop> {
        self.budget.visit(1)?;
        if depth > DEPTH_MAX {
            return Err(Exhausted::Depth.into());
        }
        let steps = self.steps;
        let Some(step) = steps.get(position) else {
            return self.hit(Hit::Node(model));
        };
        match (step, model) {
            (Step::Property(name), Value::Object(members)) => match members.get_key_value(name) {
                Some((key, member)) => {
                    self.step(position + 1, &trail.down(At::Name(key)), member, depth + 1)
                }
                None => self.missing_property(position, name, trail),
            },
            (Step::Properties(names), Value::Object(members)) => {
                self.properties(position, names, trail, members)
            }
            (Step::Property(_) | Step::Properties(_), _) => {
                Err(self
                    .not_found(|| format!("Property {step} not found in path {}", trail.text())))
            }
            (Step::Wildcard, Value::Object(members)) => {
                members.iter().try_for_each(|(key, member)| {
                    self.step(position + 1, &trail.down(At::Name(key)), member, depth + 1)
                })
            }
            (Step::Wildcard, Value::Array(items)) => {
                self.quiet += 1;
                for (index, item) in items.iter().enumerate() {
                    match self.step(
                        position + 1,
                        &trail.down(At::Index(index as i64)),
                        item,
                        depth + 1,
                    ) {
                        Ok(()) | Err(Stop::NotFound(_)) => {}
                        Err(stop) => return Err(stop),
                    }
                }
                self.quiet -= 1;
                Ok(())
            }
            (Step::Wildcard, _) => Ok(()),
            (Step::Filter(filter), _) => self.filter(position, filter, trail, model, depth),
            (Step::Scan, _) => self.scan(position + 1, trail, model, depth),
            (_, Value::Null) => {
                Err(self.not_found(|| format!("The path {} is null", trail.text())))
            }
            (_, Value::Array(items)) => self.indexes(position, step, trail, items, depth),
            (_, _) => Err(self.misplaced(position, "only be applied to arrays", model)),
        }
    }

    fn hit(&mut self, hit: Hit<'a>) -> Result<(), Stop> {
        // Twice its size: a list that grows holds its former self while it moves.
        self.budget.allocate(2 * size_of::<Hit<'a>>())?;
        self.hits.push(hit);
        Ok(())
    }

    fn not_found(&self, text: impl FnOnce() -> String) -> Stop {
        Stop::NotFound(if self.quiet > 0 {
            String::new()
        } else {
            text()
        })
    }

    fn misplaced(&self, position: usize, rule: &str, model: &Value) -> Stop {
        let mut steps = String::new();
        for step in &self.steps[position..] {
            write!(steps, "{step}").expect("writing to a string never fails");
        }
        Stop::Invalid(format!(
            "Filter: {steps} can {rule}. Current context is: {}",
            java::printed(model)
        ))
    }

    /// A name that is not there is an error at the end of a path, and on the way of a definite one.
    fn missing_property(&self, position: usize, name: &str, trail: &Trail<'_>) -> Result<(), Stop> {
        if position + 1 == self.steps.len() {
            return Err(self.not_found(|| {
                format!("No results for path: {}", trail.down(At::Name(name)).text())
            }));
        }
        // Jayway asks the step before whether all from there on is definite. What lies further up
        // does not matter to it.
        if !self.steps.is_definite_from(position.saturating_sub(1)) {
            return Ok(());
        }
        Err(self.not_found(|| {
            format!(
                "Missing property in path {}",
                trail.down(At::Name(name)).text()
            )
        }))
    }

    /// `['a','b']`: one object of those fields that are there.
    fn properties(
        &mut self,
        position: usize,
        names: &[String],
        trail: &Trail<'_>,
        members: &'a Map<String, Value>,
    ) -> Result<(), Stop> {
        let step = &self.steps[position];
        if position + 1 < self.steps.len() {
            let text = trail.text();
            return Err(Stop::Invalid(format!(
                "Multi properties can only be used as path leafs: {text}{step}"
            )));
        }
        let mut merged = Map::new();
        for name in names {
            match members.get(name) {
                Some(member) => {
                    self.budget.member(name)?;
                    merged.insert(name.clone(), self.budget.copy(member)?);
                }
                None if self.strict => {
                    return Err(self
                        .not_found(|| format!("Missing property in path {}{step}", trail.text())));
                }
                None => {}
            }
        }
        self.budget.node(0)?;
        self.hit(Hit::Merged(Box::new(Value::Object(merged))))
    }

    /// Indexes and slices of an array.
    fn indexes(
        &mut self,
        position: usize,
        step: &Step,
        trail: &Trail<'_>,
        items: &'a [Value],
        depth: usize,
    ) -> Result<(), Stop> {
        let length = i64::try_from(items.len()).expect("no array is longer than memory");
        let from_end = |index: i64| if index < 0 { length + index } else { index };
        let range = match *step {
            Step::Index(index) => return self.index(position, index.into(), trail, items, depth),
            Step::Indexes(ref indexes) => {
                return indexes.iter().try_for_each(|index| {
                    self.index(position, i64::from(*index), trail, items, depth)
                });
            }
            Step::Length(offset) => {
                let index = length + i64::from(offset);
                if index < 0 {
                    return Err(self.out_of_bounds(index, trail));
                }
                return self.index(position, index, trail, items, depth);
            }
            Step::SliceFrom(from) => from_end(from.into()).max(0)..length,
            Step::SliceTo(to) => 0..from_end(to.into()).min(length),
            Step::Slice(from, to) => i64::from(from)..i64::from(to).min(length),
            _ => unreachable!("every other step is handled before"),
        };
        for index in range {
            if index < 0 {
                return Err(self.out_of_bounds(index, trail));
            }
            self.index(position, index, trail, items, depth)?;
        }
        Ok(())
    }

    fn index(
        &mut self,
        position: usize,
        index: i64,
        trail: &Trail<'_>,
        items: &'a [Value],
        depth: usize,
    ) -> Result<(), Stop> {
        let length = i64::try_from(items.len()).expect("no array is longer than memory");
        let at = if index < 0 { length + index } else { index };
        match usize::try_from(at).ok().and_then(|at| items.get(at)) {
            Some(item) => self.step(position + 1, &trail.down(At::Index(at)), item, depth + 1),
            None => Err(self.out_of_bounds(index, trail)),
        }
    }

    fn out_of_bounds(&self, index: i64, trail: &Trail<'_>) -> Stop {
        self.not_found(|| {
            format!(
                "Index out of bounds when evaluating path {}",
                trail.down(At::Index(index)).text()
            )
        })
    }

    /// `[?(…)]`: of an array its items, of an object the object itself.
    fn filter(
        &mut self,
        position: usize,
        filter: &Filter,
        trail: &Trail<'_>,
        model: &'a Value,
        depth: usize,
    ) -> Result<(), Stop> {
        match model {
            Value::Object(_) => {
                if self.accepts(filter, model)? {
                    self.step(position + 1, trail, model, depth + 1)?;
                }
                Ok(())
            }
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    if self.accepts(filter, item)? {
                        self.step(
                            position + 1,
                            &trail.down(At::Index(index as i64)),
                            item,
                            depth + 1,
                        )?;
                    }
                }
                Ok(())
            }
            _ => Err(self.misplaced(position, "not be applied to primitives", model)),
        }
    }

    /// `..`: tries the step at `position` here and on every level below.
    fn scan(
        &mut self,
        position: usize,
        trail: &Trail<'_>,
        model: &'a Value,
        depth: usize,
    ) -> Result<(), Stop> {
        self.budget.visit(1)?;
        if depth > DEPTH_MAX {
            return Err(Exhausted::Depth.into());
        }
        match model {
            Value::Object(members) => {
                if self.scan_stops_at(position, model)? {
                    self.step(position, trail, model, depth + 1)?;
                }
                members.iter().try_for_each(|(key, member)| {
                    self.scan(position, &trail.down(At::Name(key)), member, depth + 1)
                })
            }
            Value::Array(items) => {
                if self.scan_stops_at(position, model)? {
                    if position + 1 == self.steps.len() {
                        self.step(position, trail, model, depth + 1)?;
                    } else {
                        // Whatever the step asks for, each item goes on to the step after it.
                        for (index, item) in items.iter().enumerate() {
                            self.step(
                                position + 1,
                                &trail.down(At::Index(index as i64)),
                                item,
                                depth + 1,
                            )?;
                        }
                    }
                }
                for (index, item) in items.iter().enumerate() {
                    self.scan(
                        position,
                        &trail.down(At::Index(index as i64)),
                        item,
                        depth + 1,
                    )?;
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn scan_stops_at(&mut self, position: usize, model: &'a Value) -> Result<bool, Stop> {
        let steps = self.steps;
        Ok(match steps.get(position) {
            Some(Step::Property(name)) => model
                .as_object()
                .is_some_and(|members| members.contains_key(name)),
            Some(Step::Properties(names)) => model
                .as_object()
                .is_some_and(|members| names.iter().all(|name| members.contains_key(name))),
            Some(Step::Wildcard) => true,
            Some(Step::Filter(filter)) => self.accepts(filter, model)?,
            Some(Step::Scan) | None => false,
            Some(_) => model.is_array(),
        })
    }
}
