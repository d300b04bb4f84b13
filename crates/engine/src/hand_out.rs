//! Who gets a task: matching queues with polls, and what becomes of a hand-out on its way.

use std::sync::Arc;

use interpreter::Input;
use store::ExecutionId;

use crate::delivery::{PollState, TaskState};
use crate::executions::{Turn, Work};
use crate::message::{Now, Output, Ticket};
use crate::operations::{Response, get_activity_task};
use crate::shard::Shard;

impl Shard {
    /// Brings waiting tasks and waiting polls of a queue together.
    pub(crate) fn serve(&mut self, queue: &Arc<str>) {
        while !self.draining
            && let Some((ticket, position, task)) = self.delivery.queue(queue).match_up()
        {
            self.delivery.offer(queue, ticket, position, task);
            self.delivery.polls.set(ticket, PollState::Offered);
            let event = task.event;
            self.agenda
                .push_back((task.execution, Work::Offer { ticket, event }));
        }
        self.delivery.note_low(queue);
    }

    /// A poll that was meant to get a task which is gone: it waits on, at its old place.
    pub(crate) fn park_again(&mut self, ticket: Ticket) {
        let Some(poll) = self.delivery.polls.get(ticket) else {
            return;
        };
        let queue = Arc::clone(&poll.queue);
        self.delivery.polls.set(ticket, PollState::Parked);
        self.delivery.queue(&queue).parked.insert(ticket);
        self.serve(&queue);
    }

    /// Takes a poll out of the shard.
    fn remove_poll(&mut self, ticket: Ticket) {
        if let Some(poll) = self.delivery.polls.remove(ticket) {
            let queue = self.delivery.queue(&poll.queue);
            queue.parked.remove(&ticket);
            queue.polls -= 1;
        }
    }

    /// The client is gone: the poll is never chosen again. One whose answer is on its way is left to
    /// the report about that answer; one that a task is meant for is found gone when the task comes.
    pub(crate) fn poll_closed(&mut self, ticket: Ticket) {
        match self.delivery.polls.get(ticket).map(|poll| poll.state) {
            Some(PollState::Parked | PollState::Offered) => self.remove_poll(ticket),
            Some(PollState::Delivering { .. }) | None => {}
        }
    }

    /// The time of a poll is up, or the server stops.
    pub(crate) fn end_poll_empty(&mut self, ticket: Ticket, out: &mut Vec<Output>) {
        self.remove_poll(ticket);
        let response = Response::GetActivityTask(get_activity_task::Response { task: None });
        self.reply(ticket, 0, Ok(response), out);
    }

    /// While the server stops: nobody waits for a task any more, not who came late, nor who was meant to
    /// get one that is gone.
    pub(crate) fn end_waiting_polls(&mut self, out: &mut Vec<Output>) {
        for ticket in self.delivery.polls.parked() {
            self.end_poll_empty(ticket, out);
        }
    }

    /// The first byte of an answer left: the worker counts as having the task.
    pub(crate) fn delivered(&mut self, ticket: Ticket) {
        let Some(PollState::Delivering { execution, event }) =
            self.delivery.polls.get(ticket).map(|poll| poll.state)
        else {
            return;
        };
        self.remove_poll(ticket);
        self.delivery
            .set(execution, event, TaskState::HandedOut { confirmed: true });
        self.doubt_over(execution);
    }

    /// No byte of an answer left: the task goes back to the front of its queue, and its token dies.
    pub(crate) fn undelivered(&mut self, ticket: Ticket, now: Now, out: &mut Vec<Output>) {
        let Some(PollState::Delivering {
            execution: id,
            event,
        }) = self.delivery.polls.get(ticket).map(|poll| poll.state)
        else {
            return;
        };
        self.remove_poll(ticket);
        let Some(mut live) = self.executions.take(id) else {
            assert!(
                self.quarantined.contains(&id),
                "an execution with a hand-out in doubt stays in memory"
            );
            out.push(Output::Settled {
                after: 0,
                execution: id,
                event,
            });
            return;
        };
        let mut turn = Turn::default();
        let queue = self.delivery.settle(id, event);
        if queue.is_some() {
            self.put_backs += 1;
            let put_back = Input::PutBack { task: event };
            let stepped = self.step(id, &mut live, put_back, &mut turn, now);
            assert!(
                stepped.is_ok() || live.poison.is_some(),
                "a hand-out in doubt can be put back"
            );
        }
        self.finish(id, &mut live, turn, now, out);
        let after = live.last_commit;
        self.put_back(id, live, out);
        if let Some(queue) = queue {
            self.settling.push_back((after, queue, id, event));
        }
        out.push(Output::Settled {
            after,
            execution: id,
            event,
        });
        self.doubt_over(id);
    }

    /// The put-back is durable: the task may be handed out again.
    pub(crate) fn settled(&mut self, queue: &Arc<str>, id: ExecutionId, event: u32) {
        self.delivery.queue(queue).settling -= 1;
        let task = self.delivery.tasks.get(&(id, event));
        if task.is_some_and(|entry| entry.state == TaskState::Settling) {
            self.delivery.back_to_queue(id, event);
        }
        self.serve(queue);
    }

    /// When the last doubt about an execution's hand-outs is over, what waited for that happens.
    fn doubt_over(&mut self, id: ExecutionId) {
        let Some(mut live) = self.executions.take(id) else {
            return;
        };
        live.doubts -= 1;
        if live.doubts == 0 {
            self.agenda
                .extend(live.deferred.drain(..).map(|work| (id, work)));
        }
        self.executions.put_back(id, live);
    }
}
