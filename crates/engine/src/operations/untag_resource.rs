//! `UntagResource`.

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// `resourceArn`.
    pub resource_arn: String,
    /// `tagKeys`; unknown ones are ignored.
    pub tag_keys: Vec<String>,
}

/// What is answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Response {}
