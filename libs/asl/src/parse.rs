//! From a text to a [`StateMachine`], with everything there is to say on the way.
//!
//! The text is read into a tree with positions; each state is read by the file under `states/` that has
//! its name, with the typed fields of [`fields`]; the rules that look at more than one field stand
//! under `validate/`.

pub(crate) mod fields;
pub(crate) mod findings;
pub(crate) mod reader;
pub(crate) mod state;

use crate::definition::StateMachine;
use crate::json::{self, Data, JacksonError, Problem};
use crate::validate::{language, limits};
use crate::{MachineType, Parsed};

use fields::{Allowed, Fields};
use findings::Findings;
use reader::{Reader, Surroundings};

const FIELDS: Allowed = Allowed {
    both: &[
        "Comment",
        "StartAt",
        "States",
        "Version",
        "TimeoutSeconds",
        "QueryLanguage",
    ],
    jsonpath: &[],
    jsonata: &[],
};

/// Parses and validates a definition. Never fails and never panics, whatever the text.
pub fn parse(text: &str, machine_type: MachineType) -> Parsed {
    let mut findings = Findings::default();
    let machine = read(text, machine_type, &mut findings);
    let diagnostics = findings.into_diagnostics();
    let refused = diagnostics
        .iter()
        .any(|d| d.severity == crate::Severity::Error);
    Parsed {
        machine: machine.filter(|_| !refused),
        diagnostics,
    }
}

fn read(text: &str, machine_type: MachineType, findings: &mut Findings) -> Option<StateMachine> {
    if !limits::size_holds(text, findings) {
        return None;
    }
    let root = match json::read_definition(text) {
        Ok(root) => root,
        Err(error) => {
            report(&error, findings);
            return None;
        }
    };
    let Data::Object(members) = &root.data else {
        not_an_object(findings);
        return None;
    };
    let fields = Fields::new(members, String::new(), root.at);
    let query_language = language::of_machine(&fields, findings);
    fields.check_allowed(&FIELDS, query_language, findings);
    let comment = fields.string("Comment", findings);
    fields.string("Version", findings);
    let timeout = fields.integer("TimeoutSeconds", limits::TIMEOUT_SECONDS, findings);

    if !limits::states_hold(&fields, findings) {
        return None;
    }
    let mut reader = Reader::new(query_language, findings);
    let start_at = reader.scope(&fields, Surroundings { machine_type });
    Some(StateMachine {
        comment: comment.map(str::to_owned),
        start_at: start_at?,
        timeout_seconds: timeout,
        states: reader.into_states()?,
    })
}

fn report(error: &JacksonError, findings: &mut Findings) {
    match error.problem {
        Problem::Empty => not_an_object(findings),
        Problem::TooDeep => {
            findings.error_at(error.offset, "TOO_DEEPLY_NESTED", &error.message, None);
        }
        Problem::Syntax | Problem::Duplicate => findings.error_at(
            error.offset,
            "INVALID_JSON_DESCRIPTION",
            &error.to_string(),
            Some(&error.location),
        ),
    }
}

fn not_an_object(findings: &mut Findings) {
    findings.error_at(
        0,
        "INVALID_JSON_DESCRIPTION",
        "Definition must be a valid JSON object",
        None,
    );
}
