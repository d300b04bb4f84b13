//! `StopExecution`.

use interpreter::Input;
use store::ExecutionId;

use crate::arn::{self, AnyExecution};
use crate::executions::Work;
use crate::ids;
use crate::message::{NameLookup, Output, Ticket};
use crate::operations::Operation;
use crate::operations::start_execution::Existing;
use crate::rejection::{ErrorName, Rejection};
use crate::shard::Shard;

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// `executionArn`.
    pub execution_arn: String,
    /// `error`.
    pub error: Option<String>,
    /// `cause`.
    pub cause: Option<String>,
}

/// What is answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Response {
    /// `stopDate`, milliseconds since 1970.
    pub stop_ms: i64,
}

impl Request {
    /// Machine and execution name that the store must be asked for before this enters a shard.
    pub fn name_to_look_up(&self) -> Option<(&str, &str)> {
        let execution = arn::parse_execution(&self.execution_arn).ok()?;
        Some((execution.machine, execution.name))
    }
}

impl Shard {
    /// Stops an execution. One that is closed answers with the time it closed.
    pub(crate) fn stop_execution(
        &mut self,
        ticket: Ticket,
        request: Request,
        lookup: Option<NameLookup>,
        out: &mut Vec<Output>,
    ) {
        let existing = match arn::parse_any_execution(&request.execution_arn) {
            Ok(AnyExecution::Express { .. }) if self.express_retention_ms == 0 => {
                let rejection = arn::out_of_place(&request.execution_arn);
                return self.reply(ticket, self.issued, Err(rejection), out);
            }
            Ok(AnyExecution::Express { id } | AnyExecution::Child { id }) => {
                return self.stop_by_id(ticket, ids::execution_of(id), request, out);
            }
            Ok(AnyExecution::Standard(execution))
                if self.world.owner.owns(&request.execution_arn) =>
            {
                self.look_up(execution.machine, execution.name, lookup)
            }
            Ok(_) => Existing::No,
            Err(rejection) => return self.reply(ticket, self.issued, Err(rejection), out),
        };
        match existing {
            Existing::Yes(id) => {
                let error = request.error.map(Into::into);
                let cause = request.cause.map(Into::into);
                self.agenda.push_back((
                    id,
                    Work::Input(
                        Input::Stop { error, cause },
                        ticket,
                        Operation::StopExecution,
                    ),
                ));
            }
            Existing::No => {
                let rejection = does_not_exist(&request.execution_arn);
                self.reply(ticket, self.issued, Err(rejection), out);
            }
            Existing::Unknown => {
                out.push(Output::LookUpAgain {
                    ticket,
                    request: super::Request::StopExecution(request),
                });
            }
        }
    }
}

impl Shard {
    /// The same for an EXPRESS execution or a child of a map run, which its id finds.
    fn stop_by_id(
        &mut self,
        ticket: Ticket,
        id: Option<ExecutionId>,
        request: Request,
        out: &mut Vec<Output>,
    ) {
        let arn = &request.execution_arn;
        let rejection = match id {
            Some(id) if self.world.owner.owns(arn) => {
                let request = Box::new(request);
                return self
                    .agenda
                    .push_back((id, Work::StopById { ticket, request }));
            }
            _ => does_not_exist(arn),
        };
        self.reply(ticket, self.issued, Err(rejection), out);
    }
}

pub(crate) fn does_not_exist(execution_arn: &str) -> Rejection {
    Rejection::new(
        ErrorName::ExecutionDoesNotExist,
        format!("Execution Does Not Exist: '{execution_arn}'"),
    )
}
