//! The demo's state machine: a task with retries, a choice, a wait, and a branch for failures.

use serde_json::{Value, json};

/// The error of a file that is no text, as the command names it and as the execution ends with it.
pub(super) const NOT_TEXT: &str = "Demo.NotText";
/// Files of at least so many lines wait for a second, so that some executions sleep at the kill.
const LONG_FILE_LINES: u64 = 200;
/// How soon a task that was in flight at the kill is given to another worker.
const HEARTBEAT_SECONDS: u32 = 4;

/// The definition, with the activity that reads files.
pub(super) fn definition(activity_arn: &str) -> Value {
    json!({
        "Comment": "Reads one file",
        "StartAt": "Read the file",
        "States": {
            "Read the file": {
                "Type": "Task",
                "Resource": activity_arn,
                "TimeoutSeconds": 60,
                "HeartbeatSeconds": HEARTBEAT_SECONDS,
                "ResultPath": "$.facts",
                "Retry": [
                    {
                        "ErrorEquals": ["ExitCode.75", "Worker.Stopped"],
                        "IntervalSeconds": 1,
                        "MaxAttempts": 3,
                        "BackoffRate": 1.0
                    },
                    {
                        "ErrorEquals": ["States.Timeout"],
                        "IntervalSeconds": 1,
                        "MaxAttempts": 5,
                        "BackoffRate": 1.0
                    }
                ],
                "Catch": [{
                    "ErrorEquals": [NOT_TEXT],
                    "ResultPath": "$.failure",
                    "Next": "Note the failure"
                }],
                "Next": "Is it long?"
            },
            "Is it long?": {
                "Type": "Choice",
                "Choices": [{
                    "Variable": "$.facts.lines",
                    "NumericGreaterThanEquals": LONG_FILE_LINES,
                    "Next": "Take a breath"
                }],
                "Default": "Done"
            },
            "Take a breath": { "Type": "Wait", "Seconds": 1, "Next": "Done" },
            "Done": { "Type": "Succeed", "OutputPath": "$.facts" },
            "Note the failure": {
                "Type": "Pass",
                "Parameters": { "path.$": "$.path", "why.$": "$.failure.Cause" },
                "Next": "No text"
            },
            "No text": { "Type": "Fail", "Error": NOT_TEXT, "Cause": "The file is no text." }
        }
    })
}
