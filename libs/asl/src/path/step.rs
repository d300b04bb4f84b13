//! The steps a path is made of, and how messages print them.

use std::fmt;

use super::filter::Filter;

/// One step of a path.
#[derive(Debug)]
pub(super) enum Step {
    /// `.a` or `['a']`.
    Property(String),
    /// `['a','b']`: an object of those that are there.
    Properties(Vec<String>),
    /// `.*` or `[*]`.
    Wildcard,
    /// `[0]`; below zero counts from the end.
    Index(i32),
    /// `[0,2]`.
    Indexes(Vec<i32>),
    /// `[(@.length-1)]`: the number, which is to be added to the length.
    Length(i32),
    /// `[2:]`.
    SliceFrom(i32),
    /// `[:2]`.
    SliceTo(i32),
    /// `[1:2]`.
    Slice(i32, i32),
    /// `[?(…)]`.
    Filter(Filter),
    /// `..`.
    Scan,
}

impl Step {
    fn is_definite(&self) -> bool {
        match self {
            Step::Property(_) | Step::Properties(_) | Step::Index(_) | Step::Length(_) => true,
            Step::Wildcard
            | Step::Indexes(_)
            | Step::SliceFrom(_)
            | Step::SliceTo(_)
            | Step::Slice(..)
            | Step::Filter(_)
            | Step::Scan => false,
        }
    }
}

/// The steps of a path, without its root.
#[derive(Debug)]
pub(super) struct Steps {
    steps: Box<[Step]>,
    /// How many steps at the end are definite.
    definite_tail: usize,
}

impl Steps {
    pub(super) fn new(steps: Vec<Step>) -> Steps {
        let definite_tail = steps
            .iter()
            .rev()
            .take_while(|step| step.is_definite())
            .count();
        Steps {
            steps: steps.into(),
            definite_tail,
        }
    }

    /// Whether the path names at most one place.
    pub(super) fn is_definite(&self) -> bool {
        self.definite_tail == self.steps.len()
    }

    /// Whether the steps from `position` on name at most one place.
    pub(super) fn is_definite_from(&self, position: usize) -> bool {
        self.steps.len() - position <= self.definite_tail
    }
}

impl std::ops::Deref for Steps {
    type Target = [Step];

    fn deref(&self) -> &[Step] {
        &self.steps
    }
}

/// Steps as Jayway prints them in messages: `['a'][0]`.
impl fmt::Display for Steps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.iter().try_for_each(|step| step.fmt(f))
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Step::Property(name) => write!(f, "['{name}']"),
            Step::Properties(names) => {
                f.write_str("[")?;
                for (position, name) in names.iter().enumerate() {
                    write!(f, "{}'{name}'", if position > 0 { ", " } else { "" })?;
                }
                f.write_str("]")
            }
            Step::Wildcard => f.write_str("[*]"),
            Step::Index(index) => write!(f, "[{index}]"),
            Step::Indexes(indexes) => {
                f.write_str("[")?;
                for (position, index) in indexes.iter().enumerate() {
                    write!(f, "{}{index}", if position > 0 { "," } else { "" })?;
                }
                f.write_str("]")
            }
            Step::Length(offset) => write!(f, "[@.size(){offset}]"),
            Step::SliceFrom(from) => write!(f, "[{from}:]"),
            Step::SliceTo(to) => write!(f, "[:{to}]"),
            Step::Slice(from, to) => write!(f, "[{from}:{to}]"),
            Step::Filter(_) => f.write_str("[?]"),
            Step::Scan => f.write_str(".."),
        }
    }
}
