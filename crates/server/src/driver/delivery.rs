//! A hand-out on its way to a worker.

use std::sync::Arc;

use engine::{Message, Ticket};
use interpreter::EventId;
use store::ExecutionId;

use super::Driver;
use crate::log::{self, Level};

/// Owed to the engine: whether a task left for its worker. Exactly one of the two is said, once,
/// whatever becomes of the request, its future or its connection: who drops this says that it did not.
#[derive(Debug)]
pub struct Delivery {
    driver: Arc<Driver>,
    ticket: Ticket,
    execution: ExecutionId,
    event: EventId,
    left: bool,
}

impl Delivery {
    pub(super) fn new(
        driver: Arc<Driver>,
        ticket: Ticket,
        execution: ExecutionId,
        event: EventId,
    ) -> Delivery {
        Delivery {
            driver,
            ticket,
            execution,
            event,
            left: false,
        }
    }

    /// The answer's first bytes are about to be given to the kernel. Until [`Delivery::left`],
    /// [`Delivery::stays`] or the end of this, readers of the task's history wait.
    pub fn leaving(&self) {
        self.driver.doubts.leaving(self.execution, self.event);
    }

    /// The kernel takes nothing yet.
    pub fn stays(&self) {
        self.driver.doubts.stays(self.execution, self.event);
    }

    /// At least one byte of the answer was taken by the kernel (or the result by an execution).
    pub fn left(mut self) {
        self.left = true;
    }
}

impl Drop for Delivery {
    fn drop(&mut self) {
        if self.left {
            self.driver.doubts.delivered(self.execution, self.event);
            self.driver.tell(Message::Delivered(self.ticket));
        } else {
            self.stays();
            // The doubt lasts until the commit that puts the task back is durable.
            self.driver.metrics.redelivered.add(1);
            log::line(
                Level::Info,
                "task put back: the worker was gone before its answer left",
                &[("execution", &self.execution_hex()), ("event", &self.event)],
            );
            self.driver.tell(Message::Undelivered(self.ticket));
        }
    }
}

impl Delivery {
    fn execution_hex(&self) -> String {
        format!("{:032x}", u128::from_be_bytes(self.execution.0))
    }
}
