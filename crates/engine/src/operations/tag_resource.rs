//! `TagResource`.

use crate::shapes::Tag;

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// `resourceArn`: a state machine or an activity.
    pub resource_arn: String,
    /// `tags`.
    pub tags: Vec<Tag>,
}

/// What is answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Response {}
