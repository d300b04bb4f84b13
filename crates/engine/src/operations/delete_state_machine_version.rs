//! `DeleteStateMachineVersion`.

use crate::arn::{self, Qualifier};
use crate::message::{Now, Output};
use crate::operations::publish_state_machine_version::write;
use crate::operations::update_state_machine::labelled;
use crate::records;
use crate::rejection::{ErrorName, Rejection};
use crate::shard::Shard;

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// `stateMachineVersionArn`.
    pub state_machine_version_arn: String,
}

/// What is answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Response {}

impl Shard {
    /// Deleting what does not exist is no error. Executions of the version go on: the revision that it
    /// was stays in the store.
    pub(crate) fn delete_state_machine_version(
        &mut self,
        request: &Request,
        now: Now,
        out: &mut Vec<Output>,
    ) -> Result<Response, Rejection> {
        let arn = &request.state_machine_version_arn;
        let parsed = arn::parse_state_machine(arn)?;
        let number = match parsed.qualifier {
            Qualifier::Version(number) => number,
            Qualifier::Label(_) => return Err(labelled(arn)),
            Qualifier::Plain | Qualifier::Alias(_) => return Err(no_version(arn)),
        };
        let ours = self.world.owner.owns(arn);
        let machine = self.machines.get_mut(parsed.name).filter(|_| ours);
        let Some(machine) = machine else {
            return Ok(Response {});
        };
        let aliases: Vec<&str> = machine
            .aliases
            .values()
            .filter(|alias| alias.routing.iter().any(|route| route.version == number))
            .map(|alias| alias.name.as_str())
            .collect();
        if !aliases.is_empty() {
            let message = format!(
                "Version to be deleted must not be referenced by an alias. Current list of aliases \
                 referencing this version: [{}]",
                aliases.join(", ")
            );
            return Err(Rejection::new(ErrorName::ConflictException, message));
        }
        if machine.versions.remove(&number).is_some() {
            let key = records::version_key(machine.record.number, number);
            self.commit_records(vec![write(key, None)], now, out);
        }
        Ok(Response {})
    }
}

/// An ARN of a state machine where one of its versions is asked for.
fn no_version(arn: &str) -> Rejection {
    let message = format!("Invalid Arn: 'Not a state machine version ARN: {arn}'");
    Rejection::new(ErrorName::InvalidArn, message)
}
