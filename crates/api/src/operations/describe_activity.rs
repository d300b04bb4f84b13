//! `DescribeActivity`.

use engine::Request;
use engine::operations::describe_activity as operation;
use serde::Deserialize;

use super::{Context, Decoded};
use crate::arns;
use crate::configuration;
use crate::decode::{self, Text};
use crate::members::ARN;
use crate::refusal::Refusal;
use crate::write;

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
    arns::activity(context.owner, &activity_arn)?;
    let activity_arn = activity_arn.into_string();
    Ok(Request::DescribeActivity(operation::Request { activity_arn }).into())
}

pub(super) fn encode(response: &operation::Response, out: &mut write::Object<'_>) {
    out.text("activityArn", &response.activity_arn);
    out.text("name", &response.name);
    out.moment("creationDate", response.creation_ms);
    configuration::write_encryption(out, &response.encryption);
}
