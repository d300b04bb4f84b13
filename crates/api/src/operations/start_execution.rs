//! `StartExecution`.

use engine::Request;
use engine::arn::check_name;
use engine::operations::start_execution as operation;
use engine::{ErrorName, Rejection};
use serde::Deserialize;

use super::{Context, Decoded};
use crate::arns;
use crate::decode::{self, Text};
use crate::members::{ARN, NAME, SENSITIVE_DATA, TRACE_HEADER};
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
}

pub(super) fn decode(body: &[u8], context: &Context<'_>) -> Result<Decoded, Refusal> {
    let input: Input<'_> = decode::read(body)?;
    let mut checks = context.checks();
    let state_machine_arn = checks.required("stateMachineArn", input.state_machine_arn, &ARN);
    checks.optional("name", input.name.as_ref(), &NAME);
    checks.optional("input", input.input.as_ref(), &SENSITIVE_DATA);
    checks.optional("traceHeader", input.trace_header.as_ref(), &TRACE_HEADER);
    checks.finish()?;
    let machine = arns::state_machine(context.owner, &state_machine_arn)?;
    arns::unlabelled(machine)?;
    let start = start(
        context,
        state_machine_arn,
        input.name,
        input.input,
        input.trace_header,
    )?;
    Ok(Request::StartExecution(start).into())
}

/// What two operations ask in the same words.
pub(super) fn start(
    context: &Context<'_>,
    state_machine_arn: Text<'_>,
    name: Option<Text<'_>>,
    input: Option<Text<'_>>,
    header: Option<Text<'_>>,
) -> Result<operation::Request, Rejection> {
    if let Some(name) = &name {
        check_name(name)?;
    }
    if let Some(text) = &input {
        asl::json::check_input(text).map_err(|error| {
            let message = format!("Invalid State Machine Execution Input: '{error}'");
            Rejection::new(ErrorName::InvalidExecutionInput, message)
        })?;
    }
    Ok(operation::Request {
        state_machine_arn: state_machine_arn.into_string(),
        name: name.map(Text::into_string),
        input: input.map_or_else(|| "{}".to_owned(), Text::into_string),
        trace_header: trace_header(context).or(header.map(Text::into_string)),
    })
}

/// The header wins over the member. It may have been put there by anything on the way, so one that
/// could not stand in the member is passed over rather than refused.
fn trace_header(context: &Context<'_>) -> Option<String> {
    let header = context.head.trace_id?;
    (header.is_ascii() && header.len() <= TRACE_HEADER.max).then(|| header.to_owned())
}

pub(super) fn encode(response: &operation::Response, out: &mut write::Object<'_>) {
    out.text("executionArn", &response.execution_arn);
    out.moment("startDate", response.start_ms);
}
