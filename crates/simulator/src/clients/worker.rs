//! Workers: they poll, several times at once, do the task or not, say so once or more often, and die.

use std::collections::BTreeSet;

use engine::{Message, Operation, Ticket};
use serde_json::json;
use store::ExecutionId;

use super::{Purpose, fate};
use crate::definitions::ERRORS;
use crate::journal::{Beat, Completion, Fate};
use crate::world::World;
use crate::world::drive::short;
use crate::world::process::Delivery;
use crate::world::wire::Told;
use crate::{note, violated};

/// A task in a worker's hands.
#[derive(Clone, Debug)]
pub struct Held {
    /// What proves it.
    pub token: String,
    /// Whose task; nothing a worker would know.
    pub execution: ExecutionId,
    /// The scheduling event; nothing a worker would know.
    pub event: u32,
}

/// A worker.
#[derive(Clone, Debug)]
pub struct Worker {
    /// `workerName`.
    pub name: String,
    /// Index of its activity.
    pub activity: usize,
    /// Its polls.
    pub polls: BTreeSet<Ticket>,
    /// Tasks that it works on.
    pub held: Vec<Held>,
    /// Tasks that it has said something final about.
    pub spent: Vec<Held>,
}

/// Most polls of one worker.
const POLLS_MAX: usize = 3;

/// Most old tokens that a worker remembers.
const SPENT_MAX: usize = 4;

impl Worker {
    /// A worker who has nothing to do yet.
    pub fn new(name: String, activity: usize) -> Worker {
        Worker {
            name,
            activity,
            polls: BTreeSet::new(),
            held: Vec::new(),
            spent: Vec::new(),
        }
    }
}

impl World {
    /// One worker does something.
    pub fn work_somewhere(&mut self) {
        let at = self.dice.index(self.cast.workers.len());
        let worker = &self.cast.workers[at];
        let (polls, held, spent) = (worker.polls.len(), worker.held.len(), worker.spent.len());
        match self.dice.roll(100) {
            0..35 if polls < POLLS_MAX => self.poll(at),
            35..70 if held > 0 => {
                let which = self.dice.index(held);
                self.finish(at, which);
            }
            70..85 if held > 0 => {
                let which = self.dice.index(held);
                self.beat(at, which);
            }
            85..91 if spent > 0 => {
                let which = self.dice.index(spent);
                self.tally.fault("completion after the end");
                let held = self.cast.workers[at].spent[which].clone();
                self.complete(&held);
            }
            91..94 => self.die(at),
            94..97 if polls > 0 => {
                let which = self.dice.index(polls);
                let ticket = self.cast.workers[at].polls.iter().nth(which).copied();
                if let Some(ticket) = ticket {
                    self.tally.fault("poll given up");
                    self.give_up(at, ticket);
                }
            }
            _ => {}
        }
    }

    /// Asks for a task.
    pub fn poll(&mut self, at: usize) {
        let worker = &self.cast.workers[at];
        let name = &self.cast.activities[worker.activity];
        let arn = crate::world::owner().activity_arn(name);
        let body = json!({ "activityArn": arn, "workerName": worker.name });
        let ticket = self.send(
            Purpose::Poll { worker: at },
            Operation::GetActivityTask,
            &body,
        );
        if let Some(ticket) = ticket {
            self.cast.workers[at].polls.insert(ticket);
        }
    }

    /// A connection is closed while its poll waits.
    pub fn give_up(&mut self, at: usize, ticket: Ticket) {
        self.cast.forget_poll(at, ticket);
        if self.process.calls.remove(&ticket).is_some() {
            self.post(Message::PollClosed(ticket));
        }
    }

    /// A worker ends without a word; another one takes its name.
    fn die(&mut self, at: usize) {
        note!(self, "{} dies", self.cast.workers[at].name);
        self.tally.fault("worker died");
        for ticket in self.cast.workers[at].polls.clone() {
            self.give_up(at, ticket);
        }
        self.cast.workers[at].held.clear();
    }

    /// See [`World::answered`]: a poll that ended without a task, or was refused. A task comes by
    /// [`World::task_arrived`].
    pub fn poll_answered(&mut self, worker: usize, told: &Told) {
        let open: BTreeSet<Ticket> = self.process.calls.keys().copied().collect();
        self.cast.workers[worker]
            .polls
            .retain(|ticket| open.contains(ticket));
        if told.status >= 500 {
            violated!(self, 17, "a poll was answered with {}", told.status);
        }
    }

    /// A task reached its worker.
    pub fn task_arrived(&mut self, purpose: &Purpose, told: Told, delivery: &Delivery) {
        let Purpose::Poll { worker } = *purpose else {
            panic!("only polls get tasks");
        };
        self.tally.count_answer(&told);
        self.cast.forget_poll(worker, delivery.ticket);
        note!(
            self,
            "{} has {} #{}",
            self.cast.workers[worker].name,
            short(delivery.execution),
            delivery.event
        );
        self.arrived(worker, delivery, told.text("taskToken"));
        if self.is_broken("r15") && self.dice.chance(10) {
            let other = (worker + 1) % self.cast.workers.len();
            self.arrived(other, delivery, told.text("taskToken"));
        }
    }

    fn arrived(&mut self, worker: usize, delivery: &Delivery, token: &str) {
        self.check_arrival(worker, delivery);
        self.cast.workers[worker].held.push(Held {
            token: token.to_owned(),
            execution: delivery.execution,
            event: delivery.event,
        });
    }

    /// A worker says how a task went, once or twice.
    pub fn finish(&mut self, at: usize, which: usize) {
        let held = self.cast.workers[at].held.remove(which);
        self.complete(&held);
        if !self.quiet && self.dice.chance(15) {
            self.tally.fault("completion sent twice");
            self.complete(&held);
        }
        let spent = &mut self.cast.workers[at].spent;
        spent.push(held);
        if spent.len() > SPENT_MAX {
            spent.remove(0);
        }
    }

    /// Says how a task went: differently each time.
    fn complete(&mut self, held: &Held) {
        let at = self.journal.completions.len();
        let fails = self.dice.chance(if self.quiet { 10 } else { 30 });
        let result = match self.dice.pick(ERRORS) {
            Some(error) if fails => Err(((*error).to_owned(), format!("completion {at}"))),
            _ => Ok(format!("{{ \"completion\":{at} }}")),
        };
        let (operation, body) = match &result {
            Ok(output) => (
                Operation::SendTaskSuccess,
                json!({ "taskToken": held.token, "output": output }),
            ),
            Err((error, cause)) => (
                Operation::SendTaskFailure,
                json!({ "taskToken": held.token, "error": error, "cause": cause }),
            ),
        };
        self.journal.completions.push(Completion {
            execution: held.execution,
            event: held.event,
            result,
            fate: Fate::Waiting,
            closed_before: self.journal.is_closed(held.execution, held.event),
        });
        self.send(Purpose::Complete(at), operation, &body);
    }

    /// Says that a task is still being worked on.
    pub fn beat(&mut self, at: usize, which: usize) {
        let held = self.cast.workers[at].held[which].clone();
        let beat = self.journal.beats.len();
        self.journal.beats.push(Beat {
            execution: held.execution,
            event: held.event,
            heard: None,
            fate: Fate::Waiting,
        });
        let body = json!({ "taskToken": held.token });
        self.send(Purpose::Beat(beat), Operation::SendTaskHeartbeat, &body);
    }

    /// See [`World::answered`].
    pub fn completion_answered(&mut self, at: usize, told: &Told) {
        self.journal.completions[at].fate = fate(told);
        self.check_completion(at, told);
    }
}
