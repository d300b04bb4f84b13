//! What is allowed but looks like a slip: warnings, which never refuse a definition. One rule, one file,
//! one code.
//!
//! Source of codes and words: AWS API reference, `ValidateStateMachineDefinitionDiagnostic`.

mod no_dollar;
mod no_path;
mod pass_result_is_static;

use crate::Severity;
use crate::definition::QueryLanguage;
use crate::parse::fields::Fields;
use crate::parse::findings::Findings;
use crate::parse::strings::Text;

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

fn warn(text: &Text<'_>, code: &'static str, message: &str, findings: &mut Findings) {
    findings.add(Severity::Warning, text.at, code, message, Some(text.place));
}
