//! `UpdateStateMachine`.

use sha2::{Digest, Sha256};

use crate::arn::{self, Qualifier};
use crate::message::{Now, Output};
use crate::operations::create_state_machine::{definition_write, machine_write};
use crate::rejection::{ErrorName, Rejection};
use crate::shard::Shard;
use crate::watching::LogPlan;
use std::sync::Arc;

use crate::shapes::{EncryptionConfiguration, LoggingConfiguration, MachineType};
use asl::StateMachine;

/// What is asked.
#[derive(Clone, Debug)]
pub struct Request {
    /// `stateMachineArn`.
    pub state_machine_arn: String,
    /// The new definition.
    pub definition: Option<NewDefinition>,
    /// `roleArn`.
    pub role_arn: Option<String>,
    /// `loggingConfiguration`.
    pub logging: Option<LoggingConfiguration>,
    /// `tracingConfiguration.enabled`.
    pub tracing: Option<bool>,
    /// `publish`.
    pub publish: bool,
    /// `versionDescription`.
    pub version_description: Option<String>,
    /// `encryptionConfiguration`.
    pub encryption: Option<EncryptionConfiguration>,
}

/// A definition for a machine whose type the door does not know.
#[derive(Clone, Debug)]
pub struct NewDefinition {
    /// The text, as given.
    pub text: Arc<str>,
    /// The same, parsed and found valid for a STANDARD machine.
    pub standard: Arc<StateMachine>,
    /// The same for an EXPRESS machine, or why it is not valid there.
    pub express: Result<Arc<StateMachine>, Rejection>,
}

/// What is answered.
#[derive(Clone, Debug)]
pub struct Response {
    /// `updateDate`, milliseconds since 1970.
    pub update_ms: i64,
    /// `revisionId`.
    pub revision_id: Option<String>,
    /// `stateMachineVersionArn`, only with `publish`.
    pub state_machine_version_arn: Option<String>,
}

impl Shard {
    /// Running executions keep what they started with; what starts from now on has the new revision.
    pub(crate) fn update_state_machine(
        &mut self,
        request: Request,
        now: Now,
        out: &mut Vec<Output>,
    ) -> Result<Response, Rejection> {
        let machine = arn::parse_state_machine(&request.state_machine_arn)?;
        if let Qualifier::Label(_) = machine.qualifier {
            return Err(labelled(&request.state_machine_arn));
        }
        let nothing_given = request.definition.is_none()
            && request.role_arn.is_none()
            && request.logging.is_none()
            && request.tracing.is_none()
            && request.encryption.is_none();
        if nothing_given {
            let message = "Either the definition, the role ARN, the LoggingConfiguration, or the TracingConfiguration must be specified";
            return Err(Rejection::new(ErrorName::MissingRequiredParameter, message));
        }
        let name = machine.name.to_owned();
        let now_ms = self.clock.at(now);
        let revision_id = self.ids.uuid();
        let is_plain_and_ours = machine.qualifier == Qualifier::Plain
            && self.world.owner.owns(&request.state_machine_arn);
        let Some(machine) = self.machines.get_mut(&name).filter(|_| is_plain_and_ours) else {
            return Err(does_not_exist(&request.state_machine_arn));
        };
        let definition = match request.definition {
            Some(given) => {
                let parsed = match machine.record.machine_type {
                    MachineType::Standard => given.standard,
                    MachineType::Express => given.express?,
                };
                Some((given.text, parsed))
            }
            None => None,
        };
        let before = &machine.record;
        let mut record = before.clone();
        let head = &mut record.current;
        if let Some(role_arn) = request.role_arn {
            head.role_arn = role_arn;
        }
        if let Some(logging) = request.logging {
            head.logging = logging;
        }
        if let Some(tracing) = request.tracing {
            head.tracing = tracing;
        }
        if let Some(encryption) = request.encryption {
            head.encryption = Some(encryption);
        }
        let text = definition.as_ref().map(|(text, _)| Arc::clone(text));
        if let Some(text) = &text {
            head.definition_sha256 = Sha256::digest(text.as_bytes()).into();
        }
        // What changes nothing makes no revision: the first one stays the first.
        let changed = record != *before;
        if request.publish && (changed || machine.current_version().is_none()) {
            machine.has_room_for_a_version()?;
        }
        let mut writes = Vec::new();
        if changed {
            let from = (record.number, record.revision);
            record.revision += 1;
            record.current.revision_id = Some(revision_id);
            record.current.update_ms = now_ms;
            if text.is_some() {
                record.current.text_revision = record.revision;
            }
            let parsed = definition.map(|(_, parsed)| parsed);
            let parsed = parsed.or_else(|| self.definitions.get(&from).map(Arc::clone));
            writes.push(definition_write(&record, text.as_deref()));
            writes.push(machine_write(&record));
            machine.record = record;
            let (number, revision) = (machine.record.number, machine.record.revision);
            if let Some(parsed) = parsed {
                let plan = LogPlan::of(&machine.record.current.logging);
                self.remember_definition(number, revision, parsed);
                self.remember_logging(number, revision, plan);
            }
        }
        let machine = self.machines.get_mut(&name);
        let machine = machine.expect("the machine was found a moment ago");
        let state_machine_version_arn = request.publish.then(|| {
            let version = machine.publish(request.version_description, now_ms, &mut writes);
            self.world.owner.state_machine_version_arn(&name, version)
        });
        let current = &machine.record.current;
        let response = Response {
            update_ms: current.update_ms,
            revision_id: current.revision_id.clone(),
            state_machine_version_arn,
        };
        if !writes.is_empty() {
            self.commit_records(writes, now, out);
        }
        Ok(response)
    }
}

pub(crate) fn does_not_exist(state_machine_arn: &str) -> Rejection {
    let message = format!("State Machine Does Not Exist: '{state_machine_arn}'");
    Rejection::new(ErrorName::StateMachineDoesNotExist, message)
}

/// The item processor of a Distributed Map has an ARN, but few operations take it.
pub(crate) fn labelled(state_machine_arn: &str) -> Rejection {
    let message = format!(
        "This operation does not support labeled state machine ARNs: '{state_machine_arn}'"
    );
    Rejection::new(ErrorName::ValidationException, message)
        .with_reason("API_DOES_NOT_SUPPORT_LABELED_ARNS")
}
