//! `SendTaskHeartbeat`.

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// `taskToken`, not yet looked at.
    pub task_token: String,
}

/// What is answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Response {}
