//! Where objects lie: in folders that stand for buckets, or in S3.

mod buckets;
mod folder;

use std::io::Read;

pub use buckets::{BucketFolder, Buckets};

use self::folder::Folder;
use super::ItemsError;

/// Everything that can be read from and written to.
#[derive(Clone, Debug, Default)]
pub struct Objects {
    buckets: Buckets,
}

/// Names an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ObjectName {
    pub(crate) bucket: String,
    pub(crate) key: String,
    /// None for the latest.
    pub(crate) version: Option<String>,
}

/// Which bytes of an object are wanted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted<'a> {
    pub(crate) offset: u64,
    /// None for all to the end.
    pub(crate) length: Option<u64>,
    /// Nothing, if the object is another one meanwhile.
    pub(crate) etag: Option<&'a str>,
}

impl Wanted<'_> {
    pub(crate) const ALL: Wanted<'static> = Wanted {
        offset: 0,
        length: None,
        etag: None,
    };
}

/// An object's bytes, as they come.
pub(crate) struct Opened {
    /// Changes with the content.
    pub(crate) etag: String,
    /// Of the whole object, in bytes; it takes the end to read Parquet.
    #[cfg_attr(not(feature = "parquet"), expect(dead_code))]
    pub(crate) size: u64,
    pub(crate) content_encoding: Option<String>,
    /// Those that were wanted.
    pub(crate) bytes: Box<dyn Read + Send>,
}

/// An object in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) key: String,
    pub(crate) size: u64,
    pub(crate) etag: String,
    /// Seconds since 1970.
    pub(crate) last_modified: i64,
    pub(crate) storage_class: String,
}

/// Some objects of a list, in the order of their keys' bytes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Page {
    pub(crate) objects: Vec<Listed>,
    /// Whether there are others after these.
    pub(crate) more: bool,
}

impl Objects {
    /// Folders that stand for buckets.
    pub fn new(buckets: Buckets) -> Objects {
        Objects { buckets }
    }

    pub(crate) fn open(&self, name: &ObjectName, wanted: Wanted<'_>) -> Result<Opened, ItemsError> {
        match self.folder(&name.bucket) {
            Some(folder) => folder.open(name, wanted),
            None => Err(no_bucket(&name.bucket)),
        }
    }

    /// Objects whose keys begin with `prefix` and come after `after`.
    pub(crate) fn list(
        &self,
        bucket: &str,
        prefix: &str,
        after: Option<&str>,
    ) -> Result<Page, ItemsError> {
        match self.folder(bucket) {
            Some(folder) => folder.list(prefix, after),
            None => Err(no_bucket(bucket)),
        }
    }

    fn folder<'a>(&self, bucket: &'a str) -> Option<Folder<'a>> {
        let path = self.buckets.folder(bucket)?;
        Some(Folder::new(bucket, path))
    }
}

fn no_bucket(bucket: &str) -> ItemsError {
    ItemsError::reader(format!("The specified bucket does not exist: {bucket}"))
}

/// Nobody can say what a Map is to do without its dataset.
fn missing(bucket: &str, key: &str) -> ItemsError {
    ItemsError::reader(format!("The specified key does not exist: {bucket}/{key}"))
}

fn changed(bucket: &str, key: &str) -> ItemsError {
    let cause = format!("{bucket}/{key} was changed while its items were being read.");
    ItemsError::reader(cause)
}
