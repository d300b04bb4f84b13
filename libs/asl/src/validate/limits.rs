//! How large a definition, and the numbers in it, may be.

use std::ops::RangeInclusive;

use crate::json::{Data, Node};
use crate::parse::fields::Fields;
use crate::parse::findings::{Findings, SCHEMA};

/// Most bytes of a definition, as UTF-8.
///
/// Source: AWS API reference, `CreateStateMachine`, `definition`.
pub(crate) const DEFINITION_BYTES_MAX: usize = 1_048_576;

/// Most states of a definition, those of branches and item processors included.
///
/// Source: ours; AWS bounds the bytes only. It bounds what one definition can make an execution hold.
pub(crate) const STATES_MAX: usize = 10_000;

/// Deepest nesting of scopes, the machine itself being the first.
///
/// Source: ours. All code that walks a machine may recurse this deep.
pub(crate) const SCOPES_DEPTH_MAX: usize = 32;

/// `TimeoutSeconds` and `HeartbeatSeconds`. Source: AWS developer guide, Task state.
pub(crate) const TIMEOUT_SECONDS: RangeInclusive<u64> = 1..=99_999_999;

/// `Seconds` of a Wait. Source: AWS developer guide, Wait state.
pub(crate) const WAIT_SECONDS: RangeInclusive<u64> = 0..=99_999_999;

/// `MaxConcurrency`; 0 means no limit of the author's.
pub(crate) const MAX_CONCURRENCY: RangeInclusive<u64> = 0..=u32::MAX as u64;

/// `IntervalSeconds` of a retrier. Source: AWS developer guide, error handling.
pub(crate) const INTERVAL_SECONDS: RangeInclusive<u64> = 1..=99_999_999;

/// `MaxAttempts` of a retrier; 0 means never. Source: AWS developer guide, error handling.
pub(crate) const MAX_ATTEMPTS: RangeInclusive<u64> = 0..=99_999_999;

/// `MaxDelaySeconds` of a retrier. Source: AWS developer guide, error handling.
pub(crate) const MAX_DELAY_SECONDS: RangeInclusive<u64> = 1..=31_622_400;

/// Whether the text is not too long; checked before anything is read.
pub(crate) fn size_holds(text: &str, bytes_max: usize, findings: &mut Findings) -> bool {
    let holds = text.len() <= bytes_max;
    if !holds {
        let message = format!(
            "Definition has {} bytes, more than the limit of {bytes_max}",
            text.len()
        );
        findings.error_at(0, SCHEMA, &message, None);
    }
    holds
}

/// Whether there are not too many states, nor too deep; checked before any state is read.
pub(crate) fn states_hold(root: &Fields<'_>, findings: &mut Findings) -> bool {
    let mut states_count = 0;
    let mut deepest = 1;
    // Scopes still to look at, with their depth. No recursion here: the bound is not checked yet.
    let mut scopes: Vec<(Option<&Node>, usize)> = vec![(root.get("States"), 1)];
    while let Some((states, depth)) = scopes.pop() {
        deepest = deepest.max(depth);
        let Some(Data::Object(states)) = states.map(|node| &node.data) else {
            continue;
        };
        states_count += states.len();
        for state in states {
            let Data::Object(fields) = &state.value.data else {
                continue;
            };
            for field in fields {
                if crate::parse::state::INSIDE.contains(&&*field.name) {
                    let inside = match &field.value.data {
                        Data::Array(branches) => branches.as_slice(),
                        _ => std::slice::from_ref(&field.value),
                    };
                    scopes.extend(
                        inside
                            .iter()
                            .map(|scope| (member(scope, "States"), depth + 1)),
                    );
                }
            }
        }
    }
    let mut holds = true;
    if states_count > STATES_MAX {
        let message =
            format!("Definition has {states_count} states, more than the limit of {STATES_MAX}");
        findings.schema(root.at, root.place(), &message);
        holds = false;
    }
    if deepest > SCOPES_DEPTH_MAX {
        let message =
            format!("States are nested {deepest} deep, more than the limit of {SCOPES_DEPTH_MAX}");
        findings.error_at(root.at, "TOO_DEEPLY_NESTED", &message, Some(root.place()));
        holds = false;
    }
    holds
}

fn member<'n>(node: &'n Node, name: &str) -> Option<&'n Node> {
    let Data::Object(members) = &node.data else {
        return None;
    };
    members
        .iter()
        .find(|member| &*member.name == name)
        .map(|member| &member.value)
}
