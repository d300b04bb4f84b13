//! What a call can end with instead of an output, and what to do about it.

use integrations::signing::SigningError;
use serde_json::Value;
use thiserror::Error;

/// Why a call gave no output.
#[derive(Debug, Error)]
pub enum ClientError {
    /// The service answered with an exception.
    #[error("{name}: {message}")]
    Exception {
        /// The exception's name without its namespace, for example `TaskTimedOut`.
        name: String,
        /// The service's own words; empty when it gave none.
        message: String,
        /// The HTTP status it came with.
        status: u16,
    },
    /// No answer came, or not all of it.
    #[error("no answer: {detail}")]
    Transport {
        /// What went wrong on the way.
        detail: String,
    },
    /// An answer came that is not the protocol's, as from a proxy or another service.
    #[error("an answer that is not of the Step Functions API (HTTP status {status}): {detail}")]
    Unreadable {
        /// The HTTP status it came with.
        status: u16,
        /// The beginning of the body, or why it could not be read.
        detail: String,
    },
    /// No credentials were found, or their source did not give them.
    #[error("no credentials: {0}")]
    Credentials(String),
    /// A setting contradicts itself or cannot be read.
    #[error("{0}")]
    Settings(String),
}

/// What can be done about a [`ClientError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Advice {
    /// The same call may be accepted later.
    AskAgain,
    /// The same call may be accepted with credentials read anew.
    RenewCredentials,
    /// The same call will be refused again.
    GiveUp,
}

/// Exceptions that come with status 400 and still pass by themselves.
///
/// Source: AWS common errors and the retry lists of the AWS SDKs; `ActivityWorkerLimitExceeded`
/// passes when another worker's poll ends.
const PASSING: &[&str] = &[
    "ActivityWorkerLimitExceeded",
    "BandwidthLimitExceeded",
    "InternalFailure",
    "InternalServerError",
    "KmsThrottlingException",
    "PriorRequestNotComplete",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "RequestTimeout",
    "RequestTimeoutException",
    "ServiceUnavailable",
    "SlowDown",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
    "TransactionInProgressException",
];

/// Exceptions that speak of the credentials or of their age, not of the call.
const OF_CREDENTIALS: &[&str] = &[
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignatureException",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "RequestExpired",
    "UnrecognizedClientException",
];

/// Most bytes shown of an answer that could not be read.
const SHOWN_BYTES_MAX: usize = 200;

impl ClientError {
    /// Reads an answer whose status is not 200.
    pub(super) fn from_answer(status: u16, body: &[u8]) -> ClientError {
        let read: Option<Value> = serde_json::from_slice(body).ok();
        let kind = read
            .as_ref()
            .and_then(|value| value.get("__type")?.as_str());
        let (Some(value), Some(kind)) = (&read, kind) else {
            let shown = &body[..body.len().min(SHOWN_BYTES_MAX)];
            let detail = String::from_utf8_lossy(shown).trim().to_owned();
            return ClientError::Unreadable { status, detail };
        };
        // AWS writes `namespace#Name`; some of its own gateways append `:http://...`.
        let name = kind.rsplit('#').next().unwrap_or(kind);
        let name = name.split(':').next().unwrap_or(name);
        let message = ["message", "Message"]
            .iter()
            .find_map(|key| value.get(key)?.as_str())
            .unwrap_or_default();
        ClientError::Exception {
            name: name.to_owned(),
            message: message.to_owned(),
            status,
        }
    }

    /// The exception's name, if the service answered with one.
    pub fn exception(&self) -> Option<&str> {
        match self {
            ClientError::Exception { name, .. } => Some(name),
            _ => None,
        }
    }

    /// Whether and how asking again can help.
    pub fn advice(&self) -> Advice {
        match self {
            ClientError::Exception { name, status, .. } => {
                if *status >= 500 || *status == 429 || PASSING.contains(&name.as_str()) {
                    Advice::AskAgain
                } else if OF_CREDENTIALS.contains(&name.as_str()) {
                    Advice::RenewCredentials
                } else {
                    Advice::GiveUp
                }
            }
            ClientError::Transport { .. } => Advice::AskAgain,
            // A success that is no JSON is a truncated one or a captive portal's page: both pass.
            ClientError::Unreadable { status, .. } => match status {
                408 | 429 | 500.. | 200 => Advice::AskAgain,
                _ => Advice::GiveUp,
            },
            ClientError::Credentials(_) => Advice::RenewCredentials,
            ClientError::Settings(_) => Advice::GiveUp,
        }
    }
}

impl From<SigningError> for ClientError {
    fn from(error: SigningError) -> ClientError {
        match error {
            SigningError::Credentials(why) => ClientError::Credentials(why),
            SigningError::Settings(why) => ClientError::Settings(why),
        }
    }
}

impl From<ureq::Error> for ClientError {
    fn from(error: ureq::Error) -> ClientError {
        match error {
            // Nothing about these changes by waiting.
            ureq::Error::BadUri(_)
            | ureq::Error::Http(_)
            | ureq::Error::InvalidProxyUrl
            | ureq::Error::RequireHttpsOnly(_)
            | ureq::Error::TlsRequired => ClientError::Settings(error.to_string()),
            other => ClientError::Transport {
                detail: other.to_string(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> ClientError {
        ClientError::from_answer(status, body.as_bytes())
    }

    #[test]
    fn an_exception_is_named_without_its_namespace() {
        let body = r#"{"__type":"com.amazonaws.swf.service.v2.model#TaskTimedOut","message":"Task Timed Out"}"#;
        let error = answer(400, body);
        assert_eq!(error.exception(), Some("TaskTimedOut"));
        assert_eq!(error.to_string(), "TaskTimedOut: Task Timed Out");
        assert_eq!(error.advice(), Advice::GiveUp);
    }

    #[test]
    fn what_follows_a_colon_is_no_part_of_the_name() {
        let error = answer(
            400,
            r#"{"__type":"ThrottlingException:http://x/","Message":"Rate exceeded"}"#,
        );
        assert_eq!(error.exception(), Some("ThrottlingException"));
        assert_eq!(error.advice(), Advice::AskAgain);
    }

    #[test]
    fn advice_follows_the_status_where_no_exception_is_named() {
        assert_eq!(answer(503, "<html>busy</html>").advice(), Advice::AskAgain);
        assert_eq!(answer(404, "<html>who?</html>").advice(), Advice::GiveUp);
        assert_eq!(
            answer(500, r#"{"__type":"Anything"}"#).advice(),
            Advice::AskAgain
        );
        let expired = answer(
            400,
            r#"{"__type":"com.amazon.coral.service#ExpiredTokenException"}"#,
        );
        assert_eq!(expired.advice(), Advice::RenewCredentials);
    }
}
