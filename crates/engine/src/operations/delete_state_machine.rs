//! `DeleteStateMachine`.

use store::{RecordKind, RecordWrite};

use crate::arn::{self, Qualifier};
use crate::message::{Now, Output};
use crate::operations::update_state_machine::labelled;
use crate::records;
use crate::rejection::Rejection;
use crate::shard::{Machine, Shard};

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// `stateMachineArn`.
    pub state_machine_arn: String,
}

/// What is answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Response {}

impl Shard {
    /// Deleting what does not exist is no error. The machine is gone at once, with its versions and
    /// aliases; its running executions
    /// end at their next transition, and all of them can still be described by ARN.
    pub(crate) fn delete_state_machine(
        &mut self,
        request: &Request,
        now: Now,
        out: &mut Vec<Output>,
    ) -> Result<Response, Rejection> {
        let machine = arn::parse_state_machine(&request.state_machine_arn)?;
        if let Qualifier::Label(_) = machine.qualifier {
            return Err(labelled(&request.state_machine_arn));
        }
        if machine.qualifier == Qualifier::Plain
            && self.world.owner.owns(&request.state_machine_arn)
            && let Some(gone) = self.machines.remove(machine.name)
        {
            self.machine_names.remove(&gone.record.number);
            self.commit_records(writes(&gone), now, out);
        }
        Ok(Response {})
    }
}

/// What takes a machine away, and all that bears its number but the revisions, which executions may
/// still be described by.
fn writes(gone: &Machine) -> Vec<RecordWrite> {
    let number = gone.record.number;
    let take = |kind, key| RecordWrite {
        kind,
        key,
        value: None,
    };
    let machine = take(
        RecordKind::StateMachine,
        gone.record.name.clone().into_bytes(),
    );
    let last = take(RecordKind::Version, number.to_be_bytes().to_vec());
    let versions = gone.versions.keys();
    let versions =
        versions.map(|version| take(RecordKind::Version, records::version_key(number, *version)));
    let aliases = gone.aliases.keys();
    let aliases = aliases.map(|name| take(RecordKind::Alias, records::alias_key(number, name)));
    [machine, last]
        .into_iter()
        .chain(versions)
        .chain(aliases)
        .collect()
}
