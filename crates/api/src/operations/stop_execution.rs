//! `StopExecution`.

use engine::Request;
use engine::operations::stop_execution as operation;
use serde::Deserialize;

use super::{Context, Decoded};
use crate::arns;
use crate::decode::{self, Text};
use crate::members::{ARN, SENSITIVE_CAUSE, SENSITIVE_ERROR};
use crate::refusal::Refusal;
use crate::write;

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Input<'a> {
    #[serde(borrow)]
    execution_arn: Option<Text<'a>>,
    #[serde(borrow)]
    error: Option<Text<'a>>,
    #[serde(borrow)]
    cause: Option<Text<'a>>,
}

pub(super) fn decode(body: &[u8], context: &Context<'_>) -> Result<Decoded, Refusal> {
    let input: Input<'_> = decode::read(body)?;
    let mut checks = context.checks();
    let execution_arn = checks.required("executionArn", input.execution_arn, &ARN);
    checks.optional("error", input.error.as_ref(), &SENSITIVE_ERROR);
    checks.optional("cause", input.cause.as_ref(), &SENSITIVE_CAUSE);
    checks.finish()?;
    arns::execution(context.owner, &execution_arn)?;
    Ok(Request::StopExecution(operation::Request {
        execution_arn: execution_arn.into_string(),
        error: input.error.map(Text::into_string),
        cause: input.cause.map(Text::into_string),
    })
    .into())
}

pub(super) fn encode(response: &operation::Response, out: &mut write::Object<'_>) {
    out.moment("stopDate", response.stop_ms);
}
