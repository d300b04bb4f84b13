//! `application/x-www-form-urlencoded`, with the four ways to write an array.
//!
//! Source: developer guide of Step Functions, "Call HTTPS APIs", `RequestEncodingOptions`; the bytes,
//! WHATWG URL standard.

use serde_json::Value;

/// What such a body is called.
pub(crate) const CONTENT_TYPE: &str = "application/x-www-form-urlencoded";

/// `ArrayFormat`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ArrayFormat {
    /// `a[0]=1&a[1]=2`
    Indices,
    /// `a=1&a=2`
    Repeat,
    /// `a=1,2`
    Commas,
    /// `a[]=1&a[]=2`
    Brackets,
    /// `a=[1,2]`: as it is in JSON.
    None,
}

impl ArrayFormat {
    pub(super) fn of(name: &str) -> Option<ArrayFormat> {
        Some(match name {
            "INDICES" => ArrayFormat::Indices,
            "REPEAT" => ArrayFormat::Repeat,
            "COMMAS" => ArrayFormat::Commas,
            "BRACKETS" => ArrayFormat::Brackets,
            "NONE" => ArrayFormat::None,
            _ => return None,
        })
    }
}

/// Name and value pairs, as a form or a query has them.
pub(crate) fn pairs(pairs: &[(String, String)]) -> String {
    let mut text = String::new();
    for (name, value) in pairs {
        if !text.is_empty() {
            text.push('&');
        }
        escape(name, &mut text);
        text.push('=');
        escape(value, &mut text);
    }
    text
}

/// A value with members as pairs; members of members are `a[b]`. `None` for what has no members.
pub(super) fn flatten(value: &Value, format: ArrayFormat) -> Option<Vec<(String, String)>> {
    let mut all = Vec::new();
    for (name, value) in value.as_object()? {
        add(name.clone(), value, format, &mut all);
    }
    Some(all)
}

fn add(name: String, value: &Value, format: ArrayFormat, to: &mut Vec<(String, String)>) {
    match (value, format) {
        (Value::Object(members), _) => {
            for (inner, value) in members {
                add(format!("{name}[{inner}]"), value, format, to);
            }
        }
        (Value::Array(items), ArrayFormat::Indices) => {
            for (at, item) in items.iter().enumerate() {
                add(format!("{name}[{at}]"), item, format, to);
            }
        }
        (Value::Array(items), ArrayFormat::Repeat) => {
            items
                .iter()
                .for_each(|item| add(name.clone(), item, format, to));
        }
        (Value::Array(items), ArrayFormat::Brackets) => {
            let name = format!("{name}[]");
            items
                .iter()
                .for_each(|item| add(name.clone(), item, format, to));
        }
        (Value::Array(items), ArrayFormat::Commas) => {
            let items: Vec<String> = items.iter().map(text).collect();
            to.push((name, items.join(",")));
        }
        (other, _) => to.push((name, text(other))),
    }
}

/// A string as it is, nothing for null, and JSON for the rest.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

fn escape(text: &str, to: &mut String) {
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'*' => {
                to.push(byte.into());
            }
            b' ' => to.push('+'),
            _ => to.push_str(&format!("%{byte:02X}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn arrays_are_written_in_five_ways() {
        let value = json!({"a": [1, "two three", null], "b": {"c": [true], "d": "&="}});
        for (name, expected) in [
            (
                "INDICES",
                "a%5B0%5D=1&a%5B1%5D=two+three&a%5B2%5D=&b%5Bc%5D%5B0%5D=true&b%5Bd%5D=%26%3D",
            ),
            ("REPEAT", "a=1&a=two+three&a=&b%5Bc%5D=true&b%5Bd%5D=%26%3D"),
            ("COMMAS", "a=1%2Ctwo+three%2C&b%5Bc%5D=true&b%5Bd%5D=%26%3D"),
            (
                "BRACKETS",
                "a%5B%5D=1&a%5B%5D=two+three&a%5B%5D=&b%5Bc%5D%5B%5D=true&b%5Bd%5D=%26%3D",
            ),
            (
                "NONE",
                "a=%5B1%2C%22two+three%22%2Cnull%5D&b%5Bc%5D=%5Btrue%5D&b%5Bd%5D=%26%3D",
            ),
        ] {
            let format = ArrayFormat::of(name).unwrap();
            assert_eq!(pairs(&flatten(&value, format).unwrap()), expected, "{name}");
        }
        assert_eq!(ArrayFormat::of("indices"), None);
        assert_eq!(flatten(&json!([1]), ArrayFormat::Repeat), None);
    }

    #[test]
    fn line_breaks_and_all_other_bytes_are_escaped() {
        assert_eq!(
            pairs(&[("a\r\n".into(), "ü\0".into())]),
            "a%0D%0A=%C3%BC%00"
        );
    }
}
