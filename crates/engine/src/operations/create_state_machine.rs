//! `CreateStateMachine`.

use sha2::{Digest, Sha256};
use store::{RecordKind, RecordWrite};

use crate::message::{Now, Output};
use crate::records::{self, DefinitionRecord, MachineRecord, RevisionHead};
use crate::recover::NEXT_MACHINE_KEY;
use crate::rejection::{ErrorName, Rejection};
use crate::shard::{Machine, Shard};
use crate::watching::LogPlan;
use std::sync::Arc;

use crate::shapes::{EncryptionConfiguration, LoggingConfiguration, MachineType, Tag};
use asl::StateMachine;

/// What is asked.
#[derive(Clone, Debug)]
pub struct Request {
    /// `name`.
    pub name: String,
    /// The definition's text, as given.
    pub definition: Arc<str>,
    /// The same, parsed and found valid at the door.
    pub machine: Arc<StateMachine>,
    /// `roleArn`.
    pub role_arn: String,
    /// `type`.
    pub machine_type: MachineType,
    /// `loggingConfiguration`.
    pub logging: Option<LoggingConfiguration>,
    /// `tags`.
    pub tags: Vec<Tag>,
    /// `tracingConfiguration.enabled`.
    pub tracing: Option<bool>,
    /// `publish`.
    pub publish: bool,
    /// `versionDescription`.
    pub version_description: Option<String>,
    /// `encryptionConfiguration`.
    pub encryption: Option<EncryptionConfiguration>,
}

/// What is answered.
#[derive(Clone, Debug)]
pub struct Response {
    /// `stateMachineArn`.
    pub state_machine_arn: String,
    /// `creationDate`, milliseconds since 1970.
    pub creation_ms: i64,
    /// `stateMachineVersionArn`, only with `publish`.
    pub state_machine_version_arn: Option<String>,
}

impl Shard {
    /// Idempotent on everything but role and tags; the definition is compared as text.
    pub(crate) fn create_state_machine(
        &mut self,
        request: Request,
        now: Now,
        out: &mut Vec<Output>,
    ) -> Result<Response, Rejection> {
        let state_machine_arn = self.world.owner.state_machine_arn(&request.name);
        refuse_what_is_to_come(&request, &state_machine_arn)?;
        let now_ms = self.clock.at(now);
        let head = RevisionHead {
            revision_id: None,
            update_ms: now_ms,
            role_arn: request.role_arn,
            logging: request.logging.unwrap_or_default(),
            tracing: request.tracing.unwrap_or(false),
            encryption: request.encryption,
            definition_sha256: Sha256::digest(request.definition.as_bytes()).into(),
            text_revision: 1,
        };
        if let Some(Machine { record }) = self.machines.get(&request.name) {
            if !same_machine(record, request.machine_type, &head) {
                let message = format!("State Machine Already Exists: '{state_machine_arn}'");
                return Err(Rejection::new(
                    ErrorName::StateMachineAlreadyExists,
                    message,
                ));
            }
            let creation_ms = record.creation_ms;
            return Ok(Response {
                state_machine_arn,
                creation_ms,
                state_machine_version_arn: None,
            });
        }
        self.room_for_state_machine()?;
        let number = self.next_machine;
        self.next_machine += 1;
        let record = MachineRecord {
            number,
            name: request.name,
            machine_type: request.machine_type,
            creation_ms: now_ms,
            revision: 1,
            tags: crate::operations::tag_resource::merged(Vec::new(), request.tags),
            current: head,
        };
        let counter = RecordWrite {
            kind: RecordKind::Service,
            key: NEXT_MACHINE_KEY.to_vec(),
            value: Some(records::encode(&self.next_machine)),
        };
        let writes = vec![
            counter,
            definition_write(&record, Some(&request.definition)),
            machine_write(&record),
        ];
        self.commit_records(writes, now, out);
        self.remember_definition(number, 1, request.machine);
        self.remember_logging(number, 1, LogPlan::of(&record.current.logging));
        self.machine_names.insert(number, record.name.clone());
        self.machines
            .insert(record.name.clone(), Machine { record });
        Ok(Response {
            state_machine_arn,
            creation_ms: now_ms,
            state_machine_version_arn: None,
        })
    }
}

/// What this service does not do yet is refused when it is asked for, not when it is missed.
fn refuse_what_is_to_come(request: &Request, arn: &str) -> Result<(), Rejection> {
    if request.publish {
        let message = "Versions are not supported yet: leave out 'publish'";
        return Err(Rejection::new(ErrorName::ValidationException, message));
    }
    if request.machine_type == MachineType::Express {
        let message = format!("EXPRESS state machines are not supported yet: '{arn}'");
        return Err(Rejection::new(
            ErrorName::StateMachineTypeNotSupported,
            message,
        ));
    }
    Ok(())
}

fn same_machine(record: &MachineRecord, machine_type: MachineType, head: &RevisionHead) -> bool {
    let current = &record.current;
    record.machine_type == machine_type
        && current.definition_sha256 == head.definition_sha256
        && current.logging == head.logging
        && current.tracing == head.tracing
        && current.encryption.clone().unwrap_or_default()
            == head.encryption.clone().unwrap_or_default()
}

pub(crate) fn machine_write(record: &MachineRecord) -> RecordWrite {
    RecordWrite {
        kind: RecordKind::StateMachine,
        key: record.name.clone().into_bytes(),
        value: Some(records::encode(record)),
    }
}

/// The row of the revision that `record` is at.
pub(crate) fn definition_write(record: &MachineRecord, definition: Option<&str>) -> RecordWrite {
    let row = DefinitionRecord {
        machine_name: record.name.clone(),
        machine_type: record.machine_type,
        creation_ms: record.creation_ms,
        head: record.current.clone(),
        definition: definition.map(Into::into),
    };
    RecordWrite {
        kind: RecordKind::Definition,
        key: records::definition_key(record.number, record.revision),
        value: Some(records::encode(&row)),
    }
}
