//! `DeleteActivity`.

use engine::Request;
use engine::arn::parse_activity;
use engine::operations::delete_activity as operation;
use serde::Deserialize;

use super::{Context, Decoded};
use crate::arns;
use crate::decode::{self, Text};
use crate::members::ARN;
use crate::refusal::Refusal;

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Input<'a> {
    #[serde(borrow)]
    activity_arn: Option<Text<'a>>,
}

pub(super) fn decode(body: &[u8], context: &Context<'_>) -> Result<Decoded, Refusal> {
    let input: Input<'_> = decode::read(body)?;
    let mut checks = context.checks();
    let activity_arn = checks.required("activityArn", input.activity_arn, &ARN);
    checks.finish()?;
    parse_activity(&activity_arn)?;
    arns::ours_to_delete(context.owner, &activity_arn)?;
    let activity_arn = activity_arn.into_string();
    Ok(Request::DeleteActivity(operation::Request { activity_arn }).into())
}
