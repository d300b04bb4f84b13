//! What the commits say, kept apart from the store: when each event was written, and which timers
//! and tasks there should be.
//!
//! A commit is on the books once it is durable. What a crash took away was never there.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use store::{Commit, CommitNumber, ExecutionId, TaskRow, TimerRow};

/// When something happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// In which process, from 0.
    pub incarnation: u32,
    /// The world's time.
    pub true_ms: i64,
    /// The most that the wall clock showed in the moments before: what was seen to be due then may
    /// take a moment to happen.
    pub wall_ms: i64,
    /// How far the wall clock had jumped since the process began.
    pub jumped_ms: i64,
}

/// How a process began.
#[derive(Clone, Copy, Debug)]
pub struct Recovery {
    /// The world's time.
    pub true_ms: i64,
    /// What history showed then: never less than before.
    pub history_ms: i64,
}

/// An execution, as its commits say.
#[derive(Clone, Debug, Default)]
pub struct Account {
    /// Its ARN.
    pub arn: String,
    /// Whether it is a child of a map run; such a one has no name of its own.
    pub is_child: bool,
    /// Name of the state machine.
    pub machine: String,
    /// Name of the execution.
    pub name: String,
    /// Its status; opaque, as in the listing.
    pub status: u8,
    /// When it came to that, by the clock of history.
    pub listed_ms: i64,
    /// What it counts while it is closed, in bytes.
    pub closed_bytes: u64,
    /// Whether it ever started a map run.
    pub has_map_runs: bool,
    /// Of which map run it is a child.
    pub map_run_arn: Option<String>,
    /// When each event was written; the first is that of event 1.
    pub written: Vec<Moment>,
    /// Whether its row keeps them.
    pub events_in_row: bool,
    /// Armed timers, and when each was armed.
    pub timers: BTreeMap<u32, (TimerRow, Moment)>,
    /// Open tasks by scheduling event.
    pub tasks: BTreeMap<u32, TaskRow>,
    /// When a task was handed out for the last time.
    pub handed_out: BTreeMap<u32, Moment>,
}

/// See the page.
#[derive(Debug)]
pub struct Ledger {
    in_flight: VecDeque<(Commit, Moment)>,
    /// By execution, what is durable.
    pub accounts: BTreeMap<ExecutionId, Account>,
    /// What the shard has said, durable or not: open tasks by queue and position.
    pub queues: BTreeMap<(String, u64), TaskRow>,
    /// Every process but the first.
    recoveries: Vec<Recovery>,
    /// What was wrong with the commits themselves.
    pub oddities: Vec<(u32, String)>,
    /// What the operator lets closed executions have.
    pub retention: Retention,
    /// What went when that was over.
    pub gone: Gone,
    /// When an execution was open again for the last time, in true time.
    reopened_ms: i64,
}

/// How long closed executions are kept, in milliseconds, and how many bytes they may take; 0 each: there is
/// no limit.
#[derive(Clone, Copy, Debug, Default)]
pub struct Retention {
    /// In milliseconds.
    pub ms: i64,
    /// In bytes.
    pub bytes: u64,
}

/// Executions that are not there any more.
#[derive(Debug, Default)]
pub struct Gone {
    /// All of them.
    pub accounts: BTreeMap<ExecutionId, Account>,
    /// Their ARNs. Others may have the same by now.
    pub arns: BTreeSet<String>,
    /// Map runs that have lost children, or all that they had.
    pub map_runs: BTreeSet<String>,
    /// ARNs of those that went since somebody asked.
    pub lately: Vec<String>,
}

/// What an execution does in the moment that it is open again may be more than what had to go, in
/// milliseconds.
const REOPENED_MS: i64 = 10_000;

impl Ledger {
    /// Empty books; the first process begins with the world.
    pub fn new(retention: Retention) -> Ledger {
        let beginning = Recovery {
            true_ms: 0,
            history_ms: 0,
        };
        Ledger {
            in_flight: VecDeque::new(),
            accounts: BTreeMap::new(),
            queues: BTreeMap::new(),
            recoveries: vec![beginning],
            oddities: Vec::new(),
            retention,
            gone: Gone::default(),
            reopened_ms: i64::MIN / 2,
        }
    }

    /// The shard made a commit.
    pub fn emitted(&mut self, commit: &Commit, moment: Moment) {
        for write in &commit.executions {
            for drop in &write.tasks_dropped {
                self.queues.remove(&(drop.queue.clone(), drop.position));
            }
            for row in &write.tasks {
                self.queues
                    .insert((row.queue.clone(), row.position), row.clone());
            }
        }
        self.in_flight.push_back((commit.clone(), moment));
    }

    /// Commits up to this one are durable.
    pub fn durable(&mut self, last: CommitNumber) {
        while let Some((commit, _)) = self.in_flight.front() {
            if commit.number > last {
                break;
            }
            if let Some((commit, moment)) = self.in_flight.pop_front() {
                self.book(commit, moment);
            }
        }
    }

    /// A commit is taken off the books although the store has its number (break `r06`).
    pub fn skip(&mut self, number: CommitNumber) {
        self.in_flight.retain(|(commit, _)| commit.number != number);
    }

    /// What was not durable is gone.
    pub fn crashed(&mut self) {
        self.in_flight.clear();
        self.queues.clear();
        for account in self.accounts.values() {
            for row in account.tasks.values() {
                self.queues
                    .insert((row.queue.clone(), row.position), row.clone());
            }
        }
    }

    /// A process begins.
    pub fn recovered(&mut self, moment: Moment, history_ms: i64) {
        self.recoveries.push(Recovery {
            true_ms: moment.true_ms,
            history_ms,
        });
    }

    /// How a process began.
    pub fn recovery(&self, incarnation: u32) -> Recovery {
        let beginning = Recovery {
            true_ms: 0,
            history_ms: 0,
        };
        self.recoveries
            .get(incarnation as usize)
            .copied()
            .unwrap_or(beginning)
    }

    /// When something armed at `armed` (history showed `armed_ms`) for `span_ms` may happen at the
    /// earliest in process `incarnation`, in true time. Lengths of time count on the steady clock;
    /// a new process gives them what was left by the time that history shows.
    pub fn earliest_ms(&self, armed: Moment, armed_ms: i64, span_ms: i64, incarnation: u32) -> i64 {
        if armed.incarnation == incarnation {
            return armed.true_ms.saturating_add(span_ms);
        }
        let begun = self.recovery(incarnation);
        let left_ms = armed_ms.saturating_add(span_ms) - begun.history_ms;
        begun.true_ms.saturating_add(left_ms.max(0))
    }

    fn book(&mut self, mut commit: Commit, moment: Moment) {
        let removals = std::mem::take(&mut commit.removals);
        let at_ms = commit.at_ms;
        self.book_writes(commit, moment);
        let ids: Vec<ExecutionId> = removals.iter().map(|removal| removal.id).collect();
        self.book_removals(&ids, at_ms, moment);
    }

    /// R40: what goes is closed, and its time is over, or all that is closed takes too much.
    fn book_removals(&mut self, ids: &[ExecutionId], at_ms: i64, moment: Moment) {
        let Retention { ms, bytes } = self.retention;
        let total: u64 = self.accounts.values().map(|it| it.closed_bytes).sum();
        let is_over = bytes > 0 && total > bytes;
        let may_be_over = moment.true_ms - self.reopened_ms < REOPENED_MS;
        for id in ids {
            let Some(account) = self.accounts.remove(id) else {
                let found = format!("{id:?} goes, and is not there");
                self.oddities.push((40, found));
                continue;
            };
            let is_old = ms > 0 && account.listed_ms < at_ms.saturating_sub(ms);
            // What goes with another, or after its own children, goes whatever there is.
            let goes_along = account.is_child || account.has_map_runs;
            let is_right = is_old || is_over || (bytes > 0 && (goes_along || may_be_over));
            if account.status == 0 || !(is_right || (ms > 0 && account.is_child)) {
                let found = format!(
                    "{} goes with status {} since {} at {at_ms}; {total} of {bytes} bytes are taken",
                    account.arn, account.status, account.listed_ms
                );
                self.oddities.push((40, found));
            }
            self.gone.arns.insert(account.arn.clone());
            self.gone.lately.push(account.arn.clone());
            self.gone.map_runs.extend(account.map_run_arn.clone());
            self.gone.accounts.insert(*id, account);
        }
    }

    fn book_writes(&mut self, commit: Commit, moment: Moment) {
        for write in commit.executions {
            let account = self.accounts.entry(write.id).or_default();
            if write.revision == 1 {
                let nothing = || interpreter::Document::from_text("null");
                let parts = write.parts.into_iter();
                let parts = parts
                    .filter_map(|write| Some((write.part, write.bytes?)))
                    .collect();
                let mut document = |_| Some(nothing());
                let born = interpreter::Execution::restore(&write.snapshot, &parts, &mut document);
                if let Some(birth) = born.as_ref().map(|born| born.birth()) {
                    account.arn = birth.execution_arn.to_string();
                    account.is_child = birth.child.is_some();
                    let child = birth.child.as_ref();
                    account.map_run_arn = child.map(|child| child.map_run_arn.to_string());
                }
            }
            if let Some(claim) = write.name {
                account.machine = claim.machine;
                account.name = claim.name;
            }
            if let Some(moved) = write.listings.into_iter().next() {
                if account.status != 0 && moved.to.status == 0 {
                    self.reopened_ms = moment.true_ms;
                }
                account.status = moved.to.status;
                account.listed_ms = moved.to.time_ms;
            }
            let closed = engine::closed_bytes(&write.holds);
            account.closed_bytes = closed.map_or(0, |(bytes, _)| bytes);
            account.has_map_runs |= closed.is_some_and(|(_, has_map_runs)| has_map_runs);
            // Those that the row kept come again, with what is added; else what is added follows.
            let before = account.written.len();
            let (first, count) = write.events.map_or((0, 0), |run| (run.first, run.count));
            let after = (first + count).saturating_sub(1) as usize;
            let (is_gap, added) = match (account.events_in_row, count) {
                (true, _) => (first != 1 || after < before, after.saturating_sub(before)),
                (false, 0) => (false, 0),
                (false, _) => (first as usize != before + 1, count as usize),
            };
            account.events_in_row = write.events_in_row;
            if is_gap {
                let found = format!(
                    "{}/{}: a run of {count} events begins at {first} after {before} events",
                    account.machine, account.name,
                );
                self.oddities.push((19, found));
            }
            let written = std::iter::repeat_n(moment, added);
            account.written.extend(written);
            for drop in &write.timers_dropped {
                if account.timers.remove(&drop.timer).is_none() {
                    let found = format!(
                        "{}/{}: timer {} ends twice",
                        account.machine, account.name, drop.timer
                    );
                    self.oddities.push((29, found));
                }
            }
            for row in write.timers {
                account.timers.insert(row.timer, (row, moment));
            }
            for drop in &write.tasks_dropped {
                account
                    .tasks
                    .retain(|_, row| row.queue != drop.queue || row.position != drop.position);
            }
            for row in write.tasks {
                let before = account.tasks.get(&row.event).map_or(0, |row| row.hand_outs);
                if row.handed_out && row.hand_outs > before {
                    account.handed_out.insert(row.event, moment);
                }
                account.tasks.insert(row.event, row);
            }
        }
    }
}

impl Default for Ledger {
    fn default() -> Ledger {
        Ledger::new(Retention::default())
    }
}
