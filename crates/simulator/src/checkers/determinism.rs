//! R48: the same seed gives the same run.

use std::cell::Cell;

use super::Finding;
use crate::world::{Options, World};

thread_local! {
    static RUNS: Cell<u64> = const { Cell::new(0) };
}

/// Break `r48`: how many runs this thread has made, which no seed can know.
pub fn count_runs() -> u64 {
    RUNS.with(|runs| {
        runs.set(runs.get() + 1);
        runs.get()
    })
}

/// Compares a run with another of the same seed.
pub fn check(options: Options, first: &World, second: &World) -> Option<Finding> {
    (first.trace.hash() != second.trace.hash()).then(|| Finding {
        invariant: 48,
        seed: options.seed,
        what: "two runs of the same seed differ".to_owned(),
        trace: second.trace.last_lines(),
    })
}
