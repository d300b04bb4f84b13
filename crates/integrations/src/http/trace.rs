//! What went over the wire, for somebody who tries a state.
//!
//! Source: developer guide of Step Functions, "Using TestState API", `TRACE` and `revealSecrets`: what
//! a connection adds is left out unless it is to be revealed; the answer is shown as it came.

use bytes::Bytes;
use hyper::{HeaderMap, Request};

use crate::sending::{Told, reason};

/// A request, and what was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// `https`
    pub protocol: String,
    /// `POST`
    pub method: String,
    /// With its query.
    pub url: String,
    /// `[name: value, name: value]`
    pub headers: String,
    /// What was sent.
    pub body: String,
    /// What came back, if anything did.
    pub response: Option<Answered>,
}

/// What was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// `200`
    pub status_code: u16,
    /// `OK`
    pub status_message: String,
    /// `[name: value, name: value]`
    pub headers: String,
    /// What came, whatever the status.
    pub body: String,
}

/// Takes notes of a call.
pub(super) struct Trace {
    /// Whether what a connection adds is noted.
    pub(super) reveals_secrets: bool,
    pub(super) exchange: Option<Exchange>,
}

impl Trace {
    pub(super) fn sent(&mut self, request: &Request<Bytes>) {
        self.exchange = Some(Exchange {
            protocol: request.uri().scheme_str().unwrap_or_default().to_owned(),
            method: request.method().to_string(),
            url: request.uri().to_string(),
            headers: listed(request.headers()),
            body: String::from_utf8_lossy(request.body()).into_owned(),
            response: None,
        });
    }

    pub(super) fn answered(&mut self, told: &Told) {
        if let Some(exchange) = &mut self.exchange {
            exchange.response = Some(Answered {
                status_code: told.status,
                status_message: reason(told.status).to_owned(),
                headers: listed(&told.headers),
                body: String::from_utf8_lossy(&told.body).into_owned(),
            });
        }
    }
}

fn listed(headers: &HeaderMap) -> String {
    let pairs = headers.iter();
    let pairs = pairs.map(|(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes());
        format!("{name}: {value}")
    });
    format!("[{}]", pairs.collect::<Vec<_>>().join(", "))
}
