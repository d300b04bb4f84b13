//! Map runs: entities of their own that begin children, count them, and end.
//!
//! A map run belongs to a Map state of an execution, which waits for it and knows nothing of its
//! children. What is durable of it is in [`records`]; an open one is also in memory, without its
//! children. One commit starts children and moves the map run on; one commit closes a child and counts
//! it. So after a crash every item has one child, and every child is counted once (R64).
//!
//! Here is the collection and the loop. How children begin stands in `begin.rs` and `inputs.rs`, how they are counted
//! and how a map run ends in `end.rs`, how it is redriven in `redrive.rs`, where items wait in
//! `items.rs`, and what is read from the store in `lookup.rs` and `results.rs`.

pub(crate) mod begin;
mod end;
mod expire;
mod inputs;
mod items;
mod lookup;
pub(crate) mod records;
mod redrive;
mod results;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use interpreter::{EventId, Failure};
use store::{CommitNumber, ExecutionId, RecordWrite};

use crate::executions::Work;
use crate::ids;
use crate::message::{Now, Output, Ticket};
use crate::shard::Shard;

pub(crate) use expire::{Children, expire};
use items::Buffer;
pub use items::{ItemsRead, ReadItem};
pub(crate) use lookup::stored;
pub use lookup::{LookedUp, Lookup, look_up_map_run};
use records::{MapRunRecord, Progress, State};
pub(crate) use redrive::{Known, NOT_KEPT};
pub use results::{ChildResult, Transformation, map_run_children};

/// Names a map run: the UUID of its ARN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MapRunId(pub [u8; 16]);

/// Most children that one tick begins, aborts or redrives, so that the many of one map run do not shut
/// out requests and other executions (S20).
const CHILDREN_PER_TICK_MAX: usize = 128;

/// Most bytes of inputs that one tick gives to children.
const INPUT_BYTES_PER_TICK_MAX: usize = 1 << 20;

/// Most commits of children that are begun before the first of them is durable: what is on its way to
/// the disk is in memory.
const COMMITS_AHEAD_MAX: u64 = 16;

/// Most children of one map run at one time.
///
/// Source: AWS quota page, "maximum parallel Map Run child executions".
pub const MAP_RUN_LANES_MAX: u64 = 10_000;

/// Most items asked for in one reading.
const READ_ITEMS_MAX: usize = 1_000;

/// Most bytes asked for in one reading.
const READ_BYTES_MAX: usize = 1 << 20;

/// How many bytes of items wait at most before no more are read: a batch has at most half as many.
const BUFFER_BYTES: usize = 512 << 10;

/// Map runs that were looked up or have ended, and are kept in memory for a redrive.
const RESTING_MAX: usize = 256;

impl MapRunId {
    /// The id in a map run's ARN.
    pub(crate) fn of_arn(map_run_arn: &str) -> Option<MapRunId> {
        let (_, uuid) = map_run_arn.rsplit_once(':')?;
        Some(MapRunId(ids::execution_of(uuid)?.0))
    }
}

/// An open map run.
#[derive(Debug)]
pub(crate) struct MapRun {
    pub(crate) record: MapRunRecord,
    pub(crate) progress: Progress,
    /// The last commit that wrote it.
    pub(crate) last_commit: CommitNumber,
    buffer: Buffer,
    /// What was asked for and has not come: one thing at a time.
    asked: Option<Asked>,
    /// Children that were found, to be aborted or redriven.
    found: VecDeque<(u64, ExecutionId)>,
    /// After which child to look for more; `None` when all were looked at.
    look_after: Option<u64>,
}

/// What an open map run waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    /// Its execution, to begin children or to be told of the end.
    Execution,
    /// Items.
    Items,
    /// Children that run, to be aborted.
    Running,
    /// Children that did not succeed, to be redriven.
    Unsuccessful,
    /// The result.
    Result,
}

/// A map run that is over, for a redrive.
#[derive(Debug)]
pub(crate) struct Resting {
    pub(crate) record: MapRunRecord,
    pub(crate) progress: Progress,
    /// The last commit that wrote it: before it is durable it must stay.
    pub(crate) last_commit: CommitNumber,
}

/// Map runs in memory: all that are open.
#[derive(Debug, Default)]
pub(crate) struct MapRuns {
    pub(crate) open: BTreeMap<MapRunId, MapRun>,
    /// By the execution and the event that started them.
    by_owner: BTreeMap<(ExecutionId, EventId), MapRunId>,
    /// Those that may have something to do.
    ready: BTreeSet<MapRunId>,
    /// The last that had its turn.
    turn: Option<MapRunId>,
    /// Changed since they were written.
    dirty: BTreeSet<MapRunId>,
    /// To be looked at when a commit is durable.
    asleep: BTreeSet<(CommitNumber, MapRunId)>,
    /// Commits of children that are not durable.
    ahead: VecDeque<CommitNumber>,
    /// Over; `None`: there is no such map run.
    resting: BTreeMap<MapRunId, Option<Resting>>,
    /// Work that waits for a map run to be looked up.
    waiting: BTreeMap<MapRunId, Vec<(ExecutionId, Work)>>,
    /// Who wants to update a map run that is not open.
    updates: BTreeMap<MapRunId, Vec<(Ticket, String)>>,
}

impl MapRun {
    pub(crate) fn new(record: MapRunRecord, progress: Progress, commit: CommitNumber) -> MapRun {
        MapRun {
            buffer: Buffer::at(&progress.position),
            record,
            progress,
            last_commit: commit,
            asked: None,
            found: VecDeque::new(),
            look_after: None,
        }
        .looking_anew()
    }

    fn looking_anew(mut self) -> MapRun {
        self.look_anew();
        self
    }

    /// Children must be found from the first on.
    fn look_anew(&mut self) {
        self.found.clear();
        self.look_after = Some(0);
    }

    fn parent(&self) -> ExecutionId {
        ExecutionId(self.record.execution)
    }

    /// Most children at one time.
    fn lanes(&self) -> u64 {
        match self.progress.max_concurrency {
            0 => MAP_RUN_LANES_MAX,
            lanes => u64::from(lanes).min(MAP_RUN_LANES_MAX),
        }
    }

    /// How many more children may begin.
    fn free_lanes(&self) -> usize {
        let free = self.lanes().saturating_sub(self.progress.children.running);
        usize::try_from(free).unwrap_or(usize::MAX)
    }

    /// It begins no more children, and fails when those that run are aborted.
    pub(crate) fn fail(&mut self, failure: Failure) {
        if self.progress.state == State::Running || self.progress.state == State::Finishing {
            self.progress.state = State::Failing;
            self.progress.failure = Some(failure);
            self.look_anew();
        }
    }
}

impl MapRuns {
    /// An open map run, after a restart.
    pub(crate) fn recover(&mut self, id: MapRunId, run: MapRun) {
        self.by_owner
            .insert((run.parent(), run.record.plan.event), id);
        self.open.insert(id, run);
        self.ready.insert(id);
    }

    /// Whether a map run of that id is open.
    pub(crate) fn is_open(&self, id: MapRunId) -> bool {
        self.open.contains_key(&id)
    }

    pub(crate) fn has_work(&self) -> bool {
        !self.ready.is_empty() && (self.ahead.len() as u64) < COMMITS_AHEAD_MAX
    }

    /// How many are open.
    pub(crate) fn len(&self) -> usize {
        self.open.len()
    }

    /// Something happened to a map run: it is looked at in the next tick.
    fn wake(&mut self, id: MapRunId) {
        self.ready.insert(id);
    }

    /// A map run changed: it is written with the commit at hand, and looked at.
    pub(crate) fn touch(&mut self, id: MapRunId) {
        self.dirty.insert(id);
        self.ready.insert(id);
    }

    /// Writes what changed into the records of a commit.
    pub(crate) fn flush(&mut self, commit: &mut store::Commit) {
        for id in std::mem::take(&mut self.dirty) {
            if let Some(run) = self.open.get_mut(&id) {
                run.last_commit = commit.number;
                commit.records.push(records::open(id, &run.progress));
            }
        }
    }

    /// The children of an execution are going: what is known of its map runs does not hold.
    pub(crate) fn forget_resting(&mut self, parent: ExecutionId) {
        self.resting.retain(|_, resting| {
            let record = resting.as_ref().map(|resting| &resting.record);
            record.is_none_or(|record| record.execution != parent.0)
        });
    }

    /// Commits up to this number are durable.
    pub(crate) fn became_durable(&mut self, number: CommitNumber) {
        while self.ahead.front().is_some_and(|commit| *commit <= number) {
            self.ahead.pop_front();
        }
        while let Some(&(commit, id)) = self.asleep.first()
            && commit <= number
        {
            self.asleep.pop_first();
            self.ready.insert(id);
        }
        if self.resting.len() > RESTING_MAX {
            self.resting.retain(|_, resting| {
                resting
                    .as_ref()
                    .is_some_and(|resting| resting.last_commit > number)
            });
        }
    }

    /// Whether all that was written of a map run is durable; if not, it is looked at when it is.
    fn is_durable(&mut self, id: MapRunId, durable: CommitNumber) -> bool {
        let Some(run) = self.open.get(&id) else {
            return false;
        };
        let is_durable = run.last_commit <= durable;
        if !is_durable {
            self.asleep.insert((run.last_commit, id));
        }
        is_durable
    }
}

impl Shard {
    /// Moves map runs on, each in its turn, as far as one tick may.
    pub(crate) fn advance_map_runs(&mut self, now: Now, out: &mut Vec<Output>) {
        let mut left = CHILDREN_PER_TICK_MAX;
        // Whoever is woken meanwhile waits for the next tick.
        let mut ready = std::mem::take(&mut self.map_runs.ready);
        let mut later = match self.map_runs.turn {
            Some(turn) => ready.split_off(&turn),
            None => BTreeSet::new(),
        };
        if let Some(turn) = self.map_runs.turn
            && later.remove(&turn)
        {
            ready.insert(turn);
        }
        let mut queue: VecDeque<MapRunId> = later.into_iter().chain(ready).collect();
        while let Some(id) = queue.pop_front() {
            if left == 0 || (self.map_runs.ahead.len() as u64) >= COMMITS_AHEAD_MAX {
                self.map_runs.ready.insert(id);
                continue;
            }
            self.map_runs.turn = Some(id);
            left -= self.advance_map_run(id, left, now, out).min(left);
        }
    }

    /// One map run. Gives how much of what one tick may do it did.
    fn advance_map_run(
        &mut self,
        id: MapRunId,
        left: usize,
        now: Now,
        out: &mut Vec<Output>,
    ) -> usize {
        let Some(run) = self.map_runs.open.get_mut(&id) else {
            return 0;
        };
        match run.progress.state {
            State::Running => {
                let machine = run.record.machine;
                if !self.machine_names.contains_key(&machine) {
                    // Its execution ends with its next step; this brings it about.
                    run.fail(Failure::default());
                    self.map_runs.wake(id);
                    return 1;
                }
                if run.progress.children.pending_redrive > 0 {
                    return self.redrive_children(id, left, out);
                }
                let is_over = run.progress.is_exhausted && run.progress.children.running == 0;
                if is_over && run.asked.is_none() {
                    run.progress.state = State::Finishing;
                    self.map_runs.wake(id);
                    return 1;
                }
                self.begin_more(id, left, out)
            }
            State::Failing | State::Aborting if run.progress.children.running > 0 => {
                self.abort_children(id, left, out)
            }
            // What is read for it must not come to the same map run when it is redriven.
            State::Failing | State::Aborting if run.asked == Some(Asked::Items) => 0,
            State::Failing => self.report_failure(id, out),
            State::Aborting => self.end_aborted(id, now, out),
            State::Finishing => self.find_result(id, out),
            State::Succeeded | State::Failed | State::Aborted => 0,
        }
    }

    /// Asks for children from where looking stopped.
    fn look_for_children(&mut self, id: MapRunId, out: &mut Vec<Output>) {
        if !self.map_runs.is_durable(id, self.durable) {
            return;
        }
        let Some(run) = self.map_runs.open.get_mut(&id) else {
            return;
        };
        let (None, Some(from)) = (run.asked, run.look_after) else {
            return;
        };
        let redrive = run.progress.redrives;
        let to_redrive = run.progress.state == State::Running;
        run.asked = Some(match to_redrive {
            true => Asked::Unsuccessful,
            false => Asked::Running,
        });
        out.push(Output::LookUpMapRun(match to_redrive {
            true => Lookup::Unsuccessful {
                map_run: id,
                from,
                redrive,
            },
            false => Lookup::Running(id),
        }));
    }

    /// What was asked for has been found.
    pub(crate) fn map_run_looked_up(&mut self, looked_up: LookedUp, out: &mut Vec<Output>) {
        match looked_up {
            LookedUp::Children {
                map_run,
                found,
                next,
            } => {
                if let Some(run) = self.map_runs.open.get_mut(&map_run)
                    && let Some(asked @ (Asked::Running | Asked::Unsuccessful)) = run.asked
                {
                    run.asked = None;
                    let to_redrive = run.progress.state == State::Running;
                    // It may have begun to fail meanwhile, and want others.
                    if to_redrive == (asked == Asked::Unsuccessful) {
                        run.found.extend(found);
                        run.look_after = next;
                    }
                    self.map_runs.wake(map_run);
                }
            }
            LookedUp::Result { map_run, result } => self.result_is_known(map_run, Ok(result)),
            LookedUp::MapRun { map_run, found } => self.map_run_loaded(map_run, found, out),
        }
    }

    /// A commit that has no execution in it, of map runs that changed.
    pub(crate) fn commit_map_runs(
        &mut self,
        records: Vec<RecordWrite>,
        now: Now,
        out: &mut Vec<Output>,
    ) {
        let at_ms = self.clock.at(now);
        let number = self.next_commit();
        let mut commit = store::Commit {
            number,
            at_ms,
            records,
            ..store::Commit::default()
        };
        self.map_runs.flush(&mut commit);
        out.push(Output::Commit(commit));
    }
}
