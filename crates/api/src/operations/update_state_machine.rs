//! `UpdateStateMachine`.

use engine::Request;
use engine::operations::update_state_machine as operation;
use engine::shapes::MachineType;
use engine::{ErrorName, Rejection};
use serde::Deserialize;

use super::{Context, Decoded};
use crate::arns;
use crate::configuration::{self, EncryptionInput, LoggingInput, TracingInput};
use crate::decode::{self, Object, Text};
use crate::definition;
use crate::members::{ARN, DEFINITION, VERSION_DESCRIPTION};
use crate::refusal::Refusal;
use crate::write;

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Input<'a> {
    #[serde(borrow)]
    state_machine_arn: Option<Text<'a>>,
    #[serde(borrow)]
    definition: Option<Text<'a>>,
    #[serde(borrow)]
    role_arn: Option<Text<'a>>,
    #[serde(borrow)]
    logging_configuration: Option<Object<LoggingInput<'a>>>,
    tracing_configuration: Option<Object<TracingInput>>,
    publish: Option<bool>,
    #[serde(borrow)]
    version_description: Option<Text<'a>>,
    #[serde(borrow)]
    encryption_configuration: Option<Object<EncryptionInput<'a>>>,
}

pub(super) fn decode(body: &[u8], context: &Context<'_>) -> Result<Decoded, Refusal> {
    let input: Input<'_> = decode::read(body)?;
    let mut checks = context.checks();
    let state_machine_arn = checks.required("stateMachineArn", input.state_machine_arn, &ARN);
    checks.optional("definition", input.definition.as_ref(), &DEFINITION);
    checks.optional("roleArn", input.role_arn.as_ref(), &ARN);
    let logging = configuration::logging(&mut checks, input.logging_configuration);
    let description = input.version_description;
    checks.optional(
        "versionDescription",
        description.as_ref(),
        &VERSION_DESCRIPTION,
    );
    let encryption = configuration::encryption(&mut checks, input.encryption_configuration);
    checks.finish()?;

    let machine = arns::state_machine(context.owner, &state_machine_arn)?;
    arns::unlabelled(machine)?;
    let tracing = configuration::tracing(input.tracing_configuration);
    if input.definition.is_none()
        && input.role_arn.is_none()
        && logging.is_none()
        && tracing.is_none()
        && encryption.is_none()
    {
        return Err(nothing_to_update().into());
    }
    if let Some(role_arn) = &input.role_arn {
        arns::role(role_arn)?;
    }
    let publish = input.publish.unwrap_or(false);
    definition::described_only_if_published(publish, description.is_some())?;
    configuration::logging_has_one_destination(logging.as_ref())?;
    configuration::encryption_is_consistent(encryption.as_ref())?;
    // The type of the machine is not in the request, and the engine, which knows it, is not to be kept
    // busy with parsing. What is valid for EXPRESS is valid for STANDARD.
    let definition = match &input.definition {
        Some(text) => Some(operation::NewDefinition {
            text: (**text).into(),
            standard: definition::parse(text, MachineType::Standard)?,
            express: definition::parse(text, MachineType::Express),
        }),
        None => None,
    };
    Ok(Request::UpdateStateMachine(operation::Request {
        state_machine_arn: state_machine_arn.into_string(),
        definition,
        role_arn: input.role_arn.map(Text::into_string),
        logging,
        tracing,
        publish,
        version_description: description.map(Text::into_string),
        encryption,
    })
    .into())
}

fn nothing_to_update() -> Rejection {
    Rejection::new(
        ErrorName::MissingRequiredParameter,
        "Either the definition, the role ARN, the LoggingConfiguration, or the \
         TracingConfiguration must be specified",
    )
}

pub(super) fn encode(response: &operation::Response, out: &mut write::Object<'_>) {
    out.moment("updateDate", response.update_ms);
    out.text_if("revisionId", response.revision_id.as_deref());
    out.text_if(
        "stateMachineVersionArn",
        response.state_machine_version_arn.as_deref(),
    );
}
