//! A path and a document: parsed, evaluated, and used to put the document into itself.

use asl::path::Path;

use crate::scope::Seen;
use crate::seams::{document, two_texts};

/// Reads `PATH`, and maybe a document behind a line `---`.
pub fn run(data: &[u8]) {
    let Some((text, rest)) = two_texts(data) else {
        return;
    };
    let Ok(path) = Path::parse(text) else {
        return;
    };
    assert_eq!(path.text(), text, "a path keeps its text");
    let Some(document) = document(rest) else {
        return;
    };
    let seen = Seen::new(document.clone());
    let found = path.evaluate(&seen);
    assert_eq!(found, path.evaluate(&seen), "a path means one thing");
    if path.is_reference() {
        assert!(path.is_definite(), "a reference path leads to one place");
        // Only references may stand in ResultPath.
        let put = path.put(document.clone(), document);
        if let Ok(put) = put {
            assert!(!put.to_string().is_empty(), "what was put can be written");
        }
    }
}
