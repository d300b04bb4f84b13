//! `NO_PATH`: outside of templates, a path under a name without `Path` is taken as plain text.

use super::{looks_like_a_path, warn};
use crate::parse::fields::Fields;
use crate::parse::findings::Findings;
use crate::parse::strings::each_string;

/// Fields that hold texts, or choice rules with texts in them.
const TEXTS: [&str; 3] = ["Error", "Cause", "Choices"];

/// Fields of a rule that are something else: a path, names, a template.
const OTHERS: [&str; 3] = ["Variable", "Next", "Comment"];

pub(super) fn check(fields: &Fields<'_>, findings: &mut Findings) {
    for field in TEXTS {
        each_string(field, fields, &mut |found| {
            let name = found.name;
            let is_text =
                !name.ends_with("Path") && !name.ends_with(".$") && !OTHERS.contains(&name);
            if is_text && looks_like_a_path(found.text) {
                let message =
                    "Field value looks like a path, but field name does not end with 'Path'";
                warn(&found, "NO_PATH", message, findings);
            }
        });
    }
}
