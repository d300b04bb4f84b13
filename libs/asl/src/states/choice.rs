//! Choice: goes on where the first matching rule says.

use crate::choice::read_rule;
use crate::definition::{Choice, ChoiceBranch, StateKind};
use crate::parse::fields::Allowed;
use crate::parse::state::StateReader;
use crate::validate::assign;

const FIELDS: Allowed = Allowed {
    both: &[
        "Type",
        "Comment",
        "QueryLanguage",
        "Choices",
        "Default",
        "Assign",
    ],
    jsonpath: &["InputPath", "OutputPath"],
    jsonata: &["Output"],
};

pub(crate) fn read(state: &mut StateReader<'_, '_, '_>) -> Option<StateKind> {
    state.check_allowed(&FIELDS);
    let fields = state.fields;
    fields.require(&["Choices"], state.findings());
    let mut choices = Some(Vec::new());
    for rule_fields in fields
        .objects("Choices", state.findings())
        .unwrap_or_default()
    {
        let query_language = state.query_language;
        rule_fields.require(&["Next"], state.findings());
        let next = state.target("Next", &rule_fields);
        let assign = assign::read(&rule_fields, query_language, state.findings());
        let (jsonata_assign, output) = if state.is_jsonata() {
            (rule_fields.jsonata("Assign"), rule_fields.jsonata("Output"))
        } else {
            (None, None)
        };
        let rule = read_rule(&rule_fields, true, query_language, state.findings());
        match (rule, next) {
            (Some(rule), Some(next)) => {
                if let Some(choices) = &mut choices {
                    choices.push(ChoiceBranch {
                        rule,
                        next,
                        assign,
                        jsonata_assign,
                        output,
                    });
                }
            }
            _ => choices = None,
        }
    }
    let default = state.target("Default", fields);
    Some(StateKind::Choice(Box::new(Choice {
        choices: choices?,
        default,
    })))
}
