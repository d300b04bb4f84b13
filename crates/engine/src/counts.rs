//! How many things there may be at most.

use crate::rejection::{ErrorName, Rejection};
use crate::shard::Shard;

/// Most things of each kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CountsMax {
    /// Registered state machines; AWS has 100,000.
    pub state_machines: u64,
    /// Registered activities; AWS has 100,000.
    pub activities: u64,
    /// Open executions, beyond which none is started or redriven; AWS has 1,000,000.
    pub executions_open: u64,
}

impl CountsMax {
    /// As many as there is room for.
    pub const NONE: CountsMax = CountsMax {
        state_machines: u64::MAX,
        activities: u64::MAX,
        executions_open: u64::MAX,
    };
}

impl Shard {
    /// Refuses one more state machine than there may be.
    pub(crate) fn room_for_state_machine(&self) -> Result<(), Rejection> {
        let (are, most) = (self.machines.len() as u64, self.counts.state_machines);
        let name = ErrorName::StateMachineLimitExceeded;
        room(are, most, name, "State Machine", "state machines")
    }

    /// Refuses one more activity than there may be.
    pub(crate) fn room_for_activity(&self) -> Result<(), Rejection> {
        let (are, most) = (self.world.activities.len() as u64, self.counts.activities);
        let name = ErrorName::ActivityLimitExceeded;
        room(are, most, name, "Activity", "activities")
    }

    /// Refuses one more open execution than there may be.
    pub(crate) fn room_for_execution(&self) -> Result<(), Rejection> {
        let (are, most) = (self.executions_open, self.counts.executions_open);
        let name = ErrorName::ExecutionLimitExceeded;
        room(are, most, name, "Execution", "open executions")
    }
}

fn room(are: u64, most: u64, name: ErrorName, kind: &str, kinds: &str) -> Result<(), Rejection> {
    if are < most {
        return Ok(());
    }
    let message =
        format!("{kind} Limit Exceeded: 'There are {are} {kinds}, and at most {most} are allowed'");
    Err(Rejection::new(name, message))
}
