//! What a run, or many, did: a green run in which nothing went wrong proves nothing.

use std::collections::BTreeMap;

use store::Commit;

use crate::world::wire::Told;

/// Faults that every run of a few seeds must have had.
pub const FAULTS: &[&str] = &[
    "activity deleted",
    "client gone before its answer",
    "closed execution expired",
    "completion after the end",
    "completion sent twice",
    "crash after an answer",
    "crash in the middle",
    "execution redriven",
    "failed commit",
    "item reader failed",
    "malformed request",
    "poll given up",
    "read failure",
    "redrive at the same time",
    "redrive tried again",
    "report of a delivery lost",
    "restart after restart",
    "server told to stop",
    "slow read",
    "start at the same time",
    "start tried again",
    "wall clock set back",
    "wall clock set forward",
    "worker died",
];

/// Counts.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Runs.
    pub seeds: u64,
    /// Processes that ended.
    pub crashes: u64,
    /// Requests sent.
    pub operations: u64,
    /// Of these, answered with 200.
    pub successes: u64,
    /// Of these, refused.
    pub refusals: u64,
    /// Of these, answered with 5xx.
    pub failures: u64,
    /// Of these, never answered because the process ended.
    pub unknown: u64,
    /// Executions that began.
    pub executions: u64,
    /// Events that were written.
    pub events: u64,
    /// Parts of snapshots that were written, for the first time or again.
    pub parts_written: u64,
    /// Parts that were dropped, since nothing referred to them any more.
    pub parts_dropped: u64,
    /// Parts that were read back, by shards alone.
    pub parts_read: u64,
    /// How often a state was asked for a word that only snapshots knew.
    pub words: u64,
    /// Milliseconds that passed in the worlds.
    pub simulated_ms: i64,
    faults: BTreeMap<&'static str, u64>,
}

impl Tally {
    /// Something went wrong, as it was meant to.
    pub fn fault(&mut self, kind: &'static str) {
        *self.faults.entry(kind).or_default() += 1;
    }

    /// A request was answered.
    pub fn count_answer(&mut self, told: &Told) {
        match told.status {
            200 => self.successes += 1,
            500.. => self.failures += 1,
            _ => self.refusals += 1,
        }
    }

    /// The parts of snapshots in a commit.
    pub fn count_parts(&mut self, commit: &Commit) {
        for part in commit.executions.iter().flat_map(|write| &write.parts) {
            match part.bytes {
                Some(_) => self.parts_written += 1,
                None => self.parts_dropped += 1,
            }
        }
    }

    /// Adds the counts of another run.
    pub fn add(&mut self, other: &Tally) {
        self.seeds += other.seeds;
        self.crashes += other.crashes;
        self.operations += other.operations;
        self.successes += other.successes;
        self.refusals += other.refusals;
        self.failures += other.failures;
        self.unknown += other.unknown;
        self.executions += other.executions;
        self.events += other.events;
        self.parts_written += other.parts_written;
        self.parts_dropped += other.parts_dropped;
        self.parts_read += other.parts_read;
        self.words += other.words;
        self.simulated_ms += other.simulated_ms;
        for (kind, count) in &other.faults {
            *self.faults.entry(kind).or_default() += count;
        }
    }

    /// How often that happened.
    pub fn faults_of(&self, kind: &str) -> u64 {
        self.faults.get(kind).copied().unwrap_or(0)
    }

    /// Why these counts prove nothing, if they do not.
    pub fn objection(&self) -> Option<String> {
        if self.crashes == 0 {
            return Some("no process ended".to_owned());
        }
        if let Some(kind) = FAULTS.iter().find(|kind| self.faults_of(kind) == 0) {
            return Some(format!("there was no fault of the kind {kind:?}"));
        }
        let parts = [self.parts_written, self.parts_dropped, self.parts_read];
        if parts.contains(&0) || self.words == 0 {
            return Some("no part of a snapshot was written, dropped, or read back".to_owned());
        }
        if self.successes * 2 < self.operations {
            return Some("fewer than half of the operations succeeded".to_owned());
        }
        None
    }

    /// The report, over several lines.
    pub fn report(&self) -> String {
        let share = self.successes * 100 / self.operations.max(1);
        let days = self.simulated_ms as f64 / 86_400_000.0;
        let mut text = format!(
            "{} seeds, {} crashes, {days:.1} days simulated\n\
             {} executions, {} events; parts of snapshots: {} written, {} read, {} dropped\n\
             {} operations: {share}% succeeded, {} refused, {} answered with 5xx, {} never answered\n",
            self.seeds,
            self.crashes,
            self.executions,
            self.events,
            self.parts_written,
            self.parts_read,
            self.parts_dropped,
            self.operations,
            self.refusals,
            self.failures,
            self.unknown,
        );
        for kind in FAULTS {
            text.push_str(&format!("{:>9} × {kind}\n", self.faults_of(kind)));
        }
        text
    }
}
