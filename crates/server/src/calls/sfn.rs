//! `arn:aws:states:::aws-sdk:sfn:…`: this server's own operations, called by its executions.

use std::sync::Arc;

use integrations::Outcome;
use interpreter::Document;

use super::members;
use super::own::{self, Answer};
use crate::driver::Delivery;
use crate::service::Service;

/// Makes the call.
pub(super) async fn call(
    service: &Arc<Service>,
    action: &str,
    parameters: &Document,
) -> (Outcome, Option<Delivery>) {
    let body = members::lower(parameters.value());
    let (answer, delivery) = own::ask(service, &members::raised(action), &body).await;
    (outcome(answer), delivery)
}

fn outcome(answer: Answer) -> Outcome {
    if answer.is_ok() {
        return Ok(Document::from_value(members::raise(answer.body)));
    }
    let cause = format!(
        "{} (Service: Sfn, Status Code: {}, Request ID: {}) (SDK Attempt Count: 1)",
        answer.message(),
        answer.status,
        answer.request_id
    );
    Err((format!("Sfn.{}", answer.exception_of_sdk()), cause))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        let answer = api::Answer {
            status,
            content_type: api::CONTENT_TYPE,
            body: body.as_bytes().to_vec(),
        };
        Answer::of(&answer, "ID".to_owned())
    }

    #[test]
    fn a_refusal_is_worded_as_the_sdk_does() {
        let body = r#"{"__type":"com.amazonaws.swf.service.v2.model#InvalidToken","message":"Invalid Token: 'Invalid token'"}"#;
        let (error, cause) = outcome(answer(400, body)).unwrap_err();
        assert_eq!(error, "Sfn.InvalidTokenException");
        assert_eq!(
            cause,
            "Invalid Token: 'Invalid token' (Service: Sfn, Status Code: 400, Request ID: ID) (SDK Attempt Count: 1)"
        );
        let body = r#"{"__type":"com.amazon.coral.validate#ValidationException","message":"no"}"#;
        assert_eq!(
            outcome(answer(400, body)).unwrap_err().0,
            "Sfn.ValidationException"
        );
    }

    #[test]
    fn an_empty_poll_has_no_members() {
        for body in ["{}", r#"{"taskToken":null}"#] {
            assert_eq!(&**outcome(answer(200, body)).unwrap().text(), "{}");
        }
    }
}
