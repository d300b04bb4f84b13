use std::sync::{Condvar, Mutex};
use std::time::{Duration, Instant};

use engine::arn::Owner;
use engine::operations::{
    create_activity, create_state_machine, get_activity_task, send_task_heartbeat, start_execution,
};
use engine::shapes::{ActivityTask, MachineType};
use engine::{ErrorName, ShardOptions};
use store::{
    Commit, Direction, Epoch, EventRun, ExecutionId, ExecutionRow, Listing, ListingCursor,
    ListingQuery, MemoryStore, RecordKind, StoreError, TaskRow, TimerKey, TimerRow,
};
use tokio::runtime::Runtime;

use super::*;

const ACTIVITY: &str = "arn:aws:states:us-east-1:000000000000:activity:a";
const MACHINE: &str = "arn:aws:states:us-east-1:000000000000:stateMachine:m";
const PATIENCE: Duration = Duration::from_secs(30);

/// A store whose commits wait until the test lets them.
#[derive(Default)]
struct GatedStore {
    store: MemoryStore,
    gate: Mutex<Gate>,
    moved: Condvar,
}

#[derive(Default)]
struct Gate {
    closed: bool,
    waiting: bool,
    groups: Vec<usize>,
}

impl GatedStore {
    fn close(&self) {
        self.gate.lock().unwrap().closed = true;
    }

    fn open(&self) {
        self.gate.lock().unwrap().closed = false;
        self.moved.notify_all();
    }

    /// Until a commit stands before the gate.
    fn await_commit(&self) {
        let gate = self.gate.lock().unwrap();
        let (gate, timeout) = self
            .moved
            .wait_timeout_while(gate, PATIENCE, |gate| !gate.waiting)
            .unwrap();
        assert!(!timeout.timed_out(), "no commit came");
        drop(gate);
    }
}

impl Store for GatedStore {
    fn commit(&self, epoch: Epoch, commits: &[Commit]) -> Result<(), StoreError> {
        let mut gate = self.gate.lock().unwrap();
        gate.groups.push(commits.len());
        gate.waiting = gate.closed;
        self.moved.notify_all();
        let mut gate = self.moved.wait_while(gate, |gate| gate.closed).unwrap();
        gate.waiting = false;
        drop(gate);
        self.store.commit(epoch, commits)
    }

    fn last_commit(&self) -> Result<CommitNumber, StoreError> {
        self.store.last_commit()
    }

    fn latest_ms(&self) -> Result<i64, StoreError> {
        self.store.latest_ms()
    }

    fn execution(&self, id: ExecutionId) -> Result<Option<ExecutionRow>, StoreError> {
        self.store.execution(id)
    }

    fn small_execution(
        &self,
        id: ExecutionId,
        bytes_max: usize,
    ) -> Result<Option<ExecutionRow>, StoreError> {
        self.store.small_execution(id, bytes_max)
    }

    fn execution_by_name(
        &self,
        machine: &str,
        name: &str,
    ) -> Result<Option<ExecutionId>, StoreError> {
        self.store.execution_by_name(machine, name)
    }

    fn events(
        &self,
        id: ExecutionId,
        from: u32,
        direction: Direction,
        limit: u32,
    ) -> Result<Vec<EventRun>, StoreError> {
        self.store.events(id, from, direction, limit)
    }

    fn listings(&self, query: &ListingQuery) -> Result<Vec<Listing>, StoreError> {
        self.store.listings(query)
    }

    fn listings_oldest_first(
        &self,
        machine: u64,
        status: u8,
        after: Option<ListingCursor>,
        limit: usize,
    ) -> Result<Vec<Listing>, StoreError> {
        self.store
            .listings_oldest_first(machine, status, after, limit)
    }

    fn record(&self, kind: RecordKind, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.store.record(kind, key)
    }

    fn records(
        &self,
        kind: RecordKind,
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<(Vec<u8>, Vec<u8>)>, StoreError> {
        self.store.records(kind, after, limit)
    }

    fn tally(&self) -> Result<Vec<u8>, StoreError> {
        self.store.tally()
    }

    fn timers_before(
        &self,
        before_ms: i64,
        after: Option<TimerKey>,
        limit: usize,
    ) -> Result<Vec<TimerRow>, StoreError> {
        self.store.timers_before(before_ms, after, limit)
    }

    fn tasks_of(
        &self,
        queue: &str,
        after: Option<u64>,
        limit: usize,
    ) -> Result<Vec<TaskRow>, StoreError> {
        self.store.tasks_of(queue, after, limit)
    }

    fn timers(&self, visit: &mut dyn FnMut(TimerRow)) -> Result<(), StoreError> {
        self.store.timers(visit)
    }

    fn tasks(&self, visit: &mut dyn FnMut(TaskRow)) -> Result<(), StoreError> {
        self.store.tasks(visit)
    }
}

struct Bench {
    runtime: Runtime,
    store: Arc<GatedStore>,
    driver: Arc<Driver>,
    metrics: Arc<Metrics>,
    threads: Option<Threads>,
    _calls: tokio_mpsc::UnboundedReceiver<Errand>,
}

fn bench(commits_inline: bool) -> Bench {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .build()
        .unwrap();
    let store = Arc::new(GatedStore::default());
    let clock = Clock::start();
    let owner = Owner {
        partition: "aws".into(),
        region: "us-east-1".into(),
        account: "000000000000".into(),
    };
    let options = ShardOptions {
        owner,
        token_key: [1; 32],
        seed: 2,
        poll_hold_ms: 60_000,
        polls_per_activity_max: 100,
        counts: engine::CountsMax::NONE,
        executions_cached: engine::Cached {
            count: 100,
            bytes: usize::MAX,
        },
        limits: interpreter::Limits::default(),
        express_retention_ms: 0,
        retention_ms: 0,
        retention_bytes: 0,
        windows: engine::Windows::default(),
    };
    let metrics = Arc::new(Metrics::default());
    let started = start(Parts {
        shard: Shard::recover(options, &*store, clock.now()).unwrap(),
        store: Arc::clone(&store) as Arc<dyn Store>,
        commits_inline,
        durable: 0,
        runtime: runtime.handle().clone(),
        clock,
        metrics: Arc::clone(&metrics),
        watchers: crate::watching::Watchers::default(),
        space: crate::disk::Space::default(),
    })
    .unwrap();
    let Started {
        driver,
        calls,
        threads,
    } = started;
    let bench = Bench {
        runtime,
        store,
        driver,
        metrics,
        threads: Some(threads),
        _calls: calls,
    };
    let activity = create_activity::Request {
        name: "a".into(),
        tags: Vec::new(),
        encryption: None,
    };
    bench.ask(Request::CreateActivity(activity)).unwrap();
    let text = format!(
        r#"{{"StartAt":"A","States":{{"A":{{"Type":"Task","Resource":"{ACTIVITY}","End":true}}}}}}"#
    );
    let machine = create_state_machine::Request {
        name: "m".into(),
        definition: text.as_str().into(),
        machine: Arc::new(
            asl::parse(&text, asl::MachineType::Standard)
                .machine
                .unwrap(),
        ),
        role_arn: "arn:aws:iam::000000000000:role/r".into(),
        machine_type: MachineType::Standard,
        logging: None,
        tracing: None,
        publish: false,
        version_description: None,
        tags: Vec::new(),
        encryption: None,
    };
    bench.ask(Request::CreateStateMachine(machine)).unwrap();
    bench
}

impl Bench {
    fn ask(&self, request: Request) -> Result<Response, Rejection> {
        match self.runtime.block_on(self.driver.ask(request, None)) {
            Answer::Done(result) => result,
            Answer::HandOut(response, delivery) => {
                delivery.left();
                Ok(response)
            }
        }
    }

    fn poll(&self) -> tokio::task::JoinHandle<Answer> {
        let driver = Arc::clone(&self.driver);
        self.runtime
            .spawn(async move { driver.ask(poll(), None).await })
    }

    fn gauges(&self) -> Gauges {
        self.runtime.block_on(self.driver.gauges()).unwrap()
    }

    fn await_gauges(&self, what: &str, are: impl Fn(Gauges) -> bool) {
        let began = Instant::now();
        while !are(self.gauges()) {
            assert!(
                began.elapsed() < PATIENCE,
                "waited in vain until {what}: {:?}",
                self.gauges()
            );
            std::thread::yield_now();
        }
    }

    fn is_open(&self, token: &str) -> bool {
        let request = send_task_heartbeat::Request {
            task_token: token.into(),
        };
        match self.ask(Request::SendTaskHeartbeat(request)) {
            Ok(_) => true,
            Err(rejection) => {
                assert!(
                    matches!(
                        rejection.name,
                        ErrorName::TaskTimedOut
                            | ErrorName::InvalidToken
                            | ErrorName::TaskDoesNotExist
                    ),
                    "{rejection:?}"
                );
                false
            }
        }
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.store.open();
        self.driver.stop();
        if let Some(threads) = self.threads.take() {
            threads.join();
        }
    }
}

fn poll() -> Request {
    let request = get_activity_task::Request {
        activity_arn: ACTIVITY.into(),
        worker_name: Some("w".into()),
    };
    Request::GetActivityTask(request)
}

fn start_one() -> Request {
    Request::StartExecution(start_execution::Request {
        state_machine_arn: MACHINE.into(),
        name: None,
        input: "{}".into(),
        trace_header: None,
    })
}

fn task(response: Response) -> ActivityTask {
    match response {
        Response::GetActivityTask(response) => response.task.expect("a task"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn nothing_is_answered_before_it_is_durable() {
    let bench = bench(false);
    let polling = bench.poll();
    bench.await_gauges("the poll is parked", |gauges| gauges.polls == 1);
    bench.store.close();
    let driver = Arc::clone(&bench.driver);
    let starting = bench
        .runtime
        .spawn(async move { driver.ask(start_one(), None).await });
    bench.store.await_commit();
    bench.await_gauges("the task is on its way", |gauges| {
        gauges.tasks_handed_out == 1
    });
    assert!(!starting.is_finished() && !polling.is_finished());
    bench.store.open();
    assert!(matches!(
        bench.runtime.block_on(starting).unwrap(),
        Answer::Done(Ok(_))
    ));
    assert!(matches!(
        bench.runtime.block_on(polling).unwrap(),
        Answer::HandOut(..)
    ));
}

#[test]
fn a_client_that_leaves_while_its_task_is_being_committed_does_not_get_it() {
    let bench = bench(false);
    let polling = bench.poll();
    bench.await_gauges("the poll is parked", |gauges| gauges.polls == 1);
    bench.store.close();
    let driver = Arc::clone(&bench.driver);
    let starting = bench
        .runtime
        .spawn(async move { driver.ask(start_one(), None).await });
    bench.await_gauges("the task is on its way", |gauges| {
        gauges.tasks_handed_out == 1
    });
    polling.abort();
    assert!(bench.runtime.block_on(polling).unwrap_err().is_cancelled());
    bench.store.open();
    assert!(matches!(
        bench.runtime.block_on(starting).unwrap(),
        Answer::Done(Ok(_))
    ));
    // It waits for the next one, at once.
    let next = task(bench.ask(poll()).unwrap());
    assert!(bench.is_open(&next.task_token));
    assert_eq!(bench.metrics.redelivered.get(), 1);
}

#[test]
fn an_answer_that_is_dropped_puts_the_task_back_with_a_new_token() {
    let bench = bench(true);
    bench.ask(start_one()).unwrap();
    let Answer::HandOut(response, delivery) =
        bench.runtime.block_on(bench.driver.ask(poll(), None))
    else {
        panic!("no task");
    };
    let first = task(response).task_token;
    drop(delivery);
    let second = task(bench.ask(poll()).unwrap()).task_token;
    assert_ne!(first, second);
    assert!(!bench.is_open(&first), "the old token is dead");
    assert!(bench.is_open(&second));
    assert_eq!(bench.metrics.redelivered.get(), 1);
}

#[test]
fn readers_are_in_doubt_until_the_answer_left() {
    let bench = bench(true);
    bench.ask(start_one()).unwrap();
    let Answer::HandOut(_, delivery) = bench.runtime.block_on(bench.driver.ask(poll(), None))
    else {
        panic!("no task");
    };
    let mut rows = Vec::new();
    bench.store.tasks(&mut |row| rows.push(row)).unwrap();
    let [row] = rows.try_into().expect("one task");
    let reader = bench.driver.doubts().reader();
    assert!(reader.in_doubt(row.execution, row.event));
    delivery.left();
    assert!(!reader.in_doubt(row.execution, row.event));
}

#[test]
fn commits_that_come_during_a_sync_share_the_next() {
    let bench = bench(false);
    bench.store.close();
    let ask = || {
        let driver = Arc::clone(&bench.driver);
        bench
            .runtime
            .spawn(async move { driver.ask(start_one(), None).await })
    };
    let mut starting = vec![ask()];
    bench.store.await_commit();
    let before = bench.store.gate.lock().unwrap().groups.len();
    starting.extend((0..10).map(|_| ask()));
    bench.await_gauges("all are started", |gauges| gauges.executions_open == 11);
    bench.store.open();
    for started in starting {
        assert!(matches!(
            bench.runtime.block_on(started).unwrap(),
            Answer::Done(Ok(_))
        ));
    }
    let groups = bench.store.gate.lock().unwrap().groups.clone();
    // The last may have been handed on a moment after the gate opened.
    assert!(groups.len() - before <= 2, "{groups:?}");
}

#[test]
fn whoever_asks_a_stopped_engine_is_told_so() {
    let mut bench = bench(true);
    bench.driver.stop();
    bench.threads.take().unwrap().join();
    let rejection = bench.ask(start_one()).unwrap_err();
    assert_eq!(rejection.name, ErrorName::ServiceUnavailable);
}
