//! `simulator --seeds N [--from S] [--seed S] [--steps N] [--break NAME]`

use std::process::ExitCode;

use simulator::broken::Broken;
use simulator::run_seed;
use simulator::tally::Tally;
use simulator::world::Options;

/// Steps of a run, unless told otherwise.
const STEPS: u32 = 1_500;

/// Seeds that fail before the rest are left out.
const FAILURES_MAX: u64 = 10;

struct Arguments {
    seeds: u64,
    from: u64,
    only: Option<u64>,
    steps: u32,
    broken: Option<Broken>,
}

fn main() -> ExitCode {
    let arguments = match arguments(std::env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err(complaint) => {
            eprintln!("{complaint}");
            return ExitCode::from(2);
        }
    };
    // A panic in the engine is told as a finding, with its seed; once is enough.
    std::panic::set_hook(Box::new(|_| {}));
    let (first, count) = match arguments.only {
        Some(seed) => (seed, 1),
        None => (arguments.from, arguments.seeds),
    };
    let mut tally = Tally::default();
    let (mut passed, mut failed) = (0, 0);
    for seed in first..first.saturating_add(count) {
        let outcome = run_seed(Options {
            seed,
            steps: arguments.steps,
            broken: arguments.broken,
            printed: arguments.only.is_some(),
        });
        tally.add(&outcome.tally);
        if outcome.findings.is_empty() {
            passed += 1;
            continue;
        }
        failed += 1;
        for (at, finding) in outcome.findings.iter().enumerate() {
            println!(
                "R{} seed {}: {}",
                finding.invariant, finding.seed, finding.what
            );
            if at == 0 {
                for line in &finding.trace {
                    println!("    {line}");
                }
            }
        }
        println!(
            "    again: simulator --seed {seed} --steps {}",
            arguments.steps
        );
        if failed >= FAILURES_MAX {
            println!("{FAILURES_MAX} seeds failed; the rest is left out");
            break;
        }
    }
    print!("{}", tally.report());
    // A few seeds may well miss a kind of fault; many that do prove nothing.
    let objection = tally.objection().filter(|_| count >= 20);
    if let Some(objection) = &objection {
        println!("this run proves nothing: {objection}");
    }
    println!("{passed} passed, {failed} failed");
    if failed == 0 && objection.is_none() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn arguments(mut given: impl Iterator<Item = String>) -> Result<Arguments, String> {
    let mut arguments = Arguments {
        seeds: 100,
        from: 1,
        only: None,
        steps: STEPS,
        broken: None,
    };
    while let Some(name) = given.next() {
        let value = given
            .next()
            .ok_or_else(|| format!("{name} wants a value"))?;
        let number = || {
            value
                .parse::<u64>()
                .map_err(|_| format!("{name} wants a number, not {value:?}"))
        };
        match name.as_str() {
            "--seeds" => arguments.seeds = number()?,
            "--from" => arguments.from = number()?,
            "--seed" => arguments.only = Some(number()?),
            "--steps" => arguments.steps = number()?.try_into().unwrap_or(u32::MAX),
            "--break" => {
                let broken = Broken::by_name(&value)
                    .ok_or_else(|| format!("there is no break {value:?}"))?;
                if broken.in_a_ring && !interpreter::breaks::BUILT_IN {
                    return Err(format!(
                        "{value} is in a ring: build with --features breaks"
                    ));
                }
                arguments.broken = Some(broken);
            }
            _ => return Err(format!("unknown argument {name}")),
        }
    }
    Ok(arguments)
}
