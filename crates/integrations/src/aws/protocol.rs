//! The protocols that services speak.

use service_models::Service;

use super::moment::Form;

/// How requests and answers of a service are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    /// `json`, 1.0 and 1.1.
    Json,
    Query,
    Ec2,
    RestJson,
    RestXml,
}

impl Protocol {
    /// The one that is spoken with a service; `None` when it has none of those known here. Every service
    /// of today that speaks CBOR speaks another one too.
    pub(super) fn of(service: &Service) -> Option<Protocol> {
        let metadata = &service.metadata;
        let first = std::iter::once(metadata.protocol.as_str());
        let all = first.chain(metadata.protocols.iter().map(String::as_str));
        all.filter_map(Protocol::named).next()
    }

    fn named(name: &str) -> Option<Protocol> {
        match name {
            "json" => Some(Protocol::Json),
            "query" => Some(Protocol::Query),
            "ec2" => Some(Protocol::Ec2),
            "rest-json" => Some(Protocol::RestJson),
            "rest-xml" => Some(Protocol::RestXml),
            _ => None,
        }
    }

    /// How moments are written in bodies, unless a shape says otherwise.
    pub(super) fn moments(self) -> Form {
        match self {
            Protocol::Json | Protocol::RestJson => Form::Unix,
            Protocol::Query | Protocol::Ec2 | Protocol::RestXml => Form::Iso8601,
        }
    }
}
