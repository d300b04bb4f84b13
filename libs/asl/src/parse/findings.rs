//! The diagnostics collected while a definition is read.

use crate::{Diagnostic, Severity};

/// The code of most findings.
pub(crate) const SCHEMA: &str = "SCHEMA_VALIDATION_FAILED";

/// What was found so far.
#[derive(Default)]
pub(crate) struct Findings {
    diagnostics: Vec<Diagnostic>,
}

impl Findings {
    /// Reports an error; `offset` orders it among the others.
    pub(crate) fn error_at(
        &mut self,
        offset: usize,
        code: &'static str,
        message: &str,
        location: Option<&str>,
    ) {
        self.diagnostics.push(Diagnostic {
            severity: Severity::Error,
            code,
            message: message.to_owned(),
            location: location.map(str::to_owned),
            offset: Some(offset),
        });
    }

    /// Reports that the value at `location` is not as it should be.
    pub(crate) fn schema(&mut self, offset: usize, location: &str, message: &str) {
        self.error_at(offset, SCHEMA, message, Some(location));
    }

    /// How many there are so far.
    pub(crate) fn count(&self) -> usize {
        self.diagnostics.len()
    }

    /// All of them, in document order.
    pub(crate) fn into_diagnostics(mut self) -> Vec<Diagnostic> {
        self.diagnostics.sort_by_key(|diagnostic| diagnostic.offset);
        self.diagnostics
    }
}
