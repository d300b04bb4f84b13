//! The store in memory passes the suite.

use store::suite::Home;
use store::{MemoryStore, Store};

struct Memory;

impl Home for Memory {
    fn is_durable(&self) -> bool {
        false
    }

    fn open(&self) -> Box<dyn Store> {
        Box::new(MemoryStore::new())
    }
}

store::suite!(Memory);
