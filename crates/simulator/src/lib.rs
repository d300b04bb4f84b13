//! The engine under a virtual clock, a store that fails, and clients that misbehave.
//!
//! A run is a function of its seed: one stream of chance decides who asks for what, when each commit
//! becomes durable, when each answer leaves, and when the process ends. Afterwards faults end, workers
//! do what there is to do, and every execution must come to its end. Checkers compare what clients
//! were told, what histories say and what the store holds with the list of what must always hold.
//!
//! What is absent here is the point: no thread, no socket, no sleep, no clock but a number.

pub mod broken;
pub mod checkers;
pub mod clients;
pub mod definitions;
pub mod dice;
pub mod journal;
pub mod ledger;
pub mod tally;
pub mod trace;
pub mod world;

use std::panic::{AssertUnwindSafe, catch_unwind};

use checkers::Finding;
use tally::Tally;
use world::{Options, World};

/// How a seed went.
#[derive(Debug)]
pub struct Outcome {
    /// What was counted, in the first of its two runs.
    pub tally: Tally,
    /// What was found to be wrong.
    pub findings: Vec<Finding>,
}

/// Runs a seed, twice, and compares.
pub fn run_seed(options: Options) -> Outcome {
    interpreter::breaks::wake(options.broken.map(|broken| broken.name));
    let first = live(options);
    let second = live(Options {
        printed: false,
        ..options
    });
    interpreter::breaks::wake(None);
    match (first, second) {
        (Ok(mut first), Ok(second)) => {
            first
                .findings
                .extend(checkers::determinism::check(options, &first, &second));
            Outcome {
                tally: first.tally,
                findings: first.findings,
            }
        }
        (Err(outcome), _) | (_, Err(outcome)) => *outcome,
    }
}

/// One run. A panic is a finding: the engine asserts what it relies on.
fn live(options: Options) -> Result<World, Box<Outcome>> {
    let mut world = World::new(options);
    match catch_unwind(AssertUnwindSafe(|| world.live())) {
        Ok(()) => Ok(world),
        Err(panic) => {
            let words = panic
                .downcast_ref::<String>()
                .map(String::as_str)
                .or_else(|| panic.downcast_ref::<&str>().copied())
                .unwrap_or("a panic without words");
            world.report(PANIC, format!("the engine panicked: {words}"));
            Err(Box::new(Outcome {
                tally: world.tally,
                findings: world.findings,
            }))
        }
    }
}

/// Under which number a panic is told: no execution may end the process.
pub const PANIC: u32 = 57;
