//! What is allowed but looks like a slip: warnings, which never refuse a definition. One rule, one file,
//! one code.
//!
//! Source of codes and words: AWS API reference, `ValidateStateMachineDefinitionDiagnostic`.

mod no_dollar;
mod no_path;
mod pass_result_is_static;

use crate::Severity;
use crate::definition::QueryLanguage;
use crate::json::{Data, Node};
use crate::parse::fields::{Fields, shorten};
use crate::parse::findings::Findings;

/// Looks at one state.
pub(crate) fn check(fields: &Fields<'_>, query_language: QueryLanguage, findings: &mut Findings) {
    if query_language == QueryLanguage::JsonPath {
        no_dollar::check(fields, findings);
        no_path::check(fields, findings);
        pass_result_is_static::check(fields, findings);
    }
}

/// Whether a text looks like a path: `$`, `$.a`, `$$.b`, `$[0]`.
fn looks_like_a_path(text: &str) -> bool {
    let Some(rest) = text.strip_prefix('$') else {
        return false;
    };
    let rest = rest.strip_prefix('$').unwrap_or(rest);
    rest.is_empty() || rest.starts_with(['.', '['])
}

/// Whether a text looks like a call of an intrinsic function.
fn looks_like_a_call(text: &str) -> bool {
    text.starts_with("States.") && text.ends_with(')') && text.contains('(')
}

/// A string somewhere in a field.
struct Text<'a> {
    /// The name of the field it is the value of, or stands in as an item.
    name: &'a str,
    place: &'a str,
    at: usize,
    text: &'a str,
}

/// Calls `visit` with every string inside the field `name`.
fn each_string(name: &str, fields: &Fields<'_>, visit: &mut dyn FnMut(Text<'_>)) {
    if let Some(node) = fields.get(name) {
        walk(name, &mut fields.place_of(name), node, visit);
    }
}

/// `place` is that of `node`, and is left as it was found.
fn walk(name: &str, place: &mut String, node: &Node, visit: &mut dyn FnMut(Text<'_>)) {
    let length = place.len();
    match &node.data {
        Data::String(text) => visit(Text {
            name,
            place,
            at: node.at,
            text,
        }),
        Data::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                place.push_str(&format!("[{index}]"));
                walk(name, place, item, visit);
                place.truncate(length);
            }
        }
        Data::Object(members) => {
            for member in members {
                place.push('/');
                place.push_str(&shorten(&member.name));
                walk(&member.name, place, &member.value, visit);
                place.truncate(length);
            }
        }
        Data::Null | Data::Bool(_) | Data::Number(_) => {}
    }
}

fn warn(text: &Text<'_>, code: &'static str, message: &str, findings: &mut Findings) {
    findings.add(Severity::Warning, text.at, code, message, Some(text.place));
}
