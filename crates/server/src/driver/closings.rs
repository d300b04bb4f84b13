//! Who waits for an execution to end.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;

/// The ends that somebody waits for, by the ARN of the execution. Only STANDARD ones are told of.
#[derive(Debug, Default)]
pub struct Closings {
    waiting: Mutex<HashMap<Arc<str>, Vec<oneshot::Sender<()>>>>,
}

impl Closings {
    /// Ready as soon as the execution ends after this call: whoever asks looks at its status then,
    /// since it may have ended before.
    pub fn of(&self, execution_arn: &str) -> oneshot::Receiver<()> {
        let (ended, end) = oneshot::channel();
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let those = waiting.entry(execution_arn.into()).or_default();
        those.retain(|one| !one.is_closed());
        those.push(ended);
        end
    }

    /// It has ended, and that is durable.
    pub fn ended(&self, execution_arn: &str) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        for one in waiting.remove(execution_arn).unwrap_or_default() {
            // Who asked may not care any more.
            let _ = one.send(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Closings;

    #[test]
    fn those_who_wait_are_told_once_and_only_of_what_they_wait_for() {
        let closings = Closings::default();
        let mut first = closings.of("a");
        let mut second = closings.of("a");
        let mut other = closings.of("b");
        closings.ended("a");
        assert_eq!(first.try_recv(), Ok(()));
        assert_eq!(second.try_recv(), Ok(()));
        assert!(other.try_recv().is_err());
        drop(other);
        let _anew = closings.of("b");
        assert_eq!(
            closings.waiting.lock().unwrap()["b"].len(),
            1,
            "the dead are forgotten"
        );
    }
}
