//! Quarantine: an execution at which the interpreter panics is set aside, and all others go on (R57).
//!
//! A panic is a bug of this service. What the step had begun is dropped, so nothing of it is ever
//! durable; the execution leaves memory with its timers and tasks, and until the next start of the
//! process nothing happens to it any more. Its rows stay: after a start it is tried again, by a version
//! that may have mended the bug, and quarantined again if it has not. So there is no crash loop.
//!
//! This is the one place in these rings that catches a panic. It catches those of [`interpreter`] alone:
//! an execution is a value of its own, and a shard that has failed itself must not go on.

use std::any::Any;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use interpreter::{Input, Moment, Refusal, Step};
use store::ExecutionId;

use crate::executions::{Live, Work};
use crate::message::Output;
use crate::rejection::{ErrorName, Rejection};
use crate::shard::Shard;

/// Runs a door of the interpreter; an error is what it panicked with.
pub(crate) fn guarded<T>(door: impl FnOnce() -> T) -> Result<T, String> {
    // What a panic leaves half done belongs to the execution, which nobody looks at again.
    catch_unwind(AssertUnwindSafe(door)).map_err(|panic| words(&*panic))
}

fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("a panic without a message").to_owned()
}

impl Live {
    /// One step. After a panic the execution is poisoned: it refuses everything, nothing of the turn
    /// is committed, and [`Shard::quarantine`] is due.
    pub(crate) fn step(&mut self, input: Input, moment: &Moment<'_>) -> Result<Step, Refusal> {
        if self.poison.is_some() {
            return Err(Refusal::TaskClosed);
        }
        let step = || interpreter::step(&mut self.execution, &self.definition, input, moment);
        guarded(step).unwrap_or_else(|panic| {
            self.poison = Some(panic);
            Err(Refusal::TaskClosed)
        })
    }
}

impl Shard {
    /// Puts an execution back into memory, or, when it is poisoned, into quarantine.
    pub(crate) fn put_back(&mut self, id: ExecutionId, mut live: Box<Live>, out: &mut Vec<Output>) {
        match live.poison.take() {
            None => self.executions.put_back(id, live),
            Some(panic) => {
                let arn = Some(Arc::clone(&live.execution.birth().execution_arn));
                if let Some(waiting) = live.waiting.take() {
                    // It was in memory only, and is not taken up again.
                    self.executions_open -= 1;
                    self.sync_executions -= 1;
                    self.reply(waiting.ticket, 0, Err(in_quarantine()), out);
                }
                self.quarantine(id, arn, panic, live.deferred, out);
            }
        }
    }

    /// Sets an execution aside that is not in memory any more.
    pub(crate) fn quarantine(
        &mut self,
        id: ExecutionId,
        execution_arn: Option<Arc<str>>,
        panic: String,
        waiting: VecDeque<Work>,
        out: &mut Vec<Output>,
    ) {
        self.quarantined.insert(id);
        self.timers.forget(id);
        self.delivery.forget(id);
        out.push(Output::Quarantined {
            execution: id,
            execution_arn,
            panic,
        });
        for work in waiting {
            self.refuse_quarantined(id, work, out);
        }
    }

    /// Work for an execution in quarantine: who asked is told so.
    pub(crate) fn refuse_quarantined(
        &mut self,
        id: ExecutionId,
        work: Work,
        out: &mut Vec<Output>,
    ) {
        match work {
            Work::Input(_, ticket, _)
            | Work::Redrive { ticket, .. }
            | Work::StopById { ticket, .. }
            | Work::Join { ticket, .. } => self.reply(ticket, 0, Err(in_quarantine()), out),
            Work::Offer { ticket, event } => {
                self.delivery.tasks.remove(&(id, event));
                self.park_again(ticket);
            }
            Work::Timer(_)
            | Work::CallDone { .. }
            | Work::CallAgain { .. }
            | Work::BeginChildren { .. }
            | Work::MapRunEnded { .. }
            | Work::AbortChild { .. }
            | Work::RedriveChild { .. } => {}
        }
    }
}

/// What is answered for an execution in quarantine.
pub(crate) fn in_quarantine() -> Rejection {
    let message = "An internal error of the service set this execution aside: nothing happens to it \
                   until the service is started again. The service's log names the execution and the \
                   error; please report it.";
    Rejection::new(ErrorName::InternalFailure, message)
}
