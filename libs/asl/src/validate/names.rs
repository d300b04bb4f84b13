//! Names of states: not too long, and each only once in the whole document.

use crate::json::Member;
use crate::parse::fields::Fields;
use crate::parse::reader::Reader;

/// Longest name of a state, in characters. Source: AWS developer guide, quotas.
const NAME_CHARACTERS_MAX: usize = 80;

/// Checks the name of the state `member` of `states`.
pub(crate) fn check<'n>(member: &'n Member, states: &Fields<'n>, reader: &mut Reader<'n, '_>) {
    let name = &*member.name;
    let place = states.place_of(name);
    let length = name.chars().count();
    if length == 0 || length > NAME_CHARACTERS_MAX {
        let message = if length == 0 {
            "State name cannot be empty".to_owned()
        } else {
            format!(
                "State name has {length} characters, more than the limit of {NAME_CHARACTERS_MAX}"
            )
        };
        reader
            .findings
            .error_at(member.name_at, "INVALID_STATE_NAME", &message, Some(&place));
    }
    if !reader.names.insert(name) {
        let message = format!("Duplicate State name: {name}");
        reader.findings.error_at(
            member.name_at,
            "DUPLICATE_STATE_NAME",
            &message,
            Some(&place),
        );
    }
}
