//! `json`, 1.0 and 1.1: one path, the operation in a header, all members in the body.

use serde_json::{Map, Value};
use service_models::{Operation, Reference, Service};

use super::{Parts, form, scalar, wire_name};
use crate::aws::datum::Datum;
use crate::aws::moment::Form;

pub(super) fn request(service: &Service, operation: &Operation, input: &Datum) -> Parts {
    let metadata = &service.metadata;
    let version = metadata.json_version.as_deref().unwrap_or("1.0");
    let target = metadata.target_prefix.as_deref().unwrap_or_default();
    let body = match &operation.input {
        Some(reference) => value(service, reference, input),
        None => Value::Object(Map::new()),
    };
    Parts {
        path: "/".to_owned(),
        query: Vec::new(),
        headers: vec![
            (
                "content-type".to_owned(),
                format!("application/x-amz-json-{version}"),
            ),
            (
                "x-amz-target".to_owned(),
                format!("{target}.{}", operation.name),
            ),
        ],
        body: body.to_string().into_bytes(),
    }
}

/// JSON of `datum` with the names and forms that the service expects.
pub(super) fn value(service: &Service, reference: &Reference, datum: &Datum) -> Value {
    let shape = service.shape(reference);
    match datum {
        Datum::Null => Value::Null,
        Datum::Boolean(value) => Value::Bool(*value),
        Datum::Number(number) => Value::Number(number.clone()),
        Datum::Text(text) => Value::String(text.clone()),
        Datum::Document(value) => value.clone(),
        Datum::Bytes(_) => Value::String(scalar(datum, Form::Unix)),
        Datum::Moment(moment) => match form(reference, shape, Form::Unix) {
            Form::Unix => Value::Number(moment.seconds()),
            other => Value::String(moment.text(other)),
        },
        Datum::List(items) => match shape.and_then(|shape| shape.member.as_deref()) {
            Some(member) => items.iter().map(|it| value(service, member, it)).collect(),
            None => Value::Null,
        },
        Datum::Map(entries) => {
            let of = shape.and_then(|shape| shape.value.as_deref());
            let entries = entries.iter().filter_map(|(key, datum)| {
                let datum = value(service, of?, datum);
                Some((key.clone(), datum))
            });
            Value::Object(entries.collect())
        }
        Datum::Structure(members) => {
            let members = members.iter().filter_map(|(name, datum)| {
                let reference = shape?.members.get(name)?;
                let datum = value(service, reference, datum);
                Some((wire_name(name, reference).to_owned(), datum))
            });
            Value::Object(members.collect())
        }
    }
}
