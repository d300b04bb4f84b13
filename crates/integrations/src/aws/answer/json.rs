//! JSON as a shape.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Map, Value};
use service_models::{Kind, Reference, Service};

use super::Unreadable;
use crate::aws::datum::Datum;
use crate::aws::moment::Moment;

/// A body; an empty one holds no members.
pub(super) fn read(
    service: &Service,
    reference: &Reference,
    body: &[u8],
) -> Result<Datum, Unreadable> {
    let value = match body.trim_ascii() {
        [] => Value::Object(Map::new()),
        body => serde_json::from_slice(body).map_err(|error| Unreadable(error.to_string()))?,
    };
    Ok(datum(service, reference, &value))
}

/// What the model does not know is left out; what has another type than the model says is kept as it is.
pub(super) fn datum(service: &Service, reference: &Reference, value: &Value) -> Datum {
    let Some(shape) = service.shape(reference) else {
        return Datum::Document(value.clone());
    };
    if value.is_null() {
        return Datum::Null;
    }
    if shape.document {
        return Datum::Document(value.clone());
    }
    match (shape.kind, value) {
        (Kind::Structure, Value::Object(given)) => {
            let members = shape.members.iter().filter_map(|(name, reference)| {
                let wire = reference.location_name.as_deref().unwrap_or(name);
                let datum = datum(service, reference, given.get(wire)?);
                Some((name.clone(), datum))
            });
            Datum::Structure(members.collect())
        }
        (Kind::List, Value::Array(items)) => match &shape.member {
            Some(member) => {
                Datum::List(items.iter().map(|it| datum(service, member, it)).collect())
            }
            None => Datum::Document(value.clone()),
        },
        (Kind::Map, Value::Object(given)) => match &shape.value {
            Some(of) => {
                let entries = given.iter();
                let entries = entries.map(|(key, it)| (key.clone(), datum(service, of, it)));
                Datum::Map(entries.collect())
            }
            None => Datum::Document(value.clone()),
        },
        (Kind::Blob, Value::String(text)) => match BASE64.decode(text) {
            Ok(bytes) => Datum::Bytes(bytes),
            Err(_) => Datum::Text(text.clone()),
        },
        (Kind::Timestamp, Value::Number(seconds)) => {
            let moment = seconds.as_f64().and_then(Moment::of_seconds);
            moment.map_or_else(|| Datum::Document(value.clone()), Datum::Moment)
        }
        (Kind::Timestamp, Value::String(text)) => {
            Moment::read(text).map_or_else(|| Datum::Text(text.clone()), Datum::Moment)
        }
        (_, Value::String(text)) => Datum::Text(text.clone()),
        (_, Value::Number(number)) => Datum::Number(number.clone()),
        (_, Value::Bool(value)) => Datum::Boolean(*value),
        _ => Datum::Document(value.clone()),
    }
}
