//! `DeleteActivity`.

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// `activityArn`.
    pub activity_arn: String,
}

/// What is answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Response {}
