//! Wait: for a time, or until a moment.

use crate::definition::{StateKind, Wait, WaitUntil};
use crate::parse::fields::Allowed;
use crate::parse::state::StateReader;
use crate::timestamp;
use crate::validate::limits;

const FIELDS: Allowed = Allowed {
    both: &[
        "Type",
        "Comment",
        "QueryLanguage",
        "Seconds",
        "Timestamp",
        "Assign",
        "Next",
        "End",
    ],
    jsonpath: &["InputPath", "OutputPath", "SecondsPath", "TimestampPath"],
    jsonata: &["Output"],
};

const FORMS: [&str; 4] = ["Seconds", "SecondsPath", "Timestamp", "TimestampPath"];
const JSONATA_FORMS: [&str; 2] = ["Seconds", "Timestamp"];

pub(crate) fn read(state: &mut StateReader<'_, '_, '_>) -> Option<StateKind> {
    state.check_allowed(&FIELDS);
    let transition = state.transition();
    let fields = state.fields;
    let forms = if state.is_jsonata() {
        &JSONATA_FORMS[..]
    } else {
        &FORMS[..]
    };
    fields.require_one(forms, state.findings());
    let form = forms.iter().copied().find(|form| fields.has(form))?;
    let expression = if state.is_jsonata() {
        fields.jsonata_expression(form)
    } else {
        None
    };
    let until = match (form, expression) {
        ("Seconds", Some(expression)) => expression.map(WaitUntil::SecondsExpression),
        (_, Some(expression)) => expression.map(WaitUntil::TimestampExpression),
        ("Seconds", None) => fields
            .integer(form, limits::WAIT_SECONDS, state.findings())
            .map(WaitUntil::Seconds),
        ("SecondsPath", None) => fields
            .path(form, state.findings())
            .map(WaitUntil::SecondsPath),
        ("Timestamp", None) => fixed_moment(state),
        (_, None) => fields
            .path(form, state.findings())
            .map(WaitUntil::TimestampPath),
    };
    Some(StateKind::Wait(Box::new(Wait {
        until: until?,
        transition: transition?,
    })))
}

fn fixed_moment(state: &mut StateReader<'_, '_, '_>) -> Option<WaitUntil> {
    let fields = state.fields;
    let text = fields.string("Timestamp", state.findings())?;
    match timestamp::parse(text) {
        Ok(moment) => Some(WaitUntil::Timestamp(moment, text.into())),
        Err(timestamp::NotATimestamp) => {
            let message = "String does not match RFC3339 timestamp";
            fields.report_field("Timestamp", message, state.findings());
            None
        }
    }
}
