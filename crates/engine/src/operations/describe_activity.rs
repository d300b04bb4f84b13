//! `DescribeActivity`.

use store::{RecordKind, Store};

use crate::arn::{self, Owner};
use crate::read::ReadError;
use crate::records::{self, ActivityRecord};
use crate::rejection::{ErrorName, Rejection};
use crate::shapes::EncryptionConfiguration;

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// `activityArn`.
    pub activity_arn: String,
}

/// What is answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Response {
    /// `activityArn`.
    pub activity_arn: String,
    /// `name`.
    pub name: String,
    /// `creationDate`, milliseconds since 1970.
    pub creation_ms: i64,
    /// `encryptionConfiguration`.
    pub encryption: EncryptionConfiguration,
}

pub(crate) fn read(
    request: &Request,
    store: &dyn Store,
    owner: &Owner,
) -> Result<Response, ReadError> {
    let record = find(&request.activity_arn, store, owner)?;
    Ok(Response {
        activity_arn: owner.activity_arn(&record.name),
        name: record.name,
        creation_ms: record.creation_ms,
        encryption: record.encryption.unwrap_or_default(),
    })
}

/// The activity of that ARN.
pub(crate) fn find(
    activity_arn: &str,
    store: &dyn Store,
    owner: &Owner,
) -> Result<ActivityRecord, ReadError> {
    let name = arn::parse_activity(activity_arn)?;
    let bytes = if owner.owns(activity_arn) {
        store.record(RecordKind::Activity, name.as_bytes())?
    } else {
        None
    };
    match bytes {
        Some(bytes) => {
            Ok(records::decode(&bytes).ok_or_else(|| records::damaged("activity", name))?)
        }
        None => Err(does_not_exist(activity_arn).into()),
    }
}

pub(crate) fn does_not_exist(activity_arn: &str) -> Rejection {
    Rejection::new(
        ErrorName::ActivityDoesNotExist,
        format!("Activity Does Not Exist: '{activity_arn}'"),
    )
}
