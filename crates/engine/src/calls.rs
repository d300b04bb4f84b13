//! Calls of integrations: how they go out with a commit, and how their results come in.

use interpreter::{Document, Input, Pattern};
use store::{CommitNumber, ExecutionId};

use crate::delivery::OUTBOX;
use crate::executions::{Live, Turn, Work};
use crate::message::{Now, Output};
use crate::shard::Shard;

impl Shard {
    /// An integration answered. Its result goes in like a worker's.
    pub(crate) fn call_done(
        &mut self,
        id: ExecutionId,
        task: u32,
        result: Result<Document, (String, String)>,
    ) {
        // Of an execution that is not in memory it is seen when it is.
        let is_open = match self.delivery.tasks.get(&(id, task)) {
            Some(entry) => &*entry.queue == OUTBOX,
            None => !self.executions.has(id),
        };
        if !is_open {
            return;
        }
        self.agenda.push_back((id, Work::CallDone { task, result }));
    }

    pub(crate) fn call_result(
        &mut self,
        id: ExecutionId,
        live: &mut Live,
        task: u32,
        result: Result<Document, (String, String)>,
        now: Now,
        out: &mut Vec<Output>,
    ) {
        let Some(open) = live.execution.task(task) else {
            return;
        };
        let Some(call) = open.call else {
            return;
        };
        let pattern = match open.submitted {
            // It was watched, and this is the end of it.
            Some(_) => Pattern::RequestResponse,
            None => Pattern::of(&call),
        };
        let mut turn = Turn::default();
        turn.came_back = Some(task);
        let input = match (result, pattern) {
            (Ok(output), Pattern::WaitForTaskToken) => {
                // From now on it is the holder of the token who answers: after a restart the call
                // must not be made again.
                if let Some(entry) = self.delivery.tasks.get_mut(&(id, task)) {
                    entry.hand_outs = 1;
                }
                turn.touch_task(id, task, &self.delivery);
                Input::TaskSubmitted { task, output }
            }
            (Ok(output), Pattern::Sync) => Input::TaskSubmitted { task, output },
            (Ok(output), Pattern::RequestResponse) => Input::TaskSucceeded {
                task,
                hand_out: 0,
                output,
            },
            (Err((error, cause)), _) => Input::TaskFailed {
                task,
                hand_out: 0,
                error: Some(error.into()),
                cause: Some(cause.into()),
            },
        };
        // A refusal means that the task ended while its call was under way.
        let _ = self.step(id, live, input, &mut turn, now);
        self.finish(id, live, turn, now, out);
    }
}

/// Calls that a turn leads to, and those that it makes pointless.
pub(crate) fn put_out_calls(
    execution: ExecutionId,
    turn: &mut Turn,
    after: CommitNumber,
    out: &mut Vec<Output>,
) {
    for task in std::mem::take(&mut turn.cancelled) {
        out.push(Output::CancelCall {
            after,
            execution,
            task,
        });
    }
    for call in std::mem::take(&mut turn.calls) {
        let crate::executions::OwedCall {
            task,
            resource,
            parameters,
            submitted,
        } = call;
        out.push(Output::Call {
            after,
            execution,
            task,
            resource,
            parameters,
            submitted,
            again: false,
        });
    }
}
