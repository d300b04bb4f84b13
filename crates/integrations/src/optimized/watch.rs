//! Waits for the end of a job that a `.sync` task began, by looking at it again and again.

use std::time::Duration;

use interpreter::Document;
use serde_json::Value;

use super::jobs::{Job, Standing};
use super::{Optimized, jobs};
use crate::aws::{self, Ask, Failure, Words};
use crate::outbound::{Outbound, Unsaid};
use crate::{Call, Outcome};

/// How often a job is looked at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// The first wait; each is twice the one before.
    pub(crate) first: Duration,
    /// The longest.
    pub(crate) longest: Duration,
}

/// Of services somewhere: jobs take minutes, and every look is a request that may be throttled.
const FAR: Pace = Pace {
    first: Duration::from_secs(1),
    longest: Duration::from_secs(30),
};

/// Of programs on this machine, which are there to try things.
const NEAR: Pace = Pace {
    first: Duration::from_millis(100),
    longest: Duration::from_secs(5),
};

impl Pace {
    fn waits(self) -> impl Iterator<Item = Duration> {
        let next = move |wait: &Duration| Some((*wait * 2).min(self.longest));
        std::iter::successors(Some(self.first), next)
    }
}

/// Waits until the job has ended. Never ends by itself otherwise: how long it may take is the task's
/// `TimeoutSeconds`.
pub(crate) async fn watch(
    outbound: &Outbound,
    service: &Optimized,
    action: &str,
    call: Call<'_>,
    submitted: &Document,
) -> Outcome {
    let Some(job) = jobs::of(&format!("{}:{action}", service.resource)) else {
        return Err(crate::not_called(call.resource));
    };
    let pace = match outbound.is_near([service.model, service.resource]) {
        true => NEAR,
        false => FAR,
    };
    let asked = job.parameters(call.parameters.value(), submitted.value());
    let Some(asked) = asked else {
        let cause = submitted.text().to_string();
        return Err(("States.TaskFailed".to_owned(), cause));
    };
    for wait in pace.waits() {
        tokio::time::sleep(wait).await;
        let looked = look(outbound, service, job, &asked, submitted.value()).await;
        if let Some(outcome) = looked {
            return outcome;
        }
    }
    // Waits have no end.
    Err(crate::not_called(call.resource))
}

/// Looks once; `None` when there is nothing to tell yet.
async fn look(
    outbound: &Outbound,
    service: &Optimized,
    job: &Job,
    parameters: &Value,
    submitted: &Value,
) -> Option<Outcome> {
    let ask = Ask {
        service: service.model,
        action: job.describe,
        parameters,
        key: None,
        bytes: None,
    };
    let answer = match aws::ask(outbound, ask).await {
        Ok(answer) => answer,
        Err(failure) if may_pass(&failure) => return None,
        Err(failure) if job.ends_gone() && is_gone(&failure) => {
            return Some(Ok(Document::from_value(submitted.clone())));
        }
        Err(failure) => return Some(Err(service.failed(&parameters.to_string(), failure))),
    };
    match job.standing(answer.shown(Words::Optimized), submitted) {
        Standing::Running => None,
        Standing::Done(value) => Some(Ok(Document::from_value(value))),
        // Recorded by users: the whole job is the cause.
        Standing::Failed(value) => Some(Err(("States.TaskFailed".to_owned(), value.to_string()))),
        // A service may take a moment to show what it has just begun.
        Standing::Gone => None,
    }
}

/// A job does not end because somebody could not look.
fn may_pass(failure: &Failure) -> bool {
    match failure {
        Failure::Unsaid(Unsaid::Http(_)) | Failure::Unreadable(_) => true,
        Failure::Refused(refusal) => {
            let is_throttled = ["Throttl", "TooManyRequests", "SlowDown", "LimitExceeded"];
            let mut throttled = is_throttled.iter();
            refusal.status >= 500
                || refusal.status == 429
                || throttled.any(|word| refusal.code.contains(word))
        }
        _ => false,
    }
}

fn is_gone(failure: &Failure) -> bool {
    matches!(failure, Failure::Refused(refusal)
        if refusal.code.contains("NotFound") || refusal.status == 404)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_stay_at_the_longest() {
        let waits: Vec<u64> = FAR.waits().take(7).map(|wait| wait.as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 30, 30]);
    }

    #[test]
    fn who_cannot_look_looks_again() {
        let refused = |status, code: &str| {
            Failure::Refused(aws::Refusal {
                status,
                code: code.to_owned(),
                shape: None,
                message: String::new(),
                request_id: String::new(),
                extended_request_id: None,
            })
        };
        assert!(may_pass(&refused(400, "ThrottlingException")));
        assert!(may_pass(&refused(503, "ServiceUnavailable")));
        assert!(may_pass(&Failure::Unsaid(Unsaid::Http(
            "refused".to_owned()
        ))));
        assert!(!may_pass(&refused(400, "AccessDeniedException")));
        assert!(is_gone(&refused(400, "ResourceNotFoundException")));
    }
}
