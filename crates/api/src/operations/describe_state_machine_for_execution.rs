//! `DescribeStateMachineForExecution`.

use engine::Request;
use engine::operations::describe_state_machine_for_execution as operation;
use serde::Deserialize;

use super::describe_state_machine::write_revision;
use super::{Context, Decoded};
use crate::arns;
use crate::decode::{self, Text};
use crate::members::{ARN, INCLUDED_DATA};
use crate::refusal::Refusal;
use crate::write;

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Input<'a> {
    #[serde(borrow)]
    execution_arn: Option<Text<'a>>,
    #[serde(borrow)]
    included_data: Option<Text<'a>>,
}

pub(super) fn decode(body: &[u8], context: &Context<'_>) -> Result<Decoded, Refusal> {
    let input: Input<'_> = decode::read(body)?;
    let mut checks = context.checks();
    let execution_arn = checks.required("executionArn", input.execution_arn, &ARN);
    checks.optional("includedData", input.included_data.as_ref(), &INCLUDED_DATA);
    checks.finish()?;
    arns::execution(context.owner, &execution_arn)?;
    Ok(
        Request::DescribeStateMachineForExecution(operation::Request {
            execution_arn: execution_arn.into_string(),
            metadata_only: input.included_data.as_deref() == Some("METADATA_ONLY"),
        })
        .into(),
    )
}

pub(super) fn encode(response: &operation::Response, out: &mut write::Object<'_>) {
    write_revision(out, &response.description);
    out.text_if("mapRunArn", response.description.map_run_arn.as_deref());
    out.moment("updateDate", response.update_ms);
}
