//! The interpreter runs one execution of a state machine, and does nothing else.
//!
//! Its doors are [`start`] and [`step`]: given an [`Execution`], something that happened outside
//! ([`Input`]) and the moment it happened, they move the execution on and return the history events
//! to append and the [`Effect`]s the caller owes the world.
//!
//! One state alone, in an execution that nobody keeps, is run by [`test_state`].
//!
//! What is absent here is the point:
//!
//! - no clock: time is an argument, so a year-long `Wait` is tested in a microsecond;
//! - no store: the caller commits what `step` returned;
//! - no randomness: identifiers and jitter come from the seed the execution was born with;
//! - no queues: who gets an activity task is the engine's business.

pub mod breaks;
mod catch;
mod dataflow;
mod document;
mod effect;
mod execution;
mod failure;
mod frame;
pub mod history;
mod input;
pub mod limits;
mod map_run;
mod outputs;
mod pattern;
mod random;
mod redrive;
mod retry;
mod snapshot;
mod states;
mod step;
pub mod test_state;
mod turn;
mod weight;

pub use document::Document;
pub use effect::{Due, Effect, TimerId, TimerKind};
pub use execution::{Birth, Execution, Moment, Status, Step, Task, World};
pub use history::{Event, EventDetails, EventId, Failure, StateType};
pub use input::{Input, Refusal};
pub use limits::Limits;
pub use map_run::{Batches, Child, Items, MapRunItem, MapRunOutcome, MapRunPlan, STATE_DATA, Work};
pub use pattern::Pattern;
pub use snapshot::{PartChange, PartSizes, Snapshot};
pub use step::{start, start_child, step};
