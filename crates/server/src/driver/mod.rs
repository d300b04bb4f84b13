//! Drives the engine: whoever has something for the shard runs it, one at a time, a thread makes its
//! commits durable, and nothing is answered, handed out or called before the commit it depends on is.
//!
//! A request takes two hops: its commit to the committing thread, and the answer straight from there
//! to the task that waits. The engine runs ahead meanwhile: what it commits while a sync is under way
//! shares the next one. See decision 19.

mod call;
mod closings;
mod commit_thread;
mod definitions;
mod delivery;
mod doubts;
mod inbox;
mod loads;
mod release;
#[cfg(test)]
mod tests;
mod turns;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread::JoinHandle;

use engine::{Gauges, Message, NameLookup, Rejection, Request, Response, Shard, Ticket};
use store::{CommitNumber, Store};
use tokio::runtime::Handle;
use tokio::sync::{mpsc as tokio_mpsc, oneshot};

use crate::clock::Clock;
use crate::disk::Space;
use crate::metrics::Metrics;
use crate::watching::Watchers;

use inbox::Inbox;
use turns::Engine;

pub use call::{Call, Errand};
pub use closings::Closings;
pub use commit_thread::EPOCH;
pub use definitions::Definitions;
pub use delivery::Delivery;
pub use doubts::Doubts;

/// Most events that somebody handles who came with one, before the rest is left to the engine's thread:
/// a visitor has connections to serve.
const VISIT_EVENTS_MAX: usize = 64;

/// What the engine said to a request.
#[derive(Debug)]
pub enum Answer {
    /// All but hand-outs.
    Done(Result<Response, Rejection>),
    /// A task for a poll. Whoever takes it over must say whether it left.
    HandOut(Response, Delivery),
}

/// What the engine is told.
#[derive(Debug)]
enum Event {
    /// A new request.
    Request {
        ticket: Ticket,
        request: Request,
        lookup: Option<NameLookup>,
        reply: oneshot::Sender<Answer>,
    },
    /// Anything else for the shard.
    Message(Message),
    /// Somebody wants to know counts.
    Gauges(oneshot::Sender<Gauges>),
    /// No more.
    Stop,
}

/// The way into the engine; shared by all who ask.
#[derive(Debug)]
pub struct Driver {
    inbox: Inbox,
    /// Locked by whoever has the turn: next to nobody ever waits for it. Gone when it has been stopped.
    engine: Mutex<Option<Engine>>,
    tickets: AtomicU64,
    durable: AtomicU64,
    /// Whether the committing thread is at work: what comes now shares the next sync with others, and is
    /// better handled together with them, by the engine's thread.
    is_committing: AtomicBool,
    doubts: Doubts,
    closings: Closings,
    definitions: Definitions,
    metrics: Arc<Metrics>,
}

/// What is needed to start.
pub struct Parts {
    /// The shard, recovered.
    pub shard: Shard,
    /// Where its commits go.
    pub store: Arc<dyn Store>,
    /// Whether committing takes no time worth a thread of its own.
    pub commits_inline: bool,
    /// Number of the last commit in the store.
    pub durable: CommitNumber,
    /// For reads of the store and for calls.
    pub runtime: Handle,
    /// The clock the shard was recovered by.
    pub clock: Clock,
    /// Where events are counted.
    pub metrics: Arc<Metrics>,
    /// Who is told of what happens to executions.
    pub watchers: Watchers,
    /// The room that commits have.
    pub space: Space,
}

/// A started driver.
pub struct Started {
    /// The way in.
    pub driver: Arc<Driver>,
    /// Calls that integrations are to make or to give up, each after its commit is durable.
    pub calls: tokio_mpsc::UnboundedReceiver<Errand>,
    /// The threads.
    pub threads: Threads,
}

/// The threads, to be waited for.
pub struct Threads {
    engine: JoinHandle<()>,
    commit: Option<JoinHandle<()>>,
}

/// Starts the threads.
pub fn start(parts: Parts) -> std::io::Result<Started> {
    let driver = Arc::new(Driver::new(
        Inbox::new(),
        parts.durable,
        Arc::clone(&parts.metrics),
    ));
    let (calls_in, calls) = tokio_mpsc::unbounded_channel();
    let releaser = release::Releaser::new(Arc::clone(&driver), calls_in, parts.watchers);
    let releaser = Arc::new(releaser);
    let committer = commit_thread::Committer::new(
        Arc::clone(&parts.store),
        Arc::clone(&releaser),
        parts.durable,
        parts.space,
    );
    let (sink, commit) = if parts.commits_inline {
        (commit_thread::Sink::Inline(committer), None)
    } else {
        let (handovers, received) = mpsc::channel();
        let thread = std::thread::Builder::new()
            .name("commit".into())
            .spawn(move || ending_the_process(move || committer.run(&received)))?;
        (commit_thread::Sink::Thread(handovers), Some(thread))
    };
    let loads = loads::Loads::new(parts.store, parts.runtime, Arc::clone(&driver));
    let clock = parts.clock;
    let engine = Engine::new(
        parts.shard,
        clock,
        Arc::clone(&driver),
        sink,
        loads,
        releaser,
    );
    *driver.engine() = Some(engine);
    let driven = Arc::clone(&driver);
    let engine = std::thread::Builder::new()
        .name("engine".into())
        .spawn(move || {
            while driven.inbox.await_turn(&clock) {
                driven.take_turn(usize::MAX);
            }
        })?;
    Ok(Started {
        driver,
        calls,
        threads: Threads { engine, commit },
    })
}

impl Driver {
    fn new(inbox: Inbox, durable: CommitNumber, metrics: Arc<Metrics>) -> Driver {
        Driver {
            inbox,
            engine: Mutex::new(None),
            tickets: AtomicU64::new(1),
            durable: AtomicU64::new(durable),
            is_committing: AtomicBool::new(false),
            doubts: Doubts::default(),
            closings: Closings::default(),
            definitions: Definitions::default(),
            metrics,
        }
    }

    /// Asks the engine. When the future is dropped before the answer came, the client is taken to be
    /// gone: a poll is closed, and a task that was already on its way is put back.
    pub async fn ask(self: &Arc<Self>, request: Request, lookup: Option<NameLookup>) -> Answer {
        let ticket = Ticket(self.tickets.fetch_add(1, Ordering::Relaxed));
        let parks = matches!(request, Request::GetActivityTask(_));
        let (reply, answer) = oneshot::channel();
        self.send(Event::Request {
            ticket,
            request,
            lookup,
            reply,
        });
        let mut open = parks.then(|| OpenPoll {
            driver: self,
            ticket,
            answered: false,
        });
        let answer = answer.await;
        if let Some(open) = &mut open {
            open.answered = true;
        }
        match answer {
            Ok(answer) => answer,
            Err(_stopping) => Answer::Done(Err(Rejection::new(
                engine::ErrorName::ServiceUnavailable,
                "The server is stopping.",
            ))),
        }
    }

    /// Tells the shard something.
    pub fn tell(&self, message: Message) {
        self.send(Event::Message(message));
    }

    /// Tells the shard that commits are durable, after all that waited for them has been released: it
    /// hands a task out anew only when it knows that the put-back is durable, and by then the old
    /// doubt must be over. `visits`: whether the caller has the time to run it.
    fn tell_durable(&self, number: CommitNumber, visits: bool) {
        let event = Event::Message(Message::Durable(number));
        if self.inbox.put(event, visits) {
            self.take_turn(1);
        }
    }

    /// Whether commits are being made.
    fn committing(&self, is_committing: bool) {
        self.is_committing.store(is_committing, Ordering::Relaxed);
    }

    /// Number of the last commit that is durable.
    pub fn durable(&self) -> CommitNumber {
        self.durable.load(Ordering::Acquire)
    }

    /// Parsed definitions.
    pub fn definitions(&self) -> &Definitions {
        &self.definitions
    }

    /// The ends of executions.
    pub fn closings(&self) -> &Closings {
        &self.closings
    }

    /// Hand-outs of which nobody knows yet whether they left.
    pub fn doubts(&self) -> &Doubts {
        &self.doubts
    }

    /// Counts, or `None` when the engine has stopped.
    pub async fn gauges(&self) -> Option<Gauges> {
        let (reply, gauges) = oneshot::channel();
        self.send(Event::Gauges(reply));
        gauges.await.ok()
    }

    /// Ends the engine after all it has been told before, and its commits with it.
    pub fn stop(&self) {
        self.send(Event::Stop);
    }

    /// Nobody listens only when the server is stopping; then nobody is promised anything either.
    fn send(&self, event: Event) {
        // Who panics has no business in the engine: its own panics end the process.
        let visits = !self.is_committing.load(Ordering::Relaxed) && !std::thread::panicking();
        if self.inbox.put(event, visits) {
            self.take_turn(VISIT_EVENTS_MAX);
        }
    }

    /// Runs the engine, for whoever has the turn, until there are no events left or `events_max` have
    /// been handled; the rest is then its thread's.
    fn take_turn(&self, events_max: usize) {
        ending_the_process(|| {
            let mut engine = self.engine();
            let (mut events, mut handled) = (VecDeque::new(), 0);
            while let Some(running) = &mut *engine {
                self.inbox.take(&mut events);
                handled += events.len();
                if !running.turn(&mut events) {
                    *engine = None;
                    break;
                }
                if !self
                    .inbox
                    .leave(running.next_due_ms(), handled < events_max)
                {
                    return;
                }
            }
            drop(engine);
            self.inbox.end();
        });
    }

    fn engine(&self) -> MutexGuard<'_, Option<Engine>> {
        // Whoever panics in it ends the process.
        self.engine.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Threads {
    /// Waits until both have done all they had to.
    pub fn join(self) {
        // A thread that panicked has ended the process already.
        let _ = self.engine.join();
        if let Some(commit) = self.commit {
            let _ = commit.join();
        }
    }
}

/// A poll that waits. Dropped unanswered, it says that its client has gone.
struct OpenPoll<'a> {
    driver: &'a Driver,
    ticket: Ticket,
    answered: bool,
}

impl Drop for OpenPoll<'_> {
    fn drop(&mut self) {
        if !self.answered {
            self.driver.metrics.polls_abandoned.add(1);
            self.driver.tell(Message::PollClosed(self.ticket));
        }
    }
}

/// Runs a thread without which the server must not go on.
fn ending_the_process(body: impl FnOnce()) {
    struct Guard;
    impl Drop for Guard {
        fn drop(&mut self) {
            if std::thread::panicking() {
                crate::exit::now(
                    crate::exit::BUG,
                    "a thread that everything depends on has failed",
                );
            }
        }
    }
    let _guard = Guard;
    body();
}

/// A hand-out that is owed an answer, and what is told of it.
#[cfg(test)]
pub fn a_delivery() -> (Delivery, Told) {
    let driver = Driver::new(Inbox::always_taken(), 0, Arc::new(Metrics::default()));
    let driver = Arc::new(driver);
    let delivery = Delivery::new(
        Arc::clone(&driver),
        Ticket(1),
        store::ExecutionId([0; 16]),
        1,
    );
    (delivery, Told(driver))
}

/// What the engine would have been told.
#[cfg(test)]
pub struct Told(Arc<Driver>);

#[cfg(test)]
impl Told {
    pub fn next(&self) -> Option<Message> {
        match self.0.inbox.next()? {
            Event::Message(message) => Some(message),
            other => panic!("{other:?}"),
        }
    }
}
