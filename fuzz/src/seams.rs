//! How an input of two texts is written: the first, a line `---`, the second.

use serde_json::Value;

const SEAM: &str = "\n---\n";

/// The two texts. The second may be missing; bytes that are no UTF-8 are nobody's.
pub fn two_texts(data: &[u8]) -> Option<(&str, Option<&str>)> {
    let text = std::str::from_utf8(data).ok()?;
    Some(match text.split_once(SEAM) {
        Some((first, second)) => (first, Some(second)),
        None => (text.trim_end_matches('\n'), None),
    })
}

/// The document in the second text, as a service would take it in; a rich one when there is none.
pub fn document(text: Option<&str>) -> Option<Value> {
    match text {
        Some(text) => asl::json::value(text).ok(),
        None => serde_json::from_str(RICH).ok(),
    }
}

/// Something of every kind.
pub const RICH: &str = r#"{
    "a": {"b": [1, 2.50, -3e2, {"k": "v"}], "c": null}, "s": "text, with {} and é😀", "n": 7,
    "t": true, "list": [[1], [], {}, "x", 1, 1.0, 9007199254740993], "": {"": 0},
    "when": "2024-02-29T23:59:59.5Z", "base64": "YWJj", "json": "{\"a\":[1]}"
}"#;
