//! `DeleteStateMachineAlias`.

use engine::Request;
use engine::arn::parse_state_machine;
use engine::operations::delete_state_machine_alias as operation;
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
    state_machine_alias_arn: Option<Text<'a>>,
}

pub(super) fn decode(body: &[u8], context: &Context<'_>) -> Result<Decoded, Refusal> {
    let input: Input<'_> = decode::read(body)?;
    let mut checks = context.checks();
    let arn = checks.required("stateMachineAliasArn", input.state_machine_alias_arn, &ARN);
    checks.finish()?;
    arns::unlabelled(parse_state_machine(&arn)?)?;
    arns::ours_to_delete(context.owner, &arn)?;
    let state_machine_alias_arn = arn.into_string();
    Ok(Request::DeleteStateMachineAlias(operation::Request {
        state_machine_alias_arn,
    })
    .into())
}
