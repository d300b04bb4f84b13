//! `GetActivityTask`.

use crate::shapes::ActivityTask;

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// `activityArn`.
    pub activity_arn: String,
    /// `workerName`: 1 to 80 characters.
    pub worker_name: Option<String>,
}

/// What is answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Response {
    /// `taskToken` and `input`; nothing when the poll ended empty.
    pub task: Option<ActivityTask>,
}
