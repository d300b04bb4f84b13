//! `ListTagsForResource`.

use engine::Request;
use engine::operations::list_tags_for_resource as operation;
use serde::Deserialize;

use super::{Context, Decoded};
use crate::arns;
use crate::decode::{self, Text};
use crate::members::ARN;
use crate::refusal::Refusal;
use crate::tags;
use crate::write;

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Input<'a> {
    #[serde(borrow)]
    resource_arn: Option<Text<'a>>,
}

pub(super) fn decode(body: &[u8], context: &Context<'_>) -> Result<Decoded, Refusal> {
    let input: Input<'_> = decode::read(body)?;
    let mut checks = context.checks();
    let resource_arn = checks.required("resourceArn", input.resource_arn, &ARN);
    checks.finish()?;
    arns::taggable(context.owner, &resource_arn)?;
    let resource_arn = resource_arn.into_string();
    Ok(Request::ListTagsForResource(operation::Request { resource_arn }).into())
}

pub(super) fn encode(response: &operation::Response, out: &mut write::Object<'_>) {
    tags::write(out, &response.tags);
}
