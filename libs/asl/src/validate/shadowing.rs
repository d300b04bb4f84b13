//! Variables of inner scopes: none may have the name of one that a scope around it assigns.
//!
//! Source: AWS developer guide, "Passing data between states with variables", variable scope. The text
//! is ours. The items of a Distributed Map see no variables from outside, so they may use any name.

use std::collections::BTreeSet;

use crate::json::{Data, Member, Node};
use crate::parse::fields::Fields;
use crate::parse::findings::{Findings, SCHEMA};
use crate::parse::state::INSIDE;

/// Looks at all scopes; their depth is known to be bounded.
pub(crate) fn check(root: &Fields<'_>, findings: &mut Findings) {
    let outer = BTreeSet::new();
    scope(root.get("States"), root.place(), &outer, findings);
}

fn scope<'n>(
    states: Option<&'n Node>,
    place: &str,
    outer: &BTreeSet<&'n str>,
    findings: &mut Findings,
) {
    let states = members(states);
    let mut own = outer.clone();
    for state in states {
        each_assigned(&state.value, &mut |variable, at| {
            if outer.contains(variable) {
                let message = format!(
                    "The variable '{variable}' is assigned in an outer scope; an inner scope may not assign it again"
                );
                let location = format!("{place}/States/{}", state.name);
                findings.error_at(at, SCHEMA, &message, Some(&location));
            }
            own.insert(variable);
        });
    }
    let nothing = BTreeSet::new();
    for state in states {
        for field in members(Some(&state.value)) {
            if !INSIDE.contains(&&*field.name) {
                continue;
            }
            let place = format!("{place}/States/{}/{}", state.name, field.name);
            if let Data::Array(branches) = &field.value.data {
                for (index, branch) in branches.iter().enumerate() {
                    scope(
                        member(branch, "States"),
                        &format!("{place}[{index}]"),
                        &own,
                        findings,
                    );
                }
            } else {
                let visible = if is_distributed(&field.value) {
                    &nothing
                } else {
                    &own
                };
                scope(member(&field.value, "States"), &place, visible, findings);
            }
        }
    }
}

/// Every variable that a state assigns: itself, by a rule or by a catcher.
fn each_assigned<'n>(state: &'n Node, found: &mut impl FnMut(&'n str, usize)) {
    let mut by = vec![state];
    for list in ["Choices", "Catch"] {
        if let Some(Data::Array(entries)) = member(state, list).map(|node| &node.data) {
            by.extend(entries);
        }
    }
    for node in by {
        for assigned in members(member(node, "Assign")) {
            let name = assigned.name.strip_suffix(".$").unwrap_or(&assigned.name);
            found(name, assigned.name_at);
        }
    }
}

fn is_distributed(processor: &Node) -> bool {
    let mode = member(processor, "ProcessorConfig").and_then(|config| member(config, "Mode"));
    matches!(mode.map(|node| &node.data), Some(Data::String(mode)) if **mode == *"DISTRIBUTED")
}

fn members(node: Option<&Node>) -> &[Member] {
    match node.map(|node| &node.data) {
        Some(Data::Object(members)) => members,
        _ => &[],
    }
}

fn member<'n>(node: &'n Node, name: &str) -> Option<&'n Node> {
    let mut members = members(Some(node)).iter();
    members
        .find(|member| &*member.name == name)
        .map(|member| &member.value)
}

#[cfg(test)]
mod tests {
    use crate::{MachineType, parse};

    fn refusals(processor: &str, inner: &str) -> Vec<String> {
        let text = format!(
            r#"{{"StartAt":"M","States":{{
            "M":{{"Type":"Map","Next":"Z","ItemProcessor":{{{processor}"StartAt":"I","States":{{
                "I":{{"Type":"Pass","Assign":{{"{inner}":1}},"End":true}}}}}}}},
            "Z":{{"Type":"Pass","Assign":{{"x":1}},"End":true}}}}}}"#
        );
        let diagnostics = parse(&text, MachineType::Standard).diagnostics;
        diagnostics.into_iter().map(|found| found.message).collect()
    }

    #[test]
    fn an_inner_scope_may_not_assign_what_an_outer_one_does() {
        let refused = refusals("", "x");
        assert_eq!(refused.len(), 1, "{refused:?}");
        assert!(refused[0].contains("'x'"), "{refused:?}");
        assert_eq!(refusals("", "x.$").len().min(1), 1);
        assert_eq!(refusals("", "y"), [""; 0]);
    }

    #[test]
    fn items_of_a_distributed_map_see_nothing_of_it() {
        let distributed = r#""ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"STANDARD"},"#;
        assert_eq!(refusals(distributed, "x"), [""; 0]);
    }
}
