//! `SendTaskHeartbeat`.

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
}

/// What is answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Response {}

impl Shard {
    /// Winds the heartbeat's timer up again. Nothing is written: see [`interpreter::TimerKind::Heartbeat`].
    pub(crate) fn send_task_heartbeat(
        &mut self,
        ticket: Ticket,
        request: &Request,
        out: &mut Vec<Output>,
    ) {
        match self.task_of_token(&request.task_token) {
            Ok(TaskToken {
                execution,
                event: task,
                hand_out,
                ..
            }) => {
                self.agenda.push_back((
                    execution,
                    Work::Input(
                        Input::Heartbeat { task, hand_out },
                        ticket,
                        Operation::SendTaskHeartbeat,
                    ),
                ));
            }
            Err(rejection) => self.reply(ticket, self.issued, Err(rejection), out),
        }
    }
}
