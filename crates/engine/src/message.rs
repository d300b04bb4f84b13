//! What a shard is told, and what it answers with.

use std::collections::BTreeMap;
use std::sync::Arc;

use asl::StateMachine;
use interpreter::{Document, EventId};
use store::{Commit, CommitNumber, ExecutionId, ExecutionRow, TaskRow, TimerRow};

use crate::delivery::TaskSearch;
use crate::load::Definition;
use crate::map_runs::{ItemsRead, LookedUp, Lookup, MapRunId};
use crate::operations::{Request, Response};
use crate::rejection::Rejection;
use crate::shapes::ActivityTask;
use crate::sweep::{Found, Search};
use crate::timers::TimerSearch;
use crate::watching::{LogEvents, LogPlan, StatusChange};

/// Names a request in flight. The driver makes tickets up and never uses one twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u64);

/// The moment of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// What the wall clock shows, milliseconds since 1970. May jump.
    pub wall_ms: i64,
    /// What the steady clock shows, milliseconds since some start. Never goes back.
    pub steady_ms: i64,
}

/// What the store said of a name before a `StartExecution` entered the shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NameLookup {
    /// The last durable commit before the store was asked.
    pub as_of: CommitNumber,
    /// What it said.
    pub found: Option<ExecutionId>,
}

/// Something a shard is told.
#[derive(Debug)]
// As many as requests in flight, each moved a few times: not worth an allocation.
#[allow(clippy::large_enum_variant)]
pub enum Message {
    /// A request that changes something, or a poll.
    Request {
        /// Where the answer goes.
        ticket: Ticket,
        /// What is asked.
        request: Request,
        /// For `StartExecution` with a name.
        lookup: Option<NameLookup>,
    },
    /// The client of a parked poll has gone: the poll is never chosen again.
    PollClosed(
        /// The poll's ticket.
        Ticket,
    ),
    /// At least one byte of a hand-out's answer was given to the kernel.
    Delivered(
        /// The poll's ticket.
        Ticket,
    ),
    /// No byte of a hand-out's answer left: the client was gone before.
    Undelivered(
        /// The poll's ticket.
        Ticket,
    ),
    /// An answer to [`Output::LoadExecution`].
    Loaded {
        /// Which execution.
        id: ExecutionId,
        /// What the store had; `None` when there is no such execution.
        execution: Option<LoadedExecution>,
    },
    /// Another answer to [`Output::LoadExecution`]: reading it panicked.
    LoadPanicked {
        /// Which execution.
        id: ExecutionId,
        /// What the panic said.
        panic: String,
    },
    /// An answer to [`Output::LoadDefinition`].
    LoadedDefinition {
        /// Number of the machine.
        machine: u64,
        /// Revision.
        revision: u64,
        /// The definition; `None` when the store has none that parses.
        definition: Option<Definition>,
    },
    /// An integration answered.
    CallDone {
        /// Whose call.
        execution: ExecutionId,
        /// The scheduling event.
        task: EventId,
        /// Its result, or error name and cause.
        result: Result<Document, (String, String)>,
    },
    /// An answer to [`Output::ReadItems`].
    ItemsRead {
        /// Whose items.
        map_run: MapRunId,
        /// Items, or the error name and cause that the map run fails with.
        read: Result<ItemsRead, (String, String)>,
    },
    /// An answer to [`Output::WriteResults`].
    ResultsWritten {
        /// Whose results.
        map_run: MapRunId,
        /// What the Map state's result is to be, as JSON, or the error name and cause that the map run
        /// fails with.
        result: Result<Document, (String, String)>,
    },
    /// An answer to [`Output::LookUpMapRun`].
    MapRunLookedUp(
        /// What was found.
        LookedUp,
    ),
    /// An answer to [`Output::FindExpired`].
    FoundExpired(
        /// What was found.
        Found,
    ),
    /// An answer to [`Output::FindTimers`].
    FoundTimers {
        /// What was looked for.
        search: TimerSearch,
        /// What was found.
        rows: Vec<TimerRow>,
    },
    /// An answer to [`Output::FindTasks`].
    FoundTasks {
        /// What was looked for.
        search: TaskSearch,
        /// What was found.
        rows: Vec<TaskRow>,
    },
    /// Commits up to this number are durable.
    Durable(
        /// The number.
        CommitNumber,
    ),
    /// Time has passed.
    Tick,
    /// The server is to stop: parked polls are answered empty, as are those that come.
    Drain,
}

/// An execution as read from the store.
#[derive(Debug)]
pub struct LoadedExecution {
    /// Its row.
    pub row: ExecutionRow,
    /// The documents its snapshot refers to.
    pub documents: BTreeMap<EventId, Document>,
    /// The definition it is pinned to.
    pub definition: Arc<StateMachine>,
    /// What its revision wants logged.
    pub logging: Option<Arc<LogPlan>>,
}

/// Something the driver must do.
#[derive(Debug)]
pub enum Output {
    /// Make this durable. Commits come in order of their numbers.
    Commit(Commit),
    /// Answer a request once commit `after` is durable.
    Reply {
        /// Whose request.
        ticket: Ticket,
        /// 0 when nothing need be waited for.
        after: CommitNumber,
        /// The answer.
        response: Result<Response, Rejection>,
    },
    /// Answer a poll with a task once commit `after` is durable, and tell how that went:
    /// [`Message::Delivered`] or [`Message::Undelivered`], one of them, once.
    HandOut {
        /// The poll's ticket.
        ticket: Ticket,
        /// As above.
        after: CommitNumber,
        /// What the worker gets.
        task: ActivityTask,
        /// Whose task: until it is known to be delivered, readers are not shown that it started.
        execution: ExecutionId,
        /// The scheduling event.
        event: EventId,
    },
    /// The doubt about a hand-out is over once commit `after` is durable.
    Settled {
        /// As above.
        after: CommitNumber,
        /// Whose task.
        execution: ExecutionId,
        /// The scheduling event.
        event: EventId,
    },
    /// Read an execution from the store and answer with [`Message::Loaded`].
    LoadExecution(
        /// Which.
        ExecutionId,
    ),
    /// Read a definition and answer with [`Message::LoadedDefinition`].
    LoadDefinition {
        /// Number of the machine.
        machine: u64,
        /// Revision.
        revision: u64,
    },
    /// Look for executions whose retention is over and answer with [`Message::FoundExpired`].
    FindExpired(
        /// For which.
        Search,
    ),
    /// Look for timers that are due soon and answer with [`Message::FoundTimers`].
    FindTimers(
        /// For which.
        TimerSearch,
    ),
    /// Look for tasks that are next in a queue and answer with [`Message::FoundTasks`].
    FindTasks(
        /// For which.
        TaskSearch,
    ),
    /// Ask the store for the name again: it was looked up too long ago. The request comes back.
    LookUpAgain {
        /// The request's ticket.
        ticket: Ticket,
        /// The request.
        request: Request,
    },
    /// Read items for a map run once commit `after` is durable, and answer with [`Message::ItemsRead`].
    /// There is one such reading at a time for each map run. After a crash it is asked for again; what
    /// was read before and belongs to no child then must come again, from the same position.
    ReadItems {
        /// As above.
        after: CommitNumber,
        /// Whose items.
        map_run: MapRunId,
        /// What is read: `resource` is there, `parameters` and `config` (the `ReaderConfig`, without
        /// `MaxItems`) are JSON objects with all expressions replaced.
        source: interpreter::Work,
        /// Where to begin: what the reader said last of this map run ([`ItemsRead::next`]); `None`: at
        /// the beginning. A position is kept for as long as the map run is, so it must mean the same
        /// after a restart, and to a later version.
        position: Option<Vec<u8>>,
        /// About so many items are wanted; fewer are right, and at least one unless there are no more.
        items_max: usize,
        /// About so many bytes are wanted, in the same way.
        bytes_max: usize,
    },
    /// Write the results of a map run once commit `after` is durable, and answer with
    /// [`Message::ResultsWritten`]. All its children are over; [`crate::map_run_children`] reads them in
    /// the order of their items. After a crash this is asked for again, so writing must come to the same
    /// however often it is done.
    WriteResults {
        /// As above.
        after: CommitNumber,
        /// Whose results: what [`crate::map_run_children`] is asked with.
        map_run: MapRunId,
        /// Its ARN, `MapRunArn` of the result.
        map_run_arn: Arc<str>,
        /// How: `resource` is there, `parameters` and `config` (the `WriterConfig`) are JSON objects
        /// with all expressions replaced.
        writer: interpreter::Work,
    },
    /// Look something up in the store by [`crate::look_up_map_run`], at once, and answer with
    /// [`Message::MapRunLookedUp`]. What it depends on is durable.
    LookUpMapRun(
        /// What.
        Lookup,
    ),
    /// Call an integration once commit `after` is durable; answer with [`Message::CallDone`].
    Call {
        /// As above.
        after: CommitNumber,
        /// Whose call.
        execution: ExecutionId,
        /// The scheduling event.
        task: EventId,
        /// The resource, as the definition names it.
        resource: Arc<str>,
        /// What to call it with.
        parameters: Document,
        /// What the service answered when it took the call in: what it began is to be watched to its
        /// end.
        submitted: Option<Document>,
        /// Whether this, or its like, may have been asked for before the process was started.
        again: bool,
    },
    /// The execution is in quarantine: an operator must hear of it.
    Quarantined {
        /// Which.
        execution: ExecutionId,
        /// Its ARN, when it could be read.
        execution_arn: Option<Arc<str>>,
        /// What the panic said.
        panic: String,
    },
    /// Give up a call once commit `after` is durable: nobody waits for its result any more. It may
    /// have come to its end, or never have begun.
    CancelCall {
        /// As above.
        after: CommitNumber,
        /// Whose call.
        execution: ExecutionId,
        /// The scheduling event.
        task: EventId,
    },
    /// Log these once commit `after` is durable. At most once: a crash may lose them.
    Log {
        /// As above.
        after: CommitNumber,
        /// What.
        log: Box<LogEvents>,
    },
    /// Tell whoever wants to know, once commit `after` is durable. At most once, as above.
    StatusChanged {
        /// As above.
        after: CommitNumber,
        /// What.
        change: Box<StatusChange>,
    },
}
