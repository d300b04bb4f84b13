//! `DeleteStateMachineAlias`.

use store::{RecordKind, RecordWrite};

use crate::arn;
use crate::message::{Now, Output};
use crate::operations::describe_state_machine_alias::alias_name;
use crate::records;
use crate::rejection::Rejection;
use crate::shard::Shard;

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// `stateMachineAliasArn`.
    pub state_machine_alias_arn: String,
}

/// What is answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Response {}

impl Shard {
    /// Deleting what does not exist is no error. Executions that were started with the alias go on.
    pub(crate) fn delete_state_machine_alias(
        &mut self,
        request: &Request,
        now: Now,
        out: &mut Vec<Output>,
    ) -> Result<Response, Rejection> {
        let arn = &request.state_machine_alias_arn;
        let parsed = arn::parse_state_machine(arn)?;
        let name = alias_name(arn)?;
        let ours = self.world.owner.owns(arn);
        let machine = self.machines.get_mut(parsed.name).filter(|_| ours);
        if let Some(gone) = machine.and_then(|machine| machine.aliases.remove(name)) {
            let write = RecordWrite {
                kind: RecordKind::Alias,
                key: records::alias_key(gone.machine, &gone.name),
                value: None,
            };
            self.commit_records(vec![write], now, out);
        }
        Ok(Response {})
    }
}
