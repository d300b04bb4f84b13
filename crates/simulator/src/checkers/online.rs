//! What is checked as it happens: R8, R11, R15, R16, R40, R42.

use engine::operations::describe_execution;
use engine::{Message, Request, Response, Ticket};
use interpreter::Status;
use serde_json::Value;
use store::ExecutionId;

use super::promises::status_name;
use crate::journal::Fate;
use crate::violated;
use crate::world::process::Delivery;
use crate::world::wire::Told;
use crate::world::{World, owner};

impl World {
    /// R40: starts under one name.
    pub fn check_start(&mut self, at: usize, told: &Told) {
        let start = self.journal.starts[at].clone();
        let Some(name) = &start.name else {
            return;
        };
        let arn = owner().execution_arn(&start.machine, name);
        if self.was_taken(&arn) {
            // One of them may have been of the one before.
            return;
        }
        if told.is_ok() {
            let others = self.journal.starts.iter().filter(|other| {
                other.fate == Fate::Acked
                    && other.machine == start.machine
                    && other.name == start.name
            });
            let differs = others
                .into_iter()
                .find(|other| {
                    (&other.input, &other.execution_arn, other.start_ms)
                        != (&start.input, &start.execution_arn, start.start_ms)
                })
                .cloned();
            if let Some(other) = differs {
                violated!(
                    self,
                    40,
                    "{arn} was started twice: at {} with {}, at {} with {}",
                    other.start_ms,
                    other.input,
                    start.start_ms,
                    start.input
                );
            }
            return;
        }
        if told.error() != "ExecutionAlreadyExists" {
            return;
        }
        let request = Request::DescribeExecution(describe_execution::Request {
            execution_arn: arn.clone(),
            metadata_only: false,
        });
        match self.inspect(&request) {
            Ok(Response::DescribeExecution(found)) => {
                let found = found.description;
                let same = found
                    .input
                    .is_some_and(|input| **input.text() == *start.input);
                // It runs now, so it ran then, unless it was redriven meanwhile.
                if same && found.status == Status::Running && !self.may_be_redriven(&arn) {
                    violated!(
                        self,
                        40,
                        "{arn} is running with the same input, and was refused"
                    );
                }
            }
            _ => violated!(self, 40, "{arn} exists already, and is not there"),
        }
    }

    /// R11: who completes a task a second time is told so.
    pub fn check_completion(&mut self, at: usize, told: &Told) {
        let completion = self.journal.completions[at].clone();
        let twice = told.is_ok()
            && self
                .journal
                .completions
                .iter()
                .filter(|other| {
                    (other.execution, other.event) == (completion.execution, completion.event)
                        && other.fate == Fate::Acked
                })
                .count()
                > 1;
        let right = match told.status {
            200 => !completion.closed_before && !twice,
            400 => matches!(told.error(), "TaskTimedOut" | "TaskDoesNotExist"),
            _ => false,
        };
        if !right {
            violated!(
                self,
                11,
                "completion {at} of event {} was answered with {} {}",
                completion.event,
                told.status,
                told.error()
            );
        }
    }

    /// R16: of the tasks that wait, the one that waits longest goes first.
    pub fn check_hand_out(&mut self, ticket: Ticket, execution: ExecutionId, event: u32) {
        // A task that was meant for a poll while its execution was being read goes when that is done.
        if self.loaded == Some(execution) {
            return;
        }
        let handed = self
            .ledger
            .queues
            .values()
            .find(|row| row.execution == execution && row.event == event)
            .cloned();
        let Some(handed) = handed else {
            violated!(
                self,
                16,
                "poll {} gets a task that nobody scheduled",
                ticket.0
            );
            return;
        };
        let from = (handed.queue.clone(), 0);
        let to = (handed.queue.clone(), handed.position);
        let passed_over = self
            .ledger
            .queues
            .range(from..to)
            .map(|(_, row)| row)
            .find(|row| !row.handed_out && !self.process.loads_execution(row.execution))
            .cloned();
        if let Some(row) = passed_over {
            violated!(
                self,
                16,
                "{}: the task at {} is handed out before the one at {}",
                handed.queue,
                handed.position,
                row.position
            );
        }
    }

    /// Remembers which execution the message at hand brought back into memory.
    pub fn note_loaded(&mut self, message: &Message) {
        self.loaded = match message {
            Message::Loaded { id, .. } => Some(*id),
            _ => None,
        };
    }

    /// R15: a task that arrived once never arrives again.
    pub fn check_arrival(&mut self, worker: usize, delivery: &Delivery) {
        let key = (delivery.execution, delivery.event);
        let name = self.cast.workers[worker].name.clone();
        if let Some(other) = self.journal.arrived.get(&key) {
            let other = other.clone();
            violated!(
                self,
                15,
                "the task of event {} arrived at {other} and at {name}",
                delivery.event
            );
            return;
        }
        self.journal.arrived.insert(key, name);
    }

    /// R42: a status never goes back, but by a redrive.
    fn check_status(&mut self, arn: &str, status: &str) {
        if self.may_be_redriven(arn) || self.was_taken(arn) {
            return;
        }
        let shown = self.journal.shown.entry(arn.to_owned()).or_default();
        match &shown.closed {
            Some(closed) if closed != status => {
                let closed = closed.clone();
                violated!(self, 42, "{arn} was shown as {closed}, then as {status}");
            }
            Some(_) => {}
            None if status == status_name(Status::Running) => {}
            None => shown.closed = Some(status.to_owned()),
        }
    }

    /// R42: what a description shows.
    pub fn check_description(&mut self, arn: &str, told: &Told) {
        let status = told.text("status").to_owned();
        self.check_status(arn, &status);
    }

    /// R42: what a list shows is there, and what was acknowledged is in it.
    pub fn check_list(&mut self, machine: &str, items: &[Value]) {
        for item in items {
            let arn = item["executionArn"].as_str().unwrap_or_default().to_owned();
            let status = item["status"].as_str().unwrap_or_default().to_owned();
            self.check_status(&arn, &status);
            let request = Request::DescribeExecution(describe_execution::Request {
                execution_arn: arn.clone(),
                metadata_only: true,
            });
            if let Err(error) = self.inspect(&request)
                && !self.was_taken(&arn)
            {
                violated!(self, 42, "{arn} is listed and not found: {error}");
            }
        }
        let missing: Vec<String> = self
            .journal
            .starts
            .iter()
            .filter(|start| start.fate == Fate::Acked && start.machine == machine)
            .map(|start| start.execution_arn.clone())
            .filter(|arn| !self.was_taken(arn))
            .filter(|arn| {
                !items
                    .iter()
                    .any(|item| item["executionArn"] == arn.as_str())
            })
            .collect();
        for arn in missing {
            violated!(self, 42, "{arn} was acknowledged and is not in the list");
        }
    }

    /// R8: an event that was shown stays as it was.
    pub fn check_page(&mut self, arn: &str, events: &[Value]) {
        for event in events {
            let id = event["id"].as_u64().unwrap_or_default() as u32;
            let text = event.to_string();
            let shown = self.journal.shown.entry(arn.to_owned()).or_default();
            match shown.events.get(&id) {
                Some(before) if *before != text => {
                    let before = before.clone();
                    violated!(
                        self,
                        8,
                        "{arn}: event {id} was shown as {before}, then as {text}"
                    );
                }
                Some(_) => {}
                None => drop(shown.events.insert(id, text)),
            }
        }
    }
}
