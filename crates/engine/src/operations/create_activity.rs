//! `CreateActivity`.

use crate::shapes::{EncryptionConfiguration, Tag};

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// `name`: 1 to 80 characters, none of the forbidden ones.
    pub name: String,
    /// `tags`: at most 50.
    pub tags: Vec<Tag>,
    /// `encryptionConfiguration`.
    pub encryption: Option<EncryptionConfiguration>,
}

/// What is answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Response {
    /// `activityArn`.
    pub activity_arn: String,
    /// `creationDate`, milliseconds since 1970.
    pub creation_ms: i64,
}
