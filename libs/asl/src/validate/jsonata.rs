//! JSONata expressions stand between `{%` and `%}`, with nothing before or behind; they can be parsed,
//! and refer only to what there is where they stand.
//!
//! Source: AWS developer guide, "Transforming data with JSONata": an expression that is opened or closed
//! improperly is refused, and so are references to `$states.result` and `$states.errorOutput` from
//! fields and states where they are inaccessible. The words are ours but for references at the top level.

use crate::jsonata::{Expression, inside};
use crate::parse::fields::Fields;
use crate::parse::findings::Findings;
use crate::parse::state::INSIDE;
use crate::parse::strings::{Text, each_string};

const INVALID: &str = "INVALID_JSONATA_EXPRESSION";
const UNSUPPORTED: &str = "UNSUPPORTED_JSONATA_EXPRESSION";

/// Checks every string of a JSONata state; states inside are checked for themselves.
pub(crate) fn check(fields: &Fields<'_>, type_name: &str, findings: &mut Findings) {
    for member in fields.members() {
        let name = &*member.name;
        if INSIDE.contains(&name) || name == "Comment" {
            continue;
        }
        let catch_place = fields.place_of("Catch");
        each_string(name, fields, &mut |found| {
            let reach = match name {
                "Output" | "Assign" => Reach {
                    result: matches!(type_name, "Task" | "Parallel" | "Map"),
                    error_output: false,
                },
                "Catch" => Reach {
                    result: false,
                    error_output: is_in_catcher(found.place, &catch_place),
                },
                _ => Reach::default(),
            };
            check_text(&found, reach, findings);
        });
    }
}

/// What expressions can see at some place, beside input, context and variables.
#[derive(Clone, Copy, Default)]
struct Reach {
    result: bool,
    error_output: bool,
}

/// Whether a place is inside `Output` or `Assign` of a catcher.
fn is_in_catcher(place: &str, catch_place: &str) -> bool {
    let field = place
        .strip_prefix(catch_place)
        .and_then(|rest| rest.split('/').nth(1));
    field.is_some_and(|field| field.starts_with("Output") || field.starts_with("Assign"))
}

fn check_text(found: &Text<'_>, reach: Reach, findings: &mut Findings) {
    let mut report = |code, message: &str| {
        findings.error_at(found.at, code, message, Some(found.place));
    };
    let Some(text) = inside(found.text) else {
        if found.text.starts_with("{%") || found.text.ends_with("%}") {
            let message = "A JSONata expression must start with '{%' and end with '%}'";
            report(INVALID, message);
        }
        return;
    };
    match Expression::parse(text) {
        Err(error) => report(error.code, &error.message),
        Ok(expression) => {
            let missing = [
                ("$states.result", expression.uses_result() && !reach.result),
                (
                    "$states.errorOutput",
                    expression.uses_error_output() && !reach.error_output,
                ),
            ];
            for (name, _) in missing.iter().filter(|(_, is_missing)| *is_missing) {
                let message = format!("Reference to '{name}' is not supported in this field.");
                report(UNSUPPORTED, &message);
            }
        }
    }
}
