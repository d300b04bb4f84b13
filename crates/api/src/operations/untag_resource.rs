//! `UntagResource`.

use engine::Request;
use engine::operations::untag_resource as operation;
use serde::Deserialize;

use super::{Context, Decoded};
use crate::arns;
use crate::decode::{self, Text};
use crate::members::{ARN, UNTAG_KEY};
use crate::refusal::Refusal;

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Input<'a> {
    #[serde(borrow)]
    resource_arn: Option<Text<'a>>,
    #[serde(borrow)]
    tag_keys: Option<Vec<Option<Text<'a>>>>,
}

pub(super) fn decode(body: &[u8], context: &Context<'_>) -> Result<Decoded, Refusal> {
    let input: Input<'_> = decode::read(body)?;
    let mut checks = context.checks();
    let resource_arn = checks.required("resourceArn", input.resource_arn, &ARN);
    if input.tag_keys.is_none() {
        checks.null("tagKeys", false);
    }
    let keys = input.tag_keys.unwrap_or_default();
    let mut tag_keys = Vec::with_capacity(keys.len());
    for (index, key) in keys.into_iter().enumerate() {
        let at = format!("tagKeys.{}.member", index + 1);
        tag_keys.push(checks.required(&at, key, &UNTAG_KEY).into_string());
    }
    checks.finish()?;
    arns::taggable(context.owner, &resource_arn)?;
    let resource_arn = resource_arn.into_string();
    Ok(Request::UntagResource(operation::Request {
        resource_arn,
        tag_keys,
    })
    .into())
}
