//! `SendTaskFailure`.

use interpreter::Input;

use crate::executions::Work;
use crate::message::{Output, Ticket};
use crate::operations::Operation;
use crate::shard::Shard;
use crate::token::TaskToken;

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// `taskToken`, not yet looked at.
    pub task_token: String,
    /// `error`: at most 256 characters.
    pub error: Option<String>,
    /// `cause`: at most 32,768 characters.
    pub cause: Option<String>,
}

/// What is answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Response {}

impl Shard {
    pub(crate) fn send_task_failure(
        &mut self,
        ticket: Ticket,
        request: Request,
        out: &mut Vec<Output>,
    ) {
        match self.task_of_token(&request.task_token) {
            Ok(TaskToken {
                execution,
                event: task,
                hand_out,
                ..
            }) => {
                let error = request.error.map(Into::into);
                let cause = request.cause.map(Into::into);
                let input = Input::TaskFailed {
                    task,
                    hand_out,
                    error,
                    cause,
                };
                self.agenda.push_back((
                    execution,
                    Work::Input(input, ticket, Operation::SendTaskFailure),
                ));
            }
            Err(rejection) => self.reply(ticket, self.issued, Err(rejection), out),
        }
    }
}
