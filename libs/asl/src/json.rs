//! JSON texts: checked and read with positions, and refused in the words of Jackson, the reader AWS
//! uses and quotes.
//!
//! [`check`] says whether a text is one JSON value and builds nothing; [`value`] builds it. Both keep
//! to [`DEPTH_MAX`], so that whatever walks the value afterwards needs no bound of its own.

mod error;
mod scan;
mod text;
mod tree;

use serde_json::Value;

pub use error::{JacksonError, Problem};
pub(crate) use tree::{Data, Member, Node};

/// Deepest nesting of arrays and objects.
///
/// Source: `serde_json` reads 127 levels and refuses the 128th; a text that passes here passes there.
pub const DEPTH_MAX: usize = 127;

/// Whether `text` is one JSON value. The fast path: nothing is built.
pub fn check(text: &str) -> Result<(), JacksonError> {
    scan::scan(text, &mut scan::Nothing)
}

/// Whether `text` can be the input of an execution; the refusal is what AWS prints between the quotes
/// of `Invalid State Machine Execution Input: '…'`.
pub fn check_input(text: &str) -> Result<(), String> {
    check(text).map_err(|error| match error.problem {
        Problem::Empty => "Invalid execution input.".to_owned(),
        Problem::Syntax | Problem::TooDeep | Problem::Duplicate => error.message,
    })
}

/// Reads a value. Of members with the same name the last one wins, as in Jackson.
///
/// Unlike `serde_json::from_str`, it gives no name a second meaning: with `arbitrary_precision` that
/// reader takes an object whose first member has a certain private name for a number.
pub fn value(text: &str) -> Result<Value, JacksonError> {
    tree::read(text).map(tree::Node::into_value)
}

/// Reads a value with positions, and refuses two members of the same name in one object: two readers
/// of such a text may differ on what it says.
pub(crate) fn read_definition(text: &str) -> Result<Node, JacksonError> {
    let root = tree::read(text)?;
    match root.duplicate() {
        None => Ok(root),
        Some(member) => {
            // Jackson notices when it has read the name, closing quote included.
            let message = format!("Duplicate field '{}'", member.name);
            Err(JacksonError::new(
                text,
                member.name_end,
                Problem::Duplicate,
                message,
            ))
        }
    }
}

#[cfg(test)]
mod tests;
