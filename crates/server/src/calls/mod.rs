//! Calls that executions make: of this server itself here, of all others by `integrations`.

pub mod items;
mod members;
mod own;
mod results;
mod sfn;
mod states;

use std::collections::HashMap;
use std::sync::Arc;

use engine::Message;
use integrations::{IdempotencyKey, Outcome};
use interpreter::{Document, EventId};
use store::ExecutionId;
use tokio::sync::mpsc;
use tokio::task::{self, AbortHandle, JoinError, JoinSet};

use crate::driver::{Call, Delivery, Errand};
use crate::log::{self, Level};
use crate::service::Service;

/// Names a call: whose, and the event that scheduled it.
type Name = (ExecutionId, EventId);

/// Calls under way.
#[derive(Default)]
struct UnderWay {
    tasks: JoinSet<()>,
    handles: HashMap<Name, Handle>,
    names: HashMap<task::Id, Name>,
}

/// How one of them is given up.
struct Handle {
    abort: AbortHandle,
    /// What it waits for: that ends with the call.
    awaited: Option<Awaited>,
}

/// What a `.sync` call waits for.
enum Awaited {
    Execution(String),
    Job {
        resource: Arc<str>,
        parameters: Document,
        submitted: Document,
    },
}

/// Makes the calls as they come, each on its own, until the engine ends.
pub async fn make(service: Arc<Service>, mut errands: mpsc::UnboundedReceiver<Errand>) {
    let mut under_way = UnderWay::default();
    let readers = items::Readers::default();
    loop {
        tokio::select! {
            errand = errands.recv() => match errand {
                Some(Errand::Make(call)) => under_way.begin(&service, call),
                Some(Errand::GiveUp { execution, task }) => {
                    under_way.give_up(&service, (execution, task));
                }
                Some(Errand::ReadItems(reading)) => {
                    tokio::spawn(readers.clone().read(Arc::clone(&service), reading));
                }
                Some(Errand::WriteResults { map_run, map_run_arn, writer }) => {
                    let service = Arc::clone(&service);
                    tokio::spawn(results::write(service, map_run, map_run_arn, writer));
                }
                None => return,
            },
            Some(ended) = under_way.tasks.join_next_with_id() => under_way.ended(&service, ended),
        }
    }
}

impl UnderWay {
    fn begin(&mut self, service: &Arc<Service>, call: Call) {
        let name = (call.execution, call.task);
        let awaited = Awaited::by(&call);
        let abort = self.tasks.spawn(one(Arc::clone(service), call));
        self.names.insert(abort.id(), name);
        self.handles.insert(name, Handle { abort, awaited });
    }

    /// Drops what the call has done so far: a poll is taken to be closed by its client. An execution or a
    /// job that is waited for is stopped.
    fn give_up(&mut self, service: &Arc<Service>, name: Name) {
        let Some(handle) = self.handles.get_mut(&name) else {
            return;
        };
        handle.abort.abort();
        if let Some(awaited) = handle.awaited.take() {
            tokio::spawn(awaited.stop(Arc::clone(service)));
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

impl Awaited {
    fn by(call: &Call) -> Option<Awaited> {
        let submitted = call.submitted.as_ref()?;
        if states::action(&call.resource).is_some() {
            return states::execution_arn(submitted).map(Awaited::Execution);
        }
        Some(Awaited::Job {
            resource: Arc::clone(&call.resource),
            parameters: call.parameters.clone(),
            submitted: submitted.clone(),
        })
    }

    async fn stop(self, service: Arc<Service>) {
        match self {
            Awaited::Execution(arn) => states::stop(&service, &arn).await,
            Awaited::Job {
                resource,
                parameters,
                submitted,
            } => {
                let outbound = &service.outbound;
                let stopped =
                    integrations::stop(outbound, &resource, &parameters, &submitted).await;
                if let Err(why) = stopped {
                    let fields: &[(&str, &dyn std::fmt::Display)] =
                        &[("resource", &resource), ("why", &why)];
                    log::line(Level::Warn, "a job goes on that nobody waits for", fields);
                }
            }
        }
    }
}

async fn one(service: Arc<Service>, call: Call) {
    let Call {
        execution,
        task,
        resource,
        parameters,
        submitted,
        again,
    } = call;
    let call = integrations::Call {
        resource: &resource,
        parameters: &parameters,
        key: IdempotencyKey::of(execution.0, task),
    };
    let (result, delivery) = match submitted {
        Some(submitted) => (watched(&service, call, &submitted).await, None),
        None => outcome(&service, call, again).await,
    };
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

/// Makes one call; `again` when it may have been made before a crash. With a hand-out comes what must
/// be told when its result is in the caller's hands.
pub async fn outcome(
    service: &Arc<Service>,
    call: integrations::Call<'_>,
    again: bool,
) -> (Outcome, Option<Delivery>) {
    // `arn:aws:states:::aws-sdk:sfn:getActivityTask`, whatever the partition.
    if let Some(("sfn", action)) = integrations::service_and_action(call.resource) {
        return sfn::call(service, action, call.parameters).await;
    }
    let outcome = match states::action(call.resource) {
        Some(_) => states::start(service, call, again).await,
        None => integrations::call(&service.outbound, call).await,
    };
    (outcome, None)
}

/// Waits for the end of what a call began.
async fn watched(
    service: &Arc<Service>,
    call: integrations::Call<'_>,
    submitted: &Document,
) -> Outcome {
    match states::action(call.resource) {
        Some(_) => states::watch(service, call.resource, submitted).await,
        None => integrations::watch(&service.outbound, call, submitted).await,
    }
}
