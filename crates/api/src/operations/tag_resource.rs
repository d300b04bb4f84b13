//! `TagResource`.

use engine::Request;
use engine::operations::tag_resource as operation;
use engine::operations::tag_resource::not_too_many;
use serde::Deserialize;

use super::{Context, Decoded};
use crate::arns;
use crate::decode::{self, Text};
use crate::members::ARN;
use crate::refusal::Refusal;
use crate::tags::{self, TagsInput};

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Input<'a> {
    #[serde(borrow)]
    resource_arn: Option<Text<'a>>,
    #[serde(borrow)]
    tags: Option<TagsInput<'a>>,
}

pub(super) fn decode(body: &[u8], context: &Context<'_>) -> Result<Decoded, Refusal> {
    let input: Input<'_> = decode::read(body)?;
    let mut checks = context.checks();
    let resource_arn = checks.required("resourceArn", input.resource_arn, &ARN);
    if input.tags.is_none() {
        checks.null("tags", false);
    }
    let tags = tags::check(&mut checks, input.tags);
    checks.finish()?;
    arns::taggable(context.owner, &resource_arn)?;
    not_too_many(&tags, &resource_arn)?;
    let resource_arn = resource_arn.into_string();
    Ok(Request::TagResource(operation::Request { resource_arn, tags }).into())
}
