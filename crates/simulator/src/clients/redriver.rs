//! Redrives executions: those that may be, those that may not, and again after silence.

use engine::Operation;
use serde_json::json;

use super::{Purpose, fate};
use crate::journal::{Fate, Redrive};
use crate::violated;
use crate::world::World;
use crate::world::wire::Told;

impl World {
    /// Redrives one of the executions that somebody was told of, or asks again for what was never
    /// answered.
    pub fn redrive_something(&mut self) {
        let unanswered: Vec<Redrive> = self
            .journal
            .redrives
            .iter()
            .filter(|redrive| redrive.fate == Fate::Unknown && redrive.client_token.is_some())
            .cloned()
            .collect();
        if self.dice.chance(40)
            && let Some(again) = self.dice.pick(&unanswered).cloned()
        {
            self.tally.fault("redrive tried again");
            self.redrive(&again.execution_arn, again.client_token);
        } else if let Some(arn) = self.dice.pick(&self.cast.known).cloned() {
            let token = self.journal.redrives.len();
            let token = self.dice.chance(70).then(|| format!("redrive-{token}"));
            self.redrive(&arn, token.clone());
            if token.is_some() && self.dice.chance(30) {
                self.tally.fault("redrive at the same time");
                self.redrive(&arn, token);
            }
        }
    }

    fn redrive(&mut self, execution_arn: &str, client_token: Option<String>) {
        let at = self.journal.redrives.len();
        let mut body = json!({ "executionArn": execution_arn });
        if let Some(token) = &client_token {
            body["clientToken"] = json!(token);
        }
        self.journal.redrives.push(Redrive {
            execution_arn: execution_arn.to_owned(),
            client_token,
            fate: Fate::Waiting,
            redrive_ms: 0,
        });
        self.send(Purpose::Redrive(at), Operation::RedriveExecution, &body);
    }

    /// See [`World::answered`].
    pub fn redrive_answered(&mut self, at: usize, told: &Told) {
        let redrive = &mut self.journal.redrives[at];
        redrive.fate = fate(told);
        redrive.redrive_ms = told.moment_ms("redriveDate");
        let arn = redrive.execution_arn.clone();
        if told.is_ok() {
            self.tally.fault("execution redriven");
        }
        let right = match told.status {
            200 => true,
            400 => match told.error() {
                "ExecutionDoesNotExist" => self.was_taken(&arn),
                error => error == "ExecutionNotRedrivable",
            },
            _ => false,
        };
        if !right {
            let (status, error) = (told.status, told.error());
            violated!(
                self,
                21,
                "{arn} was to be redriven, and was answered {status} {error}"
            );
        }
    }
}
