//! Threads that serve connections.
//!
//! Each has its own connections from their first byte to their last, and its own loop over them: what
//! comes over a connection wakes one thread and no other. A connection is given to the thread that
//! has the fewest.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

/// The threads.
pub struct Sockets {
    places: Vec<Place>,
    threads: Vec<(oneshot::Sender<()>, JoinHandle<()>)>,
}

/// Where connections are served.
struct Place {
    runtime: Handle,
    connections: Arc<AtomicUsize>,
}

impl Sockets {
    /// Starts so many threads.
    pub fn start(count: usize) -> io::Result<Sockets> {
        let mut sockets = Sockets {
            places: Vec::new(),
            threads: Vec::new(),
        };
        for _ in 0..count {
            let runtime = Builder::new_current_thread().enable_all().build()?;
            sockets.places.push(Place::on(runtime.handle().clone()));
            let (end, ended) = oneshot::channel::<()>();
            let thread = std::thread::Builder::new()
                .name("sockets".into())
                // Told to end, or left alone: connections are cut with the runtime.
                .spawn(move || drop(runtime.block_on(ended)))?;
            sockets.threads.push((end, thread));
        }
        Ok(sockets)
    }

    /// Serves on a runtime that is there.
    #[cfg(test)]
    pub(super) fn on(runtime: Handle) -> Sockets {
        Sockets {
            places: vec![Place::on(runtime)],
            threads: Vec::new(),
        }
    }

    /// Serves a connection.
    pub(super) fn serve(&self, connection: impl Future<Output = ()> + Send + 'static) {
        let fewest = self
            .places
            .iter()
            .min_by_key(|place| place.connections.load(Ordering::Relaxed));
        let Some(place) = fewest else {
            return;
        };
        let counted = Counted::one_of(&place.connections);
        place.runtime.spawn(async move {
            let _counted = counted;
            connection.await;
        });
    }

    /// Ends the threads, and every connection that is left.
    pub fn finish(self) {
        for (end, thread) in self.threads {
            let _ = end.send(());
            // What panics in a connection ends with it; the loop itself does not.
            let _ = thread.join();
        }
    }
}

impl Place {
    fn on(runtime: Handle) -> Place {
        Place {
            runtime,
            connections: Arc::default(),
        }
    }
}

/// A connection, counted while it lives.
struct Counted(Arc<AtomicUsize>);

impl Counted {
    fn one_of(connections: &Arc<AtomicUsize>) -> Counted {
        connections.fetch_add(1, Ordering::Relaxed);
        Counted(Arc::clone(connections))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn connections_are_shared_out_among_the_threads() {
        let sockets = Sockets::start(3).unwrap();
        let (served, threads) = mpsc::channel();
        let mut ends = Vec::new();
        for _ in 0..12 {
            let (end, ended) = oneshot::channel::<()>();
            ends.push(end);
            let served = served.clone();
            sockets.serve(async move {
                served.send(std::thread::current().id()).unwrap();
                let _ = ended.await;
            });
        }
        let mut each = HashMap::new();
        for thread in threads.iter().take(12) {
            *each.entry(thread).or_insert(0) += 1;
        }
        assert_eq!(each.into_values().collect::<Vec<_>>(), [4, 4, 4]);
        sockets.finish();
        assert!(ends.iter().all(oneshot::Sender::is_closed), "all are cut");
    }
}
