//! Bytes of a request to an engine request, and an engine's answer to bytes.
//!
//! The door is [`Door`]: [`Door::receive`] turns a request's head and body into a [`Received`] or
//! an [`Answer`] that refuses it, [`Door::answer`] turns what the engine said into an [`Answer`].
//! Between the two the request travels alone: [`Received::split`] leaves a small [`Meta`] behind.
//!
//! What is absent here is the point:
//!
//! - no HTTP: a head is a handful of texts, and who listens is the server's business;
//! - no state: whatever can be decided from the request alone is decided here, and nothing else;
//! - no trees: requests are decoded into borrowed texts, answers are written straight into bytes;
//! - no panic, whatever the bytes.

mod arns;
mod checks;
mod configuration;
mod decode;
mod definition;
mod envelope;
mod error_names;
mod events;
mod members;
mod operations;
mod paging;
mod refusal;
mod routing;
mod sts;
mod tags;
mod watching;
mod write;

use engine::arn::Owner;
use engine::{Operation, Rejection, Request, Response};

pub use envelope::{CONTENT_TYPE, Head};
pub use error_names::errors_of;
pub use sts::{FORM, asks as asks_sts};
pub use watching::{log_record, status_event};

use paging::{Binding, PageKey};

/// Most bytes of a request's body.
///
/// Source: AWS Developer Guide, service quotas, "maximum request size" (1 MB).
pub const BODY_BYTES_MAX: usize = 1_048_576;

/// Most bytes of an input or an output.
///
/// Source: AWS API reference, `StartExecution`, `input`, and `SendTaskSuccess`, `output`.
pub const PAYLOAD_BYTES_MAX: usize = 262_144;

/// Most bytes of a definition.
///
/// Source: AWS API reference, `CreateStateMachine`, `definition`.
pub const DEFINITION_BYTES_MAX: usize = 1_048_576;

/// How large what is sent may be; AWS's figures by default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DoorLimits {
    /// See [`BODY_BYTES_MAX`].
    pub body_bytes_max: usize,
    /// See [`PAYLOAD_BYTES_MAX`].
    pub payload_bytes_max: usize,
    /// See [`DEFINITION_BYTES_MAX`].
    pub definition_bytes_max: usize,
}

impl Default for DoorLimits {
    fn default() -> DoorLimits {
        DoorLimits {
            body_bytes_max: BODY_BYTES_MAX,
            payload_bytes_max: PAYLOAD_BYTES_MAX,
            definition_bytes_max: DEFINITION_BYTES_MAX,
        }
    }
}

/// What a door is told once.
#[derive(Clone, Debug)]
pub struct DoorOptions {
    /// Whose resources are served; the ARN of anybody else's names nothing here.
    pub owner: Owner,
    /// Authenticates page tokens. All nodes of a service share it, and it outlives restarts.
    pub page_key: [u8; 32],
    /// How large what is sent may be.
    pub limits: DoorLimits,
}

/// Turns requests into engine requests, and answers into bytes. Holds no state; share it freely.
#[derive(Clone, Debug)]
pub struct Door {
    owner: Owner,
    page_key: PageKey,
    limits: DoorLimits,
}

/// A request that passed the door.
#[derive(Debug)]
pub struct Received {
    /// For the engine.
    pub request: Request,
    /// For [`Door::answer`].
    pub meta: Meta,
}

/// What the answer must know of its request.
#[derive(Clone, Debug)]
pub struct Meta {
    operation: Operation,
    binding: Option<Binding>,
    include_data: bool,
}

/// What goes back to the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// `Content-Type`.
    pub content_type: &'static str,
    /// JSON, or XML for STS.
    pub body: Vec<u8>,
}

impl Received {
    /// Parts the request, which moves into the engine, from what the answer will need.
    pub fn split(self) -> (Request, Meta) {
        (self.request, self.meta)
    }
}

impl Meta {
    /// Which operation was asked for.
    pub fn operation(&self) -> Operation {
        self.operation
    }
}

impl Door {
    /// A door for one owner's resources.
    pub fn new(options: DoorOptions) -> Door {
        Door {
            owner: options.owner,
            page_key: PageKey::new(&options.page_key),
            limits: options.limits,
        }
    }

    /// How large what is sent may be.
    pub fn limits(&self) -> &DoorLimits {
        &self.limits
    }

    /// Decodes a request and checks all that can be checked without state. The error is the answer.
    pub fn receive(&self, head: &Head<'_>, body: &[u8], now_ms: i64) -> Result<Received, Answer> {
        let operation = envelope::operation(head, body.len(), self.limits.body_bytes_max)?;
        let context = operations::Context {
            owner: &self.owner,
            page_key: &self.page_key,
            limits: &self.limits,
            head,
            now_ms,
        };
        let decoded = operations::decode(operation, body, &context)?;
        debug_assert_eq!(decoded.request.operation(), operation);
        Ok(Received {
            request: decoded.request,
            meta: Meta {
                operation,
                binding: decoded.binding,
                include_data: decoded.include_data,
            },
        })
    }

    /// Answers a form of AWS STS: a whole conversation, since the door knows whose account this is.
    pub fn answer_sts(&self, form: &[u8], request_id: &str) -> Answer {
        sts::answer(&self.owner, form, request_id)
    }

    /// Encodes what the engine said to the request that `meta` was split from.
    pub fn answer(&self, meta: &Meta, result: Result<Response, Rejection>, now_ms: i64) -> Answer {
        match result {
            Ok(response) => {
                let pages = paging::Pages {
                    key: &self.page_key,
                    binding: meta.binding,
                    now_ms,
                };
                operations::encode(&response, &pages, meta.include_data)
            }
            Err(rejection) => error_names::answer(meta.operation, &rejection),
        }
    }
}

impl Answer {
    /// The server's own fault: 500, and nothing said of why.
    pub fn fault() -> Answer {
        error_names::plain(500, "InternalFailure", Some("An internal error occurred."))
    }

    /// The server cannot take this now: 503, to be tried again.
    pub fn unavailable() -> Answer {
        error_names::plain(
            503,
            "ServiceUnavailable",
            Some("The service is temporarily unavailable."),
        )
    }

    /// The client asks too often: 400, to be tried again a little later.
    pub fn throttled() -> Answer {
        error_names::throttled()
    }

    /// A refusal that is not of this service but of the framework around it: authentication,
    /// throttling and the like. `name` becomes `__type` in the framework's namespace.
    pub fn refusal(status: u16, name: &str, message: Option<&str>) -> Answer {
        error_names::plain(status, name, message)
    }
}
