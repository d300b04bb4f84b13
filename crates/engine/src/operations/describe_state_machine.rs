//! `DescribeStateMachine`.

use std::sync::Arc;

use store::{RecordKind, Store};

use crate::arn::{self, Owner, Qualifier};
use crate::operations::update_state_machine::does_not_exist;
use crate::read::ReadError;
use crate::records::{self, DefinitionRecord, MachineRecord, VersionRecord, VersionRow};
use crate::shapes::StateMachineDescription;
use crate::shapes::{MachineStatus, MachineType};

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// `stateMachineArn`.
    pub state_machine_arn: String,
    /// `includedData` is `METADATA_ONLY`.
    pub metadata_only: bool,
}

/// What is answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Response {
    /// What is to be shown.
    pub description: StateMachineDescription,
}

pub(crate) fn read(
    request: &Request,
    store: &dyn Store,
    owner: &Owner,
) -> Result<Response, ReadError> {
    let arn = &request.state_machine_arn;
    let machine = machine_of(arn, store, owner)?.ok_or_else(|| does_not_exist(arn))?;
    let mut label = None;
    let version = match arn::parse_state_machine(arn)?.qualifier {
        Qualifier::Plain => None,
        Qualifier::Label(given) => {
            label = Some(given);
            None
        }
        Qualifier::Version(number) => {
            let version = version(store, &machine, number)?;
            Some(version.ok_or_else(|| does_not_exist(arn))?)
        }
        Qualifier::Alias(_) => return Err(does_not_exist(arn).into()),
    };
    let number = version.as_ref().map_or(machine.revision, |it| it.revision);
    let row = revision(store, machine.number, number)?;
    let definition = match (label, request.metadata_only) {
        (None, true) => None,
        // A labelled machine is its definition: there is no less to be said of it.
        _ => Some(text(store, machine.number, &row)?),
    };
    let mut description = describe(row, definition, owner);
    if let Some(label) = label {
        let processor = labelled(description, label, owner);
        description = processor.ok_or_else(|| does_not_exist(arn))?;
    }
    if let Some(version) = version {
        description.state_machine_arn =
            owner.state_machine_version_arn(&machine.name, version.version);
        description.creation_ms = version.creation_ms;
        description.description = version.description;
    }
    Ok(Response { description })
}

/// The machine whose ARN this is, or whose version or alias.
pub(crate) fn machine_of(
    arn: &str,
    store: &dyn Store,
    owner: &Owner,
) -> Result<Option<MachineRecord>, ReadError> {
    let machine = arn::parse_state_machine(arn)?;
    if !owner.owns(arn) {
        return Ok(None);
    }
    let bytes = store.record(RecordKind::StateMachine, machine.name.as_bytes())?;
    let decode = |bytes: Vec<u8>| {
        records::decode(&bytes).ok_or_else(|| records::damaged("state machine", machine.name))
    };
    Ok(bytes.map(decode).transpose()?)
}

/// A version of a machine.
pub(crate) fn version(
    store: &dyn Store,
    machine: &MachineRecord,
    number: u64,
) -> Result<Option<VersionRecord>, ReadError> {
    let key = records::version_key(machine.number, number);
    let Some(bytes) = store.record(RecordKind::Version, &key)? else {
        return Ok(None);
    };
    match records::decode(&bytes) {
        Some(VersionRow::Published(record)) => Ok(Some(record)),
        _ => Err(records::damaged("version", &format!("{}:{number}", machine.name)).into()),
    }
}

/// The machine of that ARN, which must be plain.
pub(crate) fn find(
    state_machine_arn: &str,
    store: &dyn Store,
    owner: &Owner,
) -> Result<MachineRecord, ReadError> {
    let is_plain = arn::parse_state_machine(state_machine_arn)?.qualifier == Qualifier::Plain;
    let machine = machine_of(state_machine_arn, store, owner)?.filter(|_| is_plain);
    Ok(machine.ok_or_else(|| does_not_exist(state_machine_arn))?)
}

/// One revision of a machine.
pub(crate) fn revision(
    store: &dyn Store,
    machine: u64,
    revision: u64,
) -> Result<DefinitionRecord, ReadError> {
    let bytes = store.record(
        RecordKind::Definition,
        &records::definition_key(machine, revision),
    )?;
    let row = bytes.and_then(|bytes| records::decode(&bytes));
    Ok(row.ok_or_else(|| records::damaged("definition", &format!("{machine}.{revision}")))?)
}

/// The definition's text of a revision.
pub(crate) fn text(
    store: &dyn Store,
    machine: u64,
    row: &DefinitionRecord,
) -> Result<Arc<str>, ReadError> {
    let text = match &row.definition {
        Some(text) => Some(text.clone()),
        None => revision(store, machine, row.head.text_revision)?.definition,
    };
    let text = text.ok_or_else(|| {
        records::damaged(
            "definition",
            &format!("{machine}.{}", row.head.text_revision),
        )
    })?;
    Ok(text.into())
}

/// What is shown of a revision.
pub(crate) fn describe(
    row: DefinitionRecord,
    definition: Option<Arc<str>>,
    owner: &Owner,
) -> StateMachineDescription {
    let variable_references = definition
        .as_deref()
        .map_or_else(Vec::new, |text| references(text, row.machine_type));
    StateMachineDescription {
        state_machine_arn: owner.state_machine_arn(&row.machine_name),
        name: row.machine_name,
        status: MachineStatus::Active,
        definition,
        role_arn: row.head.role_arn,
        machine_type: row.machine_type,
        creation_ms: row.creation_ms,
        logging: row.head.logging,
        tracing: row.head.tracing,
        encryption: row.head.encryption.unwrap_or_default(),
        revision_id: row.head.revision_id,
        description: None,
        label: None,
        map_run_arn: None,
        variable_references,
    }
}

/// The item processor of that label, described as a state machine.
pub(crate) fn labelled(
    machine: StateMachineDescription,
    label: &str,
    owner: &Owner,
) -> Option<StateMachineDescription> {
    let definition = machine.definition.as_deref()?;
    let (processor, is_express) = asl::labelled::item_processor(definition, label)?;
    let name = format!("{}/{label}", machine.name);
    Some(StateMachineDescription {
        state_machine_arn: owner.state_machine_arn(&name),
        name,
        definition: Some(processor.to_string().into()),
        machine_type: match is_express {
            true => MachineType::Express,
            false => MachineType::Standard,
        },
        label: Some(label.to_owned()),
        variable_references: Vec::new(),
        ..machine
    })
}

/// Which variables each state reads. Parsed anew: descriptions are rare, and every start would pay
/// for what is kept.
fn references(definition: &str, machine_type: MachineType) -> Vec<(String, Vec<String>)> {
    let parsed = asl::parse_within(definition, machine_type.into(), usize::MAX);
    let Some(machine) = parsed.machine else {
        return Vec::new();
    };
    machine
        .variable_references()
        .map(|(state, names)| {
            (
                state.to_owned(),
                names.iter().map(|name| name.to_string()).collect(),
            )
        })
        .collect()
}
