//! The shard: one owner for executions, queues, polls and timers.
//!
//! This file holds the shard's parts and its loop over messages. What an operation does stands in
//! `operations/`, what happens to an execution in `steps.rs`, who gets a task in `hand_out.rs`, and how
//! a shard comes back after a restart in `recover.rs`.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use asl::StateMachine;
use store::{Commit, CommitNumber, ExecutionId, RecordWrite, TaskRow, TimerRow};

use crate::arn::Owner;
use crate::clock::HistoryClock;
use crate::counts::CountsMax;
use crate::delivery::{Delivery, Outbox, TaskSearch};
use crate::executions::{Cached, Executions, Work};
use crate::holds::Tally;
use crate::ids::Ids;
use crate::load::Definition;
use crate::map_runs::MapRuns;
use crate::message::{Message, NameLookup, Now, Output, Ticket};
use crate::operations::{Request, Response, start_execution};
use crate::records::{AliasRecord, MachineRecord, VersionRecord};
use crate::rejection::{ErrorName, Rejection};
use crate::sweep::Sweep;
use crate::timers::Timers;
use crate::token::TokenKey;
use crate::watching::LogPlan;
use crate::windows::Windows;
use crate::world::{SeenBy, Surroundings};

/// What an operator may set.
#[derive(Clone, Debug)]
pub struct ShardOptions {
    /// Whose resources these are.
    pub owner: Owner,
    /// Authenticates task tokens.
    pub token_key: [u8; 32],
    /// Source of identifiers.
    pub seed: u64,
    /// How long a poll is held, in milliseconds; 59,500 by default.
    pub poll_hold_ms: i64,
    /// Most polls parked on one activity; 100,000 by default.
    pub polls_per_activity_max: usize,
    /// How many executions are kept in memory, without those somebody works with.
    pub executions_cached: Cached,
    /// Most things of each kind.
    pub counts: CountsMax,
    /// The limits of each execution; AWS's by default.
    pub limits: interpreter::Limits,
    /// How long EXPRESS executions are kept after their end, in milliseconds; 0 by default: not at all.
    pub express_retention_ms: i64,
    /// How long STANDARD executions are kept after their end, in milliseconds; 0: for ever.
    pub retention_ms: i64,
    /// How many bytes closed executions may take, as [`Gauges::closed_bytes`] counts them, before those
    /// that ended first go; 0: as many as they like.
    pub retention_bytes: u64,
    /// How much of the store's timers and queues is held in memory.
    pub windows: Windows,
}

/// Counts, for gauges and checks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gauges {
    /// Executions that are running.
    pub executions_open: u64,
    /// Tasks waiting for a poll.
    pub tasks_queued: u64,
    /// Tasks in workers' hands.
    pub tasks_handed_out: u64,
    /// Of these, hand-outs whose delivery nobody confirmed.
    pub hand_outs_unconfirmed: u64,
    /// Hand-outs that were known not to have arrived, and were put back, since the start.
    pub put_backs: u64,
    /// Armed timers.
    pub timers: u64,
    /// Parked polls.
    pub polls: u64,
    /// What closed executions take in the store, in bytes, as they were written: events, last snapshots,
    /// entries in lists and names, before the store compresses them.
    pub closed_bytes: u64,
    /// Executions in memory.
    pub executions_cached: u64,
    /// Map runs that are open.
    pub map_runs_open: u64,
    /// Executions set aside because of a bug, since the start.
    pub executions_quarantined: u64,
}

/// A state machine as the shard knows it.
#[derive(Clone, Debug)]
pub(crate) struct Machine {
    pub(crate) record: MachineRecord,
    /// The last version that was published, whether it is still there or not; 0 when none was.
    pub(crate) last_version: u64,
    /// By number.
    pub(crate) versions: BTreeMap<u64, VersionRecord>,
    /// By name.
    pub(crate) aliases: BTreeMap<String, AliasRecord>,
}

impl Machine {
    /// A machine without versions.
    pub(crate) fn new(record: MachineRecord) -> Machine {
        Machine {
            record,
            last_version: 0,
            versions: BTreeMap::new(),
            aliases: BTreeMap::new(),
        }
    }
}

/// A start that waits for its definition to be read.
#[derive(Debug)]
pub(crate) struct WaitingStart {
    pub(crate) ticket: Ticket,
    pub(crate) request: start_execution::Request,
    pub(crate) lookup: Option<NameLookup>,
    /// The version that was chosen. If it were chosen anew when the definition is there, versions
    /// whose definitions are in memory would get more than their weight.
    pub(crate) chosen: Option<u64>,
    /// For a synchronous one, whether its answer leaves data out.
    pub(crate) sync: Option<bool>,
}

/// See the crate's page.
#[derive(Debug)]
pub struct Shard {
    pub(crate) poll_hold_ms: i64,
    pub(crate) polls_per_activity_max: usize,
    pub(crate) counts: CountsMax,
    pub(crate) limits: interpreter::Limits,
    pub(crate) tokens: TokenKey,
    pub(crate) clock: HistoryClock,
    pub(crate) ids: Ids,
    pub(crate) world: Surroundings,
    pub(crate) machines: BTreeMap<String, Machine>,
    /// Names of machines by number: an execution whose machine is not here any more ends.
    pub(crate) machine_names: BTreeMap<u64, String>,
    pub(crate) next_machine: u64,
    pub(crate) definitions: BTreeMap<(u64, u64), Arc<StateMachine>>,
    /// What these revisions want logged; no entry for one that wants nothing.
    pub(crate) log_plans: BTreeMap<(u64, u64), Arc<LogPlan>>,
    pub(crate) awaiting_definition: BTreeMap<(u64, u64), Vec<WaitingStart>>,
    pub(crate) executions: Executions,
    pub(crate) map_runs: MapRuns,
    pub(crate) express_retention_ms: i64,
    pub(crate) retention_ms: i64,
    pub(crate) retention_bytes: u64,
    pub(crate) closed_bytes: u64,
    pub(crate) sweep: Sweep,
    /// Executions that callers wait for.
    pub(crate) sync_executions: usize,
    /// The last commit of small records: what is not written down itself stands on these.
    pub(crate) records_commit: CommitNumber,
    pub(crate) delivery: Delivery,
    pub(crate) timers: Timers,
    /// Names claimed by commits that a lookup may not have seen yet.
    pub(crate) names: BTreeMap<(String, String), (CommitNumber, ExecutionId)>,
    pub(crate) names_in_order: VecDeque<(CommitNumber, (String, String))>,
    /// Claims up to this commit are forgotten here: the store has them.
    pub(crate) names_forgotten: CommitNumber,
    /// Put-backs to finish when their commit is durable.
    pub(crate) settling: VecDeque<(CommitNumber, Arc<str>, ExecutionId, u32)>,
    pub(crate) issued: CommitNumber,
    pub(crate) durable: CommitNumber,
    pub(crate) draining: bool,
    pub(crate) executions_open: u64,
    pub(crate) put_backs: u64,
    /// Work that one message led to beyond its own execution; done before `handle` returns.
    pub(crate) agenda: VecDeque<(ExecutionId, Work)>,
    /// Executions at which the interpreter panicked; see `quarantine.rs`.
    pub(crate) quarantined: BTreeSet<ExecutionId>,
    /// Calls to make again after a restart.
    pub(crate) owed_calls: Vec<(ExecutionId, u32)>,
    /// Where the reading of those stands.
    pub(crate) outbox: Outbox,
}

/// States entered in one turn before others get theirs (S20).
pub(crate) const STEPS_PER_TURN_MAX: u32 = 1_000;

/// Most timers fired by one tick, so that a million due in one second do not shut out requests.
const TIMERS_PER_TICK_MAX: usize = 256;

/// Most executions being read from the store for timers at a time.
const LOADS_MAX: usize = 1_024;

/// Name claims remembered beyond those that are not durable: lookups on their way may be as old.
const NAMES_REMEMBERED: usize = 4_096;

/// Parsed definitions kept in memory.
const DEFINITIONS_CACHED_MAX: usize = 1_024;

impl Shard {
    /// Takes a message, and puts what is to be done at the end of `out`.
    pub fn handle(&mut self, message: Message, now: Now, out: &mut Vec<Output>) {
        self.timers.see(now, self.clock.seen(now));
        match message {
            Message::Request {
                ticket,
                request,
                lookup,
            } => self.request(ticket, request, lookup, now, out),
            Message::PollClosed(ticket) => self.poll_closed(ticket),
            Message::Delivered(ticket) => self.delivered(ticket),
            Message::Undelivered(ticket) => self.undelivered(ticket, now, out),
            Message::Loaded { id, execution } => self.loaded(id, execution, now, out),
            Message::LoadPanicked { id, panic } => {
                let waiting = self.executions.loaded(id);
                self.quarantine(id, None, panic, waiting, out);
            }
            Message::LoadedDefinition {
                machine,
                revision,
                definition,
            } => {
                self.loaded_definition(machine, revision, definition, now, out);
            }
            Message::CallDone {
                execution,
                task,
                result,
            } => self.call_done(execution, task, result),
            Message::ItemsRead { map_run, read } => self.items_read(map_run, read),
            Message::ResultsWritten { map_run, result } => {
                self.result_is_known(map_run, result.map(Some));
            }
            Message::MapRunLookedUp(looked_up) => self.map_run_looked_up(looked_up, out),
            Message::FoundExpired(found) => self.found_expired(found, now, out),
            Message::FoundTimers { search, rows } => {
                let executions = &self.executions;
                self.timers.found(&search, &rows, |id| executions.has(id));
            }
            Message::FoundTasks { search, rows } => self.found_tasks(&search, &rows),
            Message::Durable(number) => self.became_durable(number),
            Message::Tick => self.tick(now, out),
            Message::Drain => self.draining = true,
        }
        while let Some((id, work)) = self.agenda.pop_front() {
            self.work(id, work, now, out);
        }
        if self.draining {
            self.end_waiting_polls(out);
        }
        for id in self.executions.shrink(self.durable) {
            self.timers.leave(id);
            self.delivery.leave(id);
        }
        let searches = self.delivery.looks(self.durable);
        out.extend(searches.into_iter().map(Output::FindTasks));
    }

    /// When [`Message::Tick`] is wanted next, on the steady clock, in milliseconds.
    pub fn next_due_ms(&self, now: Now) -> Option<i64> {
        let owed = !self.owed_calls.is_empty()
            || self.map_runs.has_work()
            || self.outbox.wants_more(self.owed_calls.len());
        let owed = owed.then_some(now.steady_ms);
        let timers = self
            .timers
            .next_ms(now, self.clock.seen(now))
            .filter(|_| self.executions.loading() < LOADS_MAX);
        let polls = self.delivery.polls.next_deadline_ms();
        [owed, timers, polls, self.sweep_due_ms()]
            .into_iter()
            .flatten()
            .min()
    }

    /// Whether a task of the store that waits in a queue will be handed out when its turn comes.
    /// For checks.
    pub fn will_find_task(&self, row: &TaskRow) -> bool {
        self.delivery.will_find(row)
    }

    /// Whether a timer of the store will fire when it is due. For checks.
    pub fn will_find_timer(&self, row: &TimerRow) -> bool {
        self.timers.will_find(row)
    }

    /// Counts as of now.
    pub fn gauges(&self) -> Gauges {
        Gauges {
            executions_open: self.executions_open,
            tasks_queued: self.delivery.counts.queued,
            tasks_handed_out: self.delivery.counts.handed_out,
            hand_outs_unconfirmed: self.delivery.counts.unconfirmed,
            put_backs: self.put_backs,
            timers: self.timers.len(),
            polls: self.delivery.polls.len() as u64,
            closed_bytes: self.closed_bytes,
            executions_cached: self.executions.cached() as u64,
            map_runs_open: self.map_runs.len() as u64,
            executions_quarantined: self.quarantined.len() as u64,
        }
    }

    fn request(
        &mut self,
        ticket: Ticket,
        request: Request,
        lookup: Option<NameLookup>,
        now: Now,
        out: &mut Vec<Output>,
    ) {
        let result = match request {
            Request::CreateActivity(request) => self
                .create_activity(request, now, out)
                .map(Response::CreateActivity),
            Request::DeleteActivity(request) => self
                .delete_activity(&request, now, out)
                .map(Response::DeleteActivity),
            Request::CreateStateMachine(request) => self
                .create_state_machine(request, now, out)
                .map(Response::CreateStateMachine),
            Request::UpdateStateMachine(request) => self
                .update_state_machine(request, now, out)
                .map(Response::UpdateStateMachine),
            Request::DeleteStateMachine(request) => self
                .delete_state_machine(&request, now, out)
                .map(Response::DeleteStateMachine),
            Request::TagResource(request) => self
                .tag_resource(request, now, out)
                .map(Response::TagResource),
            Request::UntagResource(request) => self
                .untag_resource(&request, now, out)
                .map(Response::UntagResource),
            Request::PublishStateMachineVersion(request) => self
                .publish_state_machine_version(request, now, out)
                .map(Response::PublishStateMachineVersion),
            Request::DeleteStateMachineVersion(request) => self
                .delete_state_machine_version(&request, now, out)
                .map(Response::DeleteStateMachineVersion),
            Request::CreateStateMachineAlias(request) => self
                .create_state_machine_alias(request, now, out)
                .map(Response::CreateStateMachineAlias),
            Request::UpdateStateMachineAlias(request) => self
                .update_state_machine_alias(request, now, out)
                .map(Response::UpdateStateMachineAlias),
            Request::DeleteStateMachineAlias(request) => self
                .delete_state_machine_alias(&request, now, out)
                .map(Response::DeleteStateMachineAlias),
            // These may have to wait for something, and answer by themselves.
            Request::UpdateMapRun(request) => {
                return self.update_map_run(ticket, &request, now, out);
            }
            Request::StartExecution(request) => {
                return self.start_execution(ticket, request, lookup, now, out);
            }
            Request::StartSyncExecution(request) => {
                return self.start_sync_execution(ticket, request, now, out);
            }
            Request::StopExecution(request) => {
                return self.stop_execution(ticket, request, lookup, out);
            }
            Request::RedriveExecution(request) => {
                return self.redrive_execution(ticket, request, lookup, out);
            }
            Request::GetActivityTask(request) => {
                return self.get_activity_task(ticket, &request, now, out);
            }
            Request::SendTaskSuccess(request) => {
                return self.send_task_success(ticket, request, out);
            }
            Request::SendTaskFailure(request) => {
                return self.send_task_failure(ticket, request, out);
            }
            Request::SendTaskHeartbeat(request) => {
                return self.send_task_heartbeat(ticket, &request, out);
            }
            Request::DescribeActivity(_)
            | Request::ListActivities(_)
            | Request::DescribeStateMachine(_)
            | Request::ListStateMachines(_)
            | Request::ListStateMachineVersions(_)
            | Request::DescribeStateMachineAlias(_)
            | Request::ListStateMachineAliases(_)
            | Request::DescribeExecution(_)
            | Request::DescribeStateMachineForExecution(_)
            | Request::ListExecutions(_)
            | Request::GetExecutionHistory(_)
            | Request::DescribeMapRun(_)
            | Request::ListMapRuns(_)
            | Request::ListTagsForResource(_)
            | Request::ValidateStateMachineDefinition(_)
            | Request::TestState(_) => Err(Rejection::new(
                ErrorName::ServiceUnavailable,
                "A read does not enter a shard.",
            )),
        };
        self.reply(ticket, self.issued, result, out);
    }

    /// When and where a step of `execution` happens.
    pub(crate) fn seen_by(&self, execution: ExecutionId) -> SeenBy<'_> {
        SeenBy {
            world: &self.world,
            tokens: &self.tokens,
            execution,
        }
    }

    pub(crate) fn reply(
        &self,
        ticket: Ticket,
        after: CommitNumber,
        response: Result<Response, Rejection>,
        out: &mut Vec<Output>,
    ) {
        out.push(Output::Reply {
            ticket,
            after,
            response,
        });
    }

    /// The next commit's number.
    pub(crate) fn next_commit(&mut self) -> CommitNumber {
        self.issued += 1;
        self.issued
    }

    /// A commit of small records.
    pub(crate) fn commit_records(
        &mut self,
        records: Vec<RecordWrite>,
        now: Now,
        out: &mut Vec<Output>,
    ) {
        let at_ms = self.clock.at(now);
        let number = self.next_commit();
        self.records_commit = number;
        out.push(Output::Commit(Commit {
            number,
            at_ms,
            executions: Vec::new(),
            removals: Vec::new(),
            records,
            tally: Vec::new(),
        }));
    }

    /// What a commit says of all that there is after it.
    pub(crate) fn tally(&self) -> Vec<u8> {
        let (tasks, aside) = (&self.delivery.counts, &self.delivery.set_aside);
        let tally = Tally {
            executions_open: self.executions_open - self.sync_executions as u64,
            timers: self.timers.stored(),
            tasks_queued: tasks.queued + aside.queued,
            tasks_handed_out: tasks.handed_out + aside.handed_out,
            next_position: self.delivery.next_position,
            closed_bytes: self.closed_bytes,
        };
        tally.encode()
    }

    /// Tasks of a queue that were looked for, and calls to make again.
    fn found_tasks(&mut self, search: &TaskSearch, rows: &[TaskRow]) {
        if search.is_of_calls() {
            let calls = self.outbox.found(search, rows);
            self.owed_calls.extend(calls);
            return;
        }
        let executions = &self.executions;
        self.delivery.found(search, rows, |id| executions.has(id));
        self.serve(search.queue());
    }

    fn became_durable(&mut self, number: CommitNumber) {
        self.durable = self.durable.max(number);
        self.map_runs.became_durable(self.durable);
        while let Some((commit, ..)) = self.settling.front() {
            if *commit > self.durable {
                break;
            }
            if let Some((_, queue, execution, event)) = self.settling.pop_front() {
                self.settled(&queue, execution, event);
            }
        }
        while self.names_in_order.len() > NAMES_REMEMBERED {
            match self.names_in_order.front() {
                Some((commit, _)) if *commit <= self.durable => {}
                _ => break,
            }
            if let Some((commit, key)) = self.names_in_order.pop_front() {
                self.names_forgotten = commit;
                if self
                    .names
                    .get(&key)
                    .is_some_and(|(claimed, _)| *claimed == commit)
                {
                    self.names.remove(&key);
                }
            }
        }
    }

    fn tick(&mut self, now: Now, out: &mut Vec<Output>) {
        self.sweep(now, out);
        out.extend(self.timers.look(now).map(Output::FindTimers));
        let calls = self.outbox.look(self.owed_calls.len());
        out.extend(calls.map(Output::FindTasks));
        for (execution, task) in self
            .owed_calls
            .split_off(self.owed_calls.len().saturating_sub(TIMERS_PER_TICK_MAX))
        {
            self.agenda.push_back((execution, Work::CallAgain { task }));
        }
        for _ in 0..TIMERS_PER_TICK_MAX {
            if self.executions.loading() >= LOADS_MAX {
                break;
            }
            let Some((execution, timer)) = self.timers.pop_due(now) else {
                break;
            };
            self.work(execution, Work::Timer(timer), now, out);
        }
        while let Some(ticket) = self.delivery.polls.overdue(now.steady_ms) {
            self.end_poll_empty(ticket, out);
        }
        self.advance_map_runs(now, out);
    }

    fn loaded_definition(
        &mut self,
        machine: u64,
        revision: u64,
        definition: Option<Definition>,
        now: Now,
        out: &mut Vec<Output>,
    ) {
        let waiting = self
            .awaiting_definition
            .remove(&(machine, revision))
            .unwrap_or_default();
        match definition {
            Some(definition) => {
                self.remember_definition(machine, revision, definition.machine);
                self.remember_logging(machine, revision, definition.logging);
                // From the beginning: another start of the same name may have come first meanwhile.
                for start in waiting {
                    self.start_chosen(start, now, out);
                }
            }
            None => {
                for WaitingStart { ticket, .. } in waiting {
                    let message =
                        "The definition of this state machine cannot be read from the store.";
                    let rejection = Rejection::new(ErrorName::ServiceUnavailable, message);
                    self.reply(ticket, 0, Err(rejection), out);
                }
            }
        }
    }

    /// Follows [`Shard::remember_definition`] of the same revision, and is forgotten with it.
    pub(crate) fn remember_logging(
        &mut self,
        machine: u64,
        revision: u64,
        plan: Option<Arc<LogPlan>>,
    ) {
        if let Some(plan) = plan {
            self.log_plans.insert((machine, revision), plan);
        }
    }

    pub(crate) fn remember_definition(
        &mut self,
        machine: u64,
        revision: u64,
        definition: Arc<StateMachine>,
    ) {
        if self.definitions.len() >= DEFINITIONS_CACHED_MAX
            && let Some((forgotten, _)) = self.definitions.pop_first()
        {
            self.log_plans.remove(&forgotten);
        }
        self.definitions.insert((machine, revision), definition);
    }
}
