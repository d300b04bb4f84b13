//! Requests that the server makes of its own accord, and not for a Task.

use serde_json::Value;

use crate::aws::{self, Ask, Failure, Words};
use crate::outbound::Outbound;

/// A service did not do it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{cause}")]
pub struct NotDone {
    /// `S3.NoSuchKeyException`
    pub error: String,
    /// In the words of the SDK.
    pub cause: String,
    /// The service's own code, such as `NoSuchKey`, where it answered.
    pub code: Option<String>,
    /// The service's own words, where it answered.
    pub message: Option<String>,
}

impl NotDone {
    /// `client` is the SDK's name for the service.
    pub(crate) fn of(client: &str, parameters: &Value, failure: Failure) -> NotDone {
        let (code, message) = match &failure {
            Failure::Refused(refusal) => {
                (Some(refusal.code.clone()), Some(refusal.message.clone()))
            }
            _ => (None, None),
        };
        let (error, cause) = aws::failed(client, &parameters.to_string(), failure);
        NotDone {
            error,
            cause,
            code,
            message,
        }
    }
}

/// Asks a service once. Names are those of `aws-sdk` integrations, of parameters and in the result.
pub async fn request(
    outbound: &Outbound,
    service: &str,
    action: &str,
    parameters: &Value,
) -> Result<Value, NotDone> {
    let ask = Ask {
        service,
        action,
        parameters,
        key: None,
        bytes: None,
    };
    match aws::ask(outbound, ask).await {
        Ok(answer) => Ok(answer.shown(Words::Sdk)),
        Err(failure) => {
            let client = aws::names::class(service);
            Err(NotDone::of(&client, parameters, failure))
        }
    }
}
