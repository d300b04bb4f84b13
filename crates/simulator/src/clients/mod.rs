//! Who asks: people who start and stop executions, workers, readers, and some who only make noise.

mod noise;
mod publisher;
mod reader;
mod redriver;
mod starter;
mod stopper;
mod worker;

use engine::{Operation, Rejection, Response, Ticket};
use serde_json::json;

use crate::dice::Dice;
use crate::journal::Fate;
use crate::note;
use crate::world::World;
use crate::world::wire::Told;

pub use reader::Pager;
pub use starter::{mark_of, read_timestamp};
pub use worker::{Held, Worker};

/// What a request is for; says what its answer means.
#[derive(Clone, Debug)]
pub enum Purpose {
    /// Making activities and state machines.
    Setup,
    /// That start of the journal.
    Start(usize),
    /// A worker's poll.
    Poll {
        /// The worker.
        worker: usize,
    },
    /// That completion of the journal.
    Complete(usize),
    /// That heartbeat of the journal.
    Beat(usize),
    /// That stop of the journal.
    Stop(usize),
    /// That redrive of the journal.
    Redrive(usize),
    /// That change of the journal.
    Change(usize),
    /// Nonsense: any refusal will do, but nothing else.
    Noise,
    /// A token that nobody ever had: must be refused by this name.
    Forged,
}

/// Everybody who asks.
#[derive(Debug)]
pub struct Cast {
    /// Names of activities.
    pub activities: Vec<String>,
    /// Names of state machines.
    pub machines: Vec<String>,
    /// Workers.
    pub workers: Vec<Worker>,
    /// ARNs of executions that were answered to somebody.
    pub known: Vec<String>,
    /// A reader in the middle of a history.
    pub pager: Option<Pager>,
}

/// Role of all state machines.
pub const ROLE: &str = "arn:aws:iam::000000000000:role/r";
/// Where the first machine logs.
const LOG_GROUP: &str = "arn:aws:logs:us-east-1:000000000000:log-group:all:*";

impl Cast {
    /// The people of one world.
    pub fn new(dice: &mut Dice) -> Cast {
        let activities: Vec<String> = (0..dice.span(1, 3)).map(|at| format!("a{at}")).collect();
        let machines = (0..dice.span(2, 4)).map(|at| format!("m{at}")).collect();
        let workers = (0..dice.span(3, 6) as usize)
            .map(|at| Worker::new(format!("w{at}"), at % activities.len()))
            .collect();
        Cast {
            activities,
            machines,
            workers,
            known: Vec::new(),
            pager: None,
        }
    }

    /// ARNs of the activities.
    pub fn activity_arns(&self) -> Vec<String> {
        let owner = crate::world::owner();
        self.activities
            .iter()
            .map(|name| owner.activity_arn(name))
            .collect()
    }

    /// A poll's answer will not come.
    pub fn forget_poll(&mut self, worker: usize, ticket: Ticket) {
        if let Some(worker) = self.workers.get_mut(worker) {
            worker.polls.remove(&ticket);
        }
    }

    /// The server is gone: no poll waits any more.
    pub fn crashed(&mut self) {
        for worker in &mut self.workers {
            worker.polls.clear();
        }
        self.pager = None;
    }
}

impl World {
    /// Makes what the run needs. Nothing goes wrong yet.
    pub fn set_up(&mut self) {
        self.make_activities();
        for name in self.cast.machines.clone() {
            let definition = self.author.definition();
            note!(self, "{name}: {definition}");
            // The first machine logs everything, so that every kind of event passes that way.
            let level = if self.cast.machines.first() == Some(&name) {
                "ALL"
            } else {
                "OFF"
            };
            let group = json!({ "logGroupArn": LOG_GROUP });
            let logging = json!({
                "level": level,
                "destinations": [{ "cloudWatchLogsLogGroup": group }],
            });
            let body = json!({
                "name": name,
                "definition": definition,
                "roleArn": ROLE,
                "loggingConfiguration": logging,
            });
            self.send(Purpose::Setup, Operation::CreateStateMachine, &body);
            let arn = crate::world::owner().state_machine_arn(&name);
            self.journal.resources.became(&arn, Some(definition));
        }
        self.drain();
    }

    /// Somebody does something.
    pub fn somebody_acts(&mut self) {
        match self.dice.roll(100) {
            0..14 => self.start_something(),
            14..62 => self.work_somewhere(),
            62..65 => self.stop_something(),
            65..70 => self.redrive_something(),
            70..92 => self.read_something(),
            92..95 => self.make_noise(),
            95..98 => self.change_a_machine(),
            _ => self.delete_or_make_an_activity(),
        }
    }

    /// Activities that should exist do, from now on.
    pub fn make_activities(&mut self) {
        for name in self.cast.activities.clone() {
            let body = json!({ "name": name });
            self.send(Purpose::Setup, Operation::CreateActivity, &body);
        }
    }

    /// An activity goes, with tasks queued and in workers' hands, or those that went come back.
    fn delete_or_make_an_activity(&mut self) {
        if self.dice.chance(80) {
            self.make_activities();
        } else if let Some(name) = self.dice.pick(&self.cast.activities).cloned() {
            self.tally.fault("activity deleted");
            let arn = crate::world::owner().activity_arn(&name);
            let body = json!({ "activityArn": arn });
            self.send(Purpose::Setup, Operation::DeleteActivity, &body);
        }
    }

    /// The shard said something to a request; its client does not know yet.
    pub fn heard(&mut self, ticket: Ticket, response: &Result<Response, Rejection>) {
        let moment = self.moment();
        let Some(call) = self.process.calls.get(&ticket) else {
            return;
        };
        if let (Purpose::Beat(at), Ok(_)) = (&call.purpose, response)
            && let Some(beat) = self.journal.beats.get_mut(*at)
        {
            beat.heard = Some(moment);
        }
    }

    /// An answer reached its client.
    pub fn answered(&mut self, purpose: Purpose, told: Told) {
        note!(
            self,
            "answer to {purpose:?}: {} {}",
            told.status,
            told.error()
        );
        self.tally.count_answer(&told);
        // What was promised is put to the test at once, now and then.
        let percent = match purpose {
            Purpose::Stop(_) | Purpose::Redrive(_) | Purpose::Change(_) => 20,
            Purpose::Start(_) | Purpose::Complete(_) => 1,
            _ => 0,
        };
        if told.is_ok() && !self.quiet && self.dice.chance(percent) {
            self.ends_now = true;
        }
        match purpose {
            Purpose::Setup => {
                assert!(told.is_ok(), "making what the run needs: {told:?}");
            }
            Purpose::Start(at) => self.start_answered(at, &told),
            Purpose::Poll { worker } => self.poll_answered(worker, &told),
            Purpose::Complete(at) => self.completion_answered(at, &told),
            Purpose::Beat(at) => {
                if let Some(beat) = self.journal.beats.get_mut(at) {
                    beat.fate = fate(&told);
                }
            }
            Purpose::Stop(at) => self.stop_answered(at, &told),
            Purpose::Redrive(at) => self.redrive_answered(at, &told),
            Purpose::Change(at) => self.change_answered(at, &told),
            Purpose::Noise => self.noise_answered(&told),
            Purpose::Forged => self.forgery_answered(&told),
        }
    }

    /// The process ended before it answered.
    pub fn nobody_answered(&mut self, purpose: &Purpose) {
        let fate = match *purpose {
            Purpose::Start(at) => self.journal.starts.get_mut(at).map(|it| &mut it.fate),
            Purpose::Complete(at) => self.journal.completions.get_mut(at).map(|it| &mut it.fate),
            Purpose::Beat(at) => self.journal.beats.get_mut(at).map(|it| &mut it.fate),
            Purpose::Stop(at) => self.journal.stops.get_mut(at).map(|it| &mut it.fate),
            Purpose::Redrive(at) => self.journal.redrives.get_mut(at).map(|it| &mut it.fate),
            Purpose::Change(at) => {
                self.change_unanswered(at);
                self.journal.changes.get_mut(at).map(|it| &mut it.fate)
            }
            Purpose::Setup | Purpose::Poll { .. } | Purpose::Noise | Purpose::Forged => None,
        };
        if let Some(fate) = fate {
            self.tally.unknown += 1;
            *fate = Fate::Unknown;
        }
    }
}

/// What an answer makes of a request.
pub fn fate(told: &Told) -> Fate {
    match told.status {
        200 => Fate::Acked,
        status if status >= 500 => Fate::Unknown,
        _ => Fate::Refused(told.error().to_owned()),
    }
}
