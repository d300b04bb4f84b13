//! `ValidateStateMachineDefinition`.

use asl::{Diagnostic, Severity};

use crate::shapes::MachineType;

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// The definition's text, as given; whatever it is, the answer says so.
    pub definition: String,
    /// `type`.
    pub machine_type: MachineType,
    /// `severity`: the least that is listed.
    pub severity: Severity,
    /// Most diagnostics to list.
    pub max_results: usize,
}

/// What is answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Response {
    /// Whether `result` is `OK`: no errors, listed or not.
    pub valid: bool,
    /// In the order of the text.
    pub diagnostics: Vec<Diagnostic>,
    /// Whether there was more to list.
    pub truncated: bool,
}

/// Needs neither store nor shard; stands among the reads because it may take long.
pub(crate) fn read(request: &Request) -> Response {
    let machine_type = match request.machine_type {
        MachineType::Standard => asl::MachineType::Standard,
        MachineType::Express => asl::MachineType::Express,
    };
    let parsed = asl::parse(&request.definition, machine_type);
    let mut diagnostics = parsed.diagnostics;
    let valid = !diagnostics
        .iter()
        .any(|diagnostic| diagnostic.severity == Severity::Error);
    diagnostics.retain(|diagnostic| diagnostic.severity <= request.severity);
    let truncated = diagnostics.len() > request.max_results;
    diagnostics.truncate(request.max_results);
    Response {
        valid,
        diagnostics,
        truncated,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // One error (StartAt names nothing) and one warning (a path without `.$`).
    const BOTH: &str = r#"{"StartAt": "B", "States": {"A": {"Type": "Pass",
        "Parameters": {"x": "$.y"}, "End": true}}}"#;
    const WARNED: &str = r#"{"StartAt": "A", "States": {"A": {"Type": "Pass",
        "Parameters": {"x": "$.y"}, "End": true}}}"#;

    fn answer(definition: &str, severity: Severity, max_results: usize) -> Response {
        read(&Request {
            definition: definition.to_owned(),
            machine_type: MachineType::Standard,
            severity,
            max_results,
        })
    }

    #[test]
    fn warnings_are_listed_when_asked_for_and_never_refuse() {
        let quiet = answer(WARNED, Severity::Error, 100);
        assert!(quiet.valid && quiet.diagnostics.is_empty() && !quiet.truncated);
        let full = answer(WARNED, Severity::Warning, 100);
        assert!(full.valid);
        assert_eq!(full.diagnostics.len(), 1);
        assert_eq!(full.diagnostics[0].severity, Severity::Warning);
    }

    #[test]
    fn what_is_cut_off_still_counts() {
        let full = answer(BOTH, Severity::Warning, 100);
        assert!(!full.valid && !full.truncated && full.diagnostics.len() >= 2);
        let cut = answer(BOTH, Severity::Warning, 1);
        assert!(!cut.valid && cut.truncated);
        assert_eq!(cut.diagnostics, full.diagnostics[..1]);
        let exact = answer(BOTH, Severity::Warning, full.diagnostics.len());
        assert_eq!(exact, full);
    }
}
