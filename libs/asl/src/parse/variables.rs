//! Which variables a state reads.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::fields::Fields;
use super::state::INSIDE;
use super::strings::each_string;
use crate::definition::QueryLanguage;
use crate::json::{Data, Node};
use crate::jsonata::{Expression, inside};
use crate::path::Path;
use crate::template::Template;

/// The variables that the expressions of a state read, in alphabetical order.
///
/// In JSONPath, expressions stand in fields called `…Path`, `Variable` and `….$`, in JSONata between
/// `{%` and `%}` anywhere. States inside the state count for themselves; a Pass state's `Result` has no
/// expressions, whatever its fields are called, and neither has a comment.
pub(crate) fn read_by(fields: &Fields<'_>, query_language: QueryLanguage) -> Vec<Arc<str>> {
    let mut found = BTreeSet::new();
    for member in fields.members() {
        let name = &*member.name;
        if INSIDE.contains(&name) || name == "Result" || name == "Comment" {
            continue;
        }
        match query_language {
            QueryLanguage::JsonPath => collect(name, &member.value, &mut found),
            QueryLanguage::Jsonata => each_string(name, fields, &mut |text| {
                let expression = inside(text.text).map(Expression::parse);
                if let Some(Ok(expression)) = expression {
                    found.extend(expression.variables().map(Arc::from));
                }
            }),
        }
    }
    found.into_iter().collect()
}

fn collect(name: &str, node: &Node, found: &mut BTreeSet<Arc<str>>) {
    match &node.data {
        Data::Array(items) => items.iter().for_each(|item| collect(name, item, found)),
        Data::Object(members) => {
            members
                .iter()
                .for_each(|member| collect(&member.name, &member.value, found));
        }
        Data::String(text) if name.ends_with(".$") || name.ends_with("Path") => {
            if let Ok(expression) = Template::parse_expression(text) {
                found.extend(expression.variables().into_iter().map(Arc::from));
            }
        }
        Data::String(text) if name == "Variable" => {
            if let Ok(path) = Path::parse(text) {
                found.extend(path.variable().map(Arc::from));
            }
        }
        _ => {}
    }
}
