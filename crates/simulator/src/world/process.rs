//! A model of the server's process: one shard, its commits on their way to the disk, answers that
//! wait for them, and messages that wait for the shard.
//!
//! The rules are those of the server's driver: messages reach the shard in the order they were sent;
//! commits become durable in order, several at a time; an answer leaves when the commit that it
//! depends on is durable; the shard hears that a commit is durable only after all answers that waited
//! for it have left. When each of these happens is up to chance.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use std::sync::Arc;

use api::Meta;
use engine::shapes::ActivityTask;
use engine::{
    ItemsRead, Lookup, MapRunId, Message, Rejection, Request, Response, Search, Shard, TaskSearch,
    Ticket, TimerSearch,
};
use store::{Commit, CommitNumber, ExecutionId};

use crate::clients::Purpose;

/// Something that waits, and the moment by which it happens at the latest, in true time. Nothing is
/// slower than that while the process lives, so checkers can tell late from never.
#[derive(Debug)]
pub struct Waiting<T> {
    /// The moment.
    pub by_ms: i64,
    /// What waits.
    pub what: T,
}

/// What is done once a commit is durable.
#[derive(Debug)]
#[allow(clippy::large_enum_variant)] // a handful of them live at a time
pub enum Release {
    /// An answer.
    Reply {
        /// Whose request.
        ticket: Ticket,
        /// What it is told.
        response: Result<Response, Rejection>,
    },
    /// A task for a poll.
    HandOut(Delivery),
    /// A doubt is over.
    Settled(ExecutionId, u32),
    /// Items for a map run.
    Items(MapRunId, Result<ItemsRead, (String, String)>),
}

/// A task on its way to a worker.
#[derive(Debug)]
pub struct Delivery {
    /// The poll.
    pub ticket: Ticket,
    /// What the worker gets.
    pub task: ActivityTask,
    /// Whose task.
    pub execution: ExecutionId,
    /// The scheduling event.
    pub event: u32,
}

/// What the shard handed on, in its order.
#[derive(Debug)]
#[allow(clippy::large_enum_variant)] // as above
pub enum Handed {
    /// To be made durable.
    Commit(Commit),
    /// To be done when that commit is.
    Release(CommitNumber, Release),
}

/// What is being read for the shard.
#[derive(Debug)]
#[allow(clippy::large_enum_variant)] // as above
pub enum Load {
    /// An execution.
    Execution(ExecutionId),
    /// A definition: machine and revision.
    Definition(u64, u64),
    /// What is expired.
    Expired(Search),
    /// Something of a map run.
    MapRun(Lookup),
    /// Timers that are due soon.
    Timers(TimerSearch),
    /// Tasks that are next in a queue.
    Tasks(TaskSearch),
    /// A name, for a request that comes back with it.
    Name(Ticket, Request),
}

/// A request that somebody waits for.
#[derive(Debug)]
pub struct Call {
    /// Who asked, and what for.
    pub purpose: Purpose,
    /// For the answer's bytes.
    pub meta: Meta,
}

/// See the page.
#[derive(Debug)]
pub struct Process {
    /// The engine.
    pub shard: Shard,
    /// Messages for it, in order.
    pub inbox: VecDeque<Waiting<Message>>,
    /// Its commits and answers, not yet looked at by the committing thread.
    pub handed: VecDeque<Waiting<Handed>>,
    /// Answers that wait for their commits.
    pub waiting: VecDeque<(CommitNumber, Waiting<Release>)>,
    /// Executions that logs and those who watch are told of, up to an event, after a commit.
    pub told: VecDeque<(CommitNumber, Arc<str>, u32)>,
    /// The last durable commit.
    pub durable: CommitNumber,
    /// Whether the shard has yet to hear of it.
    pub durable_untold: Option<i64>,
    /// Reads for the shard.
    pub loads: Vec<Waiting<Load>>,
    /// Tasks whose answers are being written.
    pub deliveries: Vec<Waiting<Delivery>>,
    /// Requests whose clients wait.
    pub calls: BTreeMap<Ticket, Call>,
    /// Hand-outs that readers must not be shown.
    pub doubts: BTreeSet<(ExecutionId, u32)>,
}

impl Process {
    /// A process that has just begun.
    pub fn new(shard: Shard, durable: CommitNumber) -> Process {
        Process {
            shard,
            inbox: VecDeque::new(),
            handed: VecDeque::new(),
            waiting: VecDeque::new(),
            told: VecDeque::new(),
            durable,
            durable_untold: None,
            loads: Vec::new(),
            deliveries: Vec::new(),
            calls: BTreeMap::new(),
            doubts: BTreeSet::new(),
        }
    }

    /// By when something must happen at the latest; `None` when nothing waits.
    pub fn pressing_ms(&self) -> Option<i64> {
        let fronts = [
            self.inbox.front().map(|next| next.by_ms),
            self.handed.front().map(|next| next.by_ms),
            self.ready().map(|(_, next)| next.by_ms).min(),
            self.durable_untold,
            self.loads.iter().map(|load| load.by_ms).min(),
            self.deliveries.iter().map(|delivery| delivery.by_ms).min(),
        ];
        fronts.into_iter().flatten().min()
    }

    /// What could leave now.
    pub fn ready(&self) -> impl Iterator<Item = &(CommitNumber, Waiting<Release>)> {
        self.waiting
            .iter()
            .filter(|(after, _)| *after <= self.durable)
    }

    /// Takes out the first answer that may leave.
    pub fn take_ready(&mut self) -> Option<Release> {
        let at = self
            .waiting
            .iter()
            .position(|(after, _)| *after <= self.durable)?;
        self.waiting.remove(at).map(|(_, waiting)| waiting.what)
    }

    /// Whether nothing is on its way anywhere.
    pub fn rests(&self) -> bool {
        self.pressing_ms().is_none()
    }

    /// Whether an execution is being read for the shard.
    pub fn loads_execution(&self, id: ExecutionId) -> bool {
        let loads = |load: &Waiting<Load>| matches!(load.what, Load::Execution(it) if it == id);
        let loaded = |message: &Waiting<Message>| matches!(message.what, Message::Loaded { id: it, .. } if it == id);
        self.loads.iter().any(loads) || self.inbox.iter().any(loaded)
    }
}
