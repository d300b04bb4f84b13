//! Calls that executions make of the world: where they go, how they are signed, sent and read.
//!
//! One file per service. A call is made once; who asked for it decides what is done about a failure.

mod aws;
pub mod command;
mod connections;
mod endpoints;
mod functions;
mod http;
mod idempotency;
pub mod items;
mod lambda;
mod optimized;
mod outbound;
mod requests;
pub mod s3;
mod sending;
pub mod signing;

use interpreter::Document;

pub use connections::Connections;
pub use endpoints::{Endpoint, Endpoints, ServiceEndpoint};
pub use functions::{FunctionSetting, Functions};
pub use http::{Answered, Exchange};
pub use idempotency::IdempotencyKey;
pub use outbound::{BLOCKING_THREADS, Outbound, OutboundError, OutboundOptions};
pub use requests::{NotDone, request};
pub use sending::{HostPort, HttpSettings};

/// What comes back: a result, or error name and cause.
pub type Outcome = Result<Document, (String, String)>;

/// `aws-sdk`, in `arn:aws:states:::aws-sdk:SERVICE:ACTION`.
pub const SDK: &str = "aws-sdk";

/// A call that an execution owes the world.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// Whom to call, as the definition names it.
    pub resource: &'a str,
    /// What with.
    pub parameters: &'a Document,
    /// What it has in common with the same call before a crash, and with no other.
    pub key: IdempotencyKey,
}

/// Makes the call that a state's resource names, with its parameters.
///
/// A resource that is none of those known ends with `States.TaskFailed`.
pub async fn call(outbound: &Outbound, call: Call<'_>) -> Outcome {
    match call.resource.splitn(6, ':').collect::<Vec<_>>()[..] {
        [_, _, "lambda", _, _, _] => lambda::function(outbound, call).await,
        [
            _,
            _,
            "states",
            _,
            _,
            "lambda:invoke" | "lambda:invoke.waitForTaskToken",
        ] => lambda::invoke(outbound, call).await,
        [_, _, "states", _, _, "http:invoke"] => http::invoke(outbound, call).await,
        [_, _, "states", _, _, _] => service(outbound, call).await,
        _ => Err(not_called(call.resource)),
    }
}

/// `SERVICE:ACTION`, with `aws-sdk:` before it or a pattern behind it.
async fn service(outbound: &Outbound, call: Call<'_>) -> Outcome {
    if let Some((service, action)) = service_and_action(call.resource) {
        return aws::sdk(outbound, service, action, call).await;
    }
    match optimized_action(call.resource) {
        Some((service, action)) => optimized::call(outbound, service, action, call).await,
        None => Err(not_called(call.resource)),
    }
}

/// Whether a resource is that of HTTP tasks, `arn:aws:states:::http:invoke`.
pub fn is_http_task(resource: &str) -> bool {
    matches!(
        resource.splitn(6, ':').collect::<Vec<_>>()[..],
        [_, _, "states", _, _, "http:invoke"]
    )
}

/// Makes the call of an HTTP task, and tells what was sent and answered. What a connection adds is told
/// if it is to be revealed.
pub async fn call_traced(
    outbound: &Outbound,
    call: Call<'_>,
    reveals_secrets: bool,
) -> (Outcome, Option<Exchange>) {
    http::traced(outbound, call, reveals_secrets).await
}

/// Waits for the end of what a `.sync` call began, and gives its result. `submitted` is what [`call`]
/// gave.
pub async fn watch(outbound: &Outbound, call: Call<'_>, submitted: &Document) -> Outcome {
    match optimized_action(call.resource) {
        Some((service, action)) => {
            optimized::watch(outbound, service, action, call, submitted).await
        }
        None => Err(not_called(call.resource)),
    }
}

/// Stops what a `.sync` call began, for nobody waits for it any more. The error is for the log.
pub async fn stop(
    outbound: &Outbound,
    resource: &str,
    parameters: &Document,
    submitted: &Document,
) -> Result<(), String> {
    match optimized_action(resource) {
        Some((service, action)) => {
            optimized::stop(outbound, service, action, parameters, submitted).await
        }
        None => Ok(()),
    }
}

/// The integration and its action, without the pattern.
fn optimized_action(resource: &str) -> Option<(&'static optimized::Optimized, &str)> {
    let (service, action) = resource.splitn(6, ':').nth(5)?.split_once(':')?;
    Some((optimized::of(service)?, action.split('.').next()?))
}

/// `sfn` and `getActivityTask`, of a resource that names a call of AWS's SDK.
pub fn service_and_action(resource: &str) -> Option<(&str, &str)> {
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
