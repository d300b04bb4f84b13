//! One object that has items.

use std::sync::Arc;

use interpreter::Document;

use super::ItemsError;
use super::compression::Compression;
use super::formats::{self, Found, Items};
use super::objects::{ObjectName, Objects, Wanted};
use super::position::{Mark, ObjectPlace};
use super::reader::Item;
use super::source::Format;
use super::tape::Tape;

/// An object that is being read.
pub(super) struct Object {
    pub(super) key: String,
    etag: String,
    uri: Arc<str>,
    items: Box<dyn Items>,
    /// After the last item given; nothing before the first.
    given: bool,
}

impl Object {
    /// Begins, or goes on behind an item of the same object.
    pub(super) fn open(
        objects: &Objects,
        name: ObjectName,
        format: &Format,
        place: Option<&ObjectPlace>,
    ) -> Result<Object, ItemsError> {
        let mut etag = place.map(|place| place.etag.clone());
        let mark = place.map(|place| place.mark);
        let items = match format {
            Format::Parquet => parquet(objects, &name, &mut etag, mark)?,
            _ => formats::text(
                format,
                &mut |offset| tape(objects, &name, &mut etag, offset),
                mark,
            )?,
        };
        Ok(Object {
            uri: format!("S3://{}/{}", name.bucket, name.key).into(),
            key: name.key,
            etag: etag.unwrap_or_default(),
            items,
            given: place.is_some(),
        })
    }

    pub(super) fn next(&mut self) -> Result<Option<Item>, ItemsError> {
        let Some(Found { value, is_member }) = self.items.next()? else {
            return Ok(None);
        };
        self.given = true;
        Ok(Some(Item {
            document: Document::from_value(value),
            is_member,
            source: Arc::clone(&self.uri),
        }))
    }

    /// Behind the last item given; nothing before the first.
    pub(super) fn place(&self) -> Option<ObjectPlace> {
        self.given.then(|| ObjectPlace {
            key: self.key.clone(),
            etag: self.etag.clone(),
            mark: self.items.mark(),
        })
    }
}

/// The unpacked bytes of an object from `offset` on. All that is read of it must have one entity tag.
fn tape(
    objects: &Objects,
    name: &ObjectName,
    etag: &mut Option<String>,
    offset: u64,
) -> Result<Tape, ItemsError> {
    let unpacked = |error: std::io::Error| {
        ItemsError::reader(format!(
            "{}/{} cannot be unpacked: {error}",
            name.bucket, name.key
        ))
    };
    // What is packed can only be read from its beginning.
    let begin = match Compression::of(&name.key, None) {
        Compression::None => offset,
        _ => 0,
    };
    let at = |offset, etag: Option<&str>| {
        let wanted = Wanted {
            offset,
            length: None,
            etag,
        };
        objects.open(name, wanted)
    };
    let mut opened = at(begin, etag.as_deref())?;
    *etag = Some(opened.etag.clone());
    let compression = Compression::of(&name.key, opened.content_encoding.as_deref());
    let mut tape = match compression {
        Compression::None => Tape::new(opened.bytes, begin),
        _ => {
            if begin > 0 {
                opened = at(0, etag.as_deref())?;
            }
            Tape::new(compression.unpacked(opened.bytes).map_err(unpacked)?, 0)
        }
    };
    tape.skip_to(offset)?;
    Ok(tape)
}

#[cfg(feature = "parquet")]
fn parquet(
    objects: &Objects,
    name: &ObjectName,
    etag: &mut Option<String>,
    mark: Option<Mark>,
) -> Result<Box<dyn Items>, ItemsError> {
    formats::parquet::open(objects, name, etag, mark)
}

#[cfg(not(feature = "parquet"))]
fn parquet(
    _: &Objects,
    _: &ObjectName,
    _: &mut Option<String>,
    _: Option<Mark>,
) -> Result<Box<dyn Items>, ItemsError> {
    let cause = "This build of the server reads no Parquet: it was made without the feature.";
    Err(ItemsError::reader(cause))
}
