//! Where a walk stands, for messages: `$['a'][0]`.

use std::fmt::Write;

/// Where the walk is, for messages only: it is written down when something fails, not before.
pub(super) struct Trail<'t> {
    up: Option<&'t Trail<'t>>,
    at: At<'t>,
}

/// One step of a [`Trail`].
#[derive(Clone, Copy)]
pub(super) enum At<'t> {
    Root,
    Name(&'t str),
    Index(i64),
}

impl<'t> Trail<'t> {
    /// Where every walk starts: `$`.
    pub(super) const ROOT: Trail<'static> = Trail {
        up: None,
        at: At::Root,
    };

    /// One step further.
    pub(super) fn down(&'t self, at: At<'t>) -> Trail<'t> {
        Trail { up: Some(self), at }
    }

    /// `$['a'][0]`.
    pub(super) fn text(&self) -> String {
        let mut steps = Vec::new();
        let mut trail = Some(self);
        while let Some(Trail { up, at }) = trail {
            steps.push(*at);
            trail = *up;
        }
        let mut text = String::new();
        for at in steps.into_iter().rev() {
            match at {
                At::Root => write!(text, "$"),
                At::Name(name) => write!(text, "['{name}']"),
                At::Index(index) => write!(text, "[{index}]"),
            }
            .expect("writing to a string never fails");
        }
        text
    }
}
