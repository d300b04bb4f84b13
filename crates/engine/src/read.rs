//! The operations that only read what is durable, answered from the store.

use interpreter::EventId;
use store::{ExecutionId, Store, StoreError};

use crate::arn::Owner;
use crate::operations::{Request, Response};
use crate::rejection::Rejection;

/// Why a read gave no answer.
#[derive(Debug)]
pub enum ReadError {
    /// The caller's fault.
    Rejected(Rejection),
    /// The store's.
    Store(StoreError),
}

/// Answers a request for which [`crate::Operation::is_read`] holds.
///
/// `in_doubt` says whether a hand-out (execution, scheduling event) may still be put back: readers
/// are not shown that such a task has started.
pub fn read(
    _request: &Request,
    _store: &dyn Store,
    _owner: &Owner,
    _in_doubt: &dyn Fn(ExecutionId, EventId) -> bool,
) -> Result<Response, ReadError> {
    Err(ReadError::Store(StoreError::Io("not furnished".into())))
}
