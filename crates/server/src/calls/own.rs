//! Requests that executions make of this server: through the door that sockets ask, so that every
//! check is the same.

use std::sync::Arc;

use api::Head;
use serde_json::Value;

use crate::driver::Delivery;
use crate::request_id;
use crate::service::{self, Service};

/// What was answered.
pub(super) struct Answer {
    pub(super) status: u16,
    /// How many bytes it had.
    pub(super) length: usize,
    pub(super) body: Value,
    /// The name of the exception, when it was refused.
    pub(super) exception: Option<String>,
    pub(super) request_id: String,
}

/// Asks for an operation, named as AWS names it.
pub(super) async fn ask(
    service: &Arc<Service>,
    operation: &str,
    body: &Value,
) -> (Answer, Option<Delivery>) {
    let began = std::time::Instant::now();
    let target = format!("AWSStepFunctions.{operation}");
    let head = Head {
        method: "POST",
        path: "/",
        target: Some(&target),
        content_type: Some(api::CONTENT_TYPE),
        ..Head::default()
    };
    let served = match service.receive(&head, body.to_string().as_bytes()) {
        Ok((request, meta)) => service.perform(request, &meta).await,
        Err(refused) => refused,
    };
    let request_id = request_id::next();
    service.note(&served, &request_id, began);
    (Answer::of(&served.answer, request_id), served.delivery)
}

impl Answer {
    pub(super) fn of(answer: &api::Answer, request_id: String) -> Answer {
        Answer {
            status: answer.status,
            length: answer.body.len(),
            body: serde_json::from_slice(&answer.body).unwrap_or(Value::Null),
            exception: service::exception_of(answer).map(str::to_owned),
            request_id,
        }
    }

    pub(super) fn is_ok(&self) -> bool {
        self.status == 200
    }

    /// The exception's name as the service calls it.
    pub(super) fn exception(&self) -> &str {
        self.exception.as_deref().unwrap_or("Unknown")
    }

    /// The exception's name as SDKs call it, whatever the service called it.
    pub(super) fn exception_of_sdk(&self) -> String {
        let exception = self.exception();
        match exception.ends_with("Exception") {
            true => exception.to_owned(),
            false => format!("{exception}Exception"),
        }
    }

    pub(super) fn message(&self) -> &str {
        let message = self.body.get("message").and_then(Value::as_str);
        message.unwrap_or_default()
    }
}
