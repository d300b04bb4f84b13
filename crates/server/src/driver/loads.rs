//! Reads of the store that the engine asked for, on threads that may wait for the disk.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use engine::{Lookup, Message, Request, Search, TaskSearch, Ticket, TimerSearch};
use store::{ExecutionId, Store, StoreError};
use tokio::runtime::Handle;

use super::Driver;
use crate::log::{self, Level};
use crate::names;

/// How long to wait before a read that failed is tried again.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Reads, and sends what was read as messages.
#[derive(Clone)]
pub(super) struct Loads(Arc<Inner>);

struct Inner {
    store: Arc<dyn Store>,
    runtime: Handle,
    driver: Arc<Driver>,
}

impl Loads {
    pub(super) fn new(store: Arc<dyn Store>, runtime: Handle, driver: Arc<Driver>) -> Loads {
        Loads(Arc::new(Inner {
            store,
            runtime,
            driver,
        }))
    }

    /// Answers with [`Message::Loaded`].
    pub(super) fn execution(&self, id: ExecutionId) {
        self.read("execution", move |inner| {
            // Whatever is wrong with it, whoever waits for it must hear of it.
            catch_unwind(AssertUnwindSafe(|| load_execution(inner, id))).unwrap_or_else(|panic| {
                let panic = panic
                    .downcast_ref::<String>()
                    .cloned()
                    .unwrap_or_else(|| "reading it panicked".to_owned());
                Ok(Message::LoadPanicked { id, panic })
            })
        });
    }

    /// Answers with [`Message::LoadedDefinition`].
    pub(super) fn definition(&self, machine: u64, revision: u64) {
        self.read("definition", move |inner| {
            let definition = inner
                .driver
                .definitions()
                .get(&*inner.store, machine, revision)?;
            Ok(Message::LoadedDefinition {
                machine,
                revision,
                definition,
            })
        });
    }

    /// Answers with [`Message::FoundExpired`].
    pub(super) fn expired(&self, mut search: Search) {
        self.read("what is expired", move |inner| {
            engine::find_expired(&*inner.store, &mut search).map(Message::FoundExpired)
        });
    }

    /// Answers with [`Message::MapRunLookedUp`].
    pub(super) fn map_run(&self, lookup: Lookup) {
        self.read("map run", move |inner| {
            engine::look_up_map_run(&*inner.store, &lookup).map(Message::MapRunLookedUp)
        });
    }

    /// Answers with [`Message::FoundTimers`].
    pub(super) fn timers(&self, search: TimerSearch) {
        self.read("timers", move |inner| {
            let rows = engine::find_timers(&*inner.store, &search)?;
            Ok(Message::FoundTimers { search, rows })
        });
    }

    /// Answers with [`Message::FoundTasks`].
    pub(super) fn tasks(&self, search: TaskSearch) {
        self.read("a queue", move |inner| {
            let rows = engine::find_tasks(&*inner.store, &search)?;
            let search = search.clone();
            Ok(Message::FoundTasks { search, rows })
        });
    }

    /// Looks the name up and sends the request again.
    pub(super) fn name(&self, ticket: Ticket, request: Request) {
        self.read("name", move |inner| {
            let durable = inner.driver.durable();
            let lookup = names::look_up(&*inner.store, durable, &request)?;
            Ok(Message::Request {
                ticket,
                request: request.clone(),
                lookup,
            })
        });
    }

    /// The engine waits for the message, so a read that fails is tried until it succeeds: to say
    /// "there is none" instead would lose an execution.
    fn read(
        &self,
        what: &'static str,
        mut read: impl FnMut(&Inner) -> Result<Message, StoreError> + Send + 'static,
    ) {
        let inner = Arc::clone(&self.0);
        self.0.runtime.spawn_blocking(move || {
            loop {
                match read(&inner) {
                    Ok(message) => return inner.driver.tell(message),
                    Err(error) => {
                        inner.driver.metrics.store_read_failures.add(1);
                        log::line(
                            Level::Error,
                            "cannot read from the store; trying again",
                            &[("what", &what), ("error", &error)],
                        );
                        std::thread::sleep(RETRY_AFTER);
                    }
                }
            }
        });
    }
}

fn load_execution(inner: &Inner, id: ExecutionId) -> Result<Message, StoreError> {
    let store = &*inner.store;
    let execution = engine::load_execution(store, id, &mut |machine, revision| {
        inner.driver.definitions().get(store, machine, revision)
    })?;
    Ok(Message::Loaded { id, execution })
}
