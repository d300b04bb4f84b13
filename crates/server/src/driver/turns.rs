//! The shard, and what happens to what comes out of it.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::Arc;

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

/// Run by one thread at a time: see [`Inbox`](super::inbox::Inbox).
pub(super) struct Engine {
    shard: Shard,
    clock: Clock,
    driver: Arc<Driver>,
    sink: Sink,
    loads: Loads,
    releaser: Arc<Releaser>,
    /// Who waits for an answer.
    replies: HashMap<Ticket, oneshot::Sender<Answer>>,
    outputs: Vec<Output>,
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").finish_non_exhaustive()
    }
}

impl Engine {
    pub(super) fn new(
        shard: Shard,
        clock: Clock,
        driver: Arc<Driver>,
        sink: Sink,
        loads: Loads,
        releaser: Arc<Releaser>,
    ) -> Engine {
        let (replies, outputs) = (HashMap::new(), Vec::new());
        Engine {
            shard,
            clock,
            driver,
            sink,
            loads,
            releaser,
            replies,
            outputs,
        }
    }

    /// Handles events, in order, and hands on what comes of them. Returns whether to go on: one may have
    /// said that it is over.
    pub(super) fn turn(&mut self, events: &mut VecDeque<Event>) -> bool {
        let mut on = true;
        while on {
            for _ in 0..EVENTS_A_TURN_MAX {
                let Some(event) = events.pop_front() else {
                    break;
                };
                on = self.take(event);
                if !on {
                    break;
                }
            }
            self.tick_when_due();
            self.hand_on();
            if events.is_empty() {
                break;
            }
        }
        on
    }

    /// When something is due next, by the steady clock.
    pub(super) fn next_due_ms(&self) -> Option<i64> {
        self.shard.next_due_ms(self.clock.now())
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
