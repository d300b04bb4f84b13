//! The thread that owns the shard.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use engine::{Message, Output, Shard, Ticket};
use store::CommitNumber;
use tokio::sync::oneshot;

use super::commit_thread::{Handover, Sink};
use super::loads::Loads;
use super::release::{Release, Releaser};
use super::{Answer, Call, Driver, Errand, Event};
use crate::calls::items::Reading;
use crate::clock::Clock;
use crate::log::{self, Level};

/// Most events that are handled before their outputs are handed on. Enough to share a sync among
/// all who came during the last one; few enough that the first of them need not wait for long.
const EVENTS_A_TURN_MAX: usize = 256;

/// The wall clock may jump while nothing happens, and something be due sooner for it.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// See [`EngineThread::run`].
pub(super) struct EngineThread {
    shard: Shard,
    clock: Clock,
    events: mpsc::Receiver<Event>,
    driver: Arc<Driver>,
    sink: Sink,
    loads: Loads,
    releaser: Arc<Releaser>,
    /// Who waits for an answer.
    replies: HashMap<Ticket, oneshot::Sender<Answer>>,
    outputs: Vec<Output>,
}

impl EngineThread {
    pub(super) fn new(
        shard: Shard,
        clock: Clock,
        events: mpsc::Receiver<Event>,
        driver: Arc<Driver>,
        sink: Sink,
        loads: Loads,
        releaser: Arc<Releaser>,
    ) -> EngineThread {
        let (replies, outputs) = (HashMap::new(), Vec::new());
        EngineThread {
            shard,
            clock,
            events,
            driver,
            sink,
            loads,
            releaser,
            replies,
            outputs,
        }
    }

    /// Until it is told to stop: takes what there is, hands on what comes out, waits.
    pub(super) fn run(mut self) {
        let mut on = true;
        while on {
            on = match self.wait() {
                Some(event) => self.take(event),
                None => true,
            };
            let mut taken = 1;
            while on && taken < EVENTS_A_TURN_MAX {
                let Ok(event) = self.events.try_recv() else {
                    break;
                };
                on = self.take(event);
                taken += 1;
            }
            self.tick_when_due();
            self.hand_on();
        }
    }

    /// The next event, or `None` when time has come for something.
    fn wait(&self) -> Option<Event> {
        let event = match self.shard.next_due_ms(self.clock.now()) {
            None => self
                .events
                .recv()
                .map_err(|_| RecvTimeoutError::Disconnected),
            Some(due_ms) => {
                let until = self.clock.until(due_ms).min(LOOK_AGAIN);
                self.events.recv_timeout(until)
            }
        };
        match event {
            Ok(event) => Some(event),
            Err(RecvTimeoutError::Timeout) => None,
            // The driver is held here too, so its sender cannot be gone.
            Err(RecvTimeoutError::Disconnected) => Some(Event::Stop),
        }
    }

    /// Returns whether to go on.
    fn take(&mut self, event: Event) -> bool {
        match event {
            Event::Request {
                ticket,
                request,
                lookup,
                reply,
            } => {
                self.replies.insert(ticket, reply);
                self.handle(Message::Request {
                    ticket,
                    request,
                    lookup,
                });
            }
            Event::Message(message) => {
                if let Message::PollClosed(ticket) = &message {
                    self.replies.remove(ticket);
                }
                self.handle(message);
            }
            Event::Gauges(reply) => {
                let _ = reply.send(self.shard.gauges());
            }
            Event::Stop => return false,
        }
        true
    }

    fn handle(&mut self, message: Message) {
        self.shard
            .handle(message, self.clock.now(), &mut self.outputs);
    }

    fn tick_when_due(&mut self) {
        let now = self.clock.now();
        if self
            .shard
            .next_due_ms(now)
            .is_some_and(|due_ms| due_ms <= now.steady_ms)
        {
            self.shard.handle(Message::Tick, now, &mut self.outputs);
        }
    }

    fn hand_on(&mut self) {
        while !self.outputs.is_empty() {
            let mut outputs = std::mem::take(&mut self.outputs);
            let mut handover = Handover::default();
            for output in outputs.drain(..) {
                self.sort(output, &mut handover);
            }
            // For the next turn, which would make room for as many again.
            self.outputs = outputs;
            if handover.commits.is_empty() && handover.releases.is_empty() {
                return;
            }
            if let Some(durable) = self.sink.hand_on(handover) {
                self.handle(Message::Durable(durable));
            }
        }
    }

    /// What depends on nothing that is not durable yet need not go by way of the committing thread.
    fn after(&self, number: CommitNumber, release: Release, to: &mut Handover) {
        if number <= self.driver.durable() {
            self.releaser.release(release);
        } else {
            to.releases.push((number, release));
        }
    }

    fn sort(&mut self, output: Output, to: &mut Handover) {
        match output {
            Output::Commit(commit) => to.commits.push(commit),
            Output::Reply {
                ticket,
                after,
                response,
            } => {
                // Nobody waits when the client closed its poll in the meantime.
                if let Some(reply) = self.replies.remove(&ticket) {
                    self.after(after, Release::Reply { reply, response }, to);
                }
            }
            Output::HandOut {
                ticket,
                after,
                task,
                execution,
                event,
            } => {
                // Its commit is handed on after this, so no reader can see it before the doubt.
                self.driver.doubts.open(execution, event);
                let reply = self.replies.remove(&ticket);
                let release = Release::HandOut {
                    reply,
                    ticket,
                    task,
                    execution,
                    event,
                };
                to.releases.push((after, release));
            }
            Output::Settled {
                after,
                execution,
                event,
            } => {
                to.releases
                    .push((after, Release::Settled { execution, event }));
            }
            Output::Call {
                after,
                execution,
                task,
                resource,
                parameters,
                submitted,
                again,
            } => {
                let call = Call {
                    execution,
                    task,
                    resource,
                    parameters,
                    submitted,
                    again,
                };
                self.after(after, Release::Call(Errand::Make(call)), to);
            }
            Output::CancelCall {
                after,
                execution,
                task,
            } => {
                let errand = Errand::GiveUp { execution, task };
                to.releases.push((after, Release::Call(errand)));
            }
            Output::ReadItems {
                after,
                map_run,
                source,
                position,
                items_max,
                bytes_max,
            } => {
                let reading = Reading {
                    map_run,
                    source,
                    position,
                    items_max,
                    bytes_max,
                };
                self.after(after, Release::Call(Errand::ReadItems(reading)), to);
            }
            Output::WriteResults {
                after,
                map_run,
                map_run_arn,
                writer,
            } => {
                let errand = Errand::WriteResults {
                    map_run,
                    map_run_arn,
                    writer,
                };
                self.after(after, Release::Call(errand), to);
            }
            Output::LookUpMapRun(lookup) => self.loads.map_run(lookup),
            Output::Log { after, log } => to.releases.push((after, Release::Log(log))),
            Output::StatusChanged { after, change } => {
                to.releases.push((after, Release::StatusChanged(change)));
            }
            Output::Quarantined {
                execution,
                execution_arn,
                panic,
            } => {
                let execution = match execution_arn {
                    Some(arn) => arn.to_string(),
                    None => format!("{execution:?}"),
                };
                log::line(
                    Level::Error,
                    "an execution is in quarantine until the next start: please report this bug",
                    &[("execution", &execution), ("panic", &panic)],
                );
            }
            Output::LoadExecution(id) => self.loads.execution(id),
            Output::LoadDefinition { machine, revision } => {
                self.loads.definition(machine, revision)
            }
            Output::FindExpired(search) => self.loads.expired(search),
            Output::FindTimers(search) => self.loads.timers(search),
            Output::FindTasks(search) => self.loads.tasks(search),
            Output::LookUpAgain { ticket, request } => self.loads.name(ticket, request),
        }
    }
}
