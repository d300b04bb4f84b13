//! `GetActivityTask`.

use std::sync::Arc;

use crate::arn;
use crate::delivery::{Poll, PollState};
use crate::message::{Now, Output, Ticket};
use crate::rejection::{ErrorName, Rejection};
use crate::shapes::ActivityTask;
use crate::shard::Shard;

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// `activityArn`.
    pub activity_arn: String,
    /// `workerName`: 1 to 80 characters.
    pub worker_name: Option<String>,
}

/// What is answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Response {
    /// `taskToken` and `input`; nothing when the poll ended empty.
    pub task: Option<ActivityTask>,
}

impl Shard {
    /// A poll waits for a task, for as long as polls are held. Waiting writes nothing.
    pub(crate) fn get_activity_task(
        &mut self,
        ticket: Ticket,
        request: &Request,
        now: Now,
        out: &mut Vec<Output>,
    ) {
        let queue = match self.activity_of_poll(&request.activity_arn) {
            Ok(name) => self.delivery.queue_name(&name),
            Err(rejection) => {
                // The answer may rest on a deletion that is not durable yet.
                let after = self.issued;
                self.reply(ticket, after, Err(rejection), out);
                return;
            }
        };
        let poll = Poll {
            queue: Arc::clone(&queue),
            worker_name: request.worker_name.as_deref().map(Into::into),
            deadline_ms: now.steady_ms.saturating_add(self.poll_hold_ms),
            state: PollState::Parked,
        };
        self.delivery.polls.insert(ticket, poll);
        let entry = self.delivery.queue(&queue);
        entry.polls += 1;
        entry.parked.insert(ticket);
        self.serve(&queue);
    }

    fn activity_of_poll(&mut self, activity_arn: &str) -> Result<String, Rejection> {
        let name = arn::parse_activity(activity_arn)?;
        if !self.world.owner.owns(activity_arn) || !self.world.activities.contains_key(name) {
            return Err(super::describe_activity::does_not_exist(activity_arn));
        }
        let waiting = self
            .delivery
            .queues
            .get(name)
            .map_or(0, |queue| queue.polls);
        if waiting >= self.polls_per_activity_max {
            let message = "The maximum number of workers concurrently polling for activity tasks has been reached.";
            return Err(Rejection::new(
                ErrorName::ActivityWorkerLimitExceeded,
                message,
            ));
        }
        Ok(name.to_owned())
    }
}
