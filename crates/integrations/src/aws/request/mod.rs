//! An operation's input as an HTTP request.

mod json;
mod query;
mod rest;
mod xml;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use md5::{Digest as _, Md5};
use service_models::{Operation, Reference, Service, Shape};
use sha2::Sha256;

use super::datum::Datum;
use super::moment::Form;
use super::protocol::Protocol;
use crate::IdempotencyKey;
use crate::outbound::{Ask, Whom};

/// A member that is part of the path was not given.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NoLabel(pub(super) String);

/// Path, query, headers and body, as a protocol makes them.
struct Parts {
    path: String,
    /// Not yet escaped.
    query: Vec<(String, String)>,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

/// What is sent for `operation` with `input`.
pub(super) fn build(
    service: &Service,
    operation: &Operation,
    protocol: Protocol,
    input: &Datum,
) -> Result<Ask, NoLabel> {
    let metadata = &service.metadata;
    let parts = match protocol {
        Protocol::Json => json::request(service, operation, input),
        Protocol::Query | Protocol::Ec2 => query::request(service, operation, protocol, input),
        Protocol::RestJson | Protocol::RestXml => {
            rest::request(service, operation, protocol, input)?
        }
    };
    let Parts {
        path,
        query,
        mut headers,
        body,
    } = parts;
    let is_s3 = metadata.service_id == "S3";
    if is_s3 {
        let hash = Sha256::digest(&body);
        let hash = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        headers.push(("x-amz-content-sha256".to_owned(), hash));
    }
    let checksum = operation.http_checksum.as_ref();
    if operation.http_checksum_required || checksum.is_some_and(|it| it.request_checksum_required) {
        // The one that every store has known since the beginning.
        headers.push(("content-md5".to_owned(), BASE64.encode(Md5::digest(&body))));
    }
    Ok(Ask {
        whom: whom(service, operation, is_s3),
        method: operation.http.method.clone(),
        path,
        query: query_text(query),
        headers,
        body,
    })
}

fn whom(service: &Service, operation: &Operation, is_s3: bool) -> Whom {
    let metadata = &service.metadata;
    let signing_name = metadata.signing_name.as_ref();
    let signing_name = signing_name.unwrap_or(&metadata.endpoint_prefix).clone();
    // The name in resources of `aws-sdk` first, then those of optimized integrations.
    let mut names = vec![service_models::sdk_name(&metadata.service_id)];
    for name in [&metadata.endpoint_prefix, &signing_name] {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    Whom {
        names,
        signing_name: (operation.authtype.as_deref() != Some("none")).then_some(signing_name),
        signs_path_as_sent: is_s3,
    }
}

/// Gives the members that identify a request their value, where nobody did.
pub(super) fn with_tokens(
    service: &Service,
    operation: &Operation,
    input: &mut Datum,
    key: IdempotencyKey,
) {
    let shape = operation.input.as_ref().and_then(|it| service.shape(it));
    let (Some(shape), Datum::Structure(given)) = (shape, input) else {
        return;
    };
    let tokens = shape.members.iter().filter(|(_, it)| it.idempotency_token);
    for (name, _) in tokens {
        if !given.iter().any(|(known, _)| known == name) {
            given.push((name.clone(), Datum::Text(key.to_string())));
        }
    }
}

/// Gives the member that is the body these bytes.
pub(super) fn with_body(
    service: &Service,
    operation: &Operation,
    input: &mut Datum,
    bytes: Vec<u8>,
) {
    let shape = operation.input.as_ref().and_then(|it| service.shape(it));
    let payload = shape.and_then(|shape| shape.payload.as_ref());
    if let (Some(payload), Datum::Structure(given)) = (payload, input) {
        given.retain(|(name, _)| name != payload);
        given.push((payload.clone(), Datum::Bytes(bytes)));
    }
}

/// Sorted and escaped, as a signature wants it.
fn query_text(query: Vec<(String, String)>) -> String {
    let escaped = |(name, value): (String, String)| (escaped(&name), self::escaped(&value));
    let mut query: Vec<(String, String)> = query.into_iter().map(escaped).collect();
    query.sort();
    let pairs: Vec<String> = query
        .into_iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    pairs.join("&")
}

/// What may stand in one part of a path or a query.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                escaped.push(byte.into());
            }
            _ => escaped.push_str(&format!("%{byte:02X}")),
        }
    }
    escaped
}

/// The member's name on the wire.
fn wire_name<'a>(name: &'a str, reference: &'a Reference) -> &'a str {
    reference.location_name.as_deref().unwrap_or(name)
}

/// Text of what is neither list, map nor structure.
fn scalar(datum: &Datum, form: Form) -> String {
    match datum {
        Datum::Null | Datum::List(_) | Datum::Map(_) | Datum::Structure(_) => String::new(),
        Datum::Boolean(value) => value.to_string(),
        Datum::Number(number) => number.to_string(),
        Datum::Text(text) => text.clone(),
        Datum::Bytes(bytes) => BASE64.encode(bytes),
        Datum::Moment(moment) => moment.text(form),
        Datum::Document(value) => value.to_string(),
    }
}

/// The form of a moment in this place: that of the reference, of the shape, or the usual one.
fn form(reference: &Reference, shape: Option<&Shape>, usual: Form) -> Form {
    let of_reference = Form::named(reference.timestamp_format.as_deref());
    let of_shape = || Form::named(shape?.timestamp_format.as_deref());
    of_reference.or_else(of_shape).unwrap_or(usual)
}
