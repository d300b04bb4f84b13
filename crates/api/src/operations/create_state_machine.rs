//! `CreateStateMachine`.

use engine::Request;
use engine::arn::check_name;
use engine::operations::create_state_machine as operation;
use engine::operations::tag_resource::not_too_many;
use engine::shapes::MachineType;
use serde::Deserialize;

use super::{Context, Decoded};
use crate::arns;
use crate::configuration::{self, EncryptionInput, LoggingInput, TracingInput};
use crate::decode::{self, Object, Text};
use crate::definition;
use crate::members::{ARN, DEFINITION, NAME, STATE_MACHINE_TYPE, VERSION_DESCRIPTION};
use crate::refusal::Refusal;
use crate::tags::{self, TagsInput};
use crate::write;

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Input<'a> {
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    definition: Option<Text<'a>>,
    #[serde(borrow)]
    role_arn: Option<Text<'a>>,
    #[serde(borrow, rename = "type")]
    kind: Option<Text<'a>>,
    #[serde(borrow)]
    logging_configuration: Option<Object<LoggingInput<'a>>>,
    #[serde(borrow)]
    tags: Option<TagsInput<'a>>,
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
    let name = checks.required("name", input.name, &NAME);
    let definition = checks.required("definition", input.definition, &DEFINITION);
    let role_arn = checks.required("roleArn", input.role_arn, &ARN);
    checks.optional("type", input.kind.as_ref(), &STATE_MACHINE_TYPE);
    let logging = configuration::logging(&mut checks, input.logging_configuration);
    let tags = tags::check(&mut checks, input.tags);
    let description = input.version_description;
    checks.optional(
        "versionDescription",
        description.as_ref(),
        &VERSION_DESCRIPTION,
    );
    let encryption = configuration::encryption(&mut checks, input.encryption_configuration);
    checks.finish()?;

    check_name(&name)?;
    arns::role(&role_arn)?;
    let publish = input.publish.unwrap_or(false);
    definition::described_only_if_published(publish, description.is_some())?;
    configuration::logging_has_one_destination(logging.as_ref())?;
    configuration::encryption_is_consistent(encryption.as_ref())?;
    not_too_many(&tags, &context.owner.state_machine_arn(&name))?;
    let machine_type = match input.kind.as_deref() {
        Some("EXPRESS") => MachineType::Express,
        _ => MachineType::Standard,
    };
    let machine = definition::parse(&definition, machine_type)?;
    Ok(Request::CreateStateMachine(operation::Request {
        name: name.into_string(),
        definition: (*definition).into(),
        machine,
        role_arn: role_arn.into_string(),
        machine_type,
        logging,
        tags,
        tracing: configuration::tracing(input.tracing_configuration),
        publish,
        version_description: description.map(Text::into_string),
        encryption,
    })
    .into())
}

/// A type as the API spells it.
pub(super) const fn machine_type(machine_type: MachineType) -> &'static str {
    match machine_type {
        MachineType::Standard => "STANDARD",
        MachineType::Express => "EXPRESS",
    }
}

pub(super) fn encode(response: &operation::Response, out: &mut write::Object<'_>) {
    out.text("stateMachineArn", &response.state_machine_arn);
    out.moment("creationDate", response.creation_ms);
    out.text_if(
        "stateMachineVersionArn",
        response.state_machine_version_arn.as_deref(),
    );
}
