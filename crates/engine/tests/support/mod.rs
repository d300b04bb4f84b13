//! The smallest driver there can be: one shard, a memory store, and time as a number.
#![allow(dead_code, missing_docs)]

use std::collections::BTreeMap;
use std::sync::Arc;

use engine::arn::Owner;
use engine::operations::*;
use engine::shapes::{ActivityTask, LoggingConfiguration, MachineType};
use engine::*;
use interpreter::Document;
use store::{CommitNumber, Epoch, ExecutionId, MemoryStore, Store};

pub const DAY_MS: i64 = 86_400_000;

pub const PASS: &str = r#"{"StartAt":"A","States":{"A":{"Type":"Pass","End":true}}}"#;
pub const WAIT: &str =
    r#"{"StartAt":"A","States":{"A":{"Type":"Wait","Seconds":10000000,"End":true}}}"#;
/// A map run of children that do nothing.
pub const MAP: &str = r#"{"StartAt":"M","States":{"M":{"Type":"Map","Label":"L","End":true,
    "ItemProcessor":{"ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"STANDARD"},
        "StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}}}}"#;

pub const ROLE: &str = "arn:aws:iam::000000000000:role/r";

pub struct Driver {
    pub store: MemoryStore,
    pub shard: Shard,
    pub now: Now,
    pub answers: BTreeMap<Ticket, Result<Response, Rejection>>,
    /// Answers of polls on their way to the client, with the task.
    pub hand_outs: BTreeMap<Ticket, (ActivityTask, ExecutionId, u32)>,
    pub doubts: std::collections::BTreeSet<(ExecutionId, u32)>,
    pub commits: u64,
    /// What of each commit is snapshots, what parts of them, and what events.
    pub commit_bytes: Vec<CommitBytes>,
    /// ARN and words of panics.
    pub quarantined: Vec<(Option<Arc<str>>, String)>,
    /// Calls that were asked for and not cancelled, whether they have come back or not.
    pub calls: std::collections::BTreeSet<(ExecutionId, u32)>,
    pub cancelled: std::collections::BTreeSet<(ExecutionId, u32)>,
    /// Calls to be watched, with what was answered to them, since the last start.
    pub watched: Vec<((ExecutionId, u32), String)>,
    /// What was to be logged.
    pub logs: Vec<LogEvents>,
    /// What those who watch were to be told.
    pub changes: Vec<StatusChange>,
    pub options: ShardOptions,
    /// What item readers find.
    pub items: Items,
    /// What result writers were given: ARN of the map run, and its children.
    pub written: Vec<(String, Vec<ChildResult>)>,
    next_ticket: u64,
    /// What is to be read waits for [`Driver::load`].
    pub loads_slowly: bool,
    loads: Vec<store::ExecutionId>,
}

/// Items to be read, a few at a time.
#[derive(Clone, Default)]
pub struct Items {
    pub all: Vec<String>,
    /// At most so many in one reading.
    pub at_a_time: usize,
    /// Readings so far.
    pub readings: usize,
    /// After so many items the reader fails.
    pub fails_after: Option<usize>,
}

impl Items {
    fn read(
        &mut self,
        position: Option<Vec<u8>>,
        items_max: usize,
    ) -> Result<ItemsRead, (String, String)> {
        self.readings += 1;
        let from = position.map_or(0, |at| String::from_utf8(at).unwrap().parse().unwrap());
        if self.fails_after.is_some_and(|after| from >= after) {
            return Err(("States.ItemReaderFailed".into(), "cannot read".into()));
        }
        let to = (from + self.at_a_time.clamp(1, items_max)).min(self.all.len());
        let item = |text: &String| ReadItem {
            value: Document::from_text(text.as_str()),
            is_member: false,
            source: "S3://bucket/key".into(),
        };
        Ok(ItemsRead {
            items: self.all[from..to].iter().map(item).collect(),
            next: (to < self.all.len()).then(|| to.to_string().into_bytes()),
        })
    }
}

/// How many bytes of a commit are what.
pub struct CommitBytes {
    pub snapshot: usize,
    pub parts: usize,
    pub events: usize,
}

impl CommitBytes {
    fn of(commit: &store::Commit) -> CommitBytes {
        let events =
            |write: &store::ExecutionWrite| write.events.as_ref().map_or(0, |run| run.bytes.len());
        CommitBytes {
            snapshot: commit
                .executions
                .iter()
                .map(|write| write.snapshot.len())
                .sum(),
            parts: commit
                .executions
                .iter()
                .flat_map(|write| &write.parts)
                .map(|part| part.bytes.as_ref().map_or(0, Vec::len))
                .sum(),
            events: commit.executions.iter().map(events).sum(),
        }
    }
}

pub fn owner() -> Owner {
    Owner {
        partition: "aws".into(),
        region: "us-east-1".into(),
        account: "000000000000".into(),
    }
}

pub fn options() -> ShardOptions {
    ShardOptions {
        owner: owner(),
        token_key: [7; 32],
        seed: 1,
        poll_hold_ms: 59_500,
        polls_per_activity_max: 3,
        counts: engine::CountsMax::NONE,
        executions_cached: engine::Cached {
            count: 2,
            bytes: usize::MAX,
        },
        limits: interpreter::Limits::default(),
        express_retention_ms: 0,
        retention_ms: 0,
        retention_bytes: 0,
        windows: Windows {
            timers_ahead_ms: 10_000,
            tasks_max: 2,
            page: 2,
        },
    }
}

impl Driver {
    pub fn new() -> Driver {
        Driver::over(
            MemoryStore::new(),
            Now {
                wall_ms: 1_700_000_000_000,
                steady_ms: 0,
            },
        )
    }

    pub fn over(store: MemoryStore, now: Now) -> Driver {
        Driver::with(options(), store, now)
    }

    pub fn with(options: ShardOptions, store: MemoryStore, now: Now) -> Driver {
        Driver::reading(Items::default(), options, store, now)
    }

    fn reading(items: Items, options: ShardOptions, store: MemoryStore, now: Now) -> Driver {
        let shard = Shard::recover(options.clone(), &store, now).unwrap();
        let mut driver = Driver {
            store,
            shard,
            now,
            answers: BTreeMap::new(),
            hand_outs: BTreeMap::new(),
            doubts: Default::default(),
            commits: 0,
            commit_bytes: Vec::new(),
            quarantined: Vec::new(),
            calls: Default::default(),
            cancelled: Default::default(),
            watched: Vec::new(),
            logs: Vec::new(),
            changes: Vec::new(),
            options,
            items,
            written: Vec::new(),
            next_ticket: 0,
            loads_slowly: false,
            loads: Vec::new(),
        };
        // The first sweep, which looks for nothing of interest; timers that are due, and calls.
        driver.pass(0);
        driver
    }

    /// The process is gone; what was durable is not.
    pub fn crash(self) -> Driver {
        let now = Now {
            wall_ms: self.now.wall_ms,
            steady_ms: 5,
        };
        let options = ShardOptions {
            // What is made after a crash must not be what was made before it.
            seed: self.options.seed + 1,
            ..self.options
        };
        Driver {
            next_ticket: self.next_ticket,
            ..Driver::reading(self.items, options, self.store, now)
        }
    }

    pub fn pass(&mut self, ms: i64) {
        self.now.wall_ms += ms;
        self.now.steady_ms += ms;
        while self
            .shard
            .next_due_ms(self.now)
            .is_some_and(|due| due <= self.now.steady_ms)
        {
            self.tell(Message::Tick);
        }
    }

    pub fn tell(&mut self, message: Message) {
        let mut inbox = std::collections::VecDeque::from([message]);
        while let Some(message) = inbox.pop_front() {
            let mut out = Vec::new();
            self.shard.handle(message, self.now, &mut out);
            for output in out {
                self.obey(output, &mut inbox);
            }
        }
    }

    fn obey(&mut self, output: Output, inbox: &mut std::collections::VecDeque<Message>) {
        match output {
            Output::Commit(commit) => {
                let number: CommitNumber = commit.number;
                self.commits += 1;
                self.commit_bytes.push(CommitBytes::of(&commit));
                self.store.commit(Epoch(0), &[commit]).unwrap();
                inbox.push_back(Message::Durable(number));
            }
            Output::Reply {
                ticket, response, ..
            } => {
                assert!(
                    self.answers.insert(ticket, response).is_none(),
                    "answered once"
                );
            }
            Output::HandOut {
                ticket,
                task,
                execution,
                event,
                ..
            } => {
                self.doubts.insert((execution, event));
                self.hand_outs.insert(ticket, (task, execution, event));
            }
            Output::Settled {
                execution, event, ..
            } => {
                self.doubts.remove(&(execution, event));
            }
            Output::LoadExecution(id) if self.loads_slowly => self.loads.push(id),
            Output::LoadExecution(id) => {
                let store = &self.store;
                let mut definitions = |machine, revision| load_definition(store, machine, revision);
                let execution = load_execution(store, id, &mut definitions).unwrap();
                inbox.push_back(Message::Loaded { id, execution });
            }
            Output::LoadDefinition { machine, revision } => {
                let definition = load_definition(&self.store, machine, revision).unwrap();
                inbox.push_back(Message::LoadedDefinition {
                    machine,
                    revision,
                    definition,
                });
            }
            Output::FindExpired(mut search) => {
                let found = find_expired(&self.store, &mut search).unwrap();
                inbox.push_back(Message::FoundExpired(found));
            }
            Output::FindTimers(search) => {
                let rows = find_timers(&self.store, &search).unwrap();
                inbox.push_back(Message::FoundTimers { search, rows });
            }
            Output::FindTasks(search) => {
                let rows = find_tasks(&self.store, &search).unwrap();
                inbox.push_back(Message::FoundTasks { search, rows });
            }
            Output::LookUpAgain { ticket, request } => {
                let lookup = self.look_up(&request);
                inbox.push_back(Message::Request {
                    ticket,
                    request,
                    lookup,
                });
            }
            Output::Call {
                execution,
                task,
                submitted,
                ..
            } => {
                self.calls.insert((execution, task));
                if let Some(answer) = submitted {
                    self.watched
                        .push(((execution, task), answer.text().to_string()));
                }
            }
            Output::Quarantined {
                execution_arn,
                panic,
                ..
            } => self.quarantined.push((execution_arn, panic)),
            Output::CancelCall {
                execution, task, ..
            } => {
                self.calls.remove(&(execution, task));
                self.cancelled.insert((execution, task));
            }
            Output::LookUpMapRun(lookup) => {
                let looked_up = look_up_map_run(&self.store, &lookup).unwrap();
                inbox.push_back(Message::MapRunLookedUp(looked_up));
            }
            Output::ReadItems {
                map_run,
                position,
                items_max,
                ..
            } => {
                let read = self.items.read(position, items_max);
                inbox.push_back(Message::ItemsRead { map_run, read });
            }
            Output::WriteResults {
                map_run,
                map_run_arn,
                ..
            } => {
                let children = map_run_children(&self.store, map_run, 0, usize::MAX).unwrap();
                self.written.push((map_run_arn.to_string(), children));
                let result = Document::from_text(r#"{"written":true}"#);
                let result = Ok(result);
                inbox.push_back(Message::ResultsWritten { map_run, result });
            }
            Output::Log { log, .. } => self.logs.push(*log),
            Output::StatusChanged { change, .. } => self.changes.push(*change),
        }
    }

    /// What was to be read while `loads_slowly` has been read now.
    pub fn load(&mut self) {
        self.loads_slowly = false;
        let loads = std::mem::take(&mut self.loads);
        let mut inbox = std::collections::VecDeque::new();
        for id in loads {
            self.obey(Output::LoadExecution(id), &mut inbox);
        }
        for message in inbox {
            self.tell(message);
        }
    }

    fn look_up(&self, request: &Request) -> Option<NameLookup> {
        let (machine, name) = request.name_to_look_up()?;
        let found = engine::execution_named(&self.store, machine, name).unwrap();
        Some(NameLookup {
            as_of: self.store.last_commit().unwrap(),
            found,
        })
    }

    /// Sends a request; its answer, if there is one yet, is in `answers`.
    pub fn send(&mut self, request: Request) -> Ticket {
        self.next_ticket += 1;
        let ticket = Ticket(self.next_ticket);
        let lookup = self.look_up(&request);
        self.tell(Message::Request {
            ticket,
            request,
            lookup,
        });
        ticket
    }

    pub fn ask(&mut self, request: Request) -> Result<Response, Rejection> {
        let ticket = self.send(request);
        self.answers.remove(&ticket).expect("an answer at once")
    }

    pub fn read(&self, request: Request) -> Result<Response, Rejection> {
        let (read, at_once) = self.with_reader(|reader| {
            let at_once = reader.read_at_once(&request);
            (reader.read(&request), at_once)
        });
        let read = match read {
            Ok(response) => Ok(response),
            Err(ReadError::Rejected(rejection)) => Err(rejection),
            Err(ReadError::Store(error)) => panic!("{error}"),
        };
        // Who gets an answer at once gets the same.
        if let Some(at_once) = at_once {
            assert_eq!(
                format!("{:?}", Ok::<_, Rejection>(at_once)),
                format!("{read:?}")
            );
        }
        read
    }

    /// Whether a read is answered at once.
    pub fn is_read_at_once(&self, request: &Request) -> bool {
        self.with_reader(|reader| reader.read_at_once(request).is_some())
    }

    fn with_reader<R>(&self, read: impl FnOnce(&Reader<'_>) -> R) -> R {
        read(&Reader {
            store: &self.store,
            owner: &owner(),
            in_doubt: &|execution, event| self.doubts.contains(&(execution, event)),
            now_ms: self.now.wall_ms,
            express_kept: self.options.express_retention_ms > 0,
            limits: &self.options.limits,
        })
    }

    pub fn create_activity(&mut self, name: &str) -> String {
        let request = create_activity::Request {
            name: name.into(),
            tags: vec![],
            encryption: None,
        };
        match self.ask(Request::CreateActivity(request)).unwrap() {
            Response::CreateActivity(response) => response.activity_arn,
            other => panic!("{other:?}"),
        }
    }

    pub fn create_machine(&mut self, name: &str, definition: &str) -> Result<String, Rejection> {
        self.create(name, definition, MachineType::Standard, None)
    }

    pub fn create_express(&mut self, name: &str, definition: &str) -> String {
        let express = MachineType::Express;
        self.create(name, definition, express, None).unwrap()
    }

    pub fn create_logging_machine(
        &mut self,
        name: &str,
        definition: &str,
        logging: LoggingConfiguration,
    ) -> Result<String, Rejection> {
        self.create(name, definition, MachineType::Standard, Some(logging))
    }

    pub fn create(
        &mut self,
        name: &str,
        definition: &str,
        machine_type: MachineType,
        logging: Option<LoggingConfiguration>,
    ) -> Result<String, Rejection> {
        let parsed = asl::parse(definition, machine_type.into());
        let machine = parsed
            .machine
            .unwrap_or_else(|| panic!("{:?}", parsed.diagnostics));
        let request = create_state_machine::Request {
            name: name.into(),
            definition: definition.into(),
            machine: Arc::new(machine),
            role_arn: ROLE.into(),
            machine_type,
            logging,
            tags: vec![],
            tracing: None,
            publish: false,
            version_description: None,
            encryption: None,
        };
        match self.ask(Request::CreateStateMachine(request))? {
            Response::CreateStateMachine(response) => Ok(response.state_machine_arn),
            other => panic!("{other:?}"),
        }
    }

    pub fn start(
        &mut self,
        machine_arn: &str,
        name: Option<&str>,
        input: &str,
    ) -> Result<String, Rejection> {
        let request = start_execution::Request {
            state_machine_arn: machine_arn.into(),
            name: name.map(Into::into),
            input: input.into(),
            trace_header: None,
        };
        match self.ask(Request::StartExecution(request))? {
            Response::StartExecution(response) => Ok(response.execution_arn),
            other => panic!("{other:?}"),
        }
    }

    pub fn poll(&mut self, activity_arn: &str, worker: Option<&str>) -> Ticket {
        let request = get_activity_task::Request {
            activity_arn: activity_arn.into(),
            worker_name: worker.map(Into::into),
        };
        self.send(Request::GetActivityTask(request))
    }

    /// The answer of a poll leaves: token and input.
    pub fn deliver(&mut self, poll: Ticket) -> (String, String) {
        let (task, execution, event) = self.hand_outs.remove(&poll).expect("a task for this poll");
        self.doubts.remove(&(execution, event));
        self.tell(Message::Delivered(poll));
        (task.task_token, task.input.text().to_string())
    }

    pub fn succeed(&mut self, token: &str, output: &str) -> Result<Response, Rejection> {
        let request = send_task_success::Request {
            task_token: token.into(),
            output: output.into(),
            not_json: None,
        };
        self.ask(Request::SendTaskSuccess(request))
    }

    pub fn fail(&mut self, token: &str) -> Result<Response, Rejection> {
        self.ask(Request::SendTaskFailure(send_task_failure::Request {
            task_token: token.into(),
            error: None,
            cause: None,
        }))
    }

    pub fn update_logging(
        &mut self,
        machine_arn: &str,
        logging: LoggingConfiguration,
    ) -> Result<Response, Rejection> {
        self.ask(Request::UpdateStateMachine(update_state_machine::Request {
            state_machine_arn: machine_arn.into(),
            definition: None,
            role_arn: None,
            logging: Some(logging),
            tracing: None,
            encryption: None,
            publish: false,
            version_description: None,
        }))
    }

    pub fn heartbeat(&mut self, token: &str) -> Result<Response, Rejection> {
        self.ask(Request::SendTaskHeartbeat(send_task_heartbeat::Request {
            task_token: token.into(),
        }))
    }

    pub fn stop(&mut self, execution_arn: &str) -> Result<Response, Rejection> {
        let request = stop_execution::Request {
            execution_arn: execution_arn.into(),
            error: None,
            cause: None,
        };
        self.ask(Request::StopExecution(request))
    }

    pub fn status(&self, execution_arn: &str) -> interpreter::Status {
        let request = describe_execution::Request {
            execution_arn: execution_arn.into(),
            metadata_only: false,
        };
        match self.read(Request::DescribeExecution(request)).unwrap() {
            Response::DescribeExecution(response) => response.description.status,
            other => panic!("{other:?}"),
        }
    }

    /// The history as text, one event a word: `2<-0 StateEntered`, by pages of `limit`.
    pub fn history(&self, execution_arn: &str, limit: usize, reverse: bool) -> Vec<String> {
        let (mut words, mut after) = (Vec::new(), None);
        loop {
            let request = get_execution_history::Request {
                execution_arn: execution_arn.into(),
                limit,
                reverse,
                include_data: true,
                after,
            };
            let Response::GetExecutionHistory(page) =
                self.read(Request::GetExecutionHistory(request)).unwrap()
            else {
                panic!("a history")
            };
            assert!(page.events.len() <= limit);
            for event in page.events {
                let details = format!("{:?}", event.details);
                let kind = details
                    .split([' ', '('])
                    .next()
                    .unwrap_or_default()
                    .to_owned();
                words.push(format!("{}<-{} {kind}", event.id, event.previous));
            }
            after = page.next;
            if after.is_none() {
                return words;
            }
        }
    }
}

/// Whether an execution is there to be described.
pub fn is_there(driver: &Driver, arn: &str) -> bool {
    let described = driver.read(Request::DescribeExecution(describe_execution::Request {
        execution_arn: arn.into(),
        metadata_only: false,
    }));
    match described {
        Ok(_) => true,
        Err(rejection) => {
            assert_eq!(rejection.name, ErrorName::ExecutionDoesNotExist);
            false
        }
    }
}
