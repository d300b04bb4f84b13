//! Driving the shard: messages in, outputs out, commits to the disk, answers to clients.

use std::sync::atomic::Ordering;

use engine::operations::get_activity_task;
use engine::{ItemsRead, Message, Now, Operation, Output, ReadItem, Request, Response, Shard};
use store::{Commit, Epoch, Store};

use super::process::{Delivery, Handed, Load, Process, Release, Waiting};
use super::{LATE_MS, World, shard_options};
use crate::clients::Purpose;
use crate::{note, violated};

/// One node writes, so the fence never moves.
const EPOCH: Epoch = Epoch(0);

impl World {
    /// What the shard is told of the time.
    pub fn shard_now(&self) -> Now {
        let now = self.clock.now();
        let by_the_wall = self.is_broken("r33") || self.is_broken("r34");
        let ahead_ms = match () {
            () if by_the_wall => self.clock.jumped_ms(),
            () if self.is_broken("r27") => self.clock.true_ms / 10,
            () => 0,
        };
        Now {
            steady_ms: now.steady_ms + ahead_ms,
            ..now
        }
    }

    /// Tells the shard the next message there is.
    pub fn tell_next(&mut self) -> bool {
        let Some(next) = self.process.inbox.pop_front() else {
            return false;
        };
        self.tell(next.what);
        true
    }

    /// Puts a message behind those that wait for the shard.
    pub fn post(&mut self, what: Message) {
        let by_ms = self.clock.true_ms + LATE_MS;
        self.process.inbox.push_back(Waiting { by_ms, what });
    }

    /// Tells the shard something, and takes its outputs.
    pub fn tell(&mut self, message: Message) {
        let message = match message {
            Message::Request {
                ticket,
                request,
                lookup,
            } => match self.meddle(ticket, request) {
                Some(request) => Message::Request {
                    ticket,
                    request,
                    lookup,
                },
                None => return,
            },
            other => other,
        };
        note!(self, "tell {}", brief(&message));
        self.note_loaded(&message);
        let now = self.shard_now();
        let mut outputs = Vec::new();
        self.process.shard.handle(message, now, &mut outputs);
        for output in outputs {
            self.obey(output);
        }
    }

    /// The breaks that falsify a request on its way.
    fn meddle(&mut self, ticket: engine::Ticket, mut request: Request) -> Option<Request> {
        match &mut request {
            Request::StartExecution(start) if self.is_broken("r07") => {
                let again = self.process.calls.get(&ticket).is_some_and(
                    |call| matches!(call.purpose, Purpose::Start(at) if self.journal.is_again(at)),
                );
                if again {
                    start.name = None;
                }
            }
            Request::GetActivityTask(poll) if self.is_broken("r16") => {
                poll.worker_name = Some("somebody".into());
            }
            Request::SendTaskHeartbeat(_) if self.is_broken("r05") => {
                let response = engine::operations::send_task_heartbeat::Response {};
                self.obey(Output::Reply {
                    ticket,
                    after: 0,
                    response: Ok(Response::SendTaskHeartbeat(response)),
                });
                return None;
            }
            _ => {}
        }
        Some(request)
    }

    fn obey(&mut self, output: Output) {
        let by_ms = self.clock.true_ms + LATE_MS;
        match output {
            Output::Commit(commit) => {
                note!(self, "commit {}", brief_commit(&commit));
                self.tally.count_parts(&commit);
                let moment = self.moment();
                self.ledger.emitted(&commit, moment);
                self.hand(by_ms, Handed::Commit(commit));
            }
            Output::Reply {
                ticket,
                after,
                response,
            } => {
                self.heard(ticket, &response);
                let release = Release::Reply { ticket, response };
                if self.answers_too_early(&release) {
                    self.release(release);
                } else {
                    self.hand(by_ms, Handed::Release(after, release));
                }
            }
            Output::HandOut {
                ticket,
                after,
                task,
                execution,
                event,
            } => {
                note!(
                    self,
                    "hand out {} #{event} to {}",
                    short(execution),
                    ticket.0
                );
                self.process.doubts.insert((execution, event));
                self.check_hand_out(ticket, execution, event);
                let delivery = Delivery {
                    ticket,
                    task,
                    execution,
                    event,
                };
                self.hand(by_ms, Handed::Release(after, Release::HandOut(delivery)));
            }
            Output::Settled {
                after,
                execution,
                event,
            } => self.hand(
                by_ms,
                Handed::Release(after, Release::Settled(execution, event)),
            ),
            Output::LoadExecution(id) => self.load(Load::Execution(id)),
            Output::LoadDefinition { machine, revision } => {
                self.load(Load::Definition(machine, revision));
            }
            Output::FindExpired(search) => self.load(Load::Expired(search)),
            Output::LookUpMapRun(lookup) => self.load(Load::MapRun(lookup)),
            Output::FindTimers(search) => self.load(Load::Timers(search)),
            Output::FindTasks(search) => self.load(Load::Tasks(search)),
            Output::LookUpAgain { ticket, request } => self.load(Load::Name(ticket, request)),
            Output::Log { after, log } => {
                let last = log.events.last().map_or(0, |event| event.id);
                self.process
                    .told
                    .push_back((after, log.execution_arn, last));
            }
            Output::StatusChanged { after, change } => {
                let arn = change.birth.execution_arn;
                self.process.told.push_back((after, arn, 1));
            }
            Output::Quarantined { panic, .. } => {
                violated!(self, 57, "the interpreter panicked: {panic}");
            }
            Output::Call { .. } | Output::CancelCall { .. } => {
                panic!("no definition here calls an integration")
            }
            Output::ReadItems {
                after,
                map_run,
                source,
                position,
                ..
            } => {
                let read = self.read_items(&source, position);
                self.hand(by_ms, Handed::Release(after, Release::Items(map_run, read)));
            }
            Output::WriteResults { .. } => panic!("no definition here writes results"),
        }
    }

    fn hand(&mut self, by_ms: i64, what: Handed) {
        self.process.handed.push_back(Waiting { by_ms, what });
    }

    /// Some of the items that the definition says there are: 0, 1, 2 and so on.
    fn read_items(
        &mut self,
        source: &interpreter::Work,
        position: Option<Vec<u8>>,
    ) -> Result<ItemsRead, (String, String)> {
        let parameters: serde_json::Value =
            serde_json::from_str(&source.parameters).unwrap_or_default();
        let count = parameters["Key"]
            .as_str()
            .and_then(|count| count.parse().ok());
        let count: usize = count.unwrap_or(0);
        if !self.quiet && self.dice.chance(5) {
            self.tally.fault("item reader failed");
            return Err(("States.ItemReaderFailed".to_owned(), "no luck".to_owned()));
        }
        let from = position.map_or(0, |at| usize::from(at[0]));
        let to = (from + 1 + self.dice.index(3)).min(count);
        let item = |item: usize| ReadItem {
            value: interpreter::Document::from_text(item.to_string()),
            is_member: false,
            source: "S3://b/k".into(),
        };
        Ok(ItemsRead {
            items: (from..to).map(item).collect(),
            next: (to < count).then(|| vec![u8::try_from(to).unwrap_or(u8::MAX)]),
        })
    }

    fn load(&mut self, what: Load) {
        let by_ms = self.clock.true_ms + LATE_MS;
        self.process.loads.push(Waiting { by_ms, what });
    }

    /// Breaks `r01` to `r04`.
    fn answers_too_early(&self, release: &Release) -> bool {
        let Release::Reply {
            response: Ok(response),
            ..
        } = release
        else {
            return false;
        };
        match response {
            Response::StartExecution(_) => self.is_broken("r01"),
            Response::SendTaskSuccess(_) | Response::SendTaskFailure(_) => self.is_broken("r02"),
            Response::StopExecution(_) => self.is_broken("r04"),
            Response::UpdateStateMachine(_)
            | Response::PublishStateMachineVersion(_)
            | Response::DeleteStateMachineVersion(_)
            | Response::CreateStateMachineAlias(_)
            | Response::UpdateStateMachineAlias(_)
            | Response::DeleteStateMachineAlias(_)
            | Response::TagResource(_) => self.is_broken("r03"),
            _ => false,
        }
    }

    /// The committing thread takes up to `most` of what was handed to it, and syncs once.
    pub fn sync(&mut self, most: usize) {
        let taken = most.min(self.process.handed.len());
        let by_ms = self.clock.true_ms + LATE_MS;
        let mut commits = Vec::new();
        for handed in self.process.handed.drain(..taken) {
            match handed.what {
                Handed::Commit(commit) => commits.push(commit),
                Handed::Release(after, what) => self
                    .process
                    .waiting
                    .push_back((after, Waiting { by_ms, what })),
            }
        }
        if commits.is_empty() {
            return;
        }
        if self.is_broken("r32") {
            lose_wake_ups(&mut commits, self.dice.chance(2));
        }
        let result = self.store.commit(EPOCH, &commits);
        let last = self.durable();
        note!(self, "synced to {last}, {} at once", commits.len());
        if let Some(copy) = &mut self.lagging {
            copy.take(commits.iter().filter(|commit| commit.number <= last));
        }
        self.ledger.durable(last);
        self.forget_gone();
        match result {
            Ok(()) => {
                self.check_told(last);
                self.process.durable = last;
                self.process.durable_untold = Some(by_ms);
            }
            Err(error) => {
                self.tally.fault("failed commit");
                if self.is_broken("r06") {
                    self.leave_half(&commits);
                }
                self.crash(&format!("{error}"));
            }
        }
    }

    /// Break `r06`: the first commit that was lost left its rows in the listings.
    fn leave_half(&mut self, commits: &[Commit]) {
        let durable = self.durable();
        let lost = commits.iter().find(|commit| commit.number > durable);
        if let Some(lost) = lost
            && lost
                .executions
                .iter()
                .any(|write| !write.listings.is_empty())
        {
            let mut half = lost.clone();
            half.executions.retain_mut(|write| {
                write.timers.clear();
                write.tasks.clear();
                write.listings.clear();
                true
            });
            if self.store.commit(EPOCH, &[half]).is_ok() {
                note!(self, "half of commit {} stayed", lost.number);
                self.ledger.skip(lost.number);
            }
        }
    }

    /// Lets one answer leave that may; when none is left, the shard is to hear of the last sync.
    pub fn release_next(&mut self) -> bool {
        if let Some(release) = self.process.take_ready() {
            self.release(release);
            return true;
        }
        if self.process.durable_untold.take().is_some() {
            self.post(Message::Durable(self.process.durable));
            return true;
        }
        false
    }

    fn release(&mut self, release: Release) {
        match release {
            Release::Reply {
                ticket,
                mut response,
            } => {
                let Some(call) = self.process.calls.remove(&ticket) else {
                    return;
                };
                if self.is_broken("r11")
                    && response.is_err()
                    && matches!(call.purpose, Purpose::Complete(_))
                {
                    let done = engine::operations::send_task_success::Response {};
                    response = Ok(Response::SendTaskSuccess(done));
                }
                let wall_ms = self.clock.now().wall_ms;
                let answer = self.door.answer(&call.meta, response, wall_ms);
                self.answered(call.purpose, answer.into());
            }
            Release::HandOut(what) => {
                let by_ms = self.clock.true_ms + LATE_MS;
                self.process.deliveries.push(Waiting { by_ms, what });
            }
            Release::Items(map_run, read) => self.post(Message::ItemsRead { map_run, read }),
            Release::Settled(execution, event) => {
                self.process.doubts.remove(&(execution, event));
            }
        }
    }

    /// One answer with a task is written to its connection, or finds nobody there.
    pub fn deliver_one(&mut self, at: usize) {
        let delivery = self.process.deliveries.remove(at).what;
        let Some(call) = self.process.calls.remove(&delivery.ticket) else {
            self.undelivered(&delivery);
            return;
        };
        if !self.quiet && self.dice.chance(12) {
            self.tally.fault("client gone before its answer");
            if let Purpose::Poll { worker } = call.purpose {
                self.cast.forget_poll(worker, delivery.ticket);
            }
            self.undelivered(&delivery);
            return;
        }
        let response = get_activity_task::Response {
            task: Some(delivery.task.clone()),
        };
        let wall_ms = self.clock.now().wall_ms;
        let answer = self
            .door
            .answer(&call.meta, Ok(Response::GetActivityTask(response)), wall_ms);
        self.process
            .doubts
            .remove(&(delivery.execution, delivery.event));
        self.task_arrived(&call.purpose, answer.into(), &delivery);
        self.post(Message::Delivered(delivery.ticket));
        if !self.quiet && self.dice.chance(3) {
            self.crash("before the report of a delivery");
        }
    }

    fn undelivered(&mut self, delivery: &Delivery) {
        note!(
            self,
            "undelivered: {} #{}",
            short(delivery.execution),
            delivery.event
        );
        self.post(Message::Undelivered(delivery.ticket));
    }

    /// One read for the shard is done.
    pub fn load_one(&mut self, at: usize) {
        let load = self.process.loads.remove(at).what;
        match load {
            Load::Execution(id) => {
                let store = &self.store;
                let mut definitions =
                    |machine, revision| engine::load_definition(store, machine, revision);
                match engine::load_execution(store, id, &mut definitions) {
                    Ok(execution) => {
                        let parts = execution.as_ref().map(|loaded| loaded.row.parts.len());
                        self.tally.parts_read += parts.unwrap_or(0) as u64;
                        self.post(Message::Loaded { id, execution });
                    }
                    Err(error) => {
                        // As the server does: what cannot be read is read again.
                        note!(self, "load failed: {error}");
                        self.load(Load::Execution(id));
                    }
                }
            }
            Load::Definition(machine, revision) => {
                let definition = engine::load_definition(&self.store, machine, revision)
                    .expect("a definition in memory can be read");
                self.post(Message::LoadedDefinition {
                    machine,
                    revision,
                    definition,
                });
            }
            Load::Expired(mut search) => match engine::find_expired(&self.store, &mut search) {
                Ok(found) => self.post(Message::FoundExpired(found)),
                Err(error) => {
                    note!(self, "search failed: {error}");
                    self.load(Load::Expired(search));
                }
            },
            Load::MapRun(lookup) => match engine::look_up_map_run(&self.store, &lookup) {
                Ok(looked_up) => self.post(Message::MapRunLookedUp(looked_up)),
                Err(error) => {
                    note!(self, "lookup failed: {error}");
                    self.load(Load::MapRun(lookup));
                }
            },
            Load::Timers(search) => {
                let rows = engine::find_timers(&self.store, &search)
                    .expect("timers in memory can be read");
                self.post(Message::FoundTimers { search, rows });
            }
            Load::Tasks(search) => {
                let rows =
                    engine::find_tasks(&self.store, &search).expect("tasks in memory can be read");
                self.post(Message::FoundTasks { search, rows });
            }
            Load::Name(ticket, request) => {
                let lookup = self.look_up(&request);
                self.post(Message::Request {
                    ticket,
                    request,
                    lookup,
                });
            }
        }
    }

    /// The process is gone: what was not durable never happened. Another one begins.
    pub fn crash(&mut self, why: &str) {
        note!(self, "CRASH: {why}");
        self.tally.crashes += 1;
        self.end_process();
    }

    /// An operator stops the server: polls are answered empty, what is under way is finished.
    pub fn stop_server(&mut self) {
        note!(self, "the server is told to stop");
        self.post(Message::Drain);
        self.drain();
        let open = self.process.shard.gauges().polls;
        if open > 0 || !self.process.calls.is_empty() {
            let calls = self.process.calls.len();
            violated!(
                self,
                17,
                "{open} polls and {calls} requests are left at the end"
            );
        }
        self.end_process();
    }

    fn end_process(&mut self) {
        self.store.forget_faults();
        let last = self.durable();
        self.ledger.durable(last);
        self.forget_gone();
        self.ledger.crashed();
        let lost_reports = self.process.inbox.iter();
        if lost_reports
            .into_iter()
            .any(|waiting| matches!(waiting.what, Message::Delivered(_)))
        {
            self.tally.fault("report of a delivery lost");
        }
        let calls = std::mem::take(&mut self.process.calls);
        for call in calls.into_values() {
            self.nobody_answered(&call.purpose);
        }
        self.journal.crashed(&self.process.deliveries);
        self.cast.crashed();
        self.down_time();
        self.begin_process();
    }

    fn begin_process(&mut self) {
        self.incarnation += 1;
        let steady_ms = self.dice.span(0, 1_000_000);
        self.clock.restart(steady_ms);
        for (break_name, hides) in [
            ("r14", &self.store.hides_a_task),
            ("r30", &self.store.hides_a_timer),
        ] {
            hides.store(self.is_broken(break_name), Ordering::Relaxed);
        }
        let options = shard_options(&mut self.dice, self.ledger.retention);
        self.ledger.recovered(
            self.moment(),
            self.latest_ms().max(self.clock.now().wall_ms),
        );
        let shard = Shard::recover(options, &self.store, self.shard_now())
            .expect("a store in memory can be read");
        self.process = Process::new(shard, self.durable());
        self.due_since_ms = None;
        note!(self, "process {} begins", self.incarnation);
        if !self.quiet && self.dice.chance(15) {
            self.tally.fault("restart after restart");
            self.crash("at once");
        } else if self.dice.chance(30) {
            self.check_everything();
        }
    }

    fn latest_ms(&self) -> i64 {
        self.store
            .latest_ms()
            .expect("a head in memory can be read")
    }

    /// When the shard wants to be woken, in true time.
    pub fn next_due_ms(&self) -> Option<i64> {
        let now = self.shard_now();
        let due_ms = self.process.shard.next_due_ms(now)?;
        Some(self.clock.true_ms + (due_ms - now.steady_ms))
    }
}

/// Break `r32`.
fn lose_wake_ups(commits: &mut [Commit], lose: bool) {
    for write in commits
        .iter_mut()
        .take(usize::from(lose))
        .flat_map(|commit| &mut commit.executions)
    {
        write.timers.clear();
        write.tasks.clear();
    }
}

/// An execution's id, short enough to read.
pub fn short(id: store::ExecutionId) -> String {
    id.0[6..10]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn brief(message: &Message) -> String {
    match message {
        Message::Request {
            ticket, request, ..
        } => {
            let operation: Operation = request.operation();
            format!("{} {}", operation.name(), ticket.0)
        }
        Message::PollClosed(ticket) => format!("PollClosed {}", ticket.0),
        Message::Delivered(ticket) => format!("Delivered {}", ticket.0),
        Message::Undelivered(ticket) => format!("Undelivered {}", ticket.0),
        Message::Loaded { id, execution } => {
            format!("Loaded {} {}", short(*id), execution.is_some())
        }
        Message::LoadPanicked { id, .. } => format!("LoadPanicked {}", short(*id)),
        Message::LoadedDefinition { machine, .. } => format!("LoadedDefinition {machine}"),
        Message::CallDone { .. } => "CallDone".to_owned(),
        Message::ItemsRead { .. } => "ItemsRead".to_owned(),
        Message::ResultsWritten { .. } => "ResultsWritten".to_owned(),
        Message::MapRunLookedUp(_) => "MapRunLookedUp".to_owned(),
        Message::FoundExpired(found) => format!("FoundExpired {}", found.expired.len()),
        Message::FoundTimers { rows, .. } => format!("FoundTimers {}", rows.len()),
        Message::FoundTasks { rows, .. } => format!("FoundTasks {}", rows.len()),
        Message::Durable(number) => format!("Durable {number}"),
        Message::Tick => "Tick".to_owned(),
        Message::Drain => "Drain".to_owned(),
    }
}

fn brief_commit(commit: &Commit) -> String {
    let writes: Vec<String> = commit
        .executions
        .iter()
        .map(|write| {
            let events = write.events.as_ref().map_or_else(String::new, |run| {
                format!(" events {}+{}", run.first, run.count)
            });
            format!("{} r{}{events}", short(write.id), write.revision)
        })
        .collect();
    format!(
        "{} {} ({} records)",
        commit.number,
        writes.join(", "),
        commit.records.len()
    )
}
