//! How often an operation may be asked for, and how many things there may be: as AWS limits them, or
//! as the operator does. By default nothing is limited: the machine is one's own.
//!
//! Checked where requests come in from sockets, before the engine is asked. What executions ask for
//! themselves passes by: a refusal there would be a failed state, not a client that waits a little.

mod bucket;
mod published;
mod settings;

use std::sync::{Mutex, PoisonError};

use engine::Operation;

pub use bucket::Rate;
pub use settings::{Profile, Quota, QuotasLayer};

use bucket::Bucket;

/// The bucket of starts of EXPRESS state machines; `StartExecution` is that of STANDARD ones.
pub const START_EXPRESS: &str = "StartExecutionExpress";

/// Most things of a kind; `None`: as many as there is room for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub state_machines: Option<u64>,
    pub activities: Option<u64>,
    pub open_executions: Option<u64>,
}

/// The buckets of all operations.
#[derive(Debug, Default)]
pub struct Quotas {
    /// In the order of [`Operation::ALL`]; empty when nothing is limited.
    buckets: Vec<Option<Mutex<Bucket>>>,
    express: Option<Mutex<Bucket>>,
}

impl Quotas {
    /// Buckets of these rates, by the names of operations and [`START_EXPRESS`].
    pub fn new(rate: impl Fn(&str) -> Option<Rate>) -> Quotas {
        let bucket = |name| rate(name).map(|rate| Mutex::new(Bucket::new(rate)));
        let buckets = Operation::ALL.iter().map(|it| bucket(it.name()));
        Quotas {
            buckets: buckets.collect(),
            express: bucket(START_EXPRESS),
        }
    }

    /// Whether it matters what kind of state machine is started.
    pub fn tell_express_apart(&self) -> bool {
        self.express.is_some() || self.bucket(Operation::StartExecution).is_some()
    }

    /// Whether the operation may be performed now, on the steady clock. A token is gone with it.
    pub fn admit(&self, operation: Operation, express: bool, now_ms: i64) -> bool {
        let bucket = if express && operation == Operation::StartExecution {
            self.express.as_ref()
        } else {
            self.bucket(operation)
        };
        bucket.is_none_or(|bucket| {
            let mut bucket = bucket.lock().unwrap_or_else(PoisonError::into_inner);
            bucket.take(now_ms)
        })
    }

    // `Operation::ALL` lists the operations in the order of their declaration.
    fn bucket(&self, operation: Operation) -> Option<&Mutex<Bucket>> {
        self.buckets.get(operation as usize)?.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_limited_at_first() {
        let quotas = Quotas::default();
        for operation in Operation::ALL {
            assert!((0..10_000).all(|_| quotas.admit(*operation, false, 0)));
        }
        assert!(!quotas.tell_express_apart());
    }

    #[test]
    fn every_operation_has_a_bucket_of_its_own() {
        let quotas = Quotas::new(published::rate);
        for operation in Operation::ALL {
            let Some(rate) = published::rate(operation.name()) else {
                assert_eq!(operation.name(), "StartSyncExecution");
                continue;
            };
            let through = (0..10_000)
                .filter(|_| quotas.admit(*operation, false, 7))
                .count();
            assert_eq!(through, rate.burst as usize, "{operation:?}");
        }
        let start = Operation::StartExecution;
        assert!(!quotas.admit(start, false, 7));
        let through = (0..10_000).filter(|_| quotas.admit(start, true, 7)).count();
        assert_eq!(through, 6_000, "EXPRESS has its own");
        assert!(quotas.admit(start, false, 1_007));
    }
}
