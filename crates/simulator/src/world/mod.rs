//! The world of one seed: a store, a process over it, clients, clocks, and what is known of them all.

pub mod clock;
pub mod drive;
pub mod faulty_store;
pub mod lagging_copy;
pub mod life;
pub mod process;
pub mod wire;

use engine::arn::Owner;
use engine::{Shard, ShardOptions};
use store::{ExecutionId, Store};

use crate::broken::Broken;
use crate::checkers::Finding;
use crate::clients::Cast;
use crate::definitions::Author;
use crate::dice::Dice;
use crate::journal::Journal;
use crate::ledger::{Ledger, Moment, Retention};
use crate::tally::Tally;
use crate::trace::Trace;
use clock::Clock;
use faulty_store::FaultyStore;
use lagging_copy::LaggingCopy;
use process::Process;

/// Adds a line to a world's trace.
#[macro_export]
macro_rules! note {
    ($world:expr, $($what:tt)*) => {
        $world.trace.line($world.clock.true_ms, format_args!($($what)*))
    };
}

/// Reports a violation of an invariant.
#[macro_export]
macro_rules! violated {
    ($world:expr, $invariant:literal, $($what:tt)*) => {
        $world.report($invariant, format!($($what)*))
    };
}

/// How long anything on its way may take, in true milliseconds.
pub const LATE_MS: i64 = 100;

/// How a run is to go.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Where all chance comes from.
    pub seed: u64,
    /// Length of the unquiet part.
    pub steps: u32,
    /// What is deliberately wrong.
    pub broken: Option<Broken>,
    /// Whether the whole trace is printed.
    pub printed: bool,
}

/// See the page.
#[derive(Debug)]
pub struct World {
    /// How this run goes.
    pub options: Options,
    /// Chance.
    pub dice: Dice,
    /// Time.
    pub clock: Clock,
    /// What happened.
    pub trace: Trace,
    /// What survives crashes.
    pub store: FaultyStore,
    /// Break `r42`: a copy of the store that lags behind.
    pub lagging: Option<LaggingCopy>,
    /// What does not.
    pub process: Process,
    /// Which process this is, from 0.
    pub incarnation: u32,
    /// Next ticket; never used twice, not even by another process.
    pub next_ticket: u64,
    /// Bytes to requests.
    pub door: api::Door,
    /// Who asks.
    pub cast: Cast,
    /// What clients asked and were told.
    pub journal: Journal,
    /// What the commits said.
    pub ledger: Ledger,
    /// The state machines.
    pub author: Author,
    /// What was counted.
    pub tally: Tally,
    /// What was found to be wrong.
    pub findings: Vec<Finding>,
    /// Whether faults have ended.
    pub quiet: bool,
    /// The execution that the message at hand brought back into memory.
    pub loaded: Option<ExecutionId>,
    /// Since when the shard should have been woken.
    pub due_since_ms: Option<i64>,
    /// Whether the process ends before it does anything else.
    pub ends_now: bool,
}

/// What the operator of this seed lets closed executions have: most keep everything.
fn retention(seed: u64) -> Retention {
    // A stream of its own, so that a seed without it runs as it would.
    let mut dice = Dice::new(seed ^ 0x7265_7465_6e74_696f);
    let mut retention = Retention::default();
    let lot = dice.roll(10);
    if matches!(lot, 0 | 1 | 4) {
        retention.ms = [5_000, 60_000, 3_600_000][dice.index(3)];
    }
    if matches!(lot, 2..=4) {
        retention.bytes = [1_000, 5_000, 20_000][dice.index(3)];
    }
    retention
}

/// Whose resources the world has.
pub fn owner() -> Owner {
    Owner {
        partition: "aws".into(),
        region: "us-east-1".into(),
        account: "000000000000".into(),
    }
}

impl World {
    /// The world before anything has happened in it.
    pub fn new(options: Options) -> World {
        let mut dice = Dice::new(options.seed);
        let clock = Clock::new();
        let store = FaultyStore::new();
        let retention = retention(options.seed);
        let shard_options = shard_options(&mut dice, retention);
        let shard =
            Shard::recover(shard_options, &store, clock.now()).expect("an empty store can be read");
        let door = api::Door::new(api::DoorOptions {
            owner: owner(),
            page_key: [3; 32],
            limits: api::DoorLimits::default(),
        });
        let cast = Cast::new(&mut dice);
        let author = Author::new(dice.split(), cast.activity_arns());
        World {
            options,
            dice,
            clock,
            trace: Trace::new(options.printed),
            store,
            lagging: options
                .broken
                .is_some_and(|broken| broken.name == "r42")
                .then(LaggingCopy::default),
            process: Process::new(shard, 0),
            incarnation: 0,
            next_ticket: 1,
            door,
            cast,
            journal: Journal::default(),
            ledger: Ledger::new(retention),
            author,
            tally: Tally::default(),
            findings: Vec::new(),
            quiet: false,
            loaded: None,
            due_since_ms: None,
            ends_now: false,
        }
    }

    /// Whether an execution of that ARN went when its retention was over. There may be another by now.
    pub fn was_taken(&self, arn: &str) -> bool {
        self.ledger.gone.arns.contains(arn)
    }

    /// Nobody asks any more for what is gone.
    pub fn forget_gone(&mut self) {
        for arn in std::mem::take(&mut self.ledger.gone.lately) {
            note!(self, "{arn} is gone");
            self.tally.fault("closed execution expired");
            self.cast.known.retain(|known| *known != arn);
            self.cast.forget_pager(&arn);
            self.journal.shown.remove(&arn);
            self.journal.resources.forget(&arn);
        }
    }

    /// Whether this is deliberately wrong.
    pub fn is_broken(&self, name: &str) -> bool {
        self.options
            .broken
            .is_some_and(|broken| broken.name == name)
    }

    /// Whether EXPRESS executions are kept after their end.
    pub fn express_kept(&self) -> bool {
        false
    }

    /// Now, for the books.
    pub fn moment(&self) -> Moment {
        Moment {
            incarnation: self.incarnation,
            true_ms: self.clock.true_ms,
            wall_ms: self.clock.latest_wall_ms(),
            jumped_ms: self.clock.jumped_ms(),
        }
    }

    /// Writes a violation down; each is told once.
    pub fn report(&mut self, invariant: u32, what: String) {
        if self
            .findings
            .iter()
            .any(|finding| finding.invariant == invariant && finding.what == what)
        {
            return;
        }
        note!(self, "VIOLATION R{invariant}: {what}");
        self.findings.push(Finding {
            invariant,
            seed: self.options.seed,
            what,
            trace: self.trace.last_lines(),
        });
    }

    /// The number of the last durable commit.
    pub fn durable(&self) -> u64 {
        self.store
            .last_commit()
            .expect("the head of a store in memory can be read")
    }
}

/// Options of the next process: what the operator sets stays, what chance gives does not.
pub fn shard_options(dice: &mut Dice, retention: Retention) -> ShardOptions {
    ShardOptions {
        owner: owner(),
        token_key: [7; 32],
        seed: dice.number(),
        poll_hold_ms: 59_500,
        polls_per_activity_max: 8,
        counts: engine::CountsMax::NONE,
        // Few, so that executions are read back all the time.
        executions_cached: engine::Cached {
            count: 1 + dice.index(12),
            bytes: usize::MAX,
        },
        limits: interpreter::Limits {
            // Small ones, so that a few outputs and a word make parts.
            parts: interpreter::PartSizes {
                outputs: 1 + dice.number() as u32 % 3,
                document_bytes: dice.index(20),
                documents_bytes: dice.index(60),
            },
            ..interpreter::Limits::default()
        },
        express_retention_ms: 0,
        retention_ms: retention.ms,
        retention_bytes: retention.bytes,
        // Small ones, so that most of what waits is in the store alone.
        windows: engine::Windows {
            timers_ahead_ms: [1_000, 60_000, 3_600_000][dice.index(3)],
            tasks_max: 1 + dice.index(5),
            page: 1 + dice.index(4),
        },
    }
}
