//! Where what is kept is kept.

use std::sync::Arc;
use std::time::Instant;

use anyhow::Result;
use store::{MemoryStore, Store};
use store_embedded::{EmbeddedStore, Options};

use crate::config::Settings;
use crate::log::{self, Level};

/// Opens the store that the settings ask for.
pub fn open(settings: &Settings) -> Result<Arc<dyn Store>> {
    if settings.in_memory.value {
        return Ok(Arc::new(MemoryStore::new()));
    }
    let mut options = Options::new(&settings.data.value);
    options.accept_loss = settings.accept_loss.value;
    let began = Instant::now();
    let store = EmbeddedStore::open(options)?;
    let took = began.elapsed();
    for warning in store.warnings() {
        log::line(Level::Warn, warning, &[]);
    }
    let opening = store.opening();
    log::line(
        Level::Info,
        "store opened",
        &[
            ("ms", &took.as_millis()),
            ("groups_replayed", &opening.groups_replayed),
            ("bytes_replayed", &opening.bytes_replayed),
        ],
    );
    Ok(Arc::new(store))
}
