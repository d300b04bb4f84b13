//! How much of the store's timers and queues is held in memory.

/// See the page. Small ones make a test meet every edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Windows {
    /// Timers due within this time are read ahead, in milliseconds.
    pub timers_ahead_ms: i64,
    /// Most tasks of a queue in memory. More are read when a quarter is left; put-backs come on top.
    pub tasks_max: usize,
    /// Rows read at a time, at least one.
    pub page: usize,
}

impl Default for Windows {
    fn default() -> Windows {
        Windows {
            timers_ahead_ms: 3_600_000,
            tasks_max: 4_096,
            page: 2_048,
        }
    }
}
