//! Definitions: parsed at the door, so that the engine never sees one that does not stand.

use std::sync::Arc;

use asl::definition::StateIndex;
use asl::{Severity, StateMachine};
use engine::shapes::MachineType;
use engine::{ErrorName, Rejection};

/// Most diagnostics that one refusal lists.
const DIAGNOSTICS_MAX: usize = 20;

/// Parses a definition, or refuses it with all that is wrong with it.
pub(crate) fn parse(text: &str, machine_type: MachineType) -> Result<Arc<StateMachine>, Rejection> {
    let machine_type = match machine_type {
        MachineType::Standard => asl::MachineType::Standard,
        MachineType::Express => asl::MachineType::Express,
    };
    // How long it is was checked against the limit in force.
    let parsed = asl::parse_within(text, machine_type, usize::MAX);
    checked(parsed)
}

/// Parses one state, as TestState takes it; the machine around it starts there.
pub(crate) fn parse_state(text: &str) -> Result<(Arc<StateMachine>, StateIndex), Rejection> {
    let machine = checked(asl::parse_state(text))?;
    let state = machine.start_at;
    Ok((machine, state))
}

fn checked(parsed: asl::Parsed) -> Result<Arc<StateMachine>, Rejection> {
    if let Some(machine) = parsed.machine {
        return Ok(Arc::new(machine));
    }
    let errors: Vec<String> = parsed
        .diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.severity == Severity::Error)
        .take(DIAGNOSTICS_MAX)
        .map(|diagnostic| match &diagnostic.location {
            Some(location) => format!("{}: {} at {location}", diagnostic.code, diagnostic.message),
            None => format!("{}: {}", diagnostic.code, diagnostic.message),
        })
        .collect();
    let message = format!("Invalid State Machine Definition: '{}'", errors.join(", "));
    Err(Rejection::new(ErrorName::InvalidDefinition, message))
}

/// `versionDescription` describes the version that `publish` makes.
pub(crate) fn described_only_if_published(publish: bool, described: bool) -> Result<(), Rejection> {
    if publish || !described {
        return Ok(());
    }
    let message = "Version description can only be set when publish is true";
    Err(Rejection::new(ErrorName::ValidationException, message))
}
