//! Transitions: every target exists, every state is reached, and there is a way to end.

use std::collections::{BTreeMap, BTreeSet};

use crate::definition::StateIndex;
use crate::parse::fields::Fields;
use crate::parse::findings::Findings;
use crate::parse::reader::Scope;

const CODE: &str = "MISSING_TRANSITION_TARGET";

/// Where a state may go.
#[derive(Default)]
pub(crate) struct Exits {
    pub(crate) targets: Vec<StateIndex>,
    /// It may end its scope.
    pub(crate) ends: bool,
}

/// Reports a transition to a state that is not in this scope.
pub(crate) fn missing_target(
    name: &str,
    target: &str,
    fields: &Fields<'_>,
    findings: &mut Findings,
) {
    let at = fields.get(name).map_or(fields.at, |node| node.at);
    let message = format!("Missing '{name}' target: {target}");
    findings.error_at(at, CODE, &message, Some(&fields.place_of(name)));
}

/// Checks a whole scope, all of whose states could be read.
pub(crate) fn check(
    fields: &Fields<'_>,
    states: &Fields<'_>,
    start: StateIndex,
    scope: &Scope<'_>,
    exits: &BTreeMap<StateIndex, Exits>,
    findings: &mut Findings,
) {
    if !exits.values().any(|exits| exits.ends) {
        let message =
            "No state ends: one must have 'End' set to true, or be of type Succeed or Fail";
        findings.error_at(
            states.at,
            "MISSING_END_STATE",
            message,
            Some(fields.place()),
        );
    }
    let mut reached = BTreeSet::from([start]);
    let mut waiting = vec![start];
    while let Some(index) = waiting.pop() {
        for target in exits.get(&index).map_or(&[][..], |exits| &exits.targets) {
            if reached.insert(*target) {
                waiting.push(*target);
            }
        }
    }
    for member in states.members() {
        if scope
            .by_name
            .get(&*member.name)
            .is_some_and(|index| !reached.contains(index))
        {
            let message = format!("State \"{}\" is not reachable.", member.name);
            let place = states.place_of(&member.name);
            findings.error_at(member.name_at, CODE, &message, Some(&place));
        }
    }
}
