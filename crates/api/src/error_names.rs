//! Names of errors on the wire, their status codes, and which operation may answer which.

use engine::{ErrorName, Operation, Rejection};

use crate::refusal::Refusal;
use crate::write::object;
use crate::{Answer, CONTENT_TYPE, envelope};

/// Faults that the model declares.
const SERVICE: &str = "com.amazonaws.swf.service.v2.model";
/// Broken constraints.
const VALIDATE: &str = "com.amazon.coral.validate";
/// What guards the service from too much.
const AVAILABILITY: &str = "com.amazon.coral.availability";
/// The framework around the service.
const FRAMEWORK: &str = "com.amazon.coral.service";

/// The errors that the model declares for an operation and that this service may answer; beside
/// them only broken constraints, the framework's own and 5xx. Errors of key management (`Kms…`) are
/// declared too, but never answered: no keys are kept.
pub const fn errors_of(operation: Operation) -> &'static [ErrorName] {
    use ErrorName::*;
    match operation {
        Operation::CreateActivity => &[
            ActivityLimitExceeded,
            ActivityAlreadyExists,
            InvalidName,
            TooManyTags,
            InvalidEncryptionConfiguration,
        ],
        Operation::DescribeActivity => &[ActivityDoesNotExist, InvalidArn],
        Operation::ListActivities | Operation::ListStateMachines => &[InvalidToken],
        Operation::DeleteActivity => &[InvalidArn],
        Operation::GetActivityTask => &[
            ActivityDoesNotExist,
            ActivityWorkerLimitExceeded,
            InvalidArn,
        ],
        Operation::SendTaskSuccess => {
            &[TaskDoesNotExist, InvalidOutput, InvalidToken, TaskTimedOut]
        }
        Operation::SendTaskFailure | Operation::SendTaskHeartbeat => {
            &[TaskDoesNotExist, InvalidToken, TaskTimedOut]
        }
        Operation::CreateStateMachine => &[
            InvalidArn,
            InvalidDefinition,
            InvalidName,
            InvalidLoggingConfiguration,
            InvalidTracingConfiguration,
            StateMachineAlreadyExists,
            StateMachineDeleting,
            StateMachineLimitExceeded,
            StateMachineTypeNotSupported,
            TooManyTags,
            ValidationException,
            ConflictException,
            InvalidEncryptionConfiguration,
        ],
        Operation::DescribeStateMachine => &[InvalidArn, StateMachineDoesNotExist],
        Operation::UpdateStateMachine => &[
            InvalidArn,
            InvalidDefinition,
            InvalidLoggingConfiguration,
            InvalidTracingConfiguration,
            MissingRequiredParameter,
            StateMachineDeleting,
            StateMachineDoesNotExist,
            ServiceQuotaExceededException,
            ConflictException,
            ValidationException,
            InvalidEncryptionConfiguration,
        ],
        Operation::DeleteStateMachine => &[InvalidArn, ValidationException],
        Operation::PublishStateMachineVersion => &[
            ValidationException,
            StateMachineDeleting,
            StateMachineDoesNotExist,
            ServiceQuotaExceededException,
            ConflictException,
            InvalidArn,
        ],
        Operation::ListStateMachineVersions => &[ValidationException, InvalidArn, InvalidToken],
        Operation::DeleteStateMachineVersion => {
            &[ValidationException, InvalidArn, ConflictException]
        }
        Operation::CreateStateMachineAlias => &[
            InvalidArn,
            InvalidName,
            ValidationException,
            StateMachineDeleting,
            ResourceNotFound,
            ConflictException,
            ServiceQuotaExceededException,
        ],
        Operation::DescribeStateMachineAlias => {
            &[ValidationException, InvalidArn, ResourceNotFound]
        }
        Operation::UpdateStateMachineAlias => &[
            ValidationException,
            InvalidArn,
            ResourceNotFound,
            ConflictException,
            StateMachineDeleting,
        ],
        Operation::DeleteStateMachineAlias => &[
            ValidationException,
            InvalidArn,
            ResourceNotFound,
            ConflictException,
        ],
        Operation::ListStateMachineAliases => &[
            InvalidArn,
            InvalidToken,
            ResourceNotFound,
            StateMachineDoesNotExist,
            StateMachineDeleting,
        ],
        Operation::StartExecution => &[
            ExecutionLimitExceeded,
            ExecutionAlreadyExists,
            InvalidArn,
            InvalidExecutionInput,
            InvalidName,
            StateMachineDoesNotExist,
            StateMachineDeleting,
            ValidationException,
        ],
        Operation::StartSyncExecution => &[
            InvalidArn,
            InvalidExecutionInput,
            InvalidName,
            StateMachineDoesNotExist,
            StateMachineDeleting,
            StateMachineTypeNotSupported,
        ],
        Operation::DescribeExecution | Operation::DescribeStateMachineForExecution => {
            &[ExecutionDoesNotExist, InvalidArn]
        }
        Operation::StopExecution => &[ExecutionDoesNotExist, InvalidArn, ValidationException],
        Operation::RedriveExecution => &[
            ExecutionDoesNotExist,
            ExecutionNotRedrivable,
            ExecutionLimitExceeded,
            InvalidArn,
            ValidationException,
        ],
        Operation::ListExecutions => &[
            InvalidArn,
            InvalidToken,
            StateMachineDoesNotExist,
            StateMachineTypeNotSupported,
            ValidationException,
            ResourceNotFound,
        ],
        Operation::GetExecutionHistory => &[ExecutionDoesNotExist, InvalidArn, InvalidToken],
        Operation::DescribeMapRun => &[ResourceNotFound, InvalidArn],
        Operation::ListMapRuns => &[ExecutionDoesNotExist, InvalidArn, InvalidToken],
        Operation::UpdateMapRun => &[ResourceNotFound, InvalidArn, ValidationException],
        Operation::TagResource => &[InvalidArn, ResourceNotFound, TooManyTags],
        Operation::UntagResource | Operation::ListTagsForResource => {
            &[InvalidArn, ResourceNotFound]
        }
        Operation::ValidateStateMachineDefinition => &[ValidationException],
        Operation::TestState => &[
            InvalidArn,
            InvalidDefinition,
            InvalidExecutionInput,
            ValidationException,
        ],
    }
}

/// The answer to what was refused at the door.
pub(crate) fn refused(operation: Operation, refusal: &Refusal) -> Answer {
    match refusal {
        Refusal::Serialization(message) => envelope::serialization(message),
        Refusal::Constraints(broken) => {
            let errors = if broken.len() == 1 { "error" } else { "errors" };
            let message = format!(
                "{} validation {errors} detected: {}",
                broken.len(),
                broken.join("; ")
            );
            typed(400, VALIDATE, "ValidationException", |object| {
                object.text("message", &message)
            })
        }
        Refusal::Rejected(rejection) => answer(operation, rejection),
    }
}

/// The answer to what the service refused.
pub(crate) fn answer(operation: Operation, rejection: &Rejection) -> Answer {
    if rejection.name == ErrorName::InternalFailure {
        return plain(500, name_of(rejection.name), Some(&rejection.message));
    }
    if rejection.name == ErrorName::ServiceUnavailable {
        return plain(503, name_of(rejection.name), Some(&rejection.message));
    }
    debug_assert!(
        errors_of(operation).contains(&rejection.name),
        "{operation:?} does not declare {:?}",
        rejection.name
    );
    typed(400, SERVICE, name_of(rejection.name), |object| {
        object.text("message", &rejection.message);
        object.text_if("reason", rejection.reason);
        object.text_if("resourceName", rejection.resource_name.as_deref());
    })
}

/// The refusal of what comes too often.
///
/// Source: AWS API reference, common errors; the namespace is that of other services.
pub(crate) fn throttled() -> Answer {
    typed(400, AVAILABILITY, "ThrottlingException", |object| {
        object.text("message", "Rate exceeded");
    })
}

/// An error of the framework.
pub(crate) fn plain(status: u16, name: &str, message: Option<&str>) -> Answer {
    typed(status, FRAMEWORK, name, |object| {
        object.text_if("message", message)
    })
}

fn typed(
    status: u16,
    namespace: &str,
    name: &str,
    rest: impl FnOnce(&mut crate::write::Object<'_>),
) -> Answer {
    let body = object(|object| {
        object.text("__type", &format!("{namespace}#{name}"));
        rest(object);
    });
    Answer {
        status,
        content_type: CONTENT_TYPE,
        body,
    }
}

/// A name as the model spells it.
pub(crate) const fn name_of(name: ErrorName) -> &'static str {
    match name {
        ErrorName::ActivityAlreadyExists => "ActivityAlreadyExists",
        ErrorName::ActivityDoesNotExist => "ActivityDoesNotExist",
        ErrorName::ActivityLimitExceeded => "ActivityLimitExceeded",
        ErrorName::ActivityWorkerLimitExceeded => "ActivityWorkerLimitExceeded",
        ErrorName::ConflictException => "ConflictException",
        ErrorName::ExecutionAlreadyExists => "ExecutionAlreadyExists",
        ErrorName::ExecutionDoesNotExist => "ExecutionDoesNotExist",
        ErrorName::ExecutionLimitExceeded => "ExecutionLimitExceeded",
        ErrorName::ExecutionNotRedrivable => "ExecutionNotRedrivable",
        ErrorName::InvalidArn => "InvalidArn",
        ErrorName::InvalidDefinition => "InvalidDefinition",
        ErrorName::InvalidEncryptionConfiguration => "InvalidEncryptionConfiguration",
        ErrorName::InvalidExecutionInput => "InvalidExecutionInput",
        ErrorName::InvalidLoggingConfiguration => "InvalidLoggingConfiguration",
        ErrorName::InvalidName => "InvalidName",
        ErrorName::InvalidOutput => "InvalidOutput",
        ErrorName::InvalidToken => "InvalidToken",
        ErrorName::InvalidTracingConfiguration => "InvalidTracingConfiguration",
        ErrorName::MissingRequiredParameter => "MissingRequiredParameter",
        ErrorName::ResourceNotFound => "ResourceNotFound",
        ErrorName::ServiceQuotaExceededException => "ServiceQuotaExceededException",
        ErrorName::StateMachineAlreadyExists => "StateMachineAlreadyExists",
        ErrorName::StateMachineDeleting => "StateMachineDeleting",
        ErrorName::StateMachineDoesNotExist => "StateMachineDoesNotExist",
        ErrorName::StateMachineLimitExceeded => "StateMachineLimitExceeded",
        ErrorName::StateMachineTypeNotSupported => "StateMachineTypeNotSupported",
        ErrorName::TaskDoesNotExist => "TaskDoesNotExist",
        ErrorName::TaskTimedOut => "TaskTimedOut",
        ErrorName::TooManyTags => "TooManyTags",
        ErrorName::ValidationException => "ValidationException",
        ErrorName::InternalFailure => "InternalFailure",
        ErrorName::ServiceUnavailable => "ServiceUnavailable",
    }
}
