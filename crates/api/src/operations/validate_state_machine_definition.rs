//! `ValidateStateMachineDefinition`.

use asl::{Diagnostic, Severity};
use engine::Request;
use engine::operations::validate_state_machine_definition as operation;
use engine::shapes::MachineType;
use serde::Deserialize;

use super::{Context, Decoded};
use crate::decode::{self, Text};
use crate::members::{
    DIAGNOSTIC_SEVERITY, DIAGNOSTICS_MAX, DIAGNOSTICS_RANGE, POSSIBLE_DEFINITION,
    STATE_MACHINE_TYPE,
};
use crate::refusal::Refusal;
use crate::write;

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Input<'a> {
    #[serde(borrow)]
    definition: Option<Text<'a>>,
    #[serde(borrow, rename = "type")]
    kind: Option<Text<'a>>,
    #[serde(borrow)]
    severity: Option<Text<'a>>,
    max_results: Option<i32>,
}

pub(super) fn decode(body: &[u8], context: &Context<'_>) -> Result<Decoded, Refusal> {
    let input: Input<'_> = decode::read(body)?;
    let mut checks = context.checks();
    let definition = checks.required("definition", input.definition, &POSSIBLE_DEFINITION);
    checks.optional("type", input.kind.as_ref(), &STATE_MACHINE_TYPE);
    checks.optional("severity", input.severity.as_ref(), &DIAGNOSTIC_SEVERITY);
    checks.range("maxResults", input.max_results, &DIAGNOSTICS_RANGE);
    checks.finish()?;
    let max_results = input.max_results.and_then(|max| usize::try_from(max).ok());
    Ok(Request::ValidateStateMachineDefinition(operation::Request {
        definition: definition.into_string(),
        machine_type: match input.kind.as_deref() {
            Some("EXPRESS") => MachineType::Express,
            _ => MachineType::Standard,
        },
        severity: match input.severity.as_deref() {
            Some("WARNING") => Severity::Warning,
            _ => Severity::Error,
        },
        max_results: max_results
            .filter(|max| *max > 0)
            .unwrap_or(DIAGNOSTICS_MAX),
    })
    .into())
}

pub(super) fn encode(response: &operation::Response, out: &mut write::Object<'_>) {
    out.text("result", if response.valid { "OK" } else { "FAIL" });
    out.objects("diagnostics", &response.diagnostics, write_diagnostic);
    out.boolean("truncated", response.truncated);
}

fn write_diagnostic(out: &mut write::Object<'_>, diagnostic: &Diagnostic) {
    let severity = match diagnostic.severity {
        Severity::Error => "ERROR",
        Severity::Warning => "WARNING",
    };
    out.text("severity", severity);
    out.text("code", diagnostic.code);
    out.text("message", &diagnostic.message);
    out.text_if("location", diagnostic.location.as_deref());
}
