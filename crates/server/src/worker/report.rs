//! Telling the service how a task ended, until it has heard.

use std::time::Duration;

use serde_json::{Value, json};

use crate::client::{Advice, CALL_TIMEOUT, Client, ClientError};

use super::backoff::Backoff;
use super::log::Log;
use super::outcome::Outcome;
use super::pool::Pool;

/// Longest wait for an answer once the worker was told twice to stop.
const LAST_TIMEOUT: Duration = Duration::from_secs(2);

/// Whether an error says that nobody waits for the task any more.
///
/// Source: AWS answers `TaskTimedOut` for a token that was used, timed out, or whose execution was
/// stopped; the other two are for tokens that it does not know.
pub(super) fn task_is_over(error: &ClientError) -> bool {
    matches!(
        error.exception(),
        Some("TaskTimedOut" | "TaskDoesNotExist" | "InvalidToken")
    )
}

/// Sends the outcome until it is accepted or refused for good; gives what became of it, in words.
pub(super) fn report(
    client: &Client,
    pool: &Pool,
    log: Log,
    token: &str,
    mut outcome: Outcome,
) -> String {
    let mut backoff = Backoff::default();
    loop {
        let (operation, input) = request(token, &outcome);
        let timeout = if pool.aborted() {
            LAST_TIMEOUT
        } else {
            CALL_TIMEOUT
        };
        let error = match client.call(operation, &input, timeout) {
            Ok(_) => return accepted(&outcome),
            Err(error) => error,
        };
        if task_is_over(&error) {
            // Also the answer to a report that was accepted, and whose first answer was lost.
            return format!("is over, its result was not needed any more ({error})");
        }
        let of_the_output = matches!(
            error.exception(),
            Some("InvalidOutput" | "ValidationException")
        );
        if of_the_output && matches!(outcome, Outcome::Success { .. }) {
            // Else the task would hang until it times out, and nobody would know why.
            outcome = Outcome::failure("Worker.OutputRefused", &error.to_string());
            continue;
        }
        match error.advice() {
            Advice::GiveUp => return format!("could not be reported: {error}"),
            Advice::AskAgain => {}
            Advice::RenewCredentials => client.forget_credentials(),
        }
        if pool.aborted() {
            return format!("could not be reported in time: {error}");
        }
        if pool.note_outage(true) {
            log.error(format_args!(
                "cannot report a result, will ask again: {error}"
            ));
        }
        pool.pause_reporting(backoff.next(fastrand::f64()));
    }
}

fn request(token: &str, outcome: &Outcome) -> (&'static str, Value) {
    match outcome {
        Outcome::Success { output } => (
            "SendTaskSuccess",
            json!({ "taskToken": token, "output": output }),
        ),
        Outcome::Failure { error, cause } => (
            "SendTaskFailure",
            json!({ "taskToken": token, "error": error, "cause": cause }),
        ),
    }
}

fn accepted(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Success { .. } => "succeeded".to_owned(),
        Outcome::Failure { error, .. } => format!("failed: {error}"),
    }
}
