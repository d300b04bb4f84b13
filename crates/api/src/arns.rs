//! ARNs in requests: of the right kind, and of this owner.

use engine::arn::{self, MachineRef, Owner, Qualifier};
use engine::{ErrorName, Rejection};

/// Refuses what is not an activity's ARN, or not of an activity that may exist here.
pub(crate) fn activity(owner: &Owner, text: &str) -> Result<(), Rejection> {
    arn::parse_activity(text)?;
    ours(
        owner,
        text,
        ErrorName::ActivityDoesNotExist,
        "Activity Does Not Exist",
    )
}

/// The same for a state machine, qualified or not.
pub(crate) fn state_machine<'a>(owner: &Owner, text: &'a str) -> Result<MachineRef<'a>, Rejection> {
    let machine = arn::parse_state_machine(text)?;
    ours(
        owner,
        text,
        ErrorName::StateMachineDoesNotExist,
        "State Machine Does Not Exist",
    )?;
    Ok(machine)
}

/// The same for an execution of a STANDARD machine.
pub(crate) fn standard_execution(owner: &Owner, text: &str) -> Result<(), Rejection> {
    arn::parse_execution(text)?;
    execution(owner, text)
}

/// The same for an execution. Whether those of EXPRESS machines can be asked about, the engine knows.
pub(crate) fn execution(owner: &Owner, text: &str) -> Result<(), Rejection> {
    arn::parse_any_execution(text)?;
    ours(
        owner,
        text,
        ErrorName::ExecutionDoesNotExist,
        "Execution Does Not Exist",
    )
}

/// The same for what carries tags.
pub(crate) fn taggable(owner: &Owner, text: &str) -> Result<(), Rejection> {
    arn::parse_taggable(text)?;
    ours(
        owner,
        text,
        ErrorName::ResourceNotFound,
        "Resource not found",
    )
    .map_err(|rejection| rejection.with_resource(text))
}

/// The same for a map run.
pub(crate) fn map_run(owner: &Owner, text: &str) -> Result<(), Rejection> {
    arn::parse_map_run(text)?;
    ours(
        owner,
        text,
        ErrorName::ResourceNotFound,
        "Resource not found",
    )
    .map_err(|rejection| rejection.with_resource(text))
}

/// The same for what must be an alias.
pub(crate) fn alias<'a>(owner: &Owner, text: &'a str) -> Result<MachineRef<'a>, Rejection> {
    let machine = arn::parse_state_machine(text)?;
    ours(
        owner,
        text,
        ErrorName::ResourceNotFound,
        "Resource not found",
    )
    .map_err(|rejection| rejection.with_resource(text))?;
    Ok(machine)
}

/// Refuses a qualified ARN where the machine itself is asked for.
pub(crate) fn qualified(text: &str) -> Rejection {
    let message = format!("Invalid Arn: 'Qualifier not valid in this context: {text}'");
    Rejection::new(ErrorName::InvalidArn, message)
}

/// Deleting what does not exist succeeds; but whoever deletes in another account or region has the
/// wrong server before them, and must not believe it is done.
pub(crate) fn ours_to_delete(owner: &Owner, text: &str) -> Result<(), Rejection> {
    of_this_owner(owner, text)
}

/// Refuses what is not this owner's as an ARN that is out of place here.
pub(crate) fn of_this_owner(owner: &Owner, text: &str) -> Result<(), Rejection> {
    if owner.owns(text) {
        return Ok(());
    }
    let message = format!("Invalid Arn: 'Account or region not valid in this context: {text}'");
    Err(Rejection::new(ErrorName::InvalidArn, message))
}

/// Refuses the ARN of a Distributed Map's item processor where an operation has no use for it.
pub(crate) fn unlabelled(machine: MachineRef<'_>) -> Result<(), Rejection> {
    match machine.qualifier {
        Qualifier::Label(_) => Err(Rejection::new(
            ErrorName::ValidationException,
            "This operation does not support labeled state machine ARNs.",
        )
        .with_reason("API_DOES_NOT_SUPPORT_LABELED_ARNS")),
        Qualifier::Plain | Qualifier::Version(_) | Qualifier::Alias(_) => Ok(()),
    }
}

/// Refuses what is not a role's ARN. Whether the role exists, nobody here knows.
pub(crate) fn role(text: &str) -> Result<(), Rejection> {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let is_role = match parts[..] {
        ["arn", partition, "iam", "", account, resource] => {
            !partition.is_empty()
                && !account.is_empty()
                && resource
                    .strip_prefix("role/")
                    .is_some_and(|name| !name.is_empty())
        }
        _ => false,
    };
    if is_role {
        return Ok(());
    }
    Err(Rejection::new(
        ErrorName::InvalidArn,
        format!("Invalid Role Arn: '{text}'"),
    ))
}

fn ours(owner: &Owner, text: &str, name: ErrorName, message: &str) -> Result<(), Rejection> {
    if owner.owns(text) {
        return Ok(());
    }
    Err(Rejection::new(name, format!("{message}: '{text}'")))
}
