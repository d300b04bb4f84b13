//! Every checker can fail: each break turns the one red that is there to find it.

use simulator::broken::{ALL, Broken};
use simulator::run_seed;
use simulator::world::Options;

/// Seeds within which a break must have been found.
const SEEDS: u64 = 200;

/// The first seed that shows the violation, or what else was found instead.
fn found(broken: Broken) -> Result<u64, Vec<u32>> {
    let mut others = Vec::new();
    for seed in 1..=SEEDS {
        let outcome = run_seed(Options {
            seed,
            steps: 600,
            broken: Some(broken),
            printed: false,
        });
        others.extend(outcome.findings.iter().map(|finding| finding.invariant));
        if others.contains(&broken.invariant()) {
            return Ok(seed);
        }
    }
    others.sort_unstable();
    others.dedup();
    Err(others)
}

#[test]
fn every_break_is_found() {
    // A break may also make the engine panic; that is a finding like any other.
    std::panic::set_hook(Box::new(|_| {}));
    let mut missed = Vec::new();
    for broken in ALL {
        match found(*broken) {
            Ok(seed) => println!("{}: found by seed {seed} ({})", broken.name, broken.what),
            Err(others) => missed.push(format!(
                "{} ({}): only {others:?} were found",
                broken.name, broken.what
            )),
        }
    }
    let _ = std::panic::take_hook();
    assert!(missed.is_empty(), "{missed:#?}");
}
