//! `SendTaskFailure`.

use engine::Request;
use engine::operations::send_task_failure as operation;
use serde::Deserialize;

use super::{Context, Decoded};
use crate::decode::{self, Text};
use crate::members::{SENSITIVE_CAUSE, SENSITIVE_ERROR, TASK_TOKEN};
use crate::refusal::Refusal;

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Input<'a> {
    #[serde(borrow)]
    task_token: Option<Text<'a>>,
    #[serde(borrow)]
    error: Option<Text<'a>>,
    #[serde(borrow)]
    cause: Option<Text<'a>>,
}

pub(super) fn decode(body: &[u8], context: &Context<'_>) -> Result<Decoded, Refusal> {
    let input: Input<'_> = decode::read(body)?;
    let mut checks = context.checks();
    let task_token = checks.required("taskToken", input.task_token, &TASK_TOKEN);
    checks.optional("error", input.error.as_ref(), &SENSITIVE_ERROR);
    checks.optional("cause", input.cause.as_ref(), &SENSITIVE_CAUSE);
    checks.finish()?;
    Ok(Request::SendTaskFailure(operation::Request {
        task_token: task_token.into_string(),
        error: input.error.map(Text::into_string),
        cause: input.cause.map(Text::into_string),
    })
    .into())
}
