//! `ListTagsForResource`.

use crate::shapes::Tag;

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// `resourceArn`.
    pub resource_arn: String,
}

/// What is answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Response {
    /// In order of key.
    pub tags: Vec<Tag>,
}
