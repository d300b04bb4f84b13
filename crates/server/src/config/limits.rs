//! `[limits]`: how much of everything there may be. AWS's figures, unless the operator says otherwise.
//!
//! The longest of each is ours: beyond it, one execution could take what all others need.

use super::{ConfigError, Layers, Setting};

/// What one source says of limits. Flags and variables have the same names as the keys of the file's
/// table, without the table's.
#[derive(Clone, Debug, Default, clap::Args, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LimitsLayer {
    /// Most bytes of an input, a result or an output [default: 262144]
    #[arg(long, value_name = "BYTES")]
    pub payload_bytes_max: Option<u64>,

    /// Most bytes of a definition [default: 1048576]
    #[arg(long, value_name = "BYTES")]
    pub definition_bytes_max: Option<u64>,

    /// Most bytes of a request [default: 1048576]
    #[arg(long, value_name = "BYTES")]
    pub request_bytes_max: Option<u64>,

    /// Most bytes of all variables of an execution [default: 10485760]
    #[arg(long, value_name = "BYTES")]
    pub variables_bytes_max: Option<u64>,

    /// Most events of an execution's history [default: 25000]
    #[arg(long, value_name = "COUNT")]
    pub history_events_max: Option<u64>,

    /// Longest time of an execution [default: 31536000, a year]
    #[arg(long, value_name = "SECONDS")]
    pub execution_seconds_max: Option<u64>,

    /// Most iterations of an inline Map at one time [default: 40]
    #[arg(long, value_name = "COUNT")]
    pub map_concurrency_max: Option<u64>,
}

/// The limits in force, and where each came from.
#[derive(Clone, Debug)]
pub struct LimitSettings {
    pub payload_bytes_max: Setting<u64>,
    pub definition_bytes_max: Setting<u64>,
    pub request_bytes_max: Setting<u64>,
    pub variables_bytes_max: Setting<u64>,
    pub history_events_max: Setting<u64>,
    pub execution_seconds_max: Setting<u64>,
    pub map_concurrency_max: Setting<u64>,
}

/// What a JSONata expression may come to is bounded by the same figure, whatever is set here.
const PAYLOAD_BYTES: (u64, u64) = (1_024, asl::jsonata::limits::RESULT_BYTES_MAX as u64);
const DEFINITION_BYTES: (u64, u64) = (1_024, 16 << 20);
const REQUEST_BYTES: (u64, u64) = (4_096, 64 << 20);
const VARIABLES_BYTES: (u64, u64) = (1_024, 1 << 30);
/// The least is an execution of one state.
const HISTORY_EVENTS: (u64, u64) = (4, 1_000_000);
/// Ten years.
const EXECUTION_SECONDS: (u64, u64) = (1, 315_360_000);
const MAP_CONCURRENCY: (u64, u64) = (1, 10_000);

impl LimitSettings {
    pub(super) fn merge(layers: Layers<'_, LimitsLayer>) -> LimitSettings {
        let door = api::DoorLimits::default();
        let execution = interpreter::Limits::default();
        let pick = |name: fn(&LimitsLayer) -> Option<u64>, default: u64| layers.pick(name, default);
        LimitSettings {
            payload_bytes_max: pick(|l| l.payload_bytes_max, door.payload_bytes_max as u64),
            definition_bytes_max: pick(
                |l| l.definition_bytes_max,
                door.definition_bytes_max as u64,
            ),
            request_bytes_max: pick(|l| l.request_bytes_max, door.body_bytes_max as u64),
            variables_bytes_max: pick(
                |l| l.variables_bytes_max,
                execution.variables_bytes_max as u64,
            ),
            history_events_max: pick(
                |l| l.history_events_max,
                execution.history_events_max.into(),
            ),
            execution_seconds_max: pick(
                |l| l.execution_seconds_max,
                execution.execution_seconds_max,
            ),
            map_concurrency_max: pick(|l| l.map_concurrency_max, execution.map_lanes_max.into()),
        }
    }

    /// Each with its name, in the order in which they are printed.
    pub(super) fn rows(&self) -> [(&'static str, &Setting<u64>, (u64, u64)); 7] {
        [
            ("payload_bytes_max", &self.payload_bytes_max, PAYLOAD_BYTES),
            (
                "definition_bytes_max",
                &self.definition_bytes_max,
                DEFINITION_BYTES,
            ),
            ("request_bytes_max", &self.request_bytes_max, REQUEST_BYTES),
            (
                "variables_bytes_max",
                &self.variables_bytes_max,
                VARIABLES_BYTES,
            ),
            (
                "history_events_max",
                &self.history_events_max,
                HISTORY_EVENTS,
            ),
            (
                "execution_seconds_max",
                &self.execution_seconds_max,
                EXECUTION_SECONDS,
            ),
            (
                "map_concurrency_max",
                &self.map_concurrency_max,
                MAP_CONCURRENCY,
            ),
        ]
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        for (name, setting, (least, most)) in self.rows() {
            if !(least..=most).contains(&setting.value) {
                return Err(setting.refused(name, &format!("must be {least} to {most}")));
            }
        }
        for (name, inside) in [
            ("payload_bytes_max", &self.payload_bytes_max),
            ("definition_bytes_max", &self.definition_bytes_max),
        ] {
            if inside.value > self.request_bytes_max.value {
                let most = self.request_bytes_max.value;
                let why = format!("must be at most request_bytes_max, which is {most}");
                return Err(inside.refused(name, &why));
            }
        }
        Ok(())
    }

    /// Those that the door of the API looks at.
    pub fn of_requests(&self) -> api::DoorLimits {
        api::DoorLimits {
            body_bytes_max: bytes(&self.request_bytes_max),
            payload_bytes_max: bytes(&self.payload_bytes_max),
            definition_bytes_max: bytes(&self.definition_bytes_max),
        }
    }

    /// Those of each execution.
    pub fn of_executions(&self) -> interpreter::Limits {
        interpreter::Limits {
            history_events_max: count(&self.history_events_max),
            payload_bytes_max: bytes(&self.payload_bytes_max),
            variables_bytes_max: bytes(&self.variables_bytes_max),
            map_lanes_max: count(&self.map_concurrency_max),
            execution_seconds_max: self.execution_seconds_max.value,
            parts: interpreter::PartSizes::default(),
        }
    }
}

fn bytes(setting: &Setting<u64>) -> usize {
    usize::try_from(setting.value).expect("a limit that was checked fits in memory")
}

fn count(setting: &Setting<u64>) -> u32 {
    u32::try_from(setting.value).expect("a limit that was checked is a small number")
}
