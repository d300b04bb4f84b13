//! One client for every AWS service: what a service takes and gives is told by its model, and how that is
//! written by its protocol.
//!
//! ```text
//! parameters ── parameters.rs ──► Datum ── request/ ──► bytes ──► service
//!     result ◄── show.rs ──────── Datum ◄── answer/ ─── bytes ◄──┘
//! ```
//!
//! `aws-sdk:SERVICE:ACTION` is this and no more; an optimized integration adds its own words, in
//! [`crate::optimized`]. A call is made once: retries are the state machine's.
//!
//! What is absent: streams of events, endpoints that a service is asked for, and the addresses of AWS
//! itself, since the operator says where a service is.

mod answer;
mod datum;
mod models;
mod moment;
pub(crate) mod names;
mod parameters;
mod protocol;
mod request;
mod show;

use std::sync::Arc;

use bytes::Bytes;
use interpreter::Document;
use serde_json::Value;
use service_models::ModelError;

use crate::outbound::{Outbound, Told, Unsaid};
use crate::{Call, IdempotencyKey, Outcome};

pub(crate) use answer::{Output, Refusal, Unreadable};
pub(crate) use models::Models;
pub(crate) use show::{Words, show};

use protocol::Protocol;

/// What is asked of a service.
#[derive(Clone, Debug)]
pub(crate) struct Ask<'a> {
    /// As a resource names it: `sqs`, `cloudwatchlogs`, `emr-serverless`.
    pub(crate) service: &'a str,
    /// `sendMessage`, or `SendMessage`.
    pub(crate) action: &'a str,
    /// Members as definitions spell them.
    pub(crate) parameters: &'a Value,
    /// For members that tell a request from the same one made again.
    pub(crate) key: Option<IdempotencyKey>,
    /// A body that is bytes, in place of the parameter that would be it.
    pub(crate) bytes: Option<Vec<u8>>,
}

/// What it gave.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) output: Output,
    pub(crate) told: Told,
    pub(crate) request_id: String,
}

/// Why it gave nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error(
        "The service '{0}' is not known. Start the server with --aws-models FOLDER to read the models \
         of further services; botocore's folder 'data' is one."
    )]
    UnknownService(String),
    #[error("The service '{service}' has no action '{action}'.")]
    UnknownAction { service: String, action: String },
    #[error("The service '{0}' speaks none of the protocols that are spoken here.")]
    UnknownProtocol(String),
    #[error("The model of the service '{0}' cannot be read: {1}")]
    Model(String, ModelError),
    /// What is wrong with the parameters.
    #[error("[{}]", .0.join(", "))]
    Parameters(Vec<String>),
    #[error("Parameter '{0}' must not be null")]
    NoLabel(String),
    #[error(transparent)]
    Unsaid(#[from] Unsaid),
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    #[error("{}", .0.message)]
    Refused(Refusal),
}

impl Answer {
    /// The output as a definition sees it. A body of bytes is shown as text.
    pub(crate) fn shown(&self, words: Words) -> Value {
        let mut shown = show(&self.output.datum, words);
        if let (Value::Object(members), Some((name, bytes))) = (&mut shown, &self.output.bytes) {
            let text = String::from_utf8_lossy(bytes).into_owned();
            let name = match words {
                Words::Optimized => names::capital(name),
                Words::Sdk => names::member(name),
            };
            members.insert(name, Value::String(text));
        }
        shown
    }

    /// The body, where it is bytes.
    pub(crate) fn into_bytes(self) -> Bytes {
        self.output
            .bytes
            .map(|(_, bytes)| bytes)
            .unwrap_or_default()
    }
}

/// Asks once, and reads what is answered.
pub(crate) async fn ask(outbound: &Outbound, ask: Ask<'_>) -> Result<Answer, Failure> {
    let service = model(outbound, ask.service).await?;
    let operation = service.operation(ask.action).ok_or_else(|| {
        let (service, action) = (ask.service.to_owned(), ask.action.to_owned());
        Failure::UnknownAction { service, action }
    })?;
    let protocol =
        Protocol::of(&service).ok_or_else(|| Failure::UnknownProtocol(ask.service.to_owned()))?;
    let input = parameters::read(&service, operation.input.as_ref(), ask.parameters);
    let mut input = input.map_err(Failure::Parameters)?;
    if let Some(key) = ask.key {
        request::with_tokens(&service, operation, &mut input, key);
    }
    if let Some(bytes) = ask.bytes {
        request::with_body(&service, operation, &mut input, bytes);
    }
    let request = request::build(&service, operation, protocol, &input);
    let request = request.map_err(|label| Failure::NoLabel(label.0))?;
    let told = outbound.ask(request).await?;
    match answer::read(&service, operation, protocol, &told)? {
        Ok(output) => Ok(Answer {
            request_id: answer::request_id(&told),
            output,
            told,
        }),
        Err(refusal) => Err(Failure::Refused(refusal)),
    }
}

/// Finding a model may take reading files, and always takes unpacking the first time.
async fn model(outbound: &Outbound, name: &str) -> Result<models::Model, Failure> {
    let (models, wanted) = (Arc::clone(outbound.models()), name.to_owned());
    let found = tokio::task::spawn_blocking(move || models.find(&wanted)).await;
    match found {
        Ok(Ok(Some(service))) => Ok(service),
        Ok(Ok(None)) | Err(_) => Err(Failure::UnknownService(name.to_owned())),
        Ok(Err(error)) => Err(Failure::Model(name.to_owned(), error)),
    }
}

/// `arn:aws:states:::aws-sdk:SERVICE:ACTION`.
pub(crate) async fn sdk(
    outbound: &Outbound,
    service: &str,
    action: &str,
    call: Call<'_>,
) -> Outcome {
    let ask = Ask {
        service,
        action,
        parameters: call.parameters.value(),
        key: Some(call.key),
        bytes: None,
    };
    let failure = match self::ask(outbound, ask).await {
        Ok(answer) => return Ok(Document::from_value(answer.shown(Words::Sdk))),
        Err(failure) => failure,
    };
    let prefix = match model(outbound, service).await {
        Ok(service) => names::class(&service.metadata.service_id),
        Err(_) => names::class(service),
    };
    Err(failed(&prefix, call.parameters.text(), failure))
}

/// Error and cause in the words of the SDK; `client` is its name for the service.
pub(crate) fn failed(client: &str, parameters: &str, failure: Failure) -> (String, String) {
    match failure {
        Failure::Refused(refusal) => {
            let base = format!("{client}Exception");
            let name = refusal.name(Words::Sdk, client, &base);
            (name, refusal.cause(Words::Sdk, client))
        }
        other => not_asked(client, parameters, &other),
    }
}

/// Error and cause of a call that brought no answer of the service.
pub(crate) fn not_asked(prefix: &str, parameters: &str, failure: &Failure) -> (String, String) {
    let error = match failure {
        Failure::Parameters(_) => {
            let cause = format!(
                "The Parameters '{parameters}' could not be used to start the Task: {failure}"
            );
            return ("States.Runtime".to_owned(), cause);
        }
        Failure::NoLabel(_) | Failure::Unreadable(_) | Failure::Unsaid(Unsaid::Http(_)) => {
            format!("{prefix}.SdkClientException")
        }
        Failure::Unsaid(Unsaid::TooLarge(_)) => "States.DataLimitExceeded".to_owned(),
        _ => "States.TaskFailed".to_owned(),
    };
    (error, failure.to_string())
}

#[cfg(test)]
mod tests;
