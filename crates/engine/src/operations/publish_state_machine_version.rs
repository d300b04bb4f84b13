//! `PublishStateMachineVersion`.

use store::{RecordKind, RecordWrite};

use crate::arn::{self, Qualifier};
use crate::message::{Now, Output};
use crate::operations::update_state_machine::{does_not_exist, labelled};
use crate::records::{self, VersionRecord, VersionRow};
use crate::rejection::{ErrorName, Rejection};
use crate::shard::{Machine, Shard};

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// `stateMachineArn`.
    pub state_machine_arn: String,
    /// `revisionId`: only if this is the revision in force; `INITIAL` is the first.
    pub revision_id: Option<String>,
    /// `description`.
    pub description: Option<String>,
}

/// What is answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Response {
    /// `creationDate`, milliseconds since 1970.
    pub creation_ms: i64,
    /// `stateMachineVersionArn`.
    pub state_machine_version_arn: String,
}

/// Most versions of a state machine. Source: AWS API reference, `PublishStateMachineVersion`.
pub const VERSIONS_MAX: usize = 1_000;

/// What the first revision is called, which has no id. Source: AWS API reference,
/// `DescribeStateMachine`, `revisionId`.
const FIRST_REVISION: &str = "INITIAL";

impl Shard {
    /// Makes a version of the revision in force, or finds the one that there is.
    pub(crate) fn publish_state_machine_version(
        &mut self,
        request: Request,
        now: Now,
        out: &mut Vec<Output>,
    ) -> Result<Response, Rejection> {
        let arn = &request.state_machine_arn;
        let parsed = arn::parse_state_machine(arn)?;
        if let Qualifier::Label(_) = parsed.qualifier {
            return Err(labelled(arn));
        }
        let is_plain_and_ours = parsed.qualifier == Qualifier::Plain && self.world.owner.owns(arn);
        let now_ms = self.clock.at(now);
        let machine = self.machines.get_mut(parsed.name);
        let Some(machine) = machine.filter(|_| is_plain_and_ours) else {
            return Err(does_not_exist(arn));
        };
        let current = &machine.record.current.revision_id;
        let current = current.as_deref().unwrap_or(FIRST_REVISION);
        if let Some(wanted) = request.revision_id.as_deref()
            && wanted != current
        {
            let message = format!(
                "Failed to publish the State Machine version for revision {wanted}. The current \
                 State Machine Revision Id is {current}."
            );
            return Err(Rejection::new(ErrorName::ConflictException, message));
        }
        if machine.current_version().is_none() {
            machine.has_room_for_a_version()?;
        }
        let mut writes = Vec::new();
        let version = machine.publish(request.description, now_ms, &mut writes);
        let creation_ms = machine.versions[&version].creation_ms;
        let owner = &self.world.owner;
        let state_machine_version_arn = owner.state_machine_version_arn(parsed.name, version);
        if !writes.is_empty() {
            self.commit_records(writes, now, out);
        }
        Ok(Response {
            creation_ms,
            state_machine_version_arn,
        })
    }
}

impl Machine {
    /// The version of the revision in force.
    pub(crate) fn current_version(&self) -> Option<&VersionRecord> {
        let mut versions = self.versions.values().rev();
        versions.find(|version| version.revision == self.record.revision)
    }

    /// Refuses one version too many.
    pub(crate) fn has_room_for_a_version(&self) -> Result<(), Rejection> {
        if self.versions.len() < VERSIONS_MAX {
            return Ok(());
        }
        let message = format!(
            "A state machine can have {VERSIONS_MAX} versions: delete those of '{}' that are not \
             used any more",
            self.record.name
        );
        Err(Rejection::new(
            ErrorName::ServiceQuotaExceededException,
            message,
        ))
    }

    /// Number of the version of the revision in force, which is made unless it is there.
    pub(crate) fn publish(
        &mut self,
        description: Option<String>,
        now_ms: i64,
        writes: &mut Vec<RecordWrite>,
    ) -> u64 {
        if let Some(there) = self.current_version() {
            return there.version;
        }
        self.last_version += 1;
        let (machine, version) = (self.record.number, self.last_version);
        let record = VersionRecord {
            machine,
            version,
            revision: self.record.revision,
            creation_ms: now_ms,
            description,
            role_arn: self.record.current.role_arn.clone(),
        };
        let row = VersionRow::Published(record.clone());
        let last = VersionRow::Last { machine, version };
        writes.push(write(records::version_key(machine, version), Some(&row)));
        writes.push(write(machine.to_be_bytes().to_vec(), Some(&last)));
        self.versions.insert(version, record);
        version
    }
}

pub(crate) fn write(key: Vec<u8>, row: Option<&VersionRow>) -> RecordWrite {
    RecordWrite {
        kind: RecordKind::Version,
        key,
        value: row.map(records::encode),
    }
}
