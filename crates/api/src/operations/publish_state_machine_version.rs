//! `PublishStateMachineVersion`.

use engine::Request;
use engine::operations::publish_state_machine_version as operation;
use serde::Deserialize;

use super::{Context, Decoded};
use crate::arns;
use crate::decode::{self, Text};
use crate::members::{ARN, VERSION_DESCRIPTION};
use crate::refusal::Refusal;
use crate::write;

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Input<'a> {
    #[serde(borrow)]
    state_machine_arn: Option<Text<'a>>,
    #[serde(borrow)]
    revision_id: Option<Text<'a>>,
    #[serde(borrow)]
    description: Option<Text<'a>>,
}

pub(super) fn decode(body: &[u8], context: &Context<'_>) -> Result<Decoded, Refusal> {
    let input: Input<'_> = decode::read(body)?;
    let mut checks = context.checks();
    let state_machine_arn = checks.required("stateMachineArn", input.state_machine_arn, &ARN);
    checks.optional(
        "description",
        input.description.as_ref(),
        &VERSION_DESCRIPTION,
    );
    checks.finish()?;
    let machine = arns::state_machine(context.owner, &state_machine_arn)?;
    arns::unlabelled(machine)?;
    Ok(Request::PublishStateMachineVersion(operation::Request {
        state_machine_arn: state_machine_arn.into_string(),
        revision_id: input.revision_id.map(Text::into_string),
        description: input.description.map(Text::into_string),
    })
    .into())
}

pub(super) fn encode(response: &operation::Response, out: &mut write::Object<'_>) {
    out.moment("creationDate", response.creation_ms);
    out.text(
        "stateMachineVersionArn",
        &response.state_machine_version_arn,
    );
}
