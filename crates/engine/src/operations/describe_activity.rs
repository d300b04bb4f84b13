//! `DescribeActivity`.

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
