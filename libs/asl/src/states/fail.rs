//! Fail: ends the execution, or its branch, with an error.

use crate::definition::{Fail, StateKind, Text};
use crate::parse::fields::Allowed;
use crate::parse::state::StateReader;
use crate::template::Template;

const FIELDS: Allowed = Allowed {
    both: &["Type", "Comment", "QueryLanguage", "Error", "Cause"],
    jsonpath: &["ErrorPath", "CausePath"],
    jsonata: &[],
};

pub(crate) fn read(state: &mut StateReader<'_, '_, '_>) -> Option<StateKind> {
    state.check_allowed(&FIELDS);
    state.ends();
    let error = text(state, "Error", "ErrorPath");
    let cause = text(state, "Cause", "CausePath");
    Some(StateKind::Fail(Box::new(Fail { error, cause })))
}

fn text(state: &mut StateReader<'_, '_, '_>, name: &str, path_name: &str) -> Option<Text> {
    let fields = state.fields;
    if state.is_jsonata() {
        if let Some(expression) = fields.jsonata_expression(name) {
            return expression.map(Text::Jsonata);
        }
    } else if fields.has(path_name) {
        fields.at_most_one(&[name, path_name], state.findings());
        let expression = fields.string(path_name, state.findings())?;
        return match Template::parse_field(path_name, expression) {
            Ok(template) => Some(Text::Expression(template)),
            Err(error) => {
                fields.report(&error.message, state.findings());
                None
            }
        };
    }
    fields
        .string(name, state.findings())
        .map(|text| Text::Fixed(text.into()))
}
