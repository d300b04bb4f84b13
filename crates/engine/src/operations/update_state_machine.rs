//! `UpdateStateMachine`.

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
