//! `RedriveExecution`.

use engine::Request;
use engine::operations::redrive_execution as operation;
use serde::Deserialize;

use super::{Context, Decoded};
use crate::arns;
use crate::decode::{self, Text};
use crate::members::{ARN, CLIENT_TOKEN};
use crate::refusal::Refusal;
use crate::write;

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Input<'a> {
    #[serde(borrow)]
    execution_arn: Option<Text<'a>>,
    #[serde(borrow)]
    client_token: Option<Text<'a>>,
}

pub(super) fn decode(body: &[u8], context: &Context<'_>) -> Result<Decoded, Refusal> {
    let input: Input<'_> = decode::read(body)?;
    let mut checks = context.checks();
    let execution_arn = checks.required("executionArn", input.execution_arn, &ARN);
    checks.optional("clientToken", input.client_token.as_ref(), &CLIENT_TOKEN);
    checks.finish()?;
    arns::standard_execution(context.owner, &execution_arn)?;
    Ok(Request::RedriveExecution(operation::Request {
        execution_arn: execution_arn.into_string(),
        client_token: input.client_token.map(Text::into_string),
    })
    .into())
}

pub(super) fn encode(response: &operation::Response, out: &mut write::Object<'_>) {
    out.moment("redriveDate", response.redrive_ms);
}
