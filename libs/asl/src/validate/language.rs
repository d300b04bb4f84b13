//! Query languages: which one is in force, and which fields belong to which.

use crate::definition::QueryLanguage;
use crate::parse::fields::Fields;
use crate::parse::findings::Findings;

const WORDS: [&str; 2] = ["JSONPath", "JSONata"];

/// `QueryLanguage` of the machine.
pub(crate) fn of_machine(fields: &Fields<'_>, findings: &mut Findings) -> QueryLanguage {
    given(fields, findings).unwrap_or_default()
}

/// The language of a state; a machine in JSONata has no states in JSONPath.
pub(crate) fn of_state(
    fields: &Fields<'_>,
    machine: QueryLanguage,
    findings: &mut Findings,
) -> QueryLanguage {
    let state = given(fields, findings);
    if state == Some(QueryLanguage::JsonPath) && machine == QueryLanguage::Jsonata {
        let message =
            "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine";
        fields.report(message, findings);
    }
    state.unwrap_or(machine)
}

fn given(fields: &Fields<'_>, findings: &mut Findings) -> Option<QueryLanguage> {
    let word = fields.word("QueryLanguage", &WORDS, findings)?;
    Some(if word == "JSONata" {
        QueryLanguage::Jsonata
    } else {
        QueryLanguage::JsonPath
    })
}

/// What is said about a field of the other language.
pub(crate) fn wrong_language(field: &str, query_language: QueryLanguage) -> String {
    let (ours, theirs) = match query_language {
        QueryLanguage::JsonPath => ("JSONPath", "JSONata"),
        QueryLanguage::Jsonata => ("JSONata", "JSONPath"),
    };
    format!(
        "The QueryLanguage is set to '{ours}', but field '{field}' is only supported for the '{theirs}' QueryLanguage"
    )
}
