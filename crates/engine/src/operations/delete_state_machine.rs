//! `DeleteStateMachine`.

use store::{RecordKind, RecordWrite};

use crate::arn::{self, Qualifier};
use crate::message::{Now, Output};
use crate::operations::update_state_machine::labelled;
use crate::rejection::Rejection;
use crate::shard::Shard;

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
    /// Deleting what does not exist is no error. The machine is gone at once; its running executions
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
            let write = RecordWrite {
                kind: RecordKind::StateMachine,
                key: machine.name.as_bytes().to_vec(),
                value: None,
            };
            self.commit_records(vec![write], now, out);
        }
        Ok(Response {})
    }
}
