//! A JSONata expression and a document.

use asl::jsonata::Template;
use asl::jsonata::limits::RESULT_BYTES_MAX;
use serde_json::Value;

use crate::scope::Seen;
use crate::seams::{document, two_texts};

/// Reads what stands between `{%` and `%}`, and maybe a document behind a line `---`.
pub fn run(data: &[u8]) {
    let Some((text, rest)) = two_texts(data) else {
        return;
    };
    let field = Value::from(format!("{{% {text} %}}"));
    let Ok(template) = Template::parse("Output", &field) else {
        return;
    };
    let Some(document) = document(rest) else {
        return;
    };
    if let Ok(value) = template.evaluate(&Seen::new(document)) {
        let written = value.to_string();
        assert!(written.len() <= RESULT_BYTES_MAX, "results have a limit");
    }
}
