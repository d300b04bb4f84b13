//! Pass: hands its input on, or a fixed result.

use std::sync::Arc;

use crate::definition::{Pass, StateKind};
use crate::parse::fields::Allowed;
use crate::parse::state::StateReader;

const FIELDS: Allowed = Allowed {
    both: &["Type", "Comment", "QueryLanguage", "Assign", "Next", "End"],
    jsonpath: &[
        "InputPath",
        "OutputPath",
        "Result",
        "Parameters",
        "ResultPath",
    ],
    jsonata: &["Output"],
};

pub(crate) fn read(state: &mut StateReader<'_, '_, '_>) -> Option<StateKind> {
    state.check_allowed(&FIELDS);
    let transition = state.transition();
    let fields = state.fields;
    let parameters = state.template("Parameters");
    let result_path = state.result_path();
    Some(StateKind::Pass(Box::new(Pass {
        result: fields.get("Result").map(|node| Arc::new(node.to_value())),
        parameters,
        result_path: result_path?,
        transition: transition?,
    })))
}
