//! `SendTaskFailure`.

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// `taskToken`, not yet looked at.
    pub task_token: String,
    /// `error`: at most 256 characters.
    pub error: Option<String>,
    /// `cause`: at most 32,768 characters.
    pub cause: Option<String>,
}

/// What is answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Response {}
