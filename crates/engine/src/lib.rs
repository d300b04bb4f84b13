//! Many executions: a shard takes a message and the time, and returns what is to be done.
//!
//! Its door is [`Shard::handle`]. A shard owns executions, activities with their queues and parked
//! polls, and timers. Reads of what is durable do not enter it: [`read`] answers them from the store.
//!
//! What is absent here is the point:
//!
//! - no sockets, threads, locks or clocks: a shard is a value that one caller moves on;
//! - no waiting: what is not in memory is asked for ([`Output::LoadExecution`]) and comes back as a message;
//! - no durability: outputs carry the number of the commit they depend on, and the driver holds
//!   them back until it is durable.

pub mod arn;
mod at_once;
mod clock;
mod delivery;
mod executions;
mod hand_out;
mod ids;
mod message;
pub mod operations;
mod rejection;
pub mod shapes;

pub use message::{LoadedExecution, Message, NameLookup, Now, Output, Ticket};
pub use operations::{Operation, Request, Response};
pub use rejection::{ErrorName, Rejection};

mod calls;
mod counts;
mod finish;
mod footprint;
mod holds;
mod load;
mod machine_type;
mod map_runs;
mod names;
mod page;
mod quarantine;
mod read;
mod records;
mod recover;
mod shard;
mod short_history;
mod steps;
mod sweep;
mod timers;
mod token;
mod watching;
mod windows;
mod world;

pub use at_once::AtOnce;
pub use counts::CountsMax;
pub use delivery::{TaskSearch, find_tasks};
pub use executions::Cached;
pub use footprint::closed_bytes;
pub use load::{Definition, load_definition, load_execution};
pub use machine_type::machine_type;
pub use map_runs::{
    ChildResult, ItemsRead, LookedUp, Lookup, MAP_RUN_LANES_MAX, MapRunId, ReadItem,
    Transformation, look_up_map_run, map_run_children,
};
pub use names::execution_named;
pub use read::{ReadError, Reader};
pub use shard::{Gauges, Shard, ShardOptions};
pub use sweep::{Expired, Found, Place, Search, find_expired};
pub use timers::{TimerSearch, find_timers};
pub use token::TOKEN_CHARS_MAX;
pub use watching::{LogEvents, LogLevel, LogPlan, StatusChange};
pub use windows::Windows;
