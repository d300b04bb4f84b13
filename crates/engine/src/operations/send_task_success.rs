//! `SendTaskSuccess`.

use interpreter::{Document, Input};
use store::ExecutionId;

use crate::delivery::OUTBOX;
use crate::executions::Work;
use crate::message::{Output, Ticket};
use crate::operations::Operation;
use crate::rejection::{ErrorName, Rejection};
use crate::shard::Shard;
use crate::token::TaskToken;

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// `taskToken`, not yet looked at.
    pub task_token: String,
    /// `output`: JSON, at most 262,144 bytes.
    pub output: String,
    /// What the door found when `output` is not JSON: refused once the token is known to be good.
    pub not_json: Option<String>,
}

/// What is answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Response {}

impl Shard {
    pub(crate) fn send_task_success(
        &mut self,
        ticket: Ticket,
        request: Request,
        out: &mut Vec<Output>,
    ) {
        let token =
            self.task_of_token(&request.task_token)
                .and_then(|token| match request.not_json {
                    None => Ok(token),
                    Some(problem) => {
                        let message = format!("Invalid Output: '{problem}'");
                        Err(Rejection::new(ErrorName::InvalidOutput, message))
                    }
                });
        match token {
            Ok(TaskToken {
                execution,
                event: task,
                hand_out,
                ..
            }) => {
                let output = Document::from_text(request.output);
                let input = Input::TaskSucceeded {
                    task,
                    hand_out,
                    output,
                };
                self.agenda.push_back((
                    execution,
                    Work::Input(input, ticket, Operation::SendTaskSuccess),
                ));
            }
            Err(rejection) => self.reply(ticket, self.issued, Err(rejection), out),
        }
    }

    /// Which task a token stands for. A text that we did not mint is refused before anything is read.
    pub(crate) fn task_of_token(&self, text: &str) -> Result<TaskToken, Rejection> {
        let token = self
            .tokens
            .read(text)
            .filter(|token| token.shard == 0)
            .ok_or_else(|| {
                Rejection::new(ErrorName::InvalidToken, "Invalid Token: 'Invalid token'")
            })?;
        match self.activity_of_task_is_gone(token.execution, token.event) {
            Some(rejection) => Err(rejection),
            None => Ok(token),
        }
    }

    /// The same for what had to be read from the store first.
    pub(crate) fn activity_is_gone(&self, id: ExecutionId, input: &Input) -> Option<Rejection> {
        match input {
            Input::TaskSucceeded { task, .. }
            | Input::TaskFailed { task, .. }
            | Input::Heartbeat { task, .. } => self.activity_of_task_is_gone(id, *task),
            _ => None,
        }
    }

    fn activity_of_task_is_gone(&self, id: ExecutionId, event: u32) -> Option<Rejection> {
        let queue = &self.delivery.tasks.get(&(id, event))?.queue;
        if **queue == *OUTBOX || self.world.activities.contains_key(&**queue) {
            return None;
        }
        let arn = self.world.owner.activity_arn(queue);
        let message = format!("Activity Does Not Exist: '{arn}'");
        Some(Rejection::new(ErrorName::TaskDoesNotExist, message))
    }
}
