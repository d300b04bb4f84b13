//! How items are written in an object: one file per format.

mod csv;
mod json;
mod json_lines;
#[cfg(feature = "parquet")]
pub(crate) mod parquet;
#[cfg(test)]
mod tests;

use serde_json::Value;

use super::ItemsError;
use super::position::Mark;
use super::source::Format;
use super::tape::Tape;

/// Most bytes of an item as it is read; what is handed to a child is held to less. Source: AWS
/// Developer Guide, `ItemReader`, "size of an individual item", 8 MB.
pub(crate) const ITEM_BYTES_MAX: usize = 8 << 20;

/// An item, and whether it is a member of an object.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Found {
    pub(crate) value: Value,
    pub(crate) is_member: bool,
}

impl Found {
    fn value(value: Value) -> Found {
        Found {
            value,
            is_member: false,
        }
    }
}

/// Gives the items of one object, from where it was opened.
pub(crate) trait Items: Send {
    /// The next item.
    fn next(&mut self) -> Result<Option<Found>, ItemsError>;

    /// Where another one goes on after the last item given.
    fn mark(&self) -> Mark;
}

/// Opens the bytes of an object from an offset on.
pub(crate) type OpenAt<'a> = dyn FnMut(u64) -> Result<Tape, ItemsError> + 'a;

/// The items of a text, after `mark`.
pub(crate) fn text(
    format: &Format,
    open: &mut OpenAt<'_>,
    mark: Option<Mark>,
) -> Result<Box<dyn Items>, ItemsError> {
    match format {
        Format::Csv { delimiter, headers } => {
            let offset = byte(mark)?;
            Ok(Box::new(csv::Csv::open(*delimiter, headers, open, offset)?))
        }
        Format::JsonLines => Ok(Box::new(json_lines::JsonLines::open(open, byte(mark)?)?)),
        Format::Json { pointer } => {
            let at = match mark {
                None => None,
                Some(Mark::Json { offset, in_object }) => Some((offset, in_object)),
                Some(_) => return Err(foreign()),
            };
            Ok(Box::new(json::Json::open(pointer, open, at)?))
        }
        Format::Parquet => Err(ItemsError::reader("Parquet is no text.")),
    }
}

fn byte(mark: Option<Mark>) -> Result<u64, ItemsError> {
    match mark {
        None => Ok(0),
        Some(Mark::Byte { offset }) => Ok(offset),
        Some(_) => Err(foreign()),
    }
}

/// The definition says otherwise than when the map run began.
fn foreign() -> ItemsError {
    ItemsError::reader("The position in the dataset belongs to another format.")
}

fn too_large() -> ItemsError {
    ItemsError::reader(format!(
        "An item of the dataset has more than {ITEM_BYTES_MAX} bytes."
    ))
}

/// Parses one JSON value, which is all there is.
fn parse(bytes: &[u8], offset: u64) -> Result<Value, ItemsError> {
    serde_json::from_slice(bytes).map_err(|error| {
        // Where in the object is for whoever opens it in an editor; the parser only saw the item.
        let cause = format!("Invalid JSON in the item at byte {offset}: {error}");
        ItemsError::reader(cause)
    })
}
