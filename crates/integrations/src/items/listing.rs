//! Objects with a prefix, one after another.

use std::vec;

use serde_json::{Value, json};

use super::ItemsError;
use super::objects::{Listed, Objects};

/// Objects of a bucket in the order of their keys, asked for page by page.
pub(crate) struct Listing {
    bucket: String,
    prefix: String,
    /// The last key that was given.
    after: Option<String>,
    page: vec::IntoIter<Listed>,
    more: bool,
}

impl Listing {
    /// Those after a key.
    pub(crate) fn new(bucket: &str, prefix: &str, after: Option<String>) -> Listing {
        Listing {
            bucket: bucket.to_owned(),
            prefix: prefix.to_owned(),
            after,
            page: Vec::new().into_iter(),
            more: true,
        }
    }

    pub(crate) fn next(&mut self, objects: &Objects) -> Result<Option<Listed>, ItemsError> {
        loop {
            if let Some(listed) = self.page.next() {
                self.after = Some(listed.key.clone());
                return Ok(Some(listed));
            }
            if !self.more {
                return Ok(None);
            }
            let page = objects.list(&self.bucket, &self.prefix, self.after.as_deref())?;
            // A page without objects that promises more would be asked for again for ever.
            self.more = page.more && !page.objects.is_empty();
            self.page = page.objects.into_iter();
        }
    }
}

/// An object as an item. Names as recorded from AWS: `Etag`, and seconds since 1970.
pub(crate) fn item(listed: &Listed) -> Value {
    json!({
        "Etag": listed.etag,
        "Key": listed.key,
        "LastModified": listed.last_modified,
        "Size": listed.size,
        "StorageClass": listed.storage_class,
    })
}
