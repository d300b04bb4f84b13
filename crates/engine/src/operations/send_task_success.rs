//! `SendTaskSuccess`.

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// `taskToken`, not yet looked at.
    pub task_token: String,
    /// `output`: JSON, at most 262,144 bytes.
    pub output: String,
}

/// What is answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Response {}
