//! What surrounds every request: method, path, target and content type.

use engine::Operation;

use crate::Answer;
use crate::error_names;

/// `Content-Type` of requests and answers.
pub const CONTENT_TYPE: &str = "application/x-amz-json-1.0";

/// What stands before the operation's name in `X-Amz-Target`.
const TARGET_PREFIX: &str = "AWSStepFunctions.";

/// The head of a request: what of its first lines matters here.
#[derive(Clone, Copy, Debug, Default)]
pub struct Head<'a> {
    /// `POST`.
    pub method: &'a str,
    /// `/`, without a query.
    pub path: &'a str,
    /// `X-Amz-Target`.
    pub target: Option<&'a str>,
    /// `Content-Type`.
    pub content_type: Option<&'a str>,
    /// `Content-Encoding`.
    pub content_encoding: Option<&'a str>,
    /// `X-Amzn-Trace-Id`.
    pub trace_id: Option<&'a str>,
}

/// Which operation is asked for, or why none is.
pub(crate) fn operation(
    head: &Head<'_>,
    body_bytes: usize,
    body_bytes_max: usize,
) -> Result<Operation, Answer> {
    if head.method != "POST" || head.path != "/" {
        return Err(unknown_operation(404, None));
    }
    let name = head
        .target
        .and_then(|target| target.strip_prefix(TARGET_PREFIX));
    let Some(operation) = name.and_then(by_name) else {
        return Err(unknown_operation(400, None));
    };
    // A page of another origin can send text/plain without asking, but not this.
    if !head.content_type.is_some_and(is_content_type) {
        let message = format!("Content-Type must be {CONTENT_TYPE}.");
        return Err(unknown_operation(400, Some(&message)));
    }
    if let Some(encoding) = head.content_encoding
        && !encoding.trim().is_empty()
        && !encoding.trim().eq_ignore_ascii_case("identity")
    {
        let message = "Content-Encoding is not supported; send the body as it is.";
        return Err(serialization(message));
    }
    if body_bytes > body_bytes_max {
        let message = format!("A request may have at most {body_bytes_max} bytes.");
        return Err(error_names::plain(
            413,
            "RequestEntityTooLargeException",
            Some(&message),
        ));
    }
    Ok(operation)
}

/// A body that is not what the protocol says.
pub(crate) fn serialization(message: &str) -> Answer {
    error_names::plain(400, "SerializationException", Some(message))
}

fn unknown_operation(status: u16, message: Option<&str>) -> Answer {
    error_names::plain(status, "UnknownOperationException", message)
}

fn by_name(name: &str) -> Option<Operation> {
    Operation::ALL
        .iter()
        .copied()
        .find(|operation| operation.name() == name)
}

fn is_content_type(given: &str) -> bool {
    let essence = given.split(';').next().unwrap_or_default();
    essence.trim().eq_ignore_ascii_case(CONTENT_TYPE)
}
