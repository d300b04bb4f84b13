//! `StopExecution`.

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// `executionArn`.
    pub execution_arn: String,
    /// `error`.
    pub error: Option<String>,
    /// `cause`.
    pub cause: Option<String>,
}

/// What is answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Response {
    /// `stopDate`, milliseconds since 1970.
    pub stop_ms: i64,
}
