//! R8 for logs and for those who watch: nothing is told that a reader would not find.

use engine::operations::get_execution_history;
use engine::{Request, Response};
use store::CommitNumber;

use crate::violated;
use crate::world::World;

impl World {
    /// Logs and those who watch hear of what depends on commits up to `durable`.
    pub fn check_told(&mut self, durable: CommitNumber) {
        while let Some((after, ..)) = self.process.told.front() {
            if *after > durable {
                break;
            }
            if let Some((_, execution_arn, event)) = self.process.told.pop_front() {
                self.check_told_of(&execution_arn, event);
            }
        }
    }

    /// An execution was told of, up to event `event`.
    fn check_told_of(&mut self, execution_arn: &str, event: u32) {
        let request = Request::GetExecutionHistory(get_execution_history::Request {
            execution_arn: execution_arn.to_owned(),
            limit: 1,
            reverse: true,
            include_data: false,
            after: None,
        });
        let last = match self.inspect(&request) {
            Ok(Response::GetExecutionHistory(page)) => page.events.first().map(|it| it.id),
            _ => None,
        };
        if last.is_none_or(|last| last < event) && !self.was_taken(execution_arn) {
            violated!(
                self,
                8,
                "{execution_arn}: event {event} was told of, and readers find {last:?}"
            );
        }
    }
}
