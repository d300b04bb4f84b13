//! What a caller is told when a request is refused.

/// The exceptions of the service, by AWS's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum ErrorName {
    ActivityAlreadyExists,
    ActivityDoesNotExist,
    ActivityLimitExceeded,
    ActivityWorkerLimitExceeded,
    ConflictException,
    ExecutionAlreadyExists,
    ExecutionDoesNotExist,
    ExecutionLimitExceeded,
    ExecutionNotRedrivable,
    InvalidArn,
    InvalidDefinition,
    InvalidEncryptionConfiguration,
    InvalidExecutionInput,
    InvalidLoggingConfiguration,
    InvalidName,
    InvalidOutput,
    InvalidToken,
    InvalidTracingConfiguration,
    MissingRequiredParameter,
    ResourceNotFound,
    ServiceQuotaExceededException,
    StateMachineAlreadyExists,
    StateMachineDeleting,
    StateMachineDoesNotExist,
    StateMachineLimitExceeded,
    StateMachineTypeNotSupported,
    TaskDoesNotExist,
    TaskTimedOut,
    TooManyTags,
    /// A broken constraint of the model, or a rule of the service (then with a reason).
    ValidationException,
    /// The service itself is wrong (500).
    InternalFailure,
    /// The server cannot take this now; try again (5xx).
    ServiceUnavailable,
}

/// A refusal: nothing has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// Which exception.
    pub name: ErrorName,
    /// AWS's words.
    pub message: String,
    /// `reason` of a ValidationException of the service.
    pub reason: Option<&'static str>,
    /// `resourceName` of ResourceNotFound and TooManyTags.
    pub resource_name: Option<String>,
}

impl Rejection {
    /// A refusal without further members.
    pub fn new(name: ErrorName, message: impl Into<String>) -> Rejection {
        Rejection {
            name,
            message: message.into(),
            reason: None,
            resource_name: None,
        }
    }

    /// Adds `reason`.
    #[must_use]
    pub fn with_reason(mut self, reason: &'static str) -> Rejection {
        self.reason = Some(reason);
        self
    }

    /// Adds `resourceName`.
    #[must_use]
    pub fn with_resource(mut self, resource: impl Into<String>) -> Rejection {
        self.resource_name = Some(resource.into());
        self
    }
}
