//! A call of intrinsic functions and a document, as in a payload template's `"x.$"`.

use asl::template::Template;

use crate::scope::Seen;
use crate::seams::{document, two_texts};

/// Reads `States.Function(…)`, and maybe a document behind a line `---`.
pub fn run(data: &[u8]) {
    let Some((text, rest)) = two_texts(data) else {
        return;
    };
    let Ok(template) = Template::parse_expression(text) else {
        return;
    };
    let Some(document) = document(rest) else {
        return;
    };
    let seen = Seen::new(document);
    let first = template.evaluate(&seen);
    let second = template.evaluate(&seen);
    match (first, second) {
        (Ok(first), Ok(second)) => assert_eq!(first, second, "a call means one thing"),
        (first, second) => assert_eq!(first.is_ok(), second.is_ok(), "a call means one thing"),
    }
}
