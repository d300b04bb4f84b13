//! The operations that only read what is durable, answered from the store.

use interpreter::{EventId, Limits};
use store::{ExecutionId, Store, StoreError};

use crate::arn::Owner;
use crate::operations::{self, Request, Response};
use crate::rejection::{ErrorName, Rejection};

/// Why a read gave no answer.
#[derive(Debug)]
pub enum ReadError {
    /// The caller's fault.
    Rejected(Rejection),
    /// The store's.
    Store(StoreError),
}

impl From<Rejection> for ReadError {
    fn from(rejection: Rejection) -> ReadError {
        ReadError::Rejected(rejection)
    }
}

impl From<StoreError> for ReadError {
    fn from(error: StoreError) -> ReadError {
        ReadError::Store(error)
    }
}

/// What is read from, and what decides what is shown.
pub struct Reader<'a> {
    /// What is durable.
    pub store: &'a dyn Store,
    /// Whose resources these are.
    pub owner: &'a Owner,
    /// Whether a hand-out (execution, scheduling event) may still be put back: readers are not shown that
    /// such a task has started.
    pub in_doubt: &'a dyn Fn(ExecutionId, EventId) -> bool,
    /// What the wall clock shows: it decides what can still be redriven.
    pub now_ms: i64,
    /// Whether EXPRESS executions are kept after their end; where they are not, they cannot be read while
    /// they run either, as on AWS.
    pub express_kept: bool,
    /// Those in force.
    pub limits: &'a Limits,
}

impl Reader<'_> {
    /// Answers a request for which [`crate::Operation::is_read`] holds.
    pub fn read(&self, request: &Request) -> Result<Response, ReadError> {
        let answer = self.read_once(request);
        // An execution that is taken away under a reader's eyes is not damaged.
        if let (Err(ReadError::Store(_)), Some(arn)) = (&answer, execution_of(request))
            && let Err(ReadError::Rejected(gone)) =
                operations::describe_execution::find(arn, self.store, self.owner, self.express_kept)
        {
            return Err(gone.into());
        }
        answer
    }

    /// Answers a read that takes no longer than looking up a few rows that lie in memory: it need not be
    /// done on a thread of its own. `None`: ask [`Reader::read`].
    pub fn read_at_once(&self, request: &Request) -> Option<Response> {
        let Request::DescribeExecution(request) = request else {
            return None;
        };
        operations::describe_execution::read_lately_begun(request, self)
            .map(Response::DescribeExecution)
    }

    fn read_once(&self, request: &Request) -> Result<Response, ReadError> {
        let Reader {
            store,
            owner,
            in_doubt,
            now_ms: _,
            express_kept,
            limits,
        } = *self;
        use operations as op;
        match request {
            Request::DescribeActivity(request) => {
                op::describe_activity::read(request, store, owner).map(Response::DescribeActivity)
            }
            Request::ListActivities(request) => {
                op::list_activities::read(request, store, owner).map(Response::ListActivities)
            }
            Request::DescribeStateMachine(request) => {
                op::describe_state_machine::read(request, store, owner)
                    .map(Response::DescribeStateMachine)
            }
            Request::ListStateMachines(request) => {
                op::list_state_machines::read(request, store, owner)
                    .map(Response::ListStateMachines)
            }
            Request::ListStateMachineVersions(request) => {
                op::list_state_machine_versions::read(request, store, owner)
                    .map(Response::ListStateMachineVersions)
            }
            Request::DescribeStateMachineAlias(request) => {
                op::describe_state_machine_alias::read(request, store, owner)
                    .map(Response::DescribeStateMachineAlias)
            }
            Request::ListStateMachineAliases(request) => {
                op::list_state_machine_aliases::read(request, store, owner)
                    .map(Response::ListStateMachineAliases)
            }
            Request::DescribeExecution(request) => {
                op::describe_execution::read(request, self).map(Response::DescribeExecution)
            }
            Request::DescribeStateMachineForExecution(request) => {
                op::describe_state_machine_for_execution::read(request, store, owner, express_kept)
                    .map(Response::DescribeStateMachineForExecution)
            }
            Request::ListExecutions(request) => {
                op::list_executions::read(request, store, owner, express_kept)
                    .map(Response::ListExecutions)
            }
            Request::GetExecutionHistory(request) => op::get_execution_history::read(
                request,
                store,
                owner,
                in_doubt,
                express_kept,
                limits,
            )
            .map(Response::GetExecutionHistory),
            Request::DescribeMapRun(request) => {
                op::describe_map_run::read(request, store, owner).map(Response::DescribeMapRun)
            }
            Request::ListMapRuns(request) => {
                op::list_map_runs::read(request, store, owner).map(Response::ListMapRuns)
            }
            Request::ListTagsForResource(request) => {
                op::list_tags_for_resource::read(request, store, owner)
                    .map(Response::ListTagsForResource)
            }
            Request::ValidateStateMachineDefinition(request) => {
                let response = op::validate_state_machine_definition::read(request);
                Ok(Response::ValidateStateMachineDefinition(response))
            }
            other => {
                let message = format!("{} is not a read.", other.operation().name());
                Err(Rejection::new(ErrorName::ServiceUnavailable, message).into())
            }
        }
    }
}

/// The execution whose state a request is for.
fn execution_of(request: &Request) -> Option<&str> {
    match request {
        Request::DescribeExecution(request) => Some(&request.execution_arn),
        Request::DescribeStateMachineForExecution(request) => Some(&request.execution_arn),
        Request::GetExecutionHistory(request) => Some(&request.execution_arn),
        _ => None,
    }
}
