//! Stops executions, sometimes ones that do not exist.

use engine::Operation;
use serde_json::json;

use super::{Purpose, fate};
use crate::journal::{Fate, Stop};
use crate::violated;
use crate::world::World;
use crate::world::wire::Told;

impl World {
    /// Stops one of the executions that somebody was told of.
    pub fn stop_something(&mut self) {
        if self.dice.chance(5) {
            let nobody = crate::world::owner().execution_arn("m0", "never-started");
            self.stop(&nobody);
        } else if let Some(arn) = self.dice.pick(&self.cast.known).cloned() {
            self.stop(&arn);
        }
    }

    /// Stops that execution.
    pub fn stop(&mut self, execution_arn: &str) {
        let at = self.journal.stops.len();
        self.journal.stops.push(Stop {
            execution_arn: execution_arn.to_owned(),
            fate: Fate::Waiting,
            stop_ms: 0,
        });
        let body = json!({ "executionArn": execution_arn, "error": "Stopped", "cause": "by hand" });
        self.send(Purpose::Stop(at), Operation::StopExecution, &body);
    }

    /// See [`World::answered`].
    pub fn stop_answered(&mut self, at: usize, told: &Told) {
        let stop = &mut self.journal.stops[at];
        stop.fate = fate(told);
        stop.stop_ms = told.moment_ms("stopDate");
        let known = self.cast.known.contains(&stop.execution_arn);
        if known && !told.is_ok() && !self.was_taken(&self.journal.stops[at].execution_arn) {
            let arn = self.journal.stops[at].execution_arn.clone();
            violated!(
                self,
                4,
                "{arn} cannot be stopped: {} {}",
                told.status,
                told.error()
            );
        }
    }
}
