//! The diagnostics collected while a definition is read.

use crate::{Diagnostic, Severity};

/// The code of most findings.
pub(crate) const SCHEMA: &str = "SCHEMA_VALIDATION_FAILED";

/// Most diagnostics that are kept; a text may be wrong at every second character.
///
/// Source: ours. AWS shows at most 100 and says that there are more.
const DIAGNOSTICS_MAX: usize = 1_000;

/// What was found so far.
#[derive(Default)]
pub(crate) struct Findings {
    diagnostics: Vec<Diagnostic>,
    errors_count: usize,
}

impl Findings {
    /// Adds a diagnostic; `offset` orders it among the others.
    pub(crate) fn add(
        &mut self,
        severity: Severity,
        offset: usize,
        code: &'static str,
        message: &str,
        location: Option<&str>,
    ) {
        self.errors_count += usize::from(severity == Severity::Error);
        if self.diagnostics.len() == DIAGNOSTICS_MAX {
            return;
        }
        self.diagnostics.push(Diagnostic {
            severity,
            code,
            message: message.to_owned(),
            location: location.map(str::to_owned),
            offset: Some(offset),
        });
    }

    /// Reports an error.
    pub(crate) fn error_at(
        &mut self,
        offset: usize,
        code: &'static str,
        message: &str,
        location: Option<&str>,
    ) {
        self.add(Severity::Error, offset, code, message, location);
    }

    /// Reports that the value at `location` is not as it should be.
    pub(crate) fn schema(&mut self, offset: usize, location: &str, message: &str) {
        self.error_at(offset, SCHEMA, message, Some(location));
    }

    /// How many errors there are so far.
    pub(crate) fn errors_count(&self) -> usize {
        self.errors_count
    }

    /// All of them, in document order.
    pub(crate) fn into_diagnostics(mut self) -> Vec<Diagnostic> {
        self.diagnostics.sort_by_key(|diagnostic| diagnostic.offset);
        self.diagnostics
    }
}
