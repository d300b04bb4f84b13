//! `NO_PATH`: outside of templates, a path under a name without `Path` is taken as plain text.

use super::{each_string, looks_like_a_path, warn};
use crate::parse::fields::Fields;
use crate::parse::findings::Findings;

/// Fields that hold texts, or choice rules with texts in them.
const TEXTS: [&str; 3] = ["Error", "Cause", "Choices"];

/// Fields of a rule that are something else: a path, names, a template.
const OTHERS: [&str; 3] = ["Variable", "Next", "Comment"];

pub(super) fn check(fields: &Fields<'_>, findings: &mut Findings) {
    for field in TEXTS {
        let Some(node) = fields.get(field) else {
            continue;
        };
        each_string(
            field,
            &fields.place_of(field),
            node,
            &mut |name, place, text, at| {
                let is_text =
                    !name.ends_with("Path") && !name.ends_with(".$") && !OTHERS.contains(&name);
                if is_text && looks_like_a_path(text) {
                    let message =
                        "Field value looks like a path, but field name does not end with 'Path'";
                    warn("NO_PATH", at, place, message, findings);
                }
            },
        );
    }
}
