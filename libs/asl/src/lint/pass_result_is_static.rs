//! `PASS_RESULT_IS_STATIC`: a Pass state's `Result` is taken as it is; `.$` means nothing there.

use super::{looks_like_a_path, warn};
use crate::parse::fields::Fields;
use crate::parse::findings::Findings;
use crate::parse::strings::each_string;

pub(super) fn check(fields: &Fields<'_>, findings: &mut Findings) {
    each_string("Result", fields, &mut |found| {
        if found.name.ends_with(".$") && looks_like_a_path(found.text) {
            let message = "Attempt to use a path in the result of a pass state";
            warn(&found, "PASS_RESULT_IS_STATIC", message, findings);
        }
    });
}
