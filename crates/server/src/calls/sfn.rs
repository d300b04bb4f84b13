//! `arn:aws:states:::aws-sdk:sfn:…`: this server's own operations, called by its executions.

use std::sync::Arc;

use api::Head;
use integrations::Outcome;
use interpreter::Document;
use serde_json::Value;

use super::members;
use crate::driver::Delivery;
use crate::request_id;
use crate::service::{self, Service};

/// Asks the same door that sockets ask, so that every check is the same.
pub(super) async fn call(
    service: &Arc<Service>,
    action: &str,
    parameters: &Document,
) -> (Outcome, Option<Delivery>) {
    let began = std::time::Instant::now();
    let target = format!("AWSStepFunctions.{}", members::raised(action));
    let head = Head {
        method: "POST",
        path: "/",
        target: Some(&target),
        content_type: Some(api::CONTENT_TYPE),
        ..Head::default()
    };
    let body = members::lower(parameters.value()).to_string();
    let served = match service.receive(&head, body.as_bytes()) {
        Ok((request, meta)) => service.perform(request, &meta).await,
        Err(refused) => refused,
    };
    let request_id = request_id::next();
    service.note(&served, &request_id, began);
    (outcome(&served.answer, &request_id), served.delivery)
}

fn outcome(answer: &api::Answer, request_id: &str) -> Outcome {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
    if answer.status == 200 {
        return Ok(Document::from_value(members::raise(body)));
    }
    let exception = service::exception_of(answer).unwrap_or("Unknown");
    // SDKs name every exception so, whatever the service called it.
    let suffix = if exception.ends_with("Exception") {
        ""
    } else {
        "Exception"
    };
    let message = body
        .get("message")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let status = answer.status;
    let cause = format!(
        "{message} (Service: Sfn, Status Code: {status}, Request ID: {request_id}) (SDK Attempt Count: 1)"
    );
    Err((format!("Sfn.{exception}{suffix}"), cause))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> api::Answer {
        api::Answer {
            status,
            content_type: api::CONTENT_TYPE,
            body: body.as_bytes().to_vec(),
        }
    }

    #[test]
    fn a_refusal_is_worded_as_the_sdk_does() {
        let body = r#"{"__type":"com.amazonaws.swf.service.v2.model#InvalidToken","message":"Invalid Token: 'Invalid token'"}"#;
        let (error, cause) = outcome(&answer(400, body), "ID").unwrap_err();
        assert_eq!(error, "Sfn.InvalidTokenException");
        assert_eq!(
            cause,
            "Invalid Token: 'Invalid token' (Service: Sfn, Status Code: 400, Request ID: ID) (SDK Attempt Count: 1)"
        );
        let body = r#"{"__type":"com.amazon.coral.validate#ValidationException","message":"no"}"#;
        assert_eq!(
            outcome(&answer(400, body), "ID").unwrap_err().0,
            "Sfn.ValidationException"
        );
    }

    #[test]
    fn an_empty_poll_has_no_members() {
        for body in ["{}", r#"{"taskToken":null}"#] {
            assert_eq!(&**outcome(&answer(200, body), "ID").unwrap().text(), "{}");
        }
    }
}
