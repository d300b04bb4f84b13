//! `UpdateStateMachine`.

use sha2::{Digest, Sha256};

use crate::arn::{self, Qualifier};
use crate::message::{Now, Output};
use crate::operations::create_state_machine::{definition_write, machine_write};
use crate::rejection::{ErrorName, Rejection};
use crate::shard::Shard;
use crate::watching::LogPlan;
use std::sync::Arc;

use crate::shapes::{EncryptionConfiguration, LoggingConfiguration};
use asl::StateMachine;

/// What is asked.
#[derive(Clone, Debug)]
pub struct Request {
    /// `stateMachineArn`.
    pub state_machine_arn: String,
    /// The new definition's text and the same parsed.
    pub definition: Option<(Arc<str>, Arc<StateMachine>)>,
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
        if request.publish {
            let message = "Versions are not supported yet: leave out 'publish'";
            return Err(Rejection::new(ErrorName::ValidationException, message));
        }
        let name = machine.name.to_owned();
        let now_ms = self.clock.at(now);
        let revision_id = self.ids.uuid();
        let is_plain_and_ours = machine.qualifier == Qualifier::Plain
            && self.world.owner.owns(&request.state_machine_arn);
        let Some(machine) = self.machines.get_mut(&name).filter(|_| is_plain_and_ours) else {
            return Err(does_not_exist(&request.state_machine_arn));
        };
        let record = &mut machine.record;
        let before = record.revision;
        record.revision += 1;
        let head = &mut record.current;
        head.revision_id = Some(revision_id.clone());
        head.update_ms = now_ms;
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
        let text = request
            .definition
            .as_ref()
            .map(|(text, _)| Arc::clone(text));
        if let Some(text) = &text {
            head.definition_sha256 = Sha256::digest(text.as_bytes()).into();
            head.text_revision = record.revision;
        }
        let record = record.clone();
        let parsed = request.definition.map(|(_, parsed)| parsed).or_else(|| {
            self.definitions
                .get(&(record.number, before))
                .map(Arc::clone)
        });
        if let Some(parsed) = parsed {
            self.remember_definition(record.number, record.revision, parsed);
            let plan = LogPlan::of(&record.current.logging);
            self.remember_logging(record.number, record.revision, plan);
        }
        self.commit_records(
            vec![
                definition_write(&record, text.as_deref()),
                machine_write(&record),
            ],
            now,
            out,
        );
        Ok(Response {
            update_ms: now_ms,
            revision_id: Some(revision_id),
            state_machine_version_arn: None,
        })
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
