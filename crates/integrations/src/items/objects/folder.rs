//! A folder that stands for a bucket: keys are paths in it, and nothing outside can be reached.
//!
//! Every part of a path is opened from the folder before it, and none that is a symbolic link: what a
//! key or a link says cannot lead out, not even while somebody moves folders about. The folder itself
//! may be a link; it is the operator who named it.

use std::fs::File;
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::os::fd::OwnedFd;
use std::path::PathBuf;

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;

use super::{Listed, ObjectName, Opened, Page, Wanted};
use crate::items::ItemsError;

/// Most objects of one page. Source: AWS S3 API reference, `ListObjectsV2`, `MaxKeys`.
const PAGE_OBJECTS: usize = 1_000;

/// Folders in one another; a key has 1024 bytes at most.
const DEPTH_MAX: usize = 512;

/// How files begin that are being written; no object does.
pub(super) const UNFINISHED: &str = ".towpath-";

pub(super) const FOLDER: OFlags = OFlags::RDONLY
    .union(OFlags::DIRECTORY)
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC);

/// A pipe must not hold up who opens it, so that it can be refused.
const FILE: OFlags = OFlags::RDONLY
    .union(OFlags::NOFOLLOW)
    .union(OFlags::NONBLOCK)
    .union(OFlags::CLOEXEC);

pub(super) struct Folder<'a> {
    bucket: &'a str,
    path: PathBuf,
}

impl Folder<'_> {
    pub(super) fn new(bucket: &str, path: PathBuf) -> Folder<'_> {
        Folder { bucket, path }
    }

    pub(super) fn open(&self, name: &ObjectName, wanted: Wanted<'_>) -> Result<Opened, ItemsError> {
        if name.version.is_some() {
            let cause = format!(
                "The bucket '{}' is a folder, which keeps no versions of an object.",
                self.bucket
            );
            return Err(ItemsError::reader(cause));
        }
        let key = &name.key;
        let mut file = self.file(key)?;
        let stat = rustix::fs::fstat(&file).map_err(|error| self.failed(key, error))?;
        if !FileType::from_raw_mode(stat.st_mode).is_file() {
            return Err(self.missing(key));
        }
        let etag = etag(&stat);
        if wanted.etag.is_some_and(|expected| expected != etag) {
            return Err(super::changed(self.bucket, key));
        }
        let unread = |error: std::io::Error| self.unreadable(key, &error);
        file.seek(SeekFrom::Start(wanted.offset)).map_err(unread)?;
        let bytes: Box<dyn Read + Send> = match wanted.length {
            Some(length) => Box::new(file.take(length)),
            None => Box::new(file),
        };
        Ok(Opened {
            etag,
            size: u64::try_from(stat.st_size).unwrap_or_default(),
            content_encoding: None,
            bytes,
        })
    }

    /// The next objects after a key, in the order of their keys' bytes.
    pub(super) fn list(&self, prefix: &str, after: Option<&str>) -> Result<Page, ItemsError> {
        let mut walk = Walk {
            folder: self,
            prefix,
            after,
            objects: Vec::new(),
            full: false,
        };
        let root = self.root()?;
        walk.folder(&root, "", 0)?;
        Ok(Page {
            objects: walk.objects,
            more: walk.full,
        })
    }

    pub(super) fn name(&self) -> &str {
        self.bucket
    }

    pub(super) fn root(&self) -> Result<OwnedFd, ItemsError> {
        let flags = FOLDER.difference(OFlags::NOFOLLOW);
        rustix::fs::open(&self.path, flags, Mode::empty()).map_err(|error| {
            let error = std::io::Error::from(error);
            let (bucket, path) = (self.bucket, self.path.display());
            ItemsError::reader(format!(
                "The bucket '{bucket}' is the folder {path}: {error}"
            ))
        })
    }

    fn file(&self, key: &str) -> Result<File, ItemsError> {
        let mut at = self.root()?;
        let mut parts = parts(key)
            .ok_or_else(|| self.missing(key))?
            .into_iter()
            .peekable();
        while let Some(part) = parts.next() {
            let flags = if parts.peek().is_some() { FOLDER } else { FILE };
            at = rustix::fs::openat(&at, part, flags, Mode::empty())
                .map_err(|error| self.failed(key, error))?;
        }
        Ok(at.into())
    }

    fn missing(&self, key: &str) -> ItemsError {
        super::missing(self.bucket, key)
    }

    fn failed(&self, key: &str, error: Errno) -> ItemsError {
        match error {
            // A link is as good as nothing.
            Errno::NOENT | Errno::NOTDIR | Errno::LOOP | Errno::ISDIR | Errno::NAMETOOLONG => {
                self.missing(key)
            }
            error => self.unreadable(key, &error.into()),
        }
    }

    fn unreadable(&self, key: &str, error: &std::io::Error) -> ItemsError {
        let bucket = self.bucket;
        match error.kind() {
            ErrorKind::PermissionDenied => {
                ItemsError::reader(format!("Access Denied: {bucket}/{key}"))
            }
            _ => ItemsError::reader(format!("{bucket}/{key} could not be read: {error}")),
        }
    }
}

/// The parts of a key that is a path inside; none of one that is not.
pub(super) fn parts(key: &str) -> Option<Vec<&str>> {
    let parts: Vec<&str> = key.split('/').collect();
    let plain = |part: &&str| {
        !part.is_empty()
            && !matches!(*part, "." | "..")
            && !part.contains('\0')
            && !part.starts_with(UNFINISHED)
    };
    (parts.len() <= DEPTH_MAX && parts.iter().all(plain)).then_some(parts)
}

/// A digest of the content would cost reading all of it; this one changes when somebody writes.
fn etag(stat: &Stat) -> String {
    let (size, seconds, nanoseconds) = (stat.st_size, stat.st_mtime, stat.st_mtime_nsec);
    format!("\"{:x}-{size:x}-{seconds:x}-{nanoseconds:x}\"", stat.st_ino)
}

/// One walk through a folder.
struct Walk<'a> {
    folder: &'a Folder<'a>,
    prefix: &'a str,
    after: Option<&'a str>,
    objects: Vec<Listed>,
    full: bool,
}

impl Walk<'_> {
    /// Goes through one folder whose keys begin with `path`.
    fn folder(&mut self, at: &OwnedFd, path: &str, depth: usize) -> Result<(), ItemsError> {
        for name in self.names(at, path)? {
            if self.full {
                break;
            }
            let key = format!("{path}{name}");
            match key.ends_with('/') {
                true if depth < DEPTH_MAX => {
                    // A folder that went away in the meantime has no objects.
                    let name = name.trim_end_matches('/');
                    if let Ok(inner) = rustix::fs::openat(at, name, FOLDER, Mode::empty()) {
                        self.folder(&inner, &key, depth + 1)?;
                    }
                }
                true => {}
                false => self.file(at, &name, key),
            }
        }
        Ok(())
    }

    fn file(&mut self, at: &OwnedFd, name: &str, key: String) {
        let Ok(stat) = rustix::fs::statat(at, name, AtFlags::SYMLINK_NOFOLLOW) else {
            return;
        };
        if !FileType::from_raw_mode(stat.st_mode).is_file() {
            return;
        }
        if self.objects.len() == PAGE_OBJECTS {
            self.full = true;
            return;
        }
        self.objects.push(Listed {
            key,
            size: u64::try_from(stat.st_size).unwrap_or_default(),
            etag: etag(&stat),
            last_modified: stat.st_mtime,
            storage_class: "STANDARD".to_owned(),
        });
    }

    /// What may hold objects that are wanted, in the order of keys: a folder's name with its slash.
    fn names(&self, at: &OwnedFd, path: &str) -> Result<Vec<String>, ItemsError> {
        let unlisted = |error: Errno| {
            let error = std::io::Error::from(error);
            self.folder.unreadable(path, &error)
        };
        let mut names = Vec::new();
        for entry in Dir::read_from(at).map_err(unlisted)? {
            let entry = entry.map_err(unlisted)?;
            // A name that is no text cannot be a key.
            let Ok(name) = entry.file_name().to_str() else {
                continue;
            };
            if matches!(name, "." | "..") || name.starts_with(UNFINISHED) {
                continue;
            }
            let kind = match entry.file_type() {
                // Not every file system says.
                FileType::Unknown => {
                    match rustix::fs::statat(at, name, AtFlags::SYMLINK_NOFOLLOW) {
                        Ok(stat) => FileType::from_raw_mode(stat.st_mode),
                        Err(_) => continue,
                    }
                }
                kind => kind,
            };
            let name = match kind {
                FileType::Directory => format!("{name}/"),
                FileType::RegularFile => name.to_owned(),
                _ => continue,
            };
            if self.may_hold(path, &name) {
                names.push(name);
            }
        }
        names.sort_unstable();
        Ok(names)
    }

    fn may_hold(&self, path: &str, name: &str) -> bool {
        let key = format!("{path}{name}");
        let inside = match key.ends_with('/') {
            true => key.starts_with(self.prefix) || self.prefix.starts_with(&key),
            false => key.starts_with(self.prefix),
        };
        let is_after = match self.after {
            None => true,
            Some(after) if key.ends_with('/') => key.as_str() > after || after.starts_with(&key),
            Some(after) => key.as_str() > after,
        };
        inside && is_after
    }
}
