//! `StartExecution`.

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// `stateMachineArn`: plain, version or alias.
    pub state_machine_arn: String,
    /// `name`; a UUID is made up when not given.
    pub name: Option<String>,
    /// `input`: JSON, at most 262,144 bytes; `{}` when not given.
    pub input: String,
    /// `traceHeader` or `X-Amzn-Trace-Id`.
    pub trace_header: Option<String>,
}

/// What is answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Response {
    /// `executionArn`.
    pub execution_arn: String,
    /// `startDate`, milliseconds since 1970.
    pub start_ms: i64,
}
