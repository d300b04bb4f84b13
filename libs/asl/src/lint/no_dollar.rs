//! `NO_DOLLAR`: in a template, a path or a call under a name without `.$` is taken as plain text.

use super::{looks_like_a_call, looks_like_a_path, warn};
use crate::parse::fields::Fields;
use crate::parse::findings::Findings;
use crate::parse::strings::each_string;

const TEMPLATES: [&str; 4] = ["Parameters", "ResultSelector", "ItemSelector", "Assign"];

pub(super) fn check(fields: &Fields<'_>, findings: &mut Findings) {
    for template in TEMPLATES {
        each_string(template, fields, &mut |found| {
            let looks_computed = looks_like_a_path(found.text) || looks_like_a_call(found.text);
            if looks_computed && !found.name.ends_with(".$") {
                let message =
                    "No .$ on a field that appears to be a JSONPath or Intrinsic Function";
                warn(&found, "NO_DOLLAR", message, findings);
            }
        });
    }
}
