//! Where in a template something stands, and what is wrong there.

use std::fmt;

/// A path into the template, for example `Resources.Order.Properties.Tags[0].Key`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Place(String);

impl Place {
    /// A section of the template.
    pub fn top(section: &str) -> Place {
        Place(section.to_owned())
    }

    /// A member of the object that stands here.
    pub fn member(&self, name: &str) -> Place {
        Place(format!("{}.{name}", self.0))
    }

    /// An item of the list that stands here.
    pub fn item(&self, at: usize) -> Place {
        Place(format!("{}[{at}]", self.0))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What keeps a template, or a part of it, from being imported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Problem {
    pub place: Place,
    pub why: String,
}

impl Problem {
    /// Says `why` of `place`.
    pub fn new(place: Place, why: impl Into<String>) -> Problem {
        Problem {
            place,
            why: why.into(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.place.0.is_empty() {
            write!(f, "{}", self.why)
        } else {
            write!(f, "{}: {}", self.place.0, self.why)
        }
    }
}
