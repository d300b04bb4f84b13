//! `CreateStateMachine`.

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
