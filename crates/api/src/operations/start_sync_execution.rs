//! `StartSyncExecution`.

use engine::Request;
use engine::arn::Qualifier;
use engine::operations::start_sync_execution as operation;
use engine::{ErrorName, Rejection};
use serde::Deserialize;

use super::describe_execution::{payload, status_name};
use super::{Context, Decoded, start_execution};
use crate::arns;
use crate::checks::Checks;
use crate::decode::{self, Text};
use crate::members::{ARN, INCLUDED_DATA, NAME, SENSITIVE_DATA, TRACE_HEADER};
use crate::refusal::Refusal;
use crate::write;

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Input<'a> {
    #[serde(borrow)]
    state_machine_arn: Option<Text<'a>>,
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    input: Option<Text<'a>>,
    #[serde(borrow)]
    trace_header: Option<Text<'a>>,
    #[serde(borrow)]
    included_data: Option<Text<'a>>,
}

pub(super) fn decode(body: &[u8], context: &Context<'_>) -> Result<Decoded, Refusal> {
    let input: Input<'_> = decode::read(body)?;
    let mut checks = Checks::default();
    let state_machine_arn = checks.required("stateMachineArn", input.state_machine_arn, &ARN);
    checks.optional("name", input.name.as_ref(), &NAME);
    checks.optional("input", input.input.as_ref(), &SENSITIVE_DATA);
    checks.optional("traceHeader", input.trace_header.as_ref(), &TRACE_HEADER);
    checks.optional("includedData", input.included_data.as_ref(), &INCLUDED_DATA);
    checks.finish()?;
    let machine = arns::state_machine(context.owner, &state_machine_arn)?;
    if let Qualifier::Label(_) = machine.qualifier {
        return Err(labelled(&state_machine_arn).into());
    }
    let start = start_execution::start(
        context,
        state_machine_arn,
        input.name,
        input.input,
        input.trace_header,
    )?;
    Ok(Request::StartSyncExecution(operation::Request {
        start,
        metadata_only: input.included_data.as_deref() == Some("METADATA_ONLY"),
    })
    .into())
}

/// The model does not declare the exception that other operations have for this.
fn labelled(text: &str) -> Rejection {
    let message =
        format!("Invalid Arn: 'Labeled state machine ARN not valid in this context: {text}'");
    Rejection::new(ErrorName::InvalidArn, message)
}

pub(super) fn encode(response: &operation::Response, out: &mut write::Object<'_>) {
    out.text("executionArn", &response.execution_arn);
    out.text("stateMachineArn", &response.state_machine_arn);
    out.text("name", &response.name);
    out.moment("startDate", response.start_ms);
    out.moment("stopDate", response.stop_ms);
    out.text("status", status_name(response.status));
    out.text_if("error", response.error.as_deref());
    out.text_if("cause", response.cause.as_deref());
    payload(out, "input", "inputDetails", response.input.as_ref());
    payload(out, "output", "outputDetails", response.output.as_ref());
    out.text_if("traceHeader", response.trace_header.as_deref());
    out.object("billingDetails", |out| {
        out.number("billedMemoryUsedInMB", response.billed_memory_mb);
        out.number("billedDurationInMilliseconds", response.billed_ms);
    });
}
