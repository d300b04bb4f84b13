//! `rest-json` and `rest-xml`: members in the path, the query, headers, and what is left in the body.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use service_models::{Kind, Operation, Reference, Service, Shape};

use super::{NoLabel, Parts, escaped, form, json, scalar, wire_name, xml};
use crate::aws::datum::Datum;
use crate::aws::moment::Form;
use crate::aws::protocol::Protocol;

pub(super) fn request(
    service: &Service,
    operation: &Operation,
    protocol: Protocol,
    input: &Datum,
) -> Result<Parts, NoLabel> {
    let empty = Shape::default();
    let reference = operation.input.as_ref();
    let shape = reference.and_then(|reference| service.shape(reference));
    let shape = shape.unwrap_or(&empty);
    let uri = operation.http.request_uri.as_str();
    let (path, fixed) = uri.split_once('?').unwrap_or((uri, ""));
    let mut parts = Parts {
        path: labelled(path, shape, service, input)?,
        query: fixed_query(fixed),
        headers: Vec::new(),
        body: Vec::new(),
    };
    for (name, reference) in &shape.members {
        let Some(datum) = input.member(name) else {
            continue;
        };
        let wire = wire_name(name, reference);
        match reference.location.as_deref() {
            Some("querystring") => add_to_query(&mut parts.query, service, reference, wire, datum),
            Some("header") => {
                let value = header(service, reference, datum);
                parts.headers.push((wire.to_ascii_lowercase(), value));
            }
            Some("headers") => {
                let Datum::Map(entries) = datum else { continue };
                for (key, value) in entries {
                    let header = format!("{wire}{key}").to_ascii_lowercase();
                    parts.headers.push((header, scalar(value, Form::Rfc822)));
                }
            }
            _ => {}
        }
    }
    if let Some((body, content_type)) = body(service, operation, protocol, shape, input) {
        parts.body = body;
        if !parts.headers.iter().any(|(name, _)| name == "content-type") {
            let header = ("content-type".to_owned(), content_type.to_owned());
            parts.headers.push(header);
        }
    }
    Ok(parts)
}

/// `/{Bucket}/{Key+}` with the members of these names.
fn labelled(
    path: &str,
    shape: &Shape,
    service: &Service,
    input: &Datum,
) -> Result<String, NoLabel> {
    let mut text = String::with_capacity(path.len());
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('{') {
        let (label, after) = after.split_once('}').unwrap_or((after, ""));
        let (label, is_greedy) = match label.strip_suffix('+') {
            Some(label) => (label, true),
            None => (label, false),
        };
        let mut members = shape.members.iter();
        let member = members.find(|(name, it)| {
            it.location.as_deref() == Some("uri") && wire_name(name, it) == label
        });
        let value = member.and_then(|(name, reference)| {
            let form = form(reference, service.shape(reference), Form::Iso8601);
            Some(scalar(input.member(name)?, form))
        });
        // An empty one would make it another path, and perhaps another operation.
        let value = value.filter(|value| !value.is_empty());
        let name = member.map_or(label, |(name, _)| name);
        let value = value.ok_or_else(|| NoLabel(name.to_owned()))?;
        text.push_str(before);
        if is_greedy {
            let parts: Vec<String> = value.split('/').map(escaped).collect();
            text.push_str(&parts.join("/"));
        } else {
            text.push_str(&escaped(&value));
        }
        rest = after;
    }
    text.push_str(rest);
    Ok(text)
}

/// `list-type=2`, `delete`.
fn fixed_query(text: &str) -> Vec<(String, String)> {
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    let pair = |pair: &str| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (name.to_owned(), value.to_owned())
    };
    pairs.map(pair).collect()
}

fn add_to_query(
    query: &mut Vec<(String, String)>,
    service: &Service,
    reference: &Reference,
    name: &str,
    datum: &Datum,
) {
    let shape = service.shape(reference);
    match datum {
        Datum::List(items) => {
            let member = shape.and_then(|shape| shape.member.as_deref());
            for item in items {
                add_to_query(query, service, member.unwrap_or(reference), name, item);
            }
        }
        Datum::Map(entries) => {
            let value = shape.and_then(|shape| shape.value.as_deref());
            for (key, datum) in entries {
                add_to_query(query, service, value.unwrap_or(reference), key, datum);
            }
        }
        other => {
            let form = form(reference, shape, Form::Iso8601);
            query.push((name.to_owned(), scalar(other, form)));
        }
    }
}

fn header(service: &Service, reference: &Reference, datum: &Datum) -> String {
    let shape = service.shape(reference);
    if reference.jsonvalue {
        return BASE64.encode(scalar(datum, Form::Rfc822));
    }
    match datum {
        Datum::List(items) => {
            let member = shape.and_then(|shape| shape.member.as_deref());
            let items = items.iter().map(|item| {
                let text = header(service, member.unwrap_or(reference), item);
                // Commas part items.
                match text.contains([',', '"']) && matches!(item, Datum::Text(_)) {
                    true => format!("\"{}\"", text.replace('\\', r"\\").replace('"', "\\\"")),
                    false => text,
                }
            });
            items.collect::<Vec<_>>().join(",")
        }
        other => scalar(other, form(reference, shape, Form::Rfc822)),
    }
}

/// The body and its type, if the operation has one.
fn body(
    service: &Service,
    operation: &Operation,
    protocol: Protocol,
    shape: &Shape,
    input: &Datum,
) -> Option<(Vec<u8>, &'static str)> {
    let structured = match protocol {
        Protocol::RestXml => "application/xml",
        _ => "application/json",
    };
    if let Some(payload) = &shape.payload {
        let reference = shape.members.get(payload)?;
        let Some(datum) = input.member(payload) else {
            // A structure of which nothing is given is an empty one.
            let kind = service.shape(reference)?.kind;
            let is_json = protocol == Protocol::RestJson && kind == Kind::Structure;
            return is_json.then(|| (b"{}".to_vec(), structured));
        };
        return Some(match datum {
            // The SDK makes its stream of a text. Recorded from AWS: so the object's type is.
            Datum::Bytes(bytes) if reference.streaming => {
                (bytes.clone(), "text/plain; charset=UTF-8")
            }
            Datum::Bytes(bytes) => (bytes.clone(), "application/octet-stream"),
            Datum::Text(text) => (text.clone().into_bytes(), "text/plain"),
            other if protocol == Protocol::RestXml => {
                let name = wire_name(&reference.shape, reference);
                (xml::document(service, name, reference, other), structured)
            }
            other => {
                let text = json::value(service, reference, other).to_string();
                (text.into_bytes(), structured)
            }
        });
    }
    let is_in_body = |reference: &Reference| reference.location.is_none();
    if !shape.members.values().any(is_in_body) {
        return None;
    }
    let reference = operation.input.as_ref()?;
    let Datum::Structure(members) = input else {
        return None;
    };
    let in_body = members
        .iter()
        .filter(|(name, _)| shape.members.get(name).is_some_and(is_in_body));
    let in_body: Vec<_> = in_body.cloned().collect();
    if protocol == Protocol::RestXml && in_body.is_empty() {
        return None;
    }
    let datum = Datum::Structure(in_body);
    Some(match protocol {
        Protocol::RestXml => {
            let name = reference
                .location_name
                .as_ref()
                .or(shape.location_name.as_ref());
            let usual = format!("{}Request", operation.name);
            let name = name.unwrap_or(&usual);
            (xml::document(service, name, reference, &datum), structured)
        }
        _ => {
            let text = json::value(service, reference, &datum).to_string();
            (text.into_bytes(), structured)
        }
    })
}
