//! `Label` of a Distributed Map: short, of allowed characters, and each only once in the document.

use std::sync::Arc;

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

/// A label for a state that has none: the same for the same name, and another one for another name.
pub(crate) fn made_of(state_name: &str) -> Arc<str> {
    let is_short = state_name.chars().count() <= LABEL_CHARACTERS_MAX;
    if is_short && !state_name.contains(is_forbidden) {
        return state_name.into();
    }
    const HASH_CHARACTERS: usize = 9;
    let allowed = |character| {
        if is_forbidden(character) {
            '-'
        } else {
            character
        }
    };
    let mut label: String = state_name
        .chars()
        .map(allowed)
        .take(LABEL_CHARACTERS_MAX - HASH_CHARACTERS)
        .collect();
    // FNV-1a: what was cut off or replaced still counts.
    let hash = state_name.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    label.push_str(&format!("-{hash:08x}"));
    label.into()
}

fn is_forbidden(character: char) -> bool {
    character.is_whitespace()
        || character.is_control()
        || FORBIDDEN.contains(character)
        || matches!(character, '\u{fffe}' | '\u{ffff}' | '\u{10ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_made_of_a_name_is_one() {
        assert_eq!(&*made_of("Process orders"), "Process-orders-adde37ef");
        assert_eq!(&*made_of("Orders"), "Orders");
        let long = "x".repeat(80);
        assert_eq!(made_of(&long).chars().count(), LABEL_CHARACTERS_MAX);
        assert_ne!(made_of(&long), made_of(&format!("{long}y")));
        assert!(!made_of("a/b:c d").contains(is_forbidden));
    }
}
