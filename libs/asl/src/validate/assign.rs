//! `Assign` of a state, a choice rule or a catcher.

use crate::definition::QueryLanguage;
use crate::parse::fields::Fields;
use crate::parse::findings::Findings;
use crate::path::is_variable_name;
use crate::template::Template;

/// The variable that JSONata states find their data in.
const RESERVED: &str = "states";

/// Reads `Assign` of a JSONPath state; the names are checked in both languages.
pub(crate) fn read(
    fields: &Fields<'_>,
    query_language: QueryLanguage,
    findings: &mut Findings,
) -> Option<Template> {
    let assigned = fields.object("Assign", findings)?;
    for member in assigned.members() {
        let name = match query_language {
            QueryLanguage::JsonPath => member.name.strip_suffix(".$").unwrap_or(&member.name),
            QueryLanguage::Jsonata => &member.name,
        };
        if name == RESERVED || !is_variable_name(name) {
            let message = format!("'{name}' is not a valid variable name");
            findings.schema(member.name_at, &assigned.place_of(&member.name), &message);
        }
    }
    match query_language {
        QueryLanguage::JsonPath => fields.template("Assign", findings),
        QueryLanguage::Jsonata => None,
    }
}
