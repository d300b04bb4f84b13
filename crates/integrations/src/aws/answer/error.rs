//! What services say when they refuse.

use serde_json::Value;
use service_models::{Operation, Reference, Service, Shape};

use super::{header, request_id, xml};
use crate::aws::names;
use crate::aws::show::Words;
use crate::outbound::Told;

/// A service refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    /// As the service writes it.
    pub(crate) code: String,
    /// The name of its shape, if the model has one for the code.
    pub(crate) shape: Option<String>,
    pub(crate) message: String,
    pub(crate) request_id: String,
    /// S3 gives a second one.
    pub(crate) extended_request_id: Option<String>,
}

/// Reads an answer that refuses. Services and what stands before them do not always keep to their
/// protocol when they refuse, so the body's own form counts.
pub(super) fn read(service: &Service, operation: &Operation, told: &Told) -> Refusal {
    let (code, message) = match told.body.trim_ascii().first() {
        Some(b'<') => of_xml(&told.body),
        _ => of_json(&told.body),
    };
    let of_header = header(&told.headers, "x-amzn-errortype").map(|code| bare(&code));
    // `AWS.SimpleQueueService.NonExistentQueue;Sender`: what the code was under another protocol.
    let once = header(&told.headers, "x-amzn-query-error");
    let once = once.and_then(|text| Some(text.split(';').next()?.to_owned()));
    let code = of_header.or(code).filter(|code| !code.is_empty());
    let shape = code
        .as_deref()
        .and_then(|code| shape_of(service, operation, code));
    let shape = shape.or_else(|| shape_of(service, operation, once.as_deref()?));
    let code = once.or(code).unwrap_or_else(|| told.status.to_string());
    Refusal {
        status: told.status,
        code,
        shape,
        message: message.unwrap_or_default(),
        request_id: request_id(told),
        extended_request_id: header(&told.headers, "x-amz-id-2"),
    }
}

impl Refusal {
    /// The name of the error: `Sqs.QueueDoesNotExistException`. `prefix` is that of the integration, and
    /// `base` the exception for what has no shape of its own.
    pub(crate) fn name(&self, words: Words, prefix: &str, base: &str) -> String {
        match (&self.shape, words) {
            (Some(shape), Words::Sdk) => format!("{prefix}.{}", names::exception(shape)),
            (Some(shape), Words::Optimized) => {
                // Version 1 only adds what makes it an exception.
                let suffix = match shape.ends_with("Exception") {
                    true => "",
                    false => "Exception",
                };
                format!("{prefix}.{}{suffix}", names::capital(shape))
            }
            (None, _) => format!("{prefix}.{base}"),
        }
    }

    /// The cause, in the words of the SDK. `service` is its name for the service.
    pub(crate) fn cause(&self, words: Words, service: &str) -> String {
        let Refusal {
            status,
            code,
            message,
            request_id,
            ..
        } = self;
        let extended = self.extended_request_id.as_ref();
        match words {
            Words::Sdk => {
                let extended =
                    extended.map_or_else(String::new, |id| format!(", Extended Request ID: {id}"));
                format!(
                    "{message} (Service: {service}, Status Code: {status}, Request ID: \
                     {request_id}{extended}) (SDK Attempt Count: 1)"
                )
            }
            Words::Optimized => {
                let extended = extended
                    .map_or_else(String::new, |id| format!("; S3 Extended Request ID: {id}"));
                format!(
                    "{message} (Service: {service}; Status Code: {status}; Error Code: {code}; \
                     Request ID: {request_id}{extended}; Proxy: null)"
                )
            }
        }
    }
}

/// The error's shape: those of the operation first, since a code may be that of several.
fn shape_of(service: &Service, operation: &Operation, code: &str) -> Option<String> {
    let is = |name: &str, shape: &Shape| {
        let of_traits = shape.error.as_ref().and_then(|error| error.code.as_deref());
        name == code || of_traits == Some(code)
    };
    let named = |reference: &Reference| {
        let shape = service.shape(reference)?;
        is(&reference.shape, shape).then(|| reference.shape.clone())
    };
    let of_operation = operation.errors.iter().find_map(named);
    of_operation.or_else(|| {
        let mut all = service.shapes.iter();
        let (name, _) = all.find(|(name, shape)| shape.exception && is(name, shape))?;
        Some(name.clone())
    })
}

fn of_json(body: &[u8]) -> (Option<String>, Option<String>) {
    let body: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
    let text = |names: &[&str]| {
        let mut values = names.iter().filter_map(|name| body.get(*name)?.as_str());
        values.next().map(str::to_owned)
    };
    let code = text(&["__type", "code", "Code"]).map(|code| bare(&code));
    (code, text(&["message", "Message", "errorMessage"]))
}

fn of_xml(body: &[u8]) -> (Option<String>, Option<String>) {
    let Ok(root) = xml::parse(body) else {
        return (None, None);
    };
    let error = match root.name.as_str() {
        "Error" => Some(&root),
        _ => root.find("Error"),
    };
    let text = |name: &str| Some(error?.child(name)?.text.trim().to_owned());
    (text("Code"), text("Message"))
}

/// `Name` of `namespace#Name:http://internal.amazon.com/…`.
fn bare(code: &str) -> String {
    let code = code.split(':').next().unwrap_or_default();
    code.rsplit('#')
        .next()
        .unwrap_or_default()
        .trim()
        .to_owned()
}
