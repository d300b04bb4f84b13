//! The server that a template is imported to: asked again while that can help.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::client::{Advice, CALL_TIMEOUT, Client, ClientError};

/// How often a call is tried. All calls of an import may be repeated: each says how things shall be.
const ATTEMPTS_MAX: u32 = 5;
/// The first wait between two attempts; each further one is twice as long.
const FIRST_WAIT: Duration = Duration::from_millis(100);

/// A call that was refused.
#[derive(Debug, thiserror::Error)]
#[error("{operation}: {source}")]
pub(super) struct CallError {
    operation: &'static str,
    source: ClientError,
}

impl CallError {
    /// Whether this exception says that a resource is not there.
    fn says_absent(&self) -> bool {
        matches!(
            self.source.exception(),
            Some("StateMachineDoesNotExist" | "ActivityDoesNotExist" | "ResourceNotFound")
        )
    }
}

/// A server, and whether it may be changed.
pub(super) struct Server<'a> {
    pub client: &'a Client,
    pub dry_run: bool,
    /// State machines that were updated, or would have been: their newest version is old.
    pub updated: RefCell<BTreeSet<String>>,
}

impl Server<'_> {
    /// Asks for something that changes nothing.
    pub fn ask(&self, operation: &'static str, input: &Value) -> Result<Value, CallError> {
        let mut wait = FIRST_WAIT;
        for _ in 1..ATTEMPTS_MAX {
            match self.client.call(operation, input, CALL_TIMEOUT) {
                Err(error) if error.advice() == Advice::AskAgain => thread::sleep(wait),
                Err(source) => return Err(CallError { operation, source }),
                Ok(answer) => return Ok(answer),
            }
            wait *= 2;
        }
        self.client
            .call(operation, input, CALL_TIMEOUT)
            .map_err(|source| CallError { operation, source })
    }

    /// Changes something, unless this is a dry run.
    pub fn change(
        &self,
        operation: &'static str,
        input: &Value,
    ) -> Result<Option<Value>, CallError> {
        if self.dry_run {
            return Ok(None);
        }
        self.ask(operation, input).map(Some)
    }

    /// Describes a resource, if it is there.
    pub fn describe(
        &self,
        operation: &'static str,
        input: &Value,
    ) -> Result<Option<Value>, CallError> {
        match self.ask(operation, input) {
            Ok(found) => Ok(Some(found)),
            Err(error) if error.says_absent() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Region and account of what the server already holds; `None` if it holds nothing.
    pub fn owner(&self) -> Result<Option<(String, String)>, CallError> {
        let input = json!({"maxResults": 1});
        for (operation, list, member) in [
            ("ListStateMachines", "stateMachines", "stateMachineArn"),
            ("ListActivities", "activities", "activityArn"),
        ] {
            let answer = self.ask(operation, &input)?;
            let arn = answer[list][0][member].as_str().unwrap_or_default();
            let parts: Vec<&str> = arn.split(':').collect();
            if let [_, _, _, region, account, ..] = parts[..] {
                return Ok(Some((region.to_owned(), account.to_owned())));
            }
        }
        Ok(None)
    }
}
