//! How much room the disk under the data folder has.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Shared by all who write.
#[derive(Clone, Debug, Default)]
pub struct Space(Arc<AtomicBool>);

impl Space {
    /// Whether what is left belongs to the store alone.
    pub fn is_short(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
