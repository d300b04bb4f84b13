//! Where objects lie: in folders that stand for buckets, or in S3.

mod buckets;
mod folder;
mod folder_upload;
mod s3;

use std::io::Read;

pub use buckets::{BucketFolder, Buckets};

use self::folder::Folder;
use self::folder_upload::FolderUpload;
use self::s3::{S3, S3Upload};
use tokio::runtime::Handle;

use super::ItemsError;
use crate::outbound::Outbound;

/// Everything that can be read from and written to.
#[derive(Clone, Debug, Default)]
pub struct Objects {
    buckets: Buckets,
    s3: Option<S3>,
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

/// An object that is being written; it is there when it is finished, and not before.
pub(crate) enum Upload {
    Folder(FolderUpload),
    S3(S3Upload),
}

impl Upload {
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), ItemsError> {
        match self {
            Upload::Folder(upload) => upload.write(bytes),
            Upload::S3(upload) => upload.write(bytes),
        }
    }

    pub(crate) fn finish(self) -> Result<(), ItemsError> {
        match self {
            Upload::Folder(upload) => upload.finish(),
            Upload::S3(upload) => upload.finish(),
        }
    }
}

impl Objects {
    /// Folders that stand for buckets; there are no others.
    pub fn in_folders(buckets: Buckets) -> Objects {
        Objects { buckets, s3: None }
    }

    /// Folders that stand for buckets; all others are in S3, which `runtime` drives the requests to.
    pub fn new(buckets: Buckets, outbound: Outbound, runtime: Handle) -> Objects {
        let s3 = S3 {
            outbound,
            runtime,
            owner: None,
        };
        Objects {
            buckets,
            s3: Some(s3),
        }
    }

    /// The same, of a bucket that belongs to this account or is not touched.
    pub(crate) fn of_owner(&self, owner: Option<&str>) -> Objects {
        let mut objects = self.clone();
        if let Some(s3) = &mut objects.s3 {
            s3.owner = owner.map(Into::into);
        }
        objects
    }

    pub(crate) fn open(&self, name: &ObjectName, wanted: Wanted<'_>) -> Result<Opened, ItemsError> {
        match self.folder(&name.bucket) {
            Some(folder) => folder.open(name, wanted),
            None => self.s3(&name.bucket)?.open(name, wanted),
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
            None => self.s3(bucket)?.list(bucket, prefix, after),
        }
    }

    /// Begins an object, in the place of one that there may be.
    pub(crate) fn create(&self, bucket: &str, key: &str) -> Result<Upload, ItemsError> {
        match self.folder(bucket) {
            Some(folder) => FolderUpload::begin(&folder, key).map(Upload::Folder),
            None => {
                let s3 = self.s3(bucket).map_err(ItemsError::of_writer)?;
                Ok(Upload::S3(S3Upload::begin(s3, bucket, key)))
            }
        }
    }

    fn s3(&self, bucket: &str) -> Result<&S3, ItemsError> {
        let missing = || format!("The specified bucket does not exist: {bucket}");
        self.s3
            .as_ref()
            .ok_or_else(|| ItemsError::reader(missing()))
    }

    fn folder<'a>(&self, bucket: &'a str) -> Option<Folder<'a>> {
        let path = self.buckets.folder(bucket)?;
        Some(Folder::new(bucket, path))
    }
}

/// Nobody can say what a Map is to do without its dataset.
fn missing(bucket: &str, key: &str) -> ItemsError {
    ItemsError::reader(format!("The specified key does not exist: {bucket}/{key}"))
}

fn changed(bucket: &str, key: &str) -> ItemsError {
    let cause = format!("{bucket}/{key} was changed while its items were being read.");
    ItemsError::reader(cause)
}
