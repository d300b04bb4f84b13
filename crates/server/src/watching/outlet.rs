//! A bounded queue with a thread behind it.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender, TryRecvError};
use std::time::{Duration, Instant};

use crate::log::{self, Level};
use crate::metrics::{Metrics, Outcomes};

/// Most things in a queue.
const QUEUED_MAX: usize = 16_384;
/// Most bytes of what they hold: documents are kept alive by the queue they wait in.
const QUEUED_BYTES_MAX: usize = 64 << 20;
/// Most things taken between two flushes.
const BATCH_MAX: usize = 256;
/// A place that fails or is too slow is complained of so often at most.
const COMPLAINT_EVERY: Duration = Duration::from_secs(60);

/// Where things go in the end. It may block, and it may fail.
pub(super) trait Sink<T>: Send + 'static {
    /// Takes one. Whatever has been taken may be lost until [`Sink::flush`].
    fn put(&mut self, item: T) -> Result<(), String>;
    /// Writes what has been taken. Called when nothing more waits, and now and then.
    fn flush(&mut self) -> Result<(), String>;
}

/// Things written, dropped for want of room, and failed.
#[derive(Clone)]
pub(super) struct Counts {
    metrics: Arc<Metrics>,
    pick: fn(&Metrics) -> &Outcomes,
}

impl Counts {
    pub(super) fn new(metrics: Arc<Metrics>, pick: fn(&Metrics) -> &Outcomes) -> Counts {
        Counts { metrics, pick }
    }

    fn outcomes(&self) -> &Outcomes {
        (self.pick)(&self.metrics)
    }
}

/// What waits, and how much it holds.
struct Queued<T> {
    item: T,
    records: usize,
    bytes: usize,
}

/// The way into the queue. It never blocks.
pub(super) struct Outlet<T> {
    queue: SyncSender<Queued<T>>,
    bytes: Arc<AtomicUsize>,
    counts: Counts,
}

/// The thread behind an outlet.
pub(super) struct Worker {
    ended: Receiver<()>,
}

/// Starts the thread.
pub(super) fn start<T: Send + 'static>(
    name: &'static str,
    sink: impl Sink<T>,
    counts: Counts,
) -> io::Result<(Outlet<T>, Worker)> {
    let (queue, queued) = mpsc::sync_channel(QUEUED_MAX);
    let (end, ended) = mpsc::channel::<()>();
    let bytes = Arc::new(AtomicUsize::new(0));
    let writer = Writer {
        name,
        sink,
        bytes: Arc::clone(&bytes),
        counts: counts.clone(),
        complaint: None,
        taken: 0,
    };
    std::thread::Builder::new()
        .name(name.into())
        .spawn(move || {
            writer.run(&queued);
            drop(end);
        })?;
    let outlet = Outlet {
        queue,
        bytes,
        counts,
    };
    Ok((outlet, Worker { ended }))
}

impl<T> Outlet<T> {
    /// Puts one into the queue, or drops it when the queue is full.
    pub(super) fn offer(&self, item: T, records: usize, bytes: usize) {
        let queued = Queued {
            item,
            records,
            bytes,
        };
        let before = self.bytes.fetch_add(bytes, Ordering::Relaxed);
        // One that is larger than the queue may go when nothing else waits.
        let fits = before == 0 || before + bytes <= QUEUED_BYTES_MAX;
        if !fits || self.queue.try_send(queued).is_err() {
            self.bytes.fetch_sub(bytes, Ordering::Relaxed);
            self.counts.outcomes().dropped.add(records as u64);
        }
    }
}

impl Worker {
    /// Waits for the thread to have written all there is, until `until`. One that is stuck in a slow
    /// disk or pipe is left behind.
    pub(super) fn finish(self, until: Instant) {
        let wait = until.saturating_duration_since(Instant::now());
        if let Err(RecvTimeoutError::Timeout) = self.ended.recv_timeout(wait) {
            log::line(
                Level::Warn,
                "stopped before all logs and events were written",
                &[],
            );
        }
    }
}

struct Writer<S> {
    name: &'static str,
    sink: S,
    bytes: Arc<AtomicUsize>,
    counts: Counts,
    complaint: Option<Instant>,
    /// Records taken since the last flush.
    taken: u64,
}

impl<S> Writer<S> {
    /// Until nobody can offer anything any more, and all of it is written.
    fn run<T>(mut self, queued: &Receiver<Queued<T>>)
    where
        S: Sink<T>,
    {
        let mut dropped_before = 0;
        while let Ok(first) = queued.recv() {
            self.put(first);
            for _ in 0..BATCH_MAX {
                match queued.try_recv() {
                    Ok(next) => self.put(next),
                    Err(TryRecvError::Empty | TryRecvError::Disconnected) => break,
                }
            }
            let flushed = self.sink.flush();
            let taken = std::mem::take(&mut self.taken);
            match flushed {
                Ok(()) => self.counts.outcomes().written.add(taken),
                Err(why) => {
                    self.counts.outcomes().failed.add(taken);
                    self.complain("not all could be written", &why);
                }
            }
            let dropped = self.counts.outcomes().dropped.get();
            if dropped > dropped_before && self.complain("the queue was full", "too slow") {
                dropped_before = dropped;
            }
        }
    }

    fn put<T>(&mut self, queued: Queued<T>)
    where
        S: Sink<T>,
    {
        let result = self.sink.put(queued.item);
        self.bytes.fetch_sub(queued.bytes, Ordering::Relaxed);
        let outcomes = self.counts.outcomes();
        match result {
            Ok(()) => self.taken += queued.records as u64,
            Err(why) => {
                outcomes.failed.add(queued.records as u64);
                self.complain("not all could be written", &why);
            }
        }
    }

    /// Returns whether it was said.
    fn complain(&mut self, what: &str, why: &str) -> bool {
        let now = Instant::now();
        let lately = |said: Instant| now.duration_since(said) < COMPLAINT_EVERY;
        if self.complaint.is_some_and(lately) {
            return false;
        }
        self.complaint = Some(now);
        let outcomes = self.counts.outcomes();
        log::line(
            Level::Warn,
            what,
            &[
                ("where", &self.name),
                ("why", &why),
                ("failed", &outcomes.failed.get()),
                ("dropped", &outcomes.dropped.get()),
            ],
        );
        true
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(30);

    /// Takes one thing each time the test lets it.
    struct Gated {
        gate: Receiver<()>,
        taken: Arc<Mutex<Vec<u32>>>,
    }

    impl Sink<u32> for Gated {
        fn put(&mut self, item: u32) -> Result<(), String> {
            let _ = self.gate.recv();
            self.taken.lock().unwrap().push(item);
            if item == 2 {
                return Err("two".into());
            }
            Ok(())
        }

        fn flush(&mut self) -> Result<(), String> {
            Ok(())
        }
    }

    #[allow(clippy::type_complexity)]
    fn gated() -> (
        Outlet<u32>,
        Worker,
        mpsc::Sender<()>,
        Arc<Mutex<Vec<u32>>>,
        Arc<Metrics>,
    ) {
        let (open, gate) = mpsc::channel();
        let taken = Arc::default();
        let sink = Gated {
            gate,
            taken: Arc::clone(&taken),
        };
        let metrics = Arc::new(Metrics::default());
        let counts = Counts::new(Arc::clone(&metrics), |all| &all.log_records);
        let (outlet, worker) = start("test", sink, counts).unwrap();
        (outlet, worker, open, taken, metrics)
    }

    #[test]
    fn a_place_that_stands_still_costs_room_and_nobody_waits() {
        let (outlet, worker, open, taken, metrics) = gated();
        // One is in the sink's hands or about to be, the queue is full behind it.
        let offered = QUEUED_MAX as u32 + 100;
        (0..offered).for_each(|item| outlet.offer(item, 1, 1));
        let dropped = metrics.log_records.dropped.get();
        assert!((99..=100).contains(&dropped), "{dropped} dropped");
        drop(open);
        drop(outlet);
        worker.finish(Instant::now() + PATIENCE);
        let taken = taken.lock().unwrap();
        assert_eq!(taken.len() as u64, u64::from(offered) - dropped);
        assert!(taken.is_sorted(), "in order");
        assert_eq!(metrics.log_records.failed.get(), 1);
        assert_eq!(metrics.log_records.written.get(), taken.len() as u64 - 1);
    }

    #[test]
    fn large_things_fill_the_queue_sooner() {
        let (outlet, worker, open, taken, metrics) = gated();
        outlet.offer(0, 1, 2 * QUEUED_BYTES_MAX);
        outlet.offer(1, 3, 1);
        assert_eq!(metrics.log_records.dropped.get(), 3, "counted by records");
        drop(open);
        drop(outlet);
        worker.finish(Instant::now() + PATIENCE);
        assert_eq!(*taken.lock().unwrap(), [0]);
    }
}
