//! An HTTP answer as an operation's output, or as the error that it is.

mod error;
mod json;
mod rest;
mod xml;

use bytes::Bytes;
use hyper::HeaderMap;
use service_models::{Operation, Service};

use super::datum::Datum;
use super::protocol::Protocol;
use crate::outbound::Told;

pub(crate) use error::Refusal;

/// What an operation gave.
#[derive(Debug)]
pub(crate) struct Output {
    /// All but a body that is bytes.
    pub(crate) datum: Datum,
    /// The member that is the body, where the model says that it is bytes, and they.
    pub(crate) bytes: Option<(String, Bytes)>,
}

/// The answer cannot be read as the model says.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("Unable to unmarshall response: {0}")]
pub(crate) struct Unreadable(pub(crate) String);

/// Reads an answer to `operation`; one that refuses is the inner error.
pub(super) fn read(
    service: &Service,
    operation: &Operation,
    protocol: Protocol,
    told: &Told,
) -> Result<Result<Output, Refusal>, Unreadable> {
    if !(200..300).contains(&told.status) {
        return Ok(Err(error::read(service, operation, told)));
    }
    // S3 says so when a copy fails after it has begun to answer.
    let is_s3 = service.metadata.service_id == "S3";
    if is_s3 && xml::root_name(&told.body).as_deref() == Some("Error") {
        return Ok(Err(error::read(service, operation, told)));
    }
    let Some(output) = &operation.output else {
        return Ok(Ok(nothing()));
    };
    let Some(shape) = service.shape(output) else {
        return Ok(Ok(nothing()));
    };
    let output = match protocol {
        Protocol::Json => Output {
            datum: json::read(service, output, &told.body)?,
            bytes: None,
        },
        Protocol::Query | Protocol::Ec2 => {
            let root = xml::parse(&told.body)?;
            let wrapper = output.result_wrapper.as_deref();
            let inner = wrapper.and_then(|wrapper| root.child(wrapper));
            let root = inner.unwrap_or(&root);
            Output {
                datum: xml::structure(service, shape, root),
                bytes: None,
            }
        }
        Protocol::RestJson | Protocol::RestXml => {
            rest::read(service, protocol, output, shape, told)?
        }
    };
    Ok(Ok(output))
}

fn nothing() -> Output {
    Output {
        datum: Datum::Structure(Vec::new()),
        bytes: None,
    }
}

/// The id that the service gave the request, by any of the names for it.
pub(super) fn request_id(told: &Told) -> String {
    let names = ["x-amzn-requestid", "x-amzn-request-id", "x-amz-request-id"];
    let of_headers = names.iter().find_map(|name| header(&told.headers, name));
    of_headers
        .or_else(|| xml::request_id(&told.body))
        .unwrap_or_default()
}

fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    let value = headers.get(name)?;
    Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
}
