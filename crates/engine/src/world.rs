//! The world as the interpreter may ask about it.

use std::collections::BTreeMap;

use interpreter::EventId;
use store::ExecutionId;

use crate::arn::{self, Owner};
use crate::records::ActivityRecord;
use crate::token::{TaskToken, TokenKey};

/// What the interpreter may ask about the world.
#[derive(Debug)]
pub(crate) struct Surroundings {
    pub(crate) owner: Owner,
    pub(crate) activities: BTreeMap<String, ActivityRecord>,
}

/// The world as one execution sees it.
pub(crate) struct SeenBy<'a> {
    pub(crate) world: &'a Surroundings,
    pub(crate) tokens: &'a TokenKey,
    pub(crate) execution: ExecutionId,
}

impl interpreter::World for SeenBy<'_> {
    fn activity_exists(&self, arn: &str) -> bool {
        self.world.owner.owns(arn)
            && arn::activity_name(arn).is_some_and(|name| self.world.activities.contains_key(name))
    }

    fn region(&self) -> &str {
        &self.world.owner.region
    }

    fn task_token(&self, _execution_arn: &str, task: EventId) -> Option<String> {
        let (execution, event) = (self.execution, task);
        Some(self.tokens.mint(TaskToken {
            shard: 0,
            execution,
            event,
            hand_out: 1,
        }))
    }
}
