//! Requests that make no sense: cut, changed, made up. They must be refused, and do nothing.

use engine::Operation;
use serde_json::json;

use super::Purpose;
use crate::violated;
use crate::world::World;
use crate::world::wire::Told;

/// Operations that change something.
const TARGETS: &[Operation] = &[
    Operation::StartExecution,
    Operation::StopExecution,
    Operation::SendTaskSuccess,
    Operation::GetActivityTask,
    Operation::CreateStateMachine,
    Operation::GetExecutionHistory,
];

impl World {
    /// Sends something that is no request.
    pub fn make_noise(&mut self) {
        self.tally.fault("malformed request");
        match self.dice.roll(4) {
            0 => {
                let length = self.dice.index(40);
                let bytes: Vec<u8> = (0..length).map(|_| self.dice.roll(256) as u8).collect();
                let target = self.dice.pick(TARGETS).map_or("", |it| it.name());
                self.send_bytes(Purpose::Noise, target, &bytes);
            }
            1 => self.send_cut(),
            2 => {
                self.send_bytes(Purpose::Noise, "DoSomething", b"{}");
            }
            _ => self.send_forged(),
        }
    }

    /// A request that ends too soon.
    fn send_cut(&mut self) {
        let arn = crate::world::owner().state_machine_arn("m0");
        let body = json!({ "stateMachineArn": arn, "input": "{}" }).to_string();
        let end = self.dice.index(body.len());
        let bytes = &body.as_bytes()[..end];
        self.send_bytes(Purpose::Noise, Operation::StartExecution.name(), bytes);
    }

    /// A token with one character changed, or none of ours at all.
    fn send_forged(&mut self) {
        let tokens: Vec<String> = self
            .cast
            .workers
            .iter()
            .flat_map(|worker| worker.held.iter().chain(&worker.spent))
            .map(|held| held.token.clone())
            .collect();
        let token = match self.dice.pick(&tokens).cloned() {
            Some(token) if self.dice.chance(70) => {
                let at = self.dice.index(token.len());
                let other = if token.as_bytes()[at] == b'A' {
                    "B"
                } else {
                    "A"
                };
                format!("{}{other}{}", &token[..at], &token[at + 1..])
            }
            _ => format!("AQ{}", self.dice.number()),
        };
        let body = json!({ "taskToken": token, "output": "{}" });
        self.send(Purpose::Forged, Operation::SendTaskSuccess, &body);
    }

    /// See [`World::answered`].
    pub fn noise_answered(&mut self, told: &Told) {
        if told.is_ok() || told.status >= 500 {
            violated!(self, 6, "nonsense was answered with {}", told.status);
        }
    }

    /// See [`World::answered`].
    pub fn forgery_answered(&mut self, told: &Told) {
        if told.error() != "InvalidToken" {
            violated!(
                self,
                11,
                "a forged token was answered with {} {}",
                told.status,
                told.error()
            );
        }
    }
}
