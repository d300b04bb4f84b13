//! Changes state machines, publishes them, routes aliases to what was published, and tags them.
//!
//! One change of a machine at a time, so that the order in which they were asked for is the order in
//! which they happened.

use engine::Operation;
use serde_json::{Value, json};

use super::{Purpose, fate};
use crate::journal::{Change, Fate};
use crate::note;
use crate::violated;
use crate::world::World;
use crate::world::wire::Told;

/// The alias that is never deleted, so that what starts with it starts.
const LIVE: &str = "live";

/// One that comes and goes.
const SPARE: &str = "spare";

impl World {
    /// Changes something about one of the machines.
    pub fn change_a_machine(&mut self) {
        let Some(name) = self.dice.pick(&self.cast.machines).cloned() else {
            return;
        };
        let machine = crate::world::owner().state_machine_arn(&name);
        if self.journal.resources.busy.contains(&machine) || !self.dice.chance(60) {
            return;
        }
        match self.dice.roll(10) {
            0..2 => self.change_a_definition(machine),
            2..4 => self.publish(machine),
            4..6 => self.route(machine, LIVE),
            6 => self.route(machine, SPARE),
            7 => self.delete_the_spare_alias(machine),
            8 => self.delete_a_version(machine),
            _ => self.tag(machine),
        }
    }

    /// What starts from now on does something else.
    fn change_a_definition(&mut self, machine: String) {
        let definition = self.author.definition();
        note!(self, "{machine} becomes {definition}");
        let publish = self.dice.chance(50);
        let body =
            json!({ "stateMachineArn": machine, "definition": definition, "publish": publish });
        let what = machine.clone();
        self.change(
            machine,
            what,
            Some(definition),
            Operation::UpdateStateMachine,
            &body,
        );
    }

    fn publish(&mut self, machine: String) {
        let body = json!({ "stateMachineArn": machine });
        let (what, new) = (String::new(), None);
        self.change(
            machine,
            what,
            new,
            Operation::PublishStateMachineVersion,
            &body,
        );
    }

    /// Makes an alias, or leads it elsewhere. Only versions of even numbers: those stay.
    fn route(&mut self, machine: String, name: &str) {
        let versions = self.lasting_versions(&machine);
        let Some(one) = self.dice.pick(&versions).cloned() else {
            return;
        };
        let other = self.dice.pick(&versions).cloned().filter(|it| *it != one);
        let routing = match other {
            None => json!([{ "stateMachineVersionArn": one, "weight": 100 }]),
            Some(other) => {
                let weight = self.dice.roll(101);
                json!([
                    { "stateMachineVersionArn": one, "weight": weight },
                    { "stateMachineVersionArn": other, "weight": 100 - weight },
                ])
            }
        };
        let what = format!("{machine}:{name}");
        let new = Some(routing.to_string());
        if self.dice.chance(50) {
            let body = json!({ "name": name, "routingConfiguration": routing });
            self.change(
                machine,
                what,
                new,
                Operation::CreateStateMachineAlias,
                &body,
            );
        } else {
            let body = json!({ "stateMachineAliasArn": what, "routingConfiguration": routing });
            self.change(
                machine,
                what,
                new,
                Operation::UpdateStateMachineAlias,
                &body,
            );
        }
    }

    fn delete_the_spare_alias(&mut self, machine: String) {
        let what = format!("{machine}:{SPARE}");
        let body = json!({ "stateMachineAliasArn": what });
        self.change(
            machine,
            what,
            None,
            Operation::DeleteStateMachineAlias,
            &body,
        );
    }

    /// A version of an odd number: executions of it go on.
    fn delete_a_version(&mut self, machine: String) {
        let versions = self.versions(&machine, 1);
        let Some(what) = self.dice.pick(&versions).cloned() else {
            return;
        };
        let body = json!({ "stateMachineVersionArn": what });
        self.change(
            machine,
            what,
            None,
            Operation::DeleteStateMachineVersion,
            &body,
        );
    }

    fn tag(&mut self, machine: String) {
        let tags = json!([{ "key": "k", "value": self.dice.roll(1_000).to_string() }]);
        let body = json!({ "resourceArn": machine, "tags": tags });
        let what = format!("tags of {machine}");
        let new = Some(tags.to_string());
        self.change(machine, what, new, Operation::TagResource, &body);
    }

    fn change(
        &mut self,
        machine: String,
        what: String,
        new: Option<String>,
        operation: Operation,
        body: &Value,
    ) {
        let at = self.journal.changes.len();
        self.journal.resources.busy.insert(machine.clone());
        if !what.is_empty() {
            self.journal.resources.may_become(&what, new.clone());
        }
        self.journal.changes.push(Change {
            machine,
            what,
            new,
            fate: Fate::Waiting,
        });
        self.tally.fault("state machine changed");
        self.send(Purpose::Change(at), operation, body);
    }

    /// See [`World::answered`].
    pub fn change_answered(&mut self, at: usize, told: &Told) {
        let change = &mut self.journal.changes[at];
        change.fate = fate(told);
        let change = change.clone();
        let resources = &mut self.journal.resources;
        resources.busy.remove(&change.machine);
        if told.is_ok() {
            if !change.what.is_empty() {
                resources.became(&change.what, change.new);
            }
            let version = told.text("stateMachineVersionArn");
            if !version.is_empty() {
                resources.published(&change.machine, version);
            }
        } else if !change.what.is_empty() {
            resources.did_not_become(&change.what);
        }
        let right = matches!(told.error(), "" | "ConflictException" | "ResourceNotFound");
        if !right {
            let (status, error) = (told.status, told.error());
            violated!(
                self,
                3,
                "a change of {} was answered {status} {error}",
                change.machine
            );
        }
    }

    /// The process ended before it answered: it may or may not have happened.
    pub fn change_unanswered(&mut self, at: usize) {
        if let Some(change) = self.journal.changes.get(at) {
            self.journal.resources.busy.remove(&change.machine);
        }
    }

    /// What a start may name instead of the machine: a version that stays, or the alias that does.
    pub fn something_published(&mut self, machine: &str) -> Option<String> {
        let mut arns = self.lasting_versions(machine);
        let live = format!("{machine}:{LIVE}");
        if self.journal.resources.is_there(&live) {
            arns.push(live);
        }
        self.dice.pick(&arns).cloned()
    }

    fn lasting_versions(&self, machine: &str) -> Vec<String> {
        self.versions(machine, 0)
    }

    /// Versions whose numbers leave that remainder when halved, and that are certainly there.
    fn versions(&self, machine: &str, remainder: u64) -> Vec<String> {
        let resources = &self.journal.resources;
        let known = resources.states.keys().filter(|what| {
            let number = what
                .strip_prefix(machine)
                .and_then(|rest| rest.strip_prefix(':')?.parse::<u64>().ok());
            number.is_some_and(|number| number % 2 == remainder) && resources.is_there(what)
        });
        known.cloned().collect()
    }
}
