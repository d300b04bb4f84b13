//! `SendTaskHeartbeat`.

use engine::Request;
use engine::operations::send_task_heartbeat as operation;
use serde::Deserialize;

use super::{Context, Decoded};
use crate::decode::{self, Text};
use crate::members::TASK_TOKEN;
use crate::refusal::Refusal;

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Input<'a> {
    #[serde(borrow)]
    task_token: Option<Text<'a>>,
}

pub(super) fn decode(body: &[u8], context: &Context<'_>) -> Result<Decoded, Refusal> {
    let input: Input<'_> = decode::read(body)?;
    let mut checks = context.checks();
    let task_token = checks.required("taskToken", input.task_token, &TASK_TOKEN);
    checks.finish()?;
    let task_token = task_token.into_string();
    Ok(Request::SendTaskHeartbeat(operation::Request { task_token }).into())
}
