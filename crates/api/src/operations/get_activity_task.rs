//! `GetActivityTask`.

use engine::Request;
use engine::operations::get_activity_task as operation;
use serde::Deserialize;

use super::{Context, Decoded};
use crate::arns;
use crate::decode::{self, Text};
use crate::members::{ARN, NAME};
use crate::refusal::Refusal;
use crate::write;

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Input<'a> {
    #[serde(borrow)]
    activity_arn: Option<Text<'a>>,
    #[serde(borrow)]
    worker_name: Option<Text<'a>>,
}

pub(super) fn decode(body: &[u8], context: &Context<'_>) -> Result<Decoded, Refusal> {
    let input: Input<'_> = decode::read(body)?;
    let mut checks = context.checks();
    let activity_arn = checks.required("activityArn", input.activity_arn, &ARN);
    checks.optional("workerName", input.worker_name.as_ref(), &NAME);
    checks.finish()?;
    arns::activity(context.owner, &activity_arn)?;
    Ok(Request::GetActivityTask(operation::Request {
        activity_arn: activity_arn.into_string(),
        worker_name: input.worker_name.map(Text::into_string),
    })
    .into())
}

/// A poll that ended empty is `{}`: AWS leaves members out that are null, and clients see no token.
pub(super) fn encode(response: &operation::Response, out: &mut write::Object<'_>) {
    if let Some(task) = &response.task {
        out.text("taskToken", &task.task_token);
        out.text("input", task.input.text());
    }
}
