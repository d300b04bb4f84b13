//! `DescribeStateMachineAlias`.

use engine::Request;
use engine::operations::describe_state_machine_alias as operation;
use serde::Deserialize;

use super::{Context, Decoded};
use crate::arns;
use crate::decode::{self, Text};
use crate::members::ARN;
use crate::refusal::Refusal;
use crate::routing;
use crate::write;

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Input<'a> {
    #[serde(borrow)]
    state_machine_alias_arn: Option<Text<'a>>,
}

pub(super) fn decode(body: &[u8], context: &Context<'_>) -> Result<Decoded, Refusal> {
    let input: Input<'_> = decode::read(body)?;
    let mut checks = context.checks();
    let arn = checks.required("stateMachineAliasArn", input.state_machine_alias_arn, &ARN);
    checks.finish()?;
    arns::unlabelled(arns::alias(context.owner, &arn)?)?;
    let state_machine_alias_arn = arn.into_string();
    Ok(Request::DescribeStateMachineAlias(operation::Request {
        state_machine_alias_arn,
    })
    .into())
}

pub(super) fn encode(response: &operation::Response, out: &mut write::Object<'_>) {
    out.text("stateMachineAliasArn", &response.state_machine_alias_arn);
    out.text("name", &response.name);
    out.text_if("description", response.description.as_deref());
    routing::write(out, &response.routing);
    out.moment("creationDate", response.creation_ms);
    out.moment("updateDate", response.update_ms);
}
