//! Executions in memory: those somebody works with now. All others cost disk only.

mod turn;
mod work;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use asl::StateMachine;
use interpreter::{Execution, Status};
use store::{CommitNumber, ExecutionId};

use crate::footprint::Footprint;
use crate::operations::start_sync_execution::Waiting;
use crate::short_history::ShortHistory;
use crate::watching::LogPlan;

pub(crate) use turn::{MapRunChange, OwedCall, Turn};
pub(crate) use work::Work;

/// An execution in memory.
#[derive(Debug)]
pub(crate) struct Live {
    pub(crate) execution: Execution,
    pub(crate) definition: Arc<StateMachine>,
    /// What its state machine wants logged.
    pub(crate) logging: Option<Arc<LogPlan>>,
    /// Revision of its row; 0 before the first commit.
    pub(crate) revision: u64,
    /// The last commit that wrote it.
    pub(crate) last_commit: CommitNumber,
    /// Hand-outs whose delivery is not settled. While there are any, nothing but further hand-outs
    /// happens to the execution, so that each of them can still be taken back.
    pub(crate) doubts: u32,
    /// What happened meanwhile.
    pub(crate) deferred: VecDeque<Work>,
    /// What the interpreter panicked with, if it did; see `quarantine.rs`.
    pub(crate) poison: Option<String>,
    /// Who waits for its end; such an execution is in memory only.
    pub(crate) waiting: Option<Waiting>,
    /// What it takes in the store.
    pub(crate) footprint: Footprint,
    pub(crate) short_history: ShortHistory,
    /// Whether its row says what it holds, so that it may leave memory with that.
    pub(crate) may_leave: bool,
    used: u64,
    /// About how many bytes of memory it took when it was put there.
    memory_bytes: usize,
}

impl Live {
    pub(crate) fn new(execution: Execution, definition: Arc<StateMachine>, revision: u64) -> Live {
        Live {
            execution,
            definition,
            logging: None,
            revision,
            last_commit: 0,
            doubts: 0,
            deferred: VecDeque::new(),
            poison: None,
            waiting: None,
            footprint: Footprint::default(),
            short_history: ShortHistory::default(),
            may_leave: false,
            used: 0,
            memory_bytes: 0,
        }
    }

    /// Whether it is an EXPRESS execution.
    pub(crate) fn is_express(&self) -> bool {
        self.execution.is_express(&self.definition)
    }

    /// Whether it is over, and nothing of it was or will be written.
    pub(crate) fn is_forgotten(&self) -> bool {
        self.revision == 0 && self.execution.status() != Status::Running
    }
}

#[derive(Debug)]
enum Slot {
    /// Being read from the store; what happened meanwhile.
    Loading(VecDeque<Work>),
    Here(Box<Live>),
}

/// The executions in memory, the least recently used going first when there are too many.
#[derive(Debug)]
pub(crate) struct Executions {
    slots: BTreeMap<ExecutionId, Slot>,
    by_use: BTreeSet<(u64, ExecutionId)>,
    uses: u64,
    /// About how much memory those take that are in `by_use`.
    memory_bytes: usize,
    cached_max: Cached,
    loading: usize,
    /// Closed executions, to be dropped once the commit that closed them is durable.
    closing: VecDeque<(CommitNumber, ExecutionId)>,
}

/// How many executions are kept in memory when nobody works with them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cached {
    /// Most of them.
    pub count: usize,
    /// About how many bytes of memory they may take together. The sixteen used last stay, however
    /// large they are: those somebody works with are not to be read again at each step.
    pub bytes: usize,
}

/// What is to be done with work for an execution.
pub(crate) enum Found {
    /// It is in memory; [`Executions::put_back`] must follow.
    Here(Box<Live>, Work),
    /// It is being read; the work waits.
    Waits,
    /// It must be read first; the work waits.
    MustLoad,
}

impl Executions {
    pub(crate) fn new(cached_max: Cached) -> Executions {
        Executions {
            slots: BTreeMap::new(),
            by_use: BTreeSet::new(),
            uses: 0,
            memory_bytes: 0,
            cached_max,
            loading: 0,
            closing: VecDeque::new(),
        }
    }

    /// Takes an execution out to work on it.
    pub(crate) fn take_for(&mut self, id: ExecutionId, work: Work) -> Found {
        match self.slots.remove(&id) {
            Some(Slot::Here(live)) => {
                self.leaves(id, &live);
                Found::Here(live, work)
            }
            Some(Slot::Loading(mut waiting)) => {
                waiting.push_back(work);
                self.slots.insert(id, Slot::Loading(waiting));
                Found::Waits
            }
            None => {
                self.loading += 1;
                self.slots.insert(id, Slot::Loading(VecDeque::from([work])));
                Found::MustLoad
            }
        }
    }

    /// Whether it is in memory, or being read into it.
    pub(crate) fn knows(&self, id: ExecutionId) -> bool {
        self.slots.contains_key(&id)
    }

    /// Whether it is in memory.
    pub(crate) fn has(&self, id: ExecutionId) -> bool {
        matches!(self.slots.get(&id), Some(Slot::Here(_)))
    }

    /// Takes out what is in memory, if it is.
    pub(crate) fn take(&mut self, id: ExecutionId) -> Option<Box<Live>> {
        match self.slots.remove(&id)? {
            Slot::Here(live) => {
                self.leaves(id, &live);
                Some(live)
            }
            loading @ Slot::Loading(_) => {
                self.slots.insert(id, loading);
                None
            }
        }
    }

    /// Ends a load: what waited for it.
    pub(crate) fn loaded(&mut self, id: ExecutionId) -> VecDeque<Work> {
        match self.slots.remove(&id) {
            Some(Slot::Loading(waiting)) => {
                self.loading -= 1;
                waiting
            }
            Some(here) => {
                self.slots.insert(id, here);
                VecDeque::new()
            }
            None => VecDeque::new(),
        }
    }

    /// Puts an execution (back) into memory.
    pub(crate) fn put_back(&mut self, id: ExecutionId, mut live: Box<Live>) {
        self.uses += 1;
        live.used = self.uses;
        live.memory_bytes = live.execution.memory_bytes() + live.short_history.memory_bytes();
        self.memory_bytes += live.memory_bytes;
        self.by_use.insert((live.used, id));
        let before = self.slots.insert(id, Slot::Here(live));
        assert!(before.is_none(), "an execution is in memory once");
    }

    /// It was in memory, and is not for now.
    fn leaves(&mut self, id: ExecutionId, live: &Live) {
        self.by_use.remove(&(live.used, id));
        self.memory_bytes -= live.memory_bytes;
    }

    fn are_too_many(&self) -> bool {
        let count = self.by_use.len();
        count > self.cached_max.count
            || count > KEPT_ANYWAY && self.memory_bytes > self.cached_max.bytes
    }

    /// Remembers to drop a closed execution.
    pub(crate) fn closed(&mut self, commit: CommitNumber, id: ExecutionId) {
        self.closing.push_back((commit, id));
    }

    /// Drops what is closed, and the least recently used of the rest when there are too many. Only
    /// what the store has can go. Returns those that took with them what they hold.
    pub(crate) fn shrink(&mut self, durable: CommitNumber) -> Vec<ExecutionId> {
        let mut left = Vec::new();
        while let Some(&(commit, id)) = self.closing.front() {
            if commit > durable {
                break;
            }
            self.closing.pop_front();
            self.drop_or_put_back(id, durable, &mut left);
        }
        let mut looked_at = 0;
        while self.are_too_many() && looked_at < SHRINK_STEPS_MAX {
            looked_at += 1;
            let Some(&(_, id)) = self.by_use.first() else {
                break;
            };
            self.drop_or_put_back(id, durable, &mut left);
        }
        left
    }

    fn drop_or_put_back(
        &mut self,
        id: ExecutionId,
        durable: CommitNumber,
        left: &mut Vec<ExecutionId>,
    ) {
        match self.take(id) {
            Some(live) if !may_go(&live, durable) => self.put_back(id, live),
            Some(live) if live.may_leave => left.push(id),
            Some(_) | None => {}
        }
    }

    pub(crate) fn cached(&self) -> usize {
        self.by_use.len()
    }

    pub(crate) fn loading(&self) -> usize {
        self.loading
    }
}

/// How many executions one message may look at to make room.
const SHRINK_STEPS_MAX: usize = 64;

/// See [`Cached::bytes`].
const KEPT_ANYWAY: usize = 16;

fn may_go(live: &Live, durable: CommitNumber) -> bool {
    let settled = live.doubts == 0 && live.deferred.is_empty();
    live.last_commit <= durable && settled && live.waiting.is_none()
}
