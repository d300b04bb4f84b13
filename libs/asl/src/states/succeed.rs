//! Succeed: ends the execution, or its branch, well.

use crate::definition::StateKind;
use crate::parse::fields::Allowed;
use crate::parse::state::StateReader;

const FIELDS: Allowed = Allowed {
    both: &["Type", "Comment", "QueryLanguage"],
    jsonpath: &["InputPath", "OutputPath"],
    jsonata: &["Output"],
};

pub(crate) fn read(state: &mut StateReader<'_, '_, '_>) -> Option<StateKind> {
    state.check_allowed(&FIELDS);
    state.ends();
    Some(StateKind::Succeed)
}
