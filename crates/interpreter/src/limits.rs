//! The limits of one execution: AWS's figures, each with its source, and the value that carries those
//! in force.

use crate::snapshot::PartSizes;

/// Most events of a history. The last of them is `ExecutionFailed`, whatever was to be written.
///
/// Source: AWS quota page; the closing event as recorded from AWS.
pub const HISTORY_EVENTS_MAX: u32 = 25_000;

/// Most events of the history of an EXPRESS execution. AWS sets no limit but the five minutes of
/// [`EXPRESS_SECONDS_MAX`]; event ids have one, and nothing comes near it in that time.
pub const EXPRESS_HISTORY_EVENTS_MAX: u32 = 1 << 30;

/// Longest time an EXPRESS execution may take, in seconds, whatever its `TimeoutSeconds` says.
///
/// Source: AWS quota page, "maximum execution time" of Express workflows.
pub const EXPRESS_SECONDS_MAX: u64 = 300;

/// Most client tokens of `RedriveExecution` that an execution remembers.
///
/// Source: AWS API reference, `RedriveExecution`, `clientToken`.
pub const REDRIVE_TOKENS_MAX: usize = 10;

/// Most bytes of an input, a result or an output, as UTF-8.
///
/// Source: AWS quota page, "maximum input or output size for a task, state, or execution".
pub const PAYLOAD_BYTES_MAX: usize = 262_144;

/// Most bytes of all variables of an execution, as JSON texts. Those of one `Assign` are together at
/// most [`PAYLOAD_BYTES_MAX`].
///
/// Source: AWS developer guide, "Passing data between states with variables", limits.
pub const VARIABLES_BYTES_MAX: usize = 10 * 1024 * 1024;

/// Most iterations of an inline Map at one time, whatever `MaxConcurrency` says.
///
/// Source: AWS developer guide, "state-map-inline".
pub const MAP_LANES_MAX: u32 = 40;

/// Most items that a Distributed Map reads, whatever `MaxItems` says.
///
/// Source: AWS developer guide, "ItemReader", `MaxItems`.
pub const MAP_RUN_ITEMS_MAX: u64 = 100_000_000;

/// Longest time an execution may take, in seconds: a year, whatever `TimeoutSeconds` says.
///
/// Source: AWS quota page, "maximum execution time": 1 year. It ends as by `TimeoutSeconds`.
pub const EXECUTION_SECONDS_MAX: u64 = 31_536_000;

/// Longest wait in seconds: 2^31 - 1.
///
/// Source: recorded from AWS: 24,855 days pass, 24,856 fail.
pub const WAIT_SECONDS_MAX: i64 = 2_147_483_647;

/// Longest delay of a retry in seconds, where the definition sets no `MaxDelaySeconds`.
///
/// Source: Amazon States Language, the largest `MaxDelaySeconds` there may be (366 days).
pub const RETRY_DELAY_SECONDS_MAX: u64 = 31_622_400;

/// The limits that an operator may move; AWS's by default. They hold for each step from when they are
/// set, but for the longest time: that is fixed when an execution starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// See [`HISTORY_EVENTS_MAX`].
    pub history_events_max: u32,
    /// See [`PAYLOAD_BYTES_MAX`].
    pub payload_bytes_max: usize,
    /// See [`VARIABLES_BYTES_MAX`].
    pub variables_bytes_max: usize,
    /// See [`MAP_LANES_MAX`].
    pub map_lanes_max: u32,
    /// See [`EXECUTION_SECONDS_MAX`].
    pub execution_seconds_max: u64,
    /// Which parts of an execution's snapshot are written apart: ours to choose, and seen by nobody.
    pub parts: PartSizes,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            history_events_max: HISTORY_EVENTS_MAX,
            payload_bytes_max: PAYLOAD_BYTES_MAX,
            variables_bytes_max: VARIABLES_BYTES_MAX,
            map_lanes_max: MAP_LANES_MAX,
            execution_seconds_max: EXECUTION_SECONDS_MAX,
            parts: PartSizes::default(),
        }
    }
}

impl Limits {
    /// Most events of the history of an execution that is EXPRESS, or not.
    pub(crate) fn history_events_max(&self, is_express: bool) -> u32 {
        match is_express {
            false => self.history_events_max,
            true => EXPRESS_HISTORY_EVENTS_MAX,
        }
    }

    /// Longest time that such an execution may take, in seconds.
    pub(crate) fn execution_seconds_max(&self, is_express: bool) -> u64 {
        match is_express {
            false => self.execution_seconds_max,
            true => self.execution_seconds_max.min(EXPRESS_SECONDS_MAX),
        }
    }
}
