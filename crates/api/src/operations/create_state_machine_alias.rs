//! `CreateStateMachineAlias`.

use engine::Request;
use engine::operations::create_state_machine_alias as operation;
use serde::Deserialize;

use super::{Context, Decoded};
use crate::decode::{self, Text};
use crate::members::{ALIAS_DESCRIPTION, CHARACTER_RESTRICTED_NAME};
use crate::refusal::Refusal;
use crate::routing::{self, RoutingInput};
use crate::write;

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Input<'a> {
    #[serde(borrow)]
    description: Option<Text<'a>>,
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    routing_configuration: Option<RoutingInput<'a>>,
}

pub(super) fn decode(body: &[u8], context: &Context<'_>) -> Result<Decoded, Refusal> {
    let input: Input<'_> = decode::read(body)?;
    let mut checks = context.checks();
    checks.optional(
        "description",
        input.description.as_ref(),
        &ALIAS_DESCRIPTION,
    );
    let name = checks.required("name", input.name, &CHARACTER_RESTRICTED_NAME);
    if input.routing_configuration.is_none() {
        checks.null("routingConfiguration", false);
    }
    let routing = routing::check(&mut checks, input.routing_configuration);
    checks.finish()?;
    Ok(Request::CreateStateMachineAlias(operation::Request {
        name: name.into_string(),
        description: input.description.map(Text::into_string),
        routing: routing.unwrap_or_default(),
    })
    .into())
}

pub(super) fn encode(response: &operation::Response, out: &mut write::Object<'_>) {
    out.text("stateMachineAliasArn", &response.state_machine_alias_arn);
    out.moment("creationDate", response.creation_ms);
}
