//! Makes commits durable, as many as have come together in one go.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc;
use std::time::Instant;

use store::{Commit, CommitNumber, Epoch, Store};

use super::release::{Release, Releaser};
use crate::disk::Space;
use crate::exit;

/// One node writes, so the fence never moves.
pub const EPOCH: Epoch = Epoch(0);

/// What one turn of the engine hands on.
#[derive(Debug, Default)]
pub(super) struct Handover {
    pub(super) commits: Vec<Commit>,
    pub(super) releases: Vec<(CommitNumber, Release)>,
}

/// Where handovers go.
pub(super) enum Sink {
    /// A thread that syncs.
    Thread(mpsc::Sender<Handover>),
    /// A store that needs no sync: whoever runs the engine writes.
    Inline(Committer),
}

impl Sink {
    /// Hands on. Returns the number that is durable by then, if this made it so.
    pub(super) fn hand_on(&mut self, handover: Handover) -> Option<CommitNumber> {
        match self {
            Sink::Thread(handovers) => {
                // It listens until this sender is dropped, or has ended the process.
                let _ = handovers.send(handover);
                None
            }
            Sink::Inline(committer) => {
                committer.take(handover);
                committer.commit()
            }
        }
    }
}

/// Commits, and releases what waited.
pub(super) struct Committer {
    store: Arc<dyn Store>,
    releaser: Arc<Releaser>,
    durable: CommitNumber,
    space: Space,
    commits: Vec<Commit>,
    waiting: VecDeque<(CommitNumber, Release)>,
}

impl Committer {
    pub(super) fn new(
        store: Arc<dyn Store>,
        releaser: Arc<Releaser>,
        durable: CommitNumber,
        space: Space,
    ) -> Committer {
        Committer {
            store,
            releaser,
            durable,
            space,
            commits: Vec::new(),
            waiting: VecDeque::new(),
        }
    }

    /// Until nobody hands anything on any more.
    pub(super) fn run(mut self, handovers: &mpsc::Receiver<Handover>) {
        while let Ok(handover) = handovers.recv() {
            self.releaser.driver().committing(true);
            let mut next = Some(handover);
            while let Some(handover) = next {
                self.take(handover);
                // Whatever came during the last sync shares the next.
                while let Ok(more) = handovers.try_recv() {
                    self.take(more);
                }
                let durable = self.commit();
                next = handovers.try_recv().ok();
                if next.is_none() {
                    self.releaser.driver().committing(false);
                }
                if let Some(number) = durable {
                    self.releaser.driver().tell_durable(number, next.is_none());
                }
            }
        }
    }

    fn take(&mut self, handover: Handover) {
        self.commits.extend(handover.commits);
        self.waiting.extend(handover.releases);
    }

    /// Writes what there is with one sync. Returns the number that is durable, if anything was
    /// written.
    fn commit(&mut self) -> Option<CommitNumber> {
        // What depends on an earlier sync must not wait for this one.
        self.release();
        let last = self.commits.last()?.number;
        let started = Instant::now();
        let (store, commits) = (&self.store, &self.commits);
        if let Err(error) = self.space.commit(|| store.commit(EPOCH, commits)) {
            // Nobody knows what is on disk now, so nothing may be promised on top of it. What was
            // answered before is durable, and a restart reads what there is.
            exit::now(
                exit::STORE,
                &format!("commit {last} failed, so the server ends: {error}"),
            );
        }
        let metrics = &self.releaser.driver().metrics;
        metrics
            .commit_seconds
            .observe(started.elapsed().as_secs_f64());
        metrics.commit_group.observe(self.commits.len() as f64);
        self.durable = last;
        self.releaser.publish(last);
        self.release();
        self.store.answered();
        self.commits.clear();
        Some(last)
    }

    fn release(&mut self) {
        // Mostly in order, so the front is all there is to look at; a straggler behind costs a look.
        for _ in 0..self.waiting.len() {
            let Some((after, release)) = self.waiting.pop_front() else {
                break;
            };
            if after <= self.durable {
                self.releaser.release(release);
            } else {
                self.waiting.push_back((after, release));
            }
        }
    }
}
