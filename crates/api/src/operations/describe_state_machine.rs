//! `DescribeStateMachine`.

use engine::Request;
use engine::operations::describe_state_machine as operation;
use engine::shapes::{MachineStatus, StateMachineDescription};
use serde::Deserialize;

use super::create_state_machine::machine_type;
use super::{Context, Decoded};
use crate::arns;
use crate::configuration;
use crate::decode::{self, Text};
use crate::members::{ARN, INCLUDED_DATA};
use crate::refusal::Refusal;
use crate::write;

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Input<'a> {
    #[serde(borrow)]
    state_machine_arn: Option<Text<'a>>,
    #[serde(borrow)]
    included_data: Option<Text<'a>>,
}

pub(super) fn decode(body: &[u8], context: &Context<'_>) -> Result<Decoded, Refusal> {
    let input: Input<'_> = decode::read(body)?;
    let mut checks = context.checks();
    let state_machine_arn = checks.required("stateMachineArn", input.state_machine_arn, &ARN);
    checks.optional("includedData", input.included_data.as_ref(), &INCLUDED_DATA);
    checks.finish()?;
    arns::state_machine(context.owner, &state_machine_arn)?;
    Ok(Request::DescribeStateMachine(operation::Request {
        state_machine_arn: state_machine_arn.into_string(),
        metadata_only: input.included_data.as_deref() == Some("METADATA_ONLY"),
    })
    .into())
}

pub(super) fn encode(response: &operation::Response, out: &mut write::Object<'_>) {
    let it = &response.description;
    write_revision(out, it);
    let status = match it.status {
        MachineStatus::Active => "ACTIVE",
        MachineStatus::Deleting => "DELETING",
    };
    out.text("status", status);
    out.text("type", machine_type(it.machine_type));
    out.moment("creationDate", it.creation_ms);
    out.text_if("description", it.description.as_deref());
}

/// What is shown of a revision, whether it is in force or an execution is pinned to it.
pub(super) fn write_revision(out: &mut write::Object<'_>, it: &StateMachineDescription) {
    out.text("stateMachineArn", &it.state_machine_arn);
    out.text("name", &it.name);
    out.text("definition", it.definition.as_deref().unwrap_or("{}"));
    out.text("roleArn", &it.role_arn);
    configuration::write_logging(out, &it.logging);
    configuration::write_tracing(out, it.tracing);
    configuration::write_encryption(out, &it.encryption);
    out.text_if("revisionId", it.revision_id.as_deref());
    out.text_if("label", it.label.as_deref());
    if !it.variable_references.is_empty() {
        out.object("variableReferences", |out| {
            for (state, variables) in &it.variable_references {
                out.texts(state, variables.iter().map(String::as_str));
            }
        });
    }
}
