//! `rest-json` and `rest-xml`: members in the status, in headers and in the body.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use service_models::{Kind, Reference, Service, Shape};

use super::{Output, Unreadable, header, json, xml};
use crate::aws::datum::Datum;
use crate::aws::protocol::Protocol;
use crate::outbound::Told;

pub(super) fn read(
    service: &Service,
    protocol: Protocol,
    output: &Reference,
    shape: &Shape,
    told: &Told,
) -> Result<Output, Unreadable> {
    let mut members = Vec::new();
    for (name, reference) in &shape.members {
        let datum = match reference.location.as_deref() {
            Some("statusCode") => Some(Datum::Number(told.status.into())),
            Some("header") => of_header(service, name, reference, told),
            Some("headers") => Some(prefixed(name, reference, told)),
            _ => None,
        };
        members.extend(datum.map(|datum| (name.clone(), datum)));
    }
    let mut bytes = None;
    match &shape.payload {
        Some(payload) => match payload_of(service, protocol, shape, payload, told)? {
            Payload::Bytes => bytes = Some((payload.clone(), told.body.clone())),
            Payload::Datum(datum) => members.push((payload.clone(), datum)),
            Payload::Nothing => {}
        },
        None => members.extend(body(service, protocol, output, shape, told)?),
    }
    Ok(Output {
        datum: Datum::Structure(members),
        bytes,
    })
}

enum Payload {
    Bytes,
    Datum(Datum),
    Nothing,
}

fn payload_of(
    service: &Service,
    protocol: Protocol,
    shape: &Shape,
    payload: &str,
    told: &Told,
) -> Result<Payload, Unreadable> {
    let Some(reference) = shape.members.get(payload) else {
        return Ok(Payload::Nothing);
    };
    let Some(shape) = service.shape(reference) else {
        return Ok(Payload::Nothing);
    };
    if shape.eventstream {
        let why = "a stream of events is not read; call the action that answers at once";
        return Err(Unreadable(why.to_owned()));
    }
    Ok(match shape.kind {
        Kind::Blob => Payload::Bytes,
        Kind::String => Payload::Datum(Datum::Text(
            String::from_utf8_lossy(&told.body).into_owned(),
        )),
        _ if told.body.is_empty() => Payload::Nothing,
        _ if protocol == Protocol::RestXml => {
            Payload::Datum(xml::datum(service, shape, &xml::parse(&told.body)?))
        }
        _ => Payload::Datum(json::read(service, reference, &told.body)?),
    })
}

fn body(
    service: &Service,
    protocol: Protocol,
    output: &Reference,
    shape: &Shape,
    told: &Told,
) -> Result<Vec<(String, Datum)>, Unreadable> {
    let in_body = |reference: &Reference| reference.location.is_none();
    if !shape.members.values().any(in_body) {
        return Ok(Vec::new());
    }
    let datum = match protocol {
        Protocol::RestXml => {
            let root = xml::parse(&told.body)?;
            // `<LocationConstraint>eu-west-1</LocationConstraint>`: the root is the member itself.
            let wrapped = shape.members.iter().find(|(name, reference)| {
                let wire = reference.location_name.as_ref().unwrap_or(name);
                in_body(reference) && *wire == root.name && root.child(wire).is_none()
            });
            match wrapped.and_then(|(name, it)| Some((name, service.shape(it)?))) {
                Some((name, of)) => {
                    let datum = xml::datum(service, of, &root);
                    Datum::Structure(vec![(name.clone(), datum)])
                }
                None => xml::structure(service, shape, &root),
            }
        }
        _ => json::read(service, output, &told.body)?,
    };
    Ok(match datum {
        Datum::Structure(members) => members
            .into_iter()
            .filter(|(name, _)| shape.members.get(name).is_some_and(in_body))
            .collect(),
        _ => Vec::new(),
    })
}

fn of_header(service: &Service, name: &str, reference: &Reference, told: &Told) -> Option<Datum> {
    let wire = reference.location_name.as_deref().unwrap_or(name);
    let value = header(&told.headers, wire)?;
    let shape = service.shape(reference)?;
    if reference.jsonvalue {
        let text = BASE64.decode(&value).ok()?;
        return Some(Datum::Document(serde_json::from_slice(&text).ok()?));
    }
    if shape.kind == Kind::List {
        let of = shape.member.as_deref().and_then(|it| service.shape(it))?;
        let items = value.split(',').map(|item| xml::scalar(of, item.trim()));
        return Some(Datum::List(items.collect()));
    }
    // In headers scalars are written as XML has them.
    Some(xml::scalar(shape, &value))
}

/// All headers that begin so, `x-amz-meta-` for one; there may be none.
fn prefixed(name: &str, reference: &Reference, told: &Told) -> Datum {
    let prefix = reference.location_name.as_deref().unwrap_or(name);
    let prefix = prefix.to_ascii_lowercase();
    let entries = told.headers.keys().filter_map(|key| {
        let rest = key.as_str().strip_prefix(&prefix)?;
        Some((
            rest.to_owned(),
            Datum::Text(header(&told.headers, key.as_str())?),
        ))
    });
    Datum::Map(entries.collect())
}
