//! One history event, for those who watch.

use std::convert::Infallible;

use interpreter::{Document, Event};
use serde_json::{Map, Value, json};

/// `+1.5s  PassStateEntered {"name":"A","input":{}}`
pub fn line(event: &Event, start_ms: i64) -> String {
    let (kind, fields) = parts(event);
    let at = super::print::duration(event.timestamp_ms - start_ms);
    let fields = if fields.is_empty() {
        String::new()
    } else {
        format!(" {}", Value::Object(fields))
    };
    format!("+{at:<8} {kind}{fields}")
}

/// `{"id": 2, "previousEventId": 0, "timestamp": "…", "type": "PassStateEntered", "details": {…}}`
pub fn value(event: &Event) -> Value {
    let (kind, details) = parts(event);
    json!({
        "id": event.id,
        "previousEventId": event.previous,
        "timestamp": asl::timestamp::format(event.timestamp_ms),
        "type": kind,
        "details": details,
    })
}

/// What happened, as AWS names it, and what is known about it.
fn parts(event: &Event) -> (String, Map<String, Value>) {
    let Ok(shown) = event
        .clone()
        .map_document(&mut |document: Document| Ok::<Value, Infallible>(document.value().clone()));
    let details = serde_json::to_value(&shown.details).expect("events are plain data");
    let (kind, fields) = match details {
        Value::Object(variant) => variant.into_iter().next().expect("a variant has a name"),
        bare => (bare.as_str().unwrap_or_default().to_owned(), Value::Null),
    };
    let mut fields = match fields {
        Value::Object(fields) => fields,
        _ => Map::new(),
    };
    let mut prefix = String::new();
    if let Some(Value::String(state_type)) = fields.shift_remove("state_type") {
        prefix = state_type;
    }
    if let Some(Value::Object(failure)) = fields.shift_remove("failure") {
        fields.extend(failure);
    }
    fields.retain(|_, value| !value.is_null() && *value != json!([]));
    let fields = fields
        .into_iter()
        .map(|(name, value)| (camel_case(&name), value))
        .collect();
    (format!("{prefix}{kind}"), fields)
}

/// `workerName` for `worker_name`.
fn camel_case(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |mut name, word| {
        let mut letters = word.chars();
        name.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        name.push_str(letters.as_str());
        name
    })
}
