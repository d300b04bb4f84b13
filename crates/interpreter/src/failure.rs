//! Failures: what `Retry` and `Catch` see, and which of their names match it.

use std::sync::Arc;

use crate::Failure;

pub(crate) const RUNTIME: &str = "States.Runtime";
pub(crate) const TIMEOUT: &str = "States.Timeout";
pub(crate) const QUERY_EVALUATION_ERROR: &str = "States.QueryEvaluationError";
pub(crate) const EXCEED_TOLERATED_FAILURE_THRESHOLD: &str =
    "States.ExceedToleratedFailureThreshold";
pub(crate) const ITEM_READER_FAILED: &str = "States.ItemReaderFailed";
pub(crate) const DATA_LIMIT_EXCEEDED: &str = "States.DataLimitExceeded";

/// A failure on its way through `Retry`, `Catch` and the frames above.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    /// As it will be written down.
    pub(crate) failure: Failure,
    /// Whether it is a heartbeat that stayed away: recorded as `States.Timeout`, matched by two names.
    pub(crate) heartbeat: bool,
}

impl Fault {
    /// A failure with a name and a cause.
    pub(crate) fn new(error: &str, cause: impl Into<Arc<str>>) -> Fault {
        Fault {
            failure: Failure {
                error: Some(error.into()),
                cause: Some(cause.into()),
            },
            heartbeat: false,
        }
    }

    /// A task that took too long: a name without a cause, as recorded from AWS.
    pub(crate) fn timeout(heartbeat: bool) -> Fault {
        Fault {
            failure: Failure {
                error: Some(TIMEOUT.into()),
                cause: None,
            },
            heartbeat,
        }
    }

    /// Something grew beyond [`crate::limits::PAYLOAD_BYTES_MAX`]; `what` is the state or the
    /// resource, as AWS names it.
    pub(crate) fn data_limit(what: &str) -> Fault {
        let cause = format!(
            "The state/task '{what}' returned a result with a size exceeding the maximum number of \
             bytes service limit."
        );
        Fault::new(DATA_LIMIT_EXCEEDED, cause)
    }

    /// Whether it ends the execution at once, whatever `Retry` and `Catch` say.
    pub(crate) fn is_final(&self) -> bool {
        self.error() == RUNTIME
    }

    /// Whether one of the names in `ErrorEquals` matches.
    pub(crate) fn matches(&self, error_equals: &[Arc<str>]) -> bool {
        !self.is_final() && error_equals.iter().any(|name| self.matches_name(name))
    }

    fn matches_name(&self, name: &str) -> bool {
        let error = self.error();
        match name {
            "States.ALL" => error != DATA_LIMIT_EXCEEDED,
            "States.TaskFailed" => error != TIMEOUT && error != DATA_LIMIT_EXCEEDED,
            "States.HeartbeatTimeout" => self.heartbeat,
            _ => name == error,
        }
    }

    fn error(&self) -> &str {
        self.failure.error.as_deref().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(fault: &Fault, name: &str) -> bool {
        fault.matches(&[name.into()])
    }

    #[test]
    fn names_match_as_aws_matches_them() {
        let own = Fault::new("Own", "why");
        assert!(matches(&own, "Own") && matches(&own, "States.ALL"));
        assert!(matches(&own, "States.TaskFailed") && !matches(&own, "States.Timeout"));

        let timeout = Fault::timeout(false);
        assert!(matches(&timeout, "States.Timeout") && matches(&timeout, "States.ALL"));
        assert!(!matches(&timeout, "States.TaskFailed"));
        assert!(!matches(&timeout, "States.HeartbeatTimeout"));

        let heartbeat = Fault::timeout(true);
        assert!(matches(&heartbeat, "States.HeartbeatTimeout"));
        assert!(matches(&heartbeat, "States.Timeout"));

        let runtime = Fault::new(RUNTIME, "why");
        assert!(!matches(&runtime, "States.Runtime") && !matches(&runtime, "States.ALL"));

        let limit = Fault::data_limit("lambda");
        assert!(matches(&limit, "States.DataLimitExceeded"));
        assert!(!matches(&limit, "States.ALL") && !matches(&limit, "States.TaskFailed"));
    }

    #[test]
    fn a_failure_without_a_name_is_matched_by_the_wildcards() {
        let fault = Fault {
            failure: Failure::default(),
            heartbeat: false,
        };
        assert!(matches(&fault, "States.ALL") && matches(&fault, "States.TaskFailed"));
        assert!(!matches(&fault, "Own"));
    }
}
