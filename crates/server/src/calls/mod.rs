//! Calls that executions make: of this server itself here, of all others by `integrations`.

mod members;
mod sfn;

use std::collections::HashMap;
use std::sync::Arc;

use engine::Message;
use integrations::{IdempotencyKey, Outcome};
use interpreter::EventId;
use store::ExecutionId;
use tokio::sync::mpsc;
use tokio::task::{self, AbortHandle, JoinError, JoinSet};

use crate::driver::{Call, Delivery, Errand};
use crate::service::Service;

/// Names a call: whose, and the event that scheduled it.
type Name = (ExecutionId, EventId);

/// Calls under way.
#[derive(Default)]
struct UnderWay {
    tasks: JoinSet<()>,
    handles: HashMap<Name, AbortHandle>,
    names: HashMap<task::Id, Name>,
}

/// Makes the calls as they come, each on its own, until the engine ends.
pub async fn make(service: Arc<Service>, mut errands: mpsc::UnboundedReceiver<Errand>) {
    let mut under_way = UnderWay::default();
    loop {
        tokio::select! {
            errand = errands.recv() => match errand {
                Some(Errand::Make(call)) => under_way.begin(&service, call),
                Some(Errand::GiveUp { execution, task }) => under_way.give_up((execution, task)),
                None => return,
            },
            Some(ended) = under_way.tasks.join_next_with_id() => under_way.ended(&service, ended),
        }
    }
}

impl UnderWay {
    fn begin(&mut self, service: &Arc<Service>, call: Call) {
        let name = (call.execution, call.task);
        let handle = self.tasks.spawn(one(Arc::clone(service), call));
        self.names.insert(handle.id(), name);
        self.handles.insert(name, handle);
    }

    /// Drops what the call has done so far: a poll is taken to be closed by its client.
    fn give_up(&mut self, name: Name) {
        if let Some(handle) = self.handles.get(&name) {
            handle.abort();
        }
    }

    fn ended(&mut self, service: &Service, ended: Result<(task::Id, ()), JoinError>) {
        let id = match &ended {
            Ok((id, ())) => *id,
            Err(error) => error.id(),
        };
        let Some(name) = self.names.remove(&id) else {
            return;
        };
        self.handles.remove(&name);
        // What it was about to say is lost, and its execution must not wait for ever.
        if let Err(error) = ended
            && error.is_panic()
        {
            let (execution, task) = name;
            let cause = "An internal error of the service ended the call.";
            let result = Err(("States.TaskFailed".to_owned(), cause.to_owned()));
            service.driver.tell(Message::CallDone {
                execution,
                task,
                result,
            });
        }
    }
}

async fn one(service: Arc<Service>, call: Call) {
    let Call {
        execution,
        task,
        resource,
        parameters,
    } = call;
    let call = integrations::Call {
        resource: &resource,
        parameters: &parameters,
        key: IdempotencyKey::of(execution.0, task),
    };
    let (result, delivery) = outcome(&service, call).await;
    service.driver.tell(Message::CallDone {
        execution,
        task,
        result,
    });
    // Only now: the task is in the caller's hands when its result is in the engine's.
    if let Some(delivery) = delivery {
        delivery.left();
    }
}

/// Makes one call. With a hand-out comes what must be told when its result is in the caller's hands.
pub async fn outcome(
    service: &Arc<Service>,
    call: integrations::Call<'_>,
) -> (Outcome, Option<Delivery>) {
    // `arn:aws:states:::aws-sdk:sfn:getActivityTask`, whatever the partition.
    if let Some(("sfn", action)) = integrations::service_and_action(call.resource) {
        return sfn::call(service, action, call.parameters).await;
    }
    let outcome = integrations::call(&service.outbound, call).await;
    (outcome, None)
}
