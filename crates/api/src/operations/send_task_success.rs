//! `SendTaskSuccess`.

use engine::Request;
use engine::operations::send_task_success as operation;
use serde::Deserialize;

use super::{Context, Decoded};
use crate::decode::{self, Text};
use crate::members::{SENSITIVE_DATA, TASK_TOKEN};
use crate::refusal::Refusal;

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Input<'a> {
    #[serde(borrow)]
    task_token: Option<Text<'a>>,
    #[serde(borrow)]
    output: Option<Text<'a>>,
}

pub(super) fn decode(body: &[u8], context: &Context<'_>) -> Result<Decoded, Refusal> {
    let input: Input<'_> = decode::read(body)?;
    let mut checks = context.checks();
    let task_token = checks.required("taskToken", input.task_token, &TASK_TOKEN);
    let output = checks.required("output", input.output, &SENSITIVE_DATA);
    checks.finish()?;
    // A bad token is told before a bad output, so this waits until the token was looked at.
    let not_json = asl::json::check(&output).err().map(|error| error.message);
    Ok(Request::SendTaskSuccess(operation::Request {
        task_token: task_token.into_string(),
        output: output.into_string(),
        not_json,
    })
    .into())
}
