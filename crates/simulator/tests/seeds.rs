//! A few seeds, so that a broken engine or a broken simulator is noticed at once.

use simulator::run_seed;
use simulator::tally::Tally;
use simulator::world::Options;

/// Enough for every kind of fault to happen.
const SEEDS: u64 = 25;

#[test]
fn nothing_is_violated() {
    let mut tally = Tally::default();
    for seed in 1..=SEEDS {
        let outcome = run_seed(Options {
            seed,
            steps: 600,
            broken: None,
            printed: false,
        });
        for finding in &outcome.findings {
            eprintln!(
                "R{} {}\n{:#?}",
                finding.invariant, finding.what, finding.trace
            );
        }
        assert!(outcome.findings.is_empty(), "seed {seed}");
        tally.add(&outcome.tally);
    }
    assert_eq!(tally.objection(), None, "{}", tally.report());
}
