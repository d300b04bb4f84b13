//! A request on its way through the door, the engine or the store, and back. No HTTP.

use std::sync::Arc;
use std::time::{Duration, Instant};

use api::{Door, Head, Meta};
use engine::arn::Owner;
use engine::operations::{get_activity_task, start_sync_execution};
use engine::{AtOnce, ErrorName, Operation, ReadError, Rejection, Request, Response};
use store::{Store, StoreError};
use tokio::runtime::Handle;
use tokio::sync::Semaphore;

use crate::clock::Clock;
use crate::disk::Space;
use crate::driver::{Answer, Delivery, Driver};
use crate::log::{self, Level};
use crate::metrics::Metrics;
use crate::names;
use crate::request_id;
use crate::trial::{self, Trials};
use crate::watching::prove_log_group;
use integrations::Outbound;
use integrations::items::Objects;

/// Most reads of the store at a time. Fewer than there are threads for them, so that a crowd of
/// readers never keeps the engine from reading an execution back.
pub const READS_AT_A_TIME: usize = 4;

/// All that serves requests; shared by sockets and by calls from executions.
pub struct Service {
    pub door: Door,
    pub driver: Arc<Driver>,
    pub store: Arc<dyn Store>,
    pub owner: Owner,
    /// Whether EXPRESS executions are kept after their end.
    pub express_kept: bool,
    /// The limits of executions.
    pub limits: interpreter::Limits,
    pub clock: Clock,
    pub metrics: Arc<Metrics>,
    /// The way to other services.
    pub outbound: Outbound,
    /// What Distributed Maps read from and write to.
    pub objects: Objects,
    /// Places for those who do.
    pub item_places: Arc<Semaphore>,
    /// Whether execution logs go to log groups of CloudWatch Logs.
    pub logs_to_groups: bool,
    pub space: Space,
    /// How long a poll is held that nobody may serve now.
    pub poll_hold: Duration,
    pub reads: Arc<Semaphore>,
    pub trials: Trials,
    /// For what may wait for the disk, compute, or outlive the connection that asked for it.
    pub runtime: Handle,
}

/// What goes back.
#[derive(Debug)]
pub struct Served {
    pub answer: api::Answer,
    /// For a hand-out: whoever sends the answer must say whether it left.
    pub delivery: Option<Delivery>,
    /// What was asked for, when that could be made out.
    pub operation: Option<Operation>,
}

impl Served {
    /// An answer, mostly a refusal, before anything was asked of the engine.
    pub fn refused(answer: api::Answer) -> Served {
        Served {
            answer,
            delivery: None,
            operation: None,
        }
    }
}

impl Service {
    /// What the door makes of a request's bytes, or the answer that refuses it.
    pub fn receive(&self, head: &Head<'_>, body: &[u8]) -> Result<(Request, Meta), Served> {
        match self.door.receive(head, body, self.clock.wall_ms()) {
            Ok(received) => Ok(received.split()),
            Err(answer) => Err(Served::refused(answer)),
        }
    }

    /// Performs a request that passed the door.
    pub async fn perform(self: &Arc<Self>, request: Request, meta: &Meta) -> Served {
        let operation = meta.operation();
        let _inflight = self.metrics.inflight(operation).enter();
        let log_group = self.log_group_of(&request);
        let (result, delivery) = match self.ask(operation, request).await {
            Ok(Answer::Done(result)) => (result, None),
            Ok(Answer::HandOut(response, delivery)) => (Ok(response), Some(delivery)),
            Err(Fault) => {
                let answer = api::Answer::fault();
                return Served {
                    answer,
                    delivery: None,
                    operation: Some(operation),
                };
            }
        };
        if let (Some(group), Ok(_)) = (log_group, &result) {
            self.runtime
                .spawn(prove_log_group(self.outbound.clone(), group));
        }
        let answer = self.door.answer(meta, result, self.clock.wall_ms());
        Served {
            answer,
            delivery,
            operation: Some(operation),
        }
    }

    /// The log group that a machine begins to log to when it is created.
    fn log_group_of(&self, request: &Request) -> Option<String> {
        let Request::CreateStateMachine(request) = request else {
            return None;
        };
        let logging = request.logging.as_ref();
        let logging = logging.filter(|logging| self.logs_to_groups && logging.level != "OFF")?;
        logging.destinations.as_ref()?.first().cloned()
    }

    /// Whether this would start an EXPRESS state machine. What cannot be read is a question for
    /// whoever performs the request.
    pub fn starts_express(&self, request: &Request) -> bool {
        let Request::StartExecution(request) = request else {
            return false;
        };
        engine::machine_type(&request.state_machine_arn, &*self.store, &self.owner)
            .is_ok_and(|found| found == Some(engine::shapes::MachineType::Express))
    }

    async fn ask(
        self: &Arc<Self>,
        operation: Operation,
        request: Request,
    ) -> Result<Answer, Fault> {
        if let Request::TestState(request) = request {
            // Boxed: a state that is tried may call this service again.
            let tried = Box::pin(trial::run(self, *request)).await;
            let response = tried.map(|response| Response::TestState(Box::new(response)));
            return Ok(Answer::Done(response));
        }
        if operation.is_read() {
            return self.read(request).await;
        }
        let is_poll = operation == Operation::GetActivityTask;
        if is_poll && self.space.is_short() {
            // A hand-out is a write. A poll waits anyway: for room, or for its end.
            let room = tokio::time::timeout(self.poll_hold, self.space.plenty());
            if room.await.is_err() {
                let empty = get_activity_task::Response { task: None };
                return Ok(Answer::Done(Ok(Response::GetActivityTask(empty))));
            }
        } else if self.space.refuses(operation) {
            return Ok(Answer::Done(Err(full())));
        }
        if let Request::StartSyncExecution(request) = &request
            && let Some(response) = self
                .at_once(request)
                .map_err(|error| self.fault(operation, &error))?
        {
            return Ok(Answer::Done(Ok(Response::StartSyncExecution(response))));
        }
        // A lookup by key, answered from memory nearly always: not worth a thread's wake-up.
        let durable = self.driver.durable();
        let lookup = names::look_up(&*self.store, durable, &request)
            .map_err(|error| self.fault(operation, &error))?;
        if is_poll {
            return Ok(self.driver.ask(request, lookup).await);
        }
        tokio::select! {
            answer = self.driver.ask(request, lookup) => Ok(answer),
            // Whether it will be done is not known: it may be committed when there is room.
            () = self.space.stalled() => Ok(Answer::Done(Err(full()))),
        }
    }

    /// The answer of a synchronous execution that needs neither the engine nor the disk.
    fn at_once(
        &self,
        request: &start_sync_execution::Request,
    ) -> Result<Option<start_sync_execution::Response>, StoreError> {
        if self.express_kept {
            return Ok(None);
        }
        let at_once = AtOnce {
            store: &*self.store,
            owner: &self.owner,
            limits: self.limits,
            now_ms: self.clock.wall_ms(),
            seed: request_id::number(),
        };
        at_once.start_sync_execution(request, &mut |machine, revision| {
            let definitions = self.driver.definitions();
            definitions.get(&*self.store, machine, revision)
        })
    }

    async fn read(self: &Arc<Self>, request: Request) -> Result<Answer, Fault> {
        let operation = request.operation();
        let at_once = self.reader(&|_, _| false).read_at_once(&request);
        if let Some(response) = at_once {
            return Ok(Answer::Done(Ok(response)));
        }
        let Ok(permit) = Arc::clone(&self.reads).acquire_owned().await else {
            return Ok(Answer::Done(Err(stopping())));
        };
        let service = Arc::clone(self);
        let read = self.runtime.spawn_blocking(move || {
            let _permit = permit;
            let doubts = service.driver.doubts().reader();
            let in_doubt = |execution, event| doubts.in_doubt(execution, event);
            service.reader(&in_doubt).read(&request)
        });
        match read.await {
            Ok(Ok(response)) => Ok(Answer::Done(Ok(response))),
            Ok(Err(ReadError::Rejected(rejection))) => Ok(Answer::Done(Err(rejection))),
            Ok(Err(ReadError::Store(error))) => Err(self.fault(operation, &error)),
            Err(panicked) if panicked.is_panic() => Err(self.fault(operation, &"a read panicked")),
            Err(_stopping) => Ok(Answer::Done(Err(stopping()))),
        }
    }

    fn reader<'a>(
        &'a self,
        in_doubt: &'a dyn Fn(store::ExecutionId, interpreter::EventId) -> bool,
    ) -> engine::Reader<'a> {
        engine::Reader {
            store: &*self.store,
            owner: &self.owner,
            in_doubt,
            now_ms: self.clock.wall_ms(),
            express_kept: self.express_kept,
            limits: &self.limits,
        }
    }

    fn fault(&self, operation: Operation, error: &dyn std::fmt::Display) -> Fault {
        self.metrics.store_read_failures.add(1);
        log::line(
            Level::Error,
            "cannot answer",
            &[("op", &operation.name()), ("error", error)],
        );
        Fault
    }

    /// Counts a request that was answered, and writes its line.
    pub fn note(&self, served: &Served, request_id: &str, began: Instant) {
        let took = began.elapsed();
        let code = code_of(&served.answer);
        self.metrics.answered(served.operation, code, took);
        if log::enabled(Level::Debug) {
            let operation = served
                .operation
                .map_or(crate::metrics::NO_OPERATION, Operation::name);
            let ms = millis(took);
            log::line(
                Level::Debug,
                "answered",
                &[
                    ("request_id", &request_id),
                    ("op", &operation),
                    ("code", &code),
                    ("dur_ms", &ms),
                ],
            );
        }
    }
}

/// The server could not do it; said in the log.
struct Fault;

fn full() -> Rejection {
    Rejection::new(
        ErrorName::ServiceUnavailable,
        "The disk of the server is full or does not answer. Make room on it; writes are taken again \
         by themselves.",
    )
}

fn stopping() -> Rejection {
    Rejection::new(ErrorName::ServiceUnavailable, "The server is stopping.")
}

fn millis(took: Duration) -> String {
    format!("{:.3}", took.as_secs_f64() * 1000.0)
}

/// `200`, or the name of the exception.
pub fn code_of(answer: &api::Answer) -> &str {
    if answer.status == 200 {
        "200"
    } else {
        exception_of(answer).unwrap_or("other")
    }
}

/// The exception that an answer names: in `"__type":"namespace#Name"`, what stands behind the `#`.
pub fn exception_of(answer: &api::Answer) -> Option<&str> {
    let text = std::str::from_utf8(&answer.body).ok()?;
    let (_, from) = text.split_once("\"__type\":\"")?;
    let (kind, _) = from.split_once('"')?;
    Some(kind.rsplit('#').next().unwrap_or(kind))
}
