//! JSONata expressions stand between `{%` and `%}`, with nothing before or behind.
//!
//! Source: AWS developer guide, "Transforming data with JSONata": an expression that is opened or closed
//! improperly is refused. The words are ours.

use crate::parse::fields::Fields;
use crate::parse::findings::Findings;
use crate::parse::state::INSIDE;
use crate::parse::strings::each_string;

const CODE: &str = "INVALID_JSONATA_EXPRESSION";

/// Checks every string of a JSONata state; states inside are checked for themselves.
pub(crate) fn check(fields: &Fields<'_>, findings: &mut Findings) {
    for member in fields.members() {
        if INSIDE.contains(&&*member.name) || &*member.name == "Comment" {
            continue;
        }
        each_string(&member.name, fields, &mut |found| {
            let (opens, closes) = (found.text.starts_with("{%"), found.text.ends_with("%}"));
            let is_whole = !opens || found.text.len() >= 4;
            if opens != closes || !is_whole {
                let message = "A JSONata expression must start with '{%' and end with '%}'";
                findings.error_at(found.at, CODE, message, Some(found.place));
            }
        });
    }
}
