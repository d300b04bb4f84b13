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
    /// Idempotent on everything but role and tags; the definition is compared as text. Whether the first
    /// version was published along counts, as long as it is there to tell.
    pub(crate) fn create_state_machine(
        &mut self,
        request: Request,
        now: Now,
        out: &mut Vec<Output>,
    ) -> Result<Response, Rejection> {
        let state_machine_arn = self.world.owner.state_machine_arn(&request.name);
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
        if let Some(machine) = self.machines.get(&request.name) {
            let record = &machine.record;
            let published = request.publish.then_some(&request.version_description);
            if !same_machine(record, request.machine_type, &head)
                || machine.published_when_created() != published
            {
                let message = format!("State Machine Already Exists: '{state_machine_arn}'");
                return Err(Rejection::new(
                    ErrorName::StateMachineAlreadyExists,
                    message,
                ));
            }
            let owner = &self.world.owner;
            let first = request
                .publish
                .then(|| owner.state_machine_version_arn(&record.name, 1));
            return Ok(Response {
                state_machine_arn,
                creation_ms: record.creation_ms,
                state_machine_version_arn: first,
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
        let mut writes = vec![
            counter,
            definition_write(&record, Some(&request.definition)),
            machine_write(&record),
        ];
        let name = record.name.clone();
        let plan = LogPlan::of(&record.current.logging);
        let mut machine = Machine::new(record);
        let state_machine_version_arn = request.publish.then(|| {
            let version = machine.publish(request.version_description, now_ms, &mut writes);
            self.world.owner.state_machine_version_arn(&name, version)
        });
        self.commit_records(writes, now, out);
        self.remember_definition(number, 1, request.machine);
        self.remember_logging(number, 1, plan);
        self.machine_names.insert(number, name.clone());
        self.machines.insert(name, machine);
        Ok(Response {
            state_machine_arn,
            creation_ms: now_ms,
            state_machine_version_arn,
        })
    }
}

impl Machine {
    /// The description of the version that was published when the machine was created.
    fn published_when_created(&self) -> Option<&Option<String>> {
        let first = self.versions.get(&1)?;
        let along = first.revision == 1 && first.creation_ms == self.record.creation_ms;
        along.then_some(&first.description)
    }
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
