//! The output of an operation, as definitions see it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Map, Value};

use super::datum::Datum;
use super::{names, parameters};

/// Whose words a result is told in.
///
/// The optimized integrations speak through version 1 of AWS's SDK for Java, `aws-sdk` through version 2.
/// Source: recorded from AWS, and the results that its developer guide shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Words {
    /// Members as in the model with a capital first; moments as milliseconds since 1970.
    Optimized,
    /// Members as version 2 names them; moments as ISO 8601.
    Sdk,
}

/// JSON of an output.
pub(crate) fn show(datum: &Datum, words: Words) -> Value {
    named("", datum, words)
}

/// JSON of a member; the name decides how bytes are shown.
pub(crate) fn named(name: &str, datum: &Datum, words: Words) -> Value {
    match datum {
        Datum::Null => Value::Null,
        Datum::Boolean(value) => Value::Bool(*value),
        Datum::Number(number) => Value::Number(number.clone()),
        Datum::Text(text) => Value::String(text.clone()),
        Datum::Bytes(bytes) => Value::String(text_of(name, bytes)),
        Datum::Moment(moment) => match words {
            Words::Optimized => moment.0.into(),
            Words::Sdk => moment.iso_8601().into(),
        },
        Datum::List(items) => items.iter().map(|item| named(name, item, words)).collect(),
        Datum::Map(entries) => {
            let entries = entries.iter();
            let shown = entries.map(|(key, value)| (key.clone(), named(key, value, words)));
            Value::Object(shown.collect::<Map<_, _>>())
        }
        Datum::Structure(members) => {
            let spelled = match words {
                Words::Optimized => names::capital,
                Words::Sdk => names::member,
            };
            let given = members.iter().filter(|(_, value)| *value != Datum::Null);
            let shown = given.map(|(name, value)| (spelled(name), named(name, value, words)));
            Value::Object(shown.collect::<Map<_, _>>())
        }
        Datum::Document(value) => value.clone(),
    }
}

fn text_of(name: &str, bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) if !parameters::IN_BASE64.contains(&name) => text.to_owned(),
        _ => BASE64.encode(bytes),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::moment::Moment;
    use super::*;

    #[test]
    fn the_two_kinds_of_integration_have_words_of_their_own() {
        let moment = Datum::Moment(Moment(1_500));
        let inner = Datum::Structure(vec![("createdAt".to_owned(), moment)]);
        let output = Datum::Structure(vec![
            ("MD5OfBody".to_owned(), Datum::Text("x".to_owned())),
            ("tasks".to_owned(), Datum::List(vec![inner])),
            ("none".to_owned(), Datum::Null),
        ]);
        assert_eq!(
            show(&output, Words::Optimized),
            json!({"MD5OfBody": "x", "Tasks": [{"CreatedAt": 1500}]})
        );
        assert_eq!(
            show(&output, Words::Sdk),
            json!({"Md5OfBody": "x", "Tasks": [{"CreatedAt": "1970-01-01T00:00:01.500Z"}]})
        );
    }

    #[test]
    fn bytes_are_text_where_they_can_be_read() {
        let shown = |name, bytes: &[u8]| named(name, &Datum::Bytes(bytes.to_vec()), Words::Sdk);
        assert_eq!(shown("Data", b"hello"), "hello");
        assert_eq!(shown("Data", &[0xff]), "/w==");
        assert_eq!(shown("CiphertextBlob", b"hello"), "aGVsbG8=");
    }
}
