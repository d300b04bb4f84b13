//! Calls that executions make: one file per service.

mod endpoints;
mod lambda;
mod members;
mod outbound;
mod sfn;

pub use endpoints::{Endpoints, ServiceEndpoint};
pub use outbound::Outbound;

use std::collections::HashMap;
use std::sync::Arc;

use engine::Message;
use interpreter::{Document, EventId};
use store::ExecutionId;
use tokio::sync::mpsc;
use tokio::task::{self, AbortHandle, JoinError, JoinSet};

use crate::driver::{Call, Delivery, Errand};
use crate::service::Service;

/// What comes back: a result, or error name and cause.
pub type Outcome = Result<Document, (String, String)>;

/// `arn:aws:states:::aws-sdk:sfn:getActivityTask`, whatever the partition.
const SDK: &str = "aws-sdk";

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
    let (result, delivery) = outcome(&service, &resource, &parameters).await;
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
    resource: &str,
    parameters: &Document,
) -> (Outcome, Option<Delivery>) {
    if let Some(("sfn", action)) = service_and_action(resource) {
        return sfn::call(service, action, parameters).await;
    }
    let outbound = &service.outbound;
    let outcome = match resource.splitn(6, ':').collect::<Vec<_>>()[..] {
        [_, _, "lambda", _, _, _] => lambda::function(outbound, resource, parameters).await,
        [
            _,
            _,
            "states",
            _,
            _,
            "lambda:invoke" | "lambda:invoke.waitForTaskToken",
        ] => lambda::invoke(outbound, parameters).await,
        _ => Err(not_called(resource)),
    };
    (outcome, None)
}

/// `sfn` and `getActivityTask`, of a resource that names a call of AWS's SDK.
fn service_and_action(resource: &str) -> Option<(&str, &str)> {
    let mut parts = resource.splitn(6, ':');
    let head = (parts.next()?, parts.next()?, parts.next()?);
    let (_region, _account) = (parts.next()?, parts.next()?);
    let (sdk, call) = parts.next()?.split_once(':')?;
    let (service, action) = call.split_once(':')?;
    // `.waitForTaskToken` and the like belong to the engine.
    let action = action.split('.').next()?;
    (head.0 == "arn" && head.2 == "states" && sdk == SDK).then_some((service, action))
}

fn not_called(resource: &str) -> (String, String) {
    let service = match resource.split(':').nth(5) {
        Some(SDK) => resource.split(':').nth(6),
        Some(service) => Some(service),
        None => None,
    };
    let cause = format!(
        "The service '{}' is not called yet: '{resource}' is known and cannot be executed.",
        service.unwrap_or(resource)
    );
    ("States.TaskFailed".to_owned(), cause)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resources_are_taken_apart() {
        let found = service_and_action("arn:aws:states:::aws-sdk:sfn:getActivityTask");
        assert_eq!(found, Some(("sfn", "getActivityTask")));
        let found =
            service_and_action("arn:aws-cn:states:::aws-sdk:sqs:sendMessage.waitForTaskToken");
        assert_eq!(found, Some(("sqs", "sendMessage")));
        for other in [
            "arn:aws:states:::lambda:invoke",
            "arn:aws:states:::aws-sdk:sfn",
            "sfn",
            "",
        ] {
            assert_eq!(service_and_action(other), None, "{other}");
        }
    }

    #[test]
    fn a_service_that_is_not_called_is_named() {
        let (error, cause) = not_called("arn:aws:states:::aws-sdk:dynamodb:putItem");
        assert_eq!(error, "States.TaskFailed");
        assert!(cause.contains("'dynamodb'"), "{cause}");
        assert!(
            not_called("arn:aws:states:::sqs:sendMessage")
                .1
                .contains("'sqs'")
        );
    }
}
