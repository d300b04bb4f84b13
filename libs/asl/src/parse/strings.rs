//! Walks the strings of a field, however deep they stand.

use super::fields::{Fields, shorten};
use crate::json::{Data, Node};

/// A string somewhere in a field.
pub(crate) struct Text<'a> {
    /// The name of the field it is the value of, or stands in as an item.
    pub(crate) name: &'a str,
    pub(crate) place: &'a str,
    pub(crate) at: usize,
    pub(crate) text: &'a str,
}

/// Calls `visit` with every string inside the field `name`.
pub(crate) fn each_string(name: &str, fields: &Fields<'_>, visit: &mut dyn FnMut(Text<'_>)) {
    if let Some(node) = fields.get(name) {
        walk(name, &mut fields.place_of(name), node, visit);
    }
}

/// `place` is that of `node`, and is left as it was found.
fn walk(name: &str, place: &mut String, node: &Node, visit: &mut dyn FnMut(Text<'_>)) {
    let length = place.len();
    match &node.data {
        Data::String(text) => visit(Text {
            name,
            place,
            at: node.at,
            text,
        }),
        Data::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                place.push_str(&format!("[{index}]"));
                walk(name, place, item, visit);
                place.truncate(length);
            }
        }
        Data::Object(members) => {
            for member in members {
                place.push('/');
                place.push_str(&shorten(&member.name));
                walk(&member.name, place, &member.value, visit);
                place.truncate(length);
            }
        }
        Data::Null | Data::Bool(_) | Data::Number(_) => {}
    }
}
