//! Parallel: runs its branches side by side.

use crate::definition::{Parallel, StateKind};
use crate::parse::fields::Allowed;
use crate::parse::state::StateReader;

const FIELDS: Allowed = Allowed {
    both: &[
        "Type",
        "Comment",
        "QueryLanguage",
        "Branches",
        "Retry",
        "Catch",
        "Assign",
        "Next",
        "End",
    ],
    jsonpath: &[
        "InputPath",
        "OutputPath",
        "Parameters",
        "ResultSelector",
        "ResultPath",
    ],
    jsonata: &["Arguments", "Output"],
};

const BRANCH_FIELDS: Allowed = Allowed {
    both: &["Comment", "StartAt", "States"],
    jsonpath: &[],
    jsonata: &[],
};

pub(crate) fn read(state: &mut StateReader<'_, '_, '_>) -> Option<StateKind> {
    state.check_allowed(&FIELDS);
    let transition = state.transition();
    let fields = state.fields;
    fields.require(&["Branches"], state.findings());
    let mut branches = Some(Vec::new());
    for branch in fields
        .objects("Branches", state.findings())
        .unwrap_or_default()
    {
        branch.check_allowed(&BRANCH_FIELDS, state.query_language, state.findings());
        branch.string("Comment", state.findings());
        match (
            state.scope_inside(&branch, state.surroundings),
            &mut branches,
        ) {
            (Some(start), Some(branches)) => branches.push(start),
            _ => branches = None,
        }
    }
    let parameters = state.template("Parameters");
    let result_selector = state.template("ResultSelector");
    let result_path = state.result_path();
    let (retry, catch) = (state.retry(), state.catch());
    Some(StateKind::Parallel(Box::new(Parallel {
        branches: branches?,
        parameters,
        arguments: state.jsonata("Arguments"),
        result_selector,
        result_path: result_path?,
        retry,
        catch,
        transition: transition?,
    })))
}
