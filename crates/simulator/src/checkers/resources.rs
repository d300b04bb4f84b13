//! R3: every acknowledged change of a state machine, its versions, aliases and tags is there, whole,
//! and executions keep the definition that they started with.

use std::collections::{BTreeMap, BTreeSet};

use engine::operations::{
    describe_state_machine, describe_state_machine_alias, describe_state_machine_for_execution,
    list_tags_for_resource,
};
use engine::{Request, Response};
use serde_json::{Value, json};

use super::Seen;
use crate::violated;
use crate::world::World;

/// What is known of machines, versions, aliases and tags.
#[derive(Debug, Default)]
pub struct Resources {
    /// Machines of which a change is on its way.
    pub busy: BTreeSet<String>,
    /// What each may look like, by ARN; `None` is not there. The last change but one that was
    /// acknowledged leaves one state, and those that nobody answered add theirs.
    pub states: BTreeMap<String, Vec<Option<String>>>,
    /// What each version is, whether it is still there or not.
    definitions: BTreeMap<String, Vec<Option<String>>>,
    /// The definition that was first shown of each execution.
    pinned: BTreeMap<String, String>,
}

impl Resources {
    /// A change is asked for.
    pub fn may_become(&mut self, what: &str, new: Option<String>) {
        let states = self.states.entry(what.to_owned());
        states.or_insert_with(|| vec![None]).push(new);
    }

    /// It was acknowledged.
    pub fn became(&mut self, what: &str, new: Option<String>) {
        self.states.insert(what.to_owned(), vec![new]);
    }

    /// The execution is gone; another of the same name may run something else.
    pub fn forget(&mut self, execution_arn: &str) {
        self.pinned.remove(execution_arn);
    }

    /// It was refused.
    pub fn did_not_become(&mut self, what: &str) {
        if let Some(states) = self.states.get_mut(what) {
            states.pop();
        }
    }

    /// The machine's definition is a version now.
    pub fn published(&mut self, machine: &str, version: &str) {
        let definition = self.states.get(machine).cloned().unwrap_or_default();
        self.definitions
            .entry(version.to_owned())
            .or_insert_with(|| definition.clone());
        self.states.insert(version.to_owned(), definition);
    }

    /// Whether it certainly is there.
    pub fn is_there(&self, what: &str) -> bool {
        let states = self.states.get(what);
        states.is_some_and(|states| states.iter().all(Option::is_some))
    }
}

impl World {
    /// See the page.
    pub fn check_resources(&mut self, all: &[Seen]) {
        let states = self.journal.resources.states.clone();
        for (what, states) in states {
            let shown = self.shown(&what);
            if !states.contains(&shown) {
                violated!(self, 3, "{what} is {shown:?}, and was made {states:?}");
            }
        }
        for seen in all {
            self.check_pinned(seen);
        }
    }

    fn check_pinned(&mut self, seen: &Seen) {
        let request = describe_state_machine_for_execution::Request {
            execution_arn: seen.arn.clone(),
            metadata_only: false,
        };
        let shown = match self.inspect(&Request::DescribeStateMachineForExecution(request)) {
            Ok(Response::DescribeStateMachineForExecution(it)) => it.description.definition,
            _ => None,
        };
        let arn = &seen.arn;
        let Some(shown) = shown else {
            violated!(self, 3, "{arn} has no definition");
            return;
        };
        let resources = &mut self.journal.resources;
        let first = resources.pinned.entry(arn.clone());
        let kept = **first.or_insert_with(|| shown.to_string()) == *shown;
        let version = seen.description.state_machine_version_arn.as_ref();
        let published = version.and_then(|version| resources.definitions.get(version));
        let right = published.is_none_or(|it| it.contains(&Some(shown.to_string())));
        if !kept || !right {
            violated!(
                self,
                3,
                "{arn} runs {shown}, which is not what it started with"
            );
        }
    }

    /// How something looks to a reader.
    fn shown(&self, what: &str) -> Option<String> {
        if let Some(arn) = what.strip_prefix("tags of ") {
            let request = list_tags_for_resource::Request {
                resource_arn: arn.to_owned(),
            };
            let tags = self.inspect(&Request::ListTagsForResource(request)).ok()?;
            let Response::ListTagsForResource(tags) = tags else {
                return None;
            };
            let tags = tags.tags.into_iter();
            let tags: Vec<Value> = tags
                .map(|tag| json!({ "key": tag.key, "value": tag.value }))
                .collect();
            return (!tags.is_empty()).then(|| Value::from(tags).to_string());
        }
        let alias = describe_state_machine_alias::Request {
            state_machine_alias_arn: what.to_owned(),
        };
        let machine = describe_state_machine::Request {
            state_machine_arn: what.to_owned(),
            metadata_only: false,
        };
        match self.inspect(&Request::DescribeStateMachineAlias(alias)) {
            Ok(Response::DescribeStateMachineAlias(alias)) => {
                let routes = alias.routing.into_iter().map(|route| {
                    let arn = route.state_machine_version_arn;
                    json!({ "stateMachineVersionArn": arn, "weight": route.weight })
                });
                Some(Value::from_iter(routes).to_string())
            }
            _ => match self.inspect(&Request::DescribeStateMachine(machine)) {
                Ok(Response::DescribeStateMachine(machine)) => {
                    machine.description.definition.as_deref().map(str::to_owned)
                }
                _ => None,
            },
        }
    }
}
