//! Objects in S3, read part by part and written part by part.
//!
//! Each request is small enough to be made again when the network fails, and nothing is held but one
//! part. Called from threads that may block.

use std::io::{self, Read};
use std::sync::Arc;
use std::time::Duration;

use bytes::{Buf, Bytes};
use serde_json::{Map, Value, json};
use tokio::runtime::Handle;

use super::{Listed, ObjectName, Opened, Page, Wanted};
use crate::items::ItemsError;
use crate::outbound::Outbound;
use crate::s3::{self, NotDone};

/// Bytes of an object that are asked for at once; an answer has at most 8 MB.
const PART_BYTES: u64 = 4 << 20;

/// Bytes of an upload that are sent at once: 10 000 of them make 160 GB. Source of the number of parts,
/// and of the least size of 5 MB: AWS S3 user guide, "Amazon S3 multipart upload limits".
const UPLOAD_PART_BYTES: usize = 16 << 20;

/// How often a request is made in all, and the pause after the first; each one after is twice as long.
const ATTEMPTS: u32 = 5;
const PAUSE: Duration = Duration::from_millis(100);

/// What S3 says when asking again can help. Source: AWS S3 API reference, error responses.
const PASSING: &[&str] = &[
    "InternalError",
    "OperationAborted",
    "RequestTimeout",
    "ServiceUnavailable",
    "SlowDown",
];

/// Asks S3, and waits.
#[derive(Clone)]
pub(crate) struct S3 {
    pub(super) outbound: Outbound,
    pub(super) runtime: Handle,
    /// `ExpectedBucketOwner`
    pub(super) owner: Option<Arc<str>>,
}

impl std::fmt::Debug for S3 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("S3").finish_non_exhaustive()
    }
}

impl S3 {
    pub(super) fn open(&self, name: &ObjectName, wanted: Wanted<'_>) -> Result<Opened, ItemsError> {
        let part = self.part(name, wanted)?;
        let end = match wanted.length {
            Some(length) => part.size.min(wanted.offset.saturating_add(length)),
            None => part.size,
        };
        let at = wanted.offset;
        let bytes = S3Read {
            s3: self.clone(),
            name: name.clone(),
            etag: part.etag.clone(),
            next: at + part.bytes.len() as u64,
            end,
            part: part.bytes,
        };
        Ok(Opened {
            etag: part.etag,
            size: part.size,
            content_encoding: part.content_encoding,
            bytes: Box::new(bytes),
        })
    }

    /// The next objects after a key.
    pub(super) fn list(
        &self,
        bucket: &str,
        prefix: &str,
        after: Option<&str>,
    ) -> Result<Page, ItemsError> {
        let mut parameters = json!({"Bucket": bucket, "Prefix": prefix});
        if let Some(after) = after {
            parameters["StartAfter"] = after.into();
        }
        let parameters = self.of_owner(parameters);
        let page = self.ask(|| s3::list_objects_v2(&self.outbound, &parameters));
        let page = page.map_err(|failure| refused(&failure))?;
        let contents = page.get("Contents").and_then(Value::as_array);
        let objects = contents.into_iter().flatten().filter_map(listed).collect();
        Ok(Page {
            objects,
            more: page.get("IsTruncated") == Some(&Value::Bool(true)),
        })
    }

    /// The first part of what is wanted.
    fn part(&self, name: &ObjectName, wanted: Wanted<'_>) -> Result<Part, ItemsError> {
        let mut parameters = json!({"Bucket": name.bucket, "Key": name.key});
        if let Some(version) = &name.version {
            parameters["VersionId"] = version.as_str().into();
        }
        if let Some(etag) = wanted.etag {
            parameters["IfMatch"] = etag.into();
        }
        let parameters = self.of_owner(parameters);
        let length = wanted.length.unwrap_or(u64::MAX).min(PART_BYTES);
        let last = wanted.offset + length.max(1) - 1;
        let range = Some((wanted.offset, last));
        let object = match self.ask(|| s3::get_object(&self.outbound, &parameters, range)) {
            Ok(object) => object,
            Err(failure) => match failure.code.as_deref() {
                // An object that ends before the first byte wanted: often one that is empty.
                Some("InvalidRange") => {
                    return Ok(Part {
                        etag: wanted.etag.unwrap_or("\"empty\"").to_owned(),
                        size: wanted.offset,
                        content_encoding: None,
                        bytes: Bytes::new(),
                    });
                }
                Some("PreconditionFailed") => {
                    return Err(super::changed(&name.bucket, &name.key));
                }
                _ => return Err(refused(&failure)),
            },
        };
        let text = |member: &str| object.head.get(member).and_then(Value::as_str);
        let mut bytes = object.bytes.clone();
        // Whoever does not know of ranges gives everything.
        if text("ContentRange").is_none() {
            let before = usize::try_from(wanted.offset).unwrap_or(usize::MAX);
            bytes.advance(before.min(bytes.len()));
        }
        bytes.truncate(usize::try_from(wanted.length.unwrap_or(u64::MAX)).unwrap_or(usize::MAX));
        Ok(Part {
            etag: text("ETag").unwrap_or_default().to_owned(),
            size: object.total.unwrap_or(wanted.offset + bytes.len() as u64),
            content_encoding: text("ContentEncoding").map(str::to_owned),
            bytes,
        })
    }

    fn of_owner(&self, mut parameters: Value) -> Value {
        if let Some(owner) = &self.owner {
            parameters["ExpectedBucketOwner"] = owner.as_ref().into();
        }
        parameters
    }

    /// Asks, and asks again when that can help.
    fn ask<T, F: Future<Output = Result<T, NotDone>>>(
        &self,
        ask: impl Fn() -> F,
    ) -> Result<T, NotDone> {
        let mut pause = PAUSE;
        for _ in 1..ATTEMPTS {
            match self.runtime.block_on(ask()) {
                Err(failure) if may_pass(&failure) => std::thread::sleep(pause),
                done => return done,
            }
            pause *= 2;
        }
        self.runtime.block_on(ask())
    }
}

struct Part {
    etag: String,
    /// Of the whole object.
    size: u64,
    content_encoding: Option<String>,
    bytes: Bytes,
}

/// Reads on, part after part, of one and the same object.
struct S3Read {
    s3: S3,
    name: ObjectName,
    etag: String,
    part: Bytes,
    /// Where the part after this one begins.
    next: u64,
    end: u64,
}

impl Read for S3Read {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.part.is_empty() && self.next < self.end {
            let wanted = Wanted {
                offset: self.next,
                length: Some(self.end - self.next),
                etag: Some(&self.etag),
            };
            self.part = self
                .s3
                .part(&self.name, wanted)
                .map_err(io::Error::other)?
                .bytes;
            if self.part.is_empty() {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.next += self.part.len() as u64;
        }
        let count = self.part.len().min(into.len());
        self.part.split_to(count).copy_to_slice(&mut into[..count]);
        Ok(count)
    }
}

/// Writes an object: at once when it is small, or else in parts that become an object at the end.
pub(crate) struct S3Upload {
    s3: S3,
    bucket: String,
    key: String,
    buffer: Vec<u8>,
    /// The upload's id, once there is more than one part.
    upload: Option<String>,
    parts: Vec<Value>,
}

impl S3Upload {
    pub(super) fn begin(s3: &S3, bucket: &str, key: &str) -> S3Upload {
        S3Upload {
            s3: s3.clone(),
            bucket: bucket.to_owned(),
            key: key.to_owned(),
            buffer: Vec::new(),
            upload: None,
            parts: Vec::new(),
        }
    }

    pub(super) fn write(&mut self, mut bytes: &[u8]) -> Result<(), ItemsError> {
        while !bytes.is_empty() {
            if self.buffer.len() == UPLOAD_PART_BYTES {
                self.part()?;
            }
            let room = UPLOAD_PART_BYTES - self.buffer.len();
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            self.buffer.extend_from_slice(now);
            bytes = later;
        }
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<(), ItemsError> {
        if self.upload.is_none() {
            let buffer = std::mem::take(&mut self.buffer);
            let more = json!({"ContentType": "application/json"});
            return self.ask("PutObject", more, Some(buffer)).map(|_| ());
        }
        self.part()?;
        let parts = json!({"Parts": self.parts});
        let told = self.ask(
            "CompleteMultipartUpload",
            json!({"MultipartUpload": parts}),
            None,
        )?;
        // It may say that all is well, and at the end that it is not.
        if told.get("ETag").is_none() {
            let cause = format!("{}/{} could not be put together.", self.bucket, self.key);
            return Err(ItemsError::writer(cause));
        }
        self.upload = None;
        Ok(())
    }

    /// Sends what there is as the next part.
    fn part(&mut self) -> Result<(), ItemsError> {
        if self.upload.is_none() {
            let more = json!({"ContentType": "application/json"});
            let told = self.ask("CreateMultipartUpload", more, None)?;
            let upload = told.get("UploadId").and_then(Value::as_str);
            let upload = upload.ok_or_else(|| {
                ItemsError::writer("S3 began an upload without saying its UploadId.")
            })?;
            self.upload = Some(upload.to_owned());
        }
        let number = self.parts.len() + 1;
        let buffer = std::mem::take(&mut self.buffer);
        let told = self.ask("UploadPart", json!({"PartNumber": number}), Some(buffer))?;
        let etag = told.get("ETag").cloned().unwrap_or_default();
        self.parts.push(json!({"PartNumber": number, "ETag": etag}));
        Ok(())
    }

    fn ask(&self, action: &str, more: Value, bytes: Option<Vec<u8>>) -> Result<Value, ItemsError> {
        let parameters = self.parameters(more);
        let told = self
            .s3
            .ask(|| s3::ask(&self.s3.outbound, action, &parameters, bytes.clone()));
        told.map_err(|failure| refused(&failure).of_writer())
    }

    fn parameters(&self, more: Value) -> Value {
        let mut parameters = Map::new();
        parameters.insert("Bucket".to_owned(), self.bucket.as_str().into());
        parameters.insert("Key".to_owned(), self.key.as_str().into());
        if let Some(upload) = &self.upload {
            parameters.insert("UploadId".to_owned(), upload.as_str().into());
        }
        if let Value::Object(more) = more {
            parameters.extend(more);
        }
        Value::Object(parameters)
    }
}

impl Drop for S3Upload {
    /// Parts that never become an object would be kept, and paid for.
    fn drop(&mut self) {
        if self.upload.is_some() {
            let parameters = self.parameters(Value::Null);
            let outbound = self.s3.outbound.clone();
            self.s3.runtime.spawn(async move {
                let _ = s3::ask(&outbound, "AbortMultipartUpload", &parameters, None).await;
            });
        }
    }
}

fn listed(object: &Value) -> Option<Listed> {
    let text = |name: &str| object.get(name).and_then(Value::as_str);
    let last_modified = text("LastModified").and_then(|text| asl::timestamp::parse(text).ok());
    Some(Listed {
        key: text("Key")?.to_owned(),
        size: object
            .get("Size")
            .and_then(Value::as_u64)
            .unwrap_or_default(),
        etag: text("ETag").unwrap_or_default().to_owned(),
        last_modified: last_modified.unwrap_or_default().div_euclid(1000),
        storage_class: text("StorageClass").unwrap_or("STANDARD").to_owned(),
    })
}

fn may_pass(failure: &NotDone) -> bool {
    match &failure.code {
        Some(code) => PASSING.contains(&code.as_str()),
        // Nothing was answered, or not to its end; where S3 is not known, that does not change.
        None => failure.error.ends_with("SdkClientException"),
    }
}

fn refused(failure: &NotDone) -> ItemsError {
    ItemsError::reader(failure.cause.clone())
}

#[cfg(test)]
mod tests;
