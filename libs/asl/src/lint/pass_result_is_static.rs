//! `PASS_RESULT_IS_STATIC`: a Pass state's `Result` is taken as it is; `.$` means nothing there.

use super::{each_string, looks_like_a_path, warn};
use crate::parse::fields::Fields;
use crate::parse::findings::Findings;

pub(super) fn check(fields: &Fields<'_>, findings: &mut Findings) {
    let Some(node) = fields.get("Result") else {
        return;
    };
    each_string(
        "Result",
        &fields.place_of("Result"),
        node,
        &mut |name, place, text, at| {
            if name.ends_with(".$") && looks_like_a_path(text) {
                let message = "Attempt to use a path in the result of a pass state";
                warn("PASS_RESULT_IS_STATIC", at, place, message, findings);
            }
        },
    );
}
