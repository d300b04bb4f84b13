//! `DescribeExecution`.

use engine::Request;
use engine::operations::describe_execution as operation;
use interpreter::{Document, Status};
use serde::Deserialize;

use super::{Context, Decoded};
use crate::arns;
use crate::decode::{self, Text};
use crate::members::{ARN, INCLUDED_DATA};
use crate::refusal::Refusal;
use crate::write;

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Input<'a> {
    #[serde(borrow)]
    execution_arn: Option<Text<'a>>,
    #[serde(borrow)]
    included_data: Option<Text<'a>>,
}

pub(super) fn decode(body: &[u8], context: &Context<'_>) -> Result<Decoded, Refusal> {
    let input: Input<'_> = decode::read(body)?;
    let mut checks = context.checks();
    let execution_arn = checks.required("executionArn", input.execution_arn, &ARN);
    checks.optional("includedData", input.included_data.as_ref(), &INCLUDED_DATA);
    checks.finish()?;
    arns::execution(context.owner, &execution_arn)?;
    Ok(Request::DescribeExecution(operation::Request {
        execution_arn: execution_arn.into_string(),
        metadata_only: input.included_data.as_deref() == Some("METADATA_ONLY"),
    })
    .into())
}

pub(super) fn encode(response: &operation::Response, out: &mut write::Object<'_>) {
    let it = &response.description;
    out.text("executionArn", &it.execution_arn);
    out.text("stateMachineArn", &it.state_machine_arn);
    out.text("name", &it.name);
    out.text("status", status_name(it.status));
    out.moment("startDate", it.start_ms);
    if let Some(stop_ms) = it.stop_ms {
        out.moment("stopDate", stop_ms);
    }
    payload(out, "input", "inputDetails", it.input.as_ref());
    payload(out, "output", "outputDetails", it.output.as_ref());
    out.text_if("traceHeader", it.trace_header.as_deref());
    out.text_if("mapRunArn", it.map_run_arn.as_deref());
    out.text_if("error", it.error.as_deref());
    out.text_if("cause", it.cause.as_deref());
    out.text_if(
        "stateMachineVersionArn",
        it.state_machine_version_arn.as_deref(),
    );
    out.text_if(
        "stateMachineAliasArn",
        it.state_machine_alias_arn.as_deref(),
    );
    out.number("redriveCount", it.redrive_count.into());
    if let Some(redrive_ms) = it.redrive_ms {
        out.moment("redriveDate", redrive_ms);
    }
    let (status, reason) = &it.redrive_status;
    out.text("redriveStatus", status);
    out.text_if("redriveStatusReason", reason.as_deref());
}

/// A document and what is said about it.
pub(super) fn payload(
    out: &mut write::Object<'_>,
    name: &str,
    details: &str,
    document: Option<&Document>,
) {
    if let Some(document) = document {
        out.text(name, document.text());
        out.object(details, |out| out.boolean("included", true));
    }
}

/// A status as the API spells it.
pub(crate) const fn status_name(status: Status) -> &'static str {
    match status {
        Status::Running => "RUNNING",
        Status::Succeeded => "SUCCEEDED",
        Status::Failed => "FAILED",
        Status::TimedOut => "TIMED_OUT",
        Status::Aborted => "ABORTED",
        Status::PendingRedrive => "PENDING_REDRIVE",
    }
}

/// The status of that name.
pub(super) fn status_of(name: &str) -> Option<Status> {
    [
        Status::Running,
        Status::Succeeded,
        Status::Failed,
        Status::TimedOut,
        Status::Aborted,
        Status::PendingRedrive,
    ]
    .into_iter()
    .find(|&status| status_name(status) == name)
}
