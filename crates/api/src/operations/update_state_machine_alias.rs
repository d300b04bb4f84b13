//! `UpdateStateMachineAlias`.

use engine::operations::update_state_machine_alias as operation;
use engine::{ErrorName, Rejection, Request};
use serde::Deserialize;

use super::{Context, Decoded};
use crate::arns;
use crate::decode::{self, Text};
use crate::members::{ALIAS_DESCRIPTION, ARN};
use crate::refusal::Refusal;
use crate::routing::{self, RoutingInput};
use crate::write;

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Input<'a> {
    #[serde(borrow)]
    state_machine_alias_arn: Option<Text<'a>>,
    #[serde(borrow)]
    description: Option<Text<'a>>,
    #[serde(borrow)]
    routing_configuration: Option<RoutingInput<'a>>,
}

pub(super) fn decode(body: &[u8], context: &Context<'_>) -> Result<Decoded, Refusal> {
    let input: Input<'_> = decode::read(body)?;
    let mut checks = context.checks();
    let arn = checks.required("stateMachineAliasArn", input.state_machine_alias_arn, &ARN);
    checks.optional(
        "description",
        input.description.as_ref(),
        &ALIAS_DESCRIPTION,
    );
    let routing = routing::check(&mut checks, input.routing_configuration);
    checks.finish()?;
    arns::unlabelled(arns::alias(context.owner, &arn)?)?;
    if input.description.is_none() && routing.is_none() {
        return Err(nothing_to_update().into());
    }
    Ok(Request::UpdateStateMachineAlias(operation::Request {
        state_machine_alias_arn: arn.into_string(),
        description: input.description.map(Text::into_string),
        routing,
    })
    .into())
}

fn nothing_to_update() -> Rejection {
    Rejection::new(
        ErrorName::ValidationException,
        "At least one of description and routingConfiguration must be specified",
    )
    .with_reason("MISSING_REQUIRED_PARAMETER")
}

pub(super) fn encode(response: &operation::Response, out: &mut write::Object<'_>) {
    out.moment("updateDate", response.update_ms);
}
