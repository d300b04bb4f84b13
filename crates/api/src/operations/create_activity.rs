//! `CreateActivity`.

use engine::Request;
use engine::arn::check_name;
use engine::operations::create_activity as operation;
use engine::operations::tag_resource::not_too_many;
use serde::Deserialize;

use super::{Context, Decoded};
use crate::configuration::{self, EncryptionInput};
use crate::decode::{self, Object, Text};
use crate::members::NAME;
use crate::refusal::Refusal;
use crate::tags::{self, TagsInput};
use crate::write;

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Input<'a> {
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    tags: Option<TagsInput<'a>>,
    #[serde(borrow)]
    encryption_configuration: Option<Object<EncryptionInput<'a>>>,
}

pub(super) fn decode(body: &[u8], context: &Context<'_>) -> Result<Decoded, Refusal> {
    let input: Input<'_> = decode::read(body)?;
    let mut checks = context.checks();
    let name = checks.required("name", input.name, &NAME);
    let tags = tags::check(&mut checks, input.tags);
    let encryption = configuration::encryption(&mut checks, input.encryption_configuration);
    checks.finish()?;
    check_name(&name)?;
    not_too_many(&tags, &context.owner.activity_arn(&name))?;
    configuration::encryption_is_consistent(encryption.as_ref())?;
    let name = name.into_string();
    Ok(Request::CreateActivity(operation::Request {
        name,
        tags,
        encryption,
    })
    .into())
}

pub(super) fn encode(response: &operation::Response, out: &mut write::Object<'_>) {
    out.text("activityArn", &response.activity_arn);
    out.moment("creationDate", response.creation_ms);
}
