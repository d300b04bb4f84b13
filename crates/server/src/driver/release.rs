//! What waits for a commit to be durable, and what happens then.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use engine::operations::get_activity_task;
use engine::shapes::ActivityTask;
use engine::{LogEvents, Rejection, Response, StatusChange, Ticket};
use interpreter::{EventId, Status};
use store::{CommitNumber, ExecutionId};
use tokio::sync::{mpsc, oneshot};

use crate::watching::Watchers;

use super::{Answer, Delivery, Driver, Errand};

/// Something that is done once a commit is durable.
// As many as requests in flight, each moved twice: not worth an allocation.
#[allow(clippy::large_enum_variant)]
#[derive(Debug)]
pub(super) enum Release {
    Reply {
        reply: oneshot::Sender<Answer>,
        response: Result<Response, Rejection>,
    },
    HandOut {
        /// `None`: the poll's client has gone meanwhile.
        reply: Option<oneshot::Sender<Answer>>,
        ticket: Ticket,
        task: ActivityTask,
        execution: ExecutionId,
        event: EventId,
    },
    Settled {
        execution: ExecutionId,
        event: EventId,
    },
    Call(Errand),
    Log(Box<LogEvents>),
    StatusChanged(Box<StatusChange>),
}

/// Does what has been waited for.
pub(super) struct Releaser {
    driver: Arc<Driver>,
    calls: mpsc::UnboundedSender<Errand>,
    watchers: Watchers,
}

impl Releaser {
    pub(super) fn new(
        driver: Arc<Driver>,
        calls: mpsc::UnboundedSender<Errand>,
        watchers: Watchers,
    ) -> Releaser {
        Releaser {
            driver,
            calls,
            watchers,
        }
    }

    pub(super) fn driver(&self) -> &Driver {
        &self.driver
    }

    pub(super) fn release(&self, release: Release) {
        match release {
            Release::Reply { reply, response } => {
                // Who asked may have gone; what was done is done.
                let _ = reply.send(Answer::Done(response));
            }
            Release::HandOut {
                reply,
                ticket,
                task,
                execution,
                event,
            } => {
                let delivery = Delivery::new(Arc::clone(&self.driver), ticket, execution, event);
                let response = get_activity_task::Response { task: Some(task) };
                let answer = Answer::HandOut(Response::GetActivityTask(response), delivery);
                // Undelivered, if nobody takes it: the delivery is dropped with the answer.
                match reply {
                    Some(reply) => drop(reply.send(answer)),
                    None => drop(answer),
                }
            }
            Release::Settled { execution, event } => self.driver.doubts.settled(execution, event),
            Release::Log(log) => self.watchers.log(log),
            Release::StatusChanged(change) => {
                if change.status != Status::Running {
                    self.driver.closings.ended(&change.birth.execution_arn);
                }
                self.watchers.changed(change);
            }
            Release::Call(errand) => {
                // When nobody makes calls any more the server is stopping; the call stays in the
                // outbox and is made after the next start.
                let _ = self.calls.send(errand);
            }
        }
    }

    /// Commits up to `number` are durable; what waits for them has been released.
    pub(super) fn publish(&self, number: CommitNumber) {
        self.driver.durable.store(number, Ordering::Release);
    }
}
