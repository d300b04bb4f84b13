//! Writes a file into a folder that stands for a bucket.
//!
//! It is written under another name, made durable, and renamed: it appears whole or not at all, and the
//! next attempt takes the place of what a crash left over. As for reading, no link is followed.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::os::fd::OwnedFd;

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use super::folder::{self, FOLDER, Folder};
use crate::items::ItemsError;

/// What others may do with a file is for the operator's umask.
const FILE_MODE: Mode = Mode::from_raw_mode(0o666);
const FOLDER_MODE: Mode = Mode::from_raw_mode(0o777);

/// Enough that a write is worth its call.
const BUFFER_BYTES: usize = 256 << 10;

pub(crate) struct FolderUpload {
    file: BufWriter<File>,
    folder: OwnedFd,
    unfinished: String,
    name: String,
    /// For complaints.
    object: String,
}

impl FolderUpload {
    pub(super) fn begin(bucket: &Folder<'_>, key: &str) -> Result<FolderUpload, ItemsError> {
        let object = format!("{}/{key}", bucket.name());
        let parts = folder::parts(key)
            .ok_or_else(|| ItemsError::writer(format!("{object} is no path inside the bucket")))?;
        let failed = |error: Errno| failed(&object, error.into());
        let mut at = bucket.root().map_err(ItemsError::of_writer)?;
        let (name, folders) = parts
            .split_last()
            .expect("splitting gives one part at least");
        for part in folders {
            at = folder_in(&at, part).map_err(failed)?;
        }
        let unfinished = format!("{}{name}", folder::UNFINISHED);
        let flags = OFlags::WRONLY
            .union(OFlags::CREATE)
            .union(OFlags::TRUNC)
            .union(OFlags::NOFOLLOW)
            .union(OFlags::NONBLOCK)
            .union(OFlags::CLOEXEC);
        let file = rustix::fs::openat(&at, &unfinished, flags, FILE_MODE).map_err(failed)?;
        Ok(FolderUpload {
            file: BufWriter::with_capacity(BUFFER_BYTES, file.into()),
            folder: at,
            unfinished,
            name: (*name).to_owned(),
            object,
        })
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), ItemsError> {
        let written = self.file.write_all(bytes);
        written.map_err(|error| failed(&self.object, error))
    }

    pub(super) fn finish(self) -> Result<(), ItemsError> {
        let object = self.object;
        let failed = |error: std::io::Error| failed(&object, error);
        let file = self
            .file
            .into_inner()
            .map_err(|error| failed(error.into_error()))?;
        file.sync_all().map_err(failed)?;
        rustix::fs::renameat(&self.folder, &self.unfinished, &self.folder, &self.name)
            .map_err(|error| failed(error.into()))?;
        rustix::fs::fsync(&self.folder).map_err(|error| failed(error.into()))
    }
}

/// The folder of that name, made and durable if there was none.
fn folder_in(at: &OwnedFd, name: &str) -> Result<OwnedFd, Errno> {
    match rustix::fs::mkdirat(at, name, FOLDER_MODE) {
        Ok(()) => rustix::fs::fsync(at)?,
        Err(Errno::EXIST) => {}
        Err(error) => return Err(error),
    }
    rustix::fs::openat(at, name, FOLDER, Mode::empty())
}

fn failed(object: &str, error: std::io::Error) -> ItemsError {
    ItemsError::writer(format!("{object} could not be written: {error}"))
}
