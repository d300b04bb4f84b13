//! `Label` of a Distributed Map: short, of allowed characters, and each only once in the document.

use crate::parse::state::StateReader;

/// Longest label, in characters. Source: AWS developer guide, Distributed Map.
const LABEL_CHARACTERS_MAX: usize = 40;

/// Characters that no name of AWS Step Functions may have, besides white space and control characters.
const FORBIDDEN: &str = "<>{}[]?*\"#%\\^|~`$&,;:/";

const CODE: &str = "INVALID_LABEL_NAME";

/// Checks the label, if there is one.
pub(crate) fn check(state: &mut StateReader<'_, '_, '_>) {
    let fields = state.fields;
    let Some(label) = state.string("Label") else {
        return;
    };
    let at = fields.get("Label").map_or(fields.at, |node| node.at);
    let place = fields.place_of("Label");
    let findings = &mut *state.reader.findings;
    let length = label.chars().count();
    if length == 0 {
        findings.error_at(at, CODE, "Label cannot be empty", Some(&place));
    }
    if length > LABEL_CHARACTERS_MAX {
        let message = format!("Label cannot exceed {LABEL_CHARACTERS_MAX} characters");
        findings.error_at(at, CODE, &message, Some(&place));
    }
    if let Some(character) = label.chars().find(|character| is_forbidden(*character)) {
        let message = format!("Label contains invalid character: {character:?}");
        findings.error_at(at, CODE, &message, Some(&place));
    }
    if !state.reader.labels.insert(label) {
        let message = format!("Duplicate Label name: {label}");
        let findings = &mut *state.reader.findings;
        findings.error_at(at, "DUPLICATE_LABEL_NAME", &message, Some(&place));
    }
}

fn is_forbidden(character: char) -> bool {
    character.is_whitespace()
        || character.is_control()
        || FORBIDDEN.contains(character)
        || matches!(character, '\u{fffe}' | '\u{ffff}' | '\u{10ffff}')
}
