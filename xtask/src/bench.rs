//! `cargo xtask bench`: figures of this build, each beside its limit of the same minutes.
//!
//! On a busy machine a rate says little by itself. So every figure stands beside what the
//! machine could have done at most: a latency beside the bare loopback round trip, a rate
//! beside the log that a group commit writes; what a state costs late in an execution beside
//! what it cost early. The ratio is what can be compared.
//!
//! It is made of parts. Some are measured in several rounds, with the peers between, and their
//! medians count.

mod calls;
mod cold;
mod connection;
mod figures;
mod flat;
mod interpreter;
mod limits;
mod lists;
mod map_runs;
mod parked;
mod passes;
mod peers;
mod polls;
mod report;
mod restart;
mod restate;
mod service;
mod stall;
mod sweep;
mod throughput;

use std::os::unix::process::CommandExt;
use std::process::Command;
use std::time::Duration;

use crate::Failure;
use crate::arguments::Arguments;
use crate::server_under_test::{Program, ServerUnderTest, build_release};
use figures::Figures;
use limits::Limits;
use peers::Peer;
use report::{Before, Occasion};

/// Set in the process that has as many open files as it may.
const RAISED: &str = "TOWPATH_BENCH_OPEN_FILES_RAISED";

/// How much of everything.
#[derive(Clone, Copy)]
struct Scale {
    quick: bool,
    rounds: usize,
    limit_time: Duration,
    dispatches: usize,
    throughput_time: Duration,
    polls: usize,
    parked: usize,
    /// Parking ends after this time, with as many as are parked then.
    parking_time: Duration,
    stall_time: Duration,
    /// How long the folder is looked at under a load that goes on.
    space_time: Duration,
    items: usize,
}

const FULL: Scale = Scale {
    quick: false,
    rounds: 5,
    limit_time: Duration::from_secs(1),
    dispatches: 1_000,
    throughput_time: Duration::from_secs(5),
    polls: 18_000,
    parked: 1_000_000,
    parking_time: Duration::from_secs(360),
    stall_time: Duration::from_secs(120),
    space_time: Duration::from_secs(120),
    items: 100_000,
};

const QUICK: Scale = Scale {
    quick: true,
    rounds: 1,
    limit_time: Duration::from_millis(400),
    dispatches: 300,
    throughput_time: Duration::from_secs(2),
    polls: 1_000,
    parked: 5_000,
    parking_time: Duration::from_secs(20),
    stall_time: Duration::from_secs(5),
    space_time: Duration::from_secs(5),
    items: 2_000,
};

/// Something to be measured.
struct Part {
    name: &'static str,
    /// Whether it is measured in rounds, of peers too: all it asks for is the protocol.
    in_rounds: bool,
    measure: fn(&Subject, &Scale, &mut Figures) -> Result<(), Failure>,
}

/// All parts, in the order they are measured.
const PARTS: &[Part] = &[
    Part {
        name: "interpreter",
        in_rounds: false,
        measure: |_, scale, figures| interpreter::states(scale.quick, figures),
    },
    Part {
        name: "limits",
        in_rounds: false,
        measure: |_, scale, figures| {
            Limits::measure(scale.limit_time)?.note(figures);
            Ok(())
        },
    },
    Part {
        name: "cold",
        in_rounds: false,
        measure: cold::start,
    },
    Part {
        name: "dispatch",
        in_rounds: true,
        measure: |subject, scale, figures| {
            let server = subject.start()?;
            throughput::dispatch(&server, scale.dispatches, scale.limit_time, figures)
        },
    },
    Part {
        name: "throughput",
        in_rounds: true,
        measure: |subject, scale, figures| {
            let server = subject.start()?;
            [1, 8, 64].into_iter().try_for_each(|workers| {
                throughput::executions(&server, workers, "", scale, figures)
            })
        },
    },
    Part {
        name: "passes",
        in_rounds: true,
        measure: |subject, scale, figures| passes::standard(&subject.start()?, scale, figures),
    },
    Part {
        name: "sync",
        in_rounds: true,
        measure: |subject, scale, figures| passes::synchronous(&subject.start()?, scale, figures),
    },
    Part {
        name: "calls",
        in_rounds: false,
        measure: calls::of_a_function,
    },
    Part {
        name: "polls",
        in_rounds: false,
        measure: polls::open,
    },
    Part {
        name: "parked",
        in_rounds: false,
        measure: parked::executions,
    },
    Part {
        name: "lists",
        in_rounds: false,
        measure: lists::pages,
    },
    Part {
        name: "flat",
        in_rounds: false,
        measure: flat::steps,
    },
    Part {
        name: "map-runs",
        in_rounds: false,
        measure: map_runs::of_a_file,
    },
    Part {
        name: "sweep",
        in_rounds: false,
        measure: sweep::beside_executions,
    },
    Part {
        name: "stall",
        in_rounds: false,
        measure: stall::longest,
    },
];

/// What is measured: this build, or a peer.
struct Subject {
    /// Empty for this build.
    name: String,
    program: Program,
}

impl Subject {
    /// A fresh server with an empty folder.
    fn start(&self) -> Result<ServerUnderTest, Failure> {
        self.start_with(&[])
    }

    /// Another, beside one that runs.
    fn start_beside(&self) -> Result<ServerUnderTest, Failure> {
        ServerUnderTest::start_program(self.program.clone(), "bench-beside", &[])
    }

    /// A fresh server with further flags.
    fn start_with(&self, flags: &[String]) -> Result<ServerUnderTest, Failure> {
        ServerUnderTest::start_program(self.program.clone(), "bench", flags)
    }
}

/// The command line's door.
pub fn run(mut arguments: Arguments) -> Result<(), Failure> {
    if std::env::var_os(RAISED).is_none() {
        return Err(start_again_with_more_open_files().into());
    }
    let mut scale = match arguments.flag("--quick") {
        true => QUICK,
        false => FULL,
    };
    let save = arguments.flag("--save");
    if let Some(rounds) = arguments.option("--rounds")? {
        scale.rounds = rounds.parse::<usize>()?.max(1);
    }
    if let Some(count) = arguments.option("--count")? {
        let count = count.parse::<usize>()?.max(2);
        (scale.polls, scale.parked, scale.items) = (count, count, count);
        scale.parking_time = Duration::from_secs(3_600);
    }
    if let Some(minutes) = arguments.option("--stall-minutes")? {
        scale.stall_time = Duration::from_secs(minutes.parse::<u64>()? * 60);
    }
    let parts = chosen(arguments.option("--part")?.as_deref())?;
    let mut peers = Vec::new();
    while let Some(peer) = arguments.option("--peer")? {
        peers.push(Peer::of(&peer)?);
    }
    arguments.finish()?;

    let subject = Subject {
        name: String::new(),
        program: Program::Towpath(build_release()?),
    };
    let occasion = Occasion::now();
    let mut figures = Figures::default();
    for part in parts.iter().filter(|part| !part.in_rounds) {
        (part.measure)(&subject, &scale, &mut figures)?;
    }
    let in_rounds: Vec<&Part> = parts.into_iter().filter(|part| part.in_rounds).collect();
    figures.append(rounds(&in_rounds, &subject, &peers, &scale)?);
    print!("{}", report::table(&figures, &Before::saved()));
    if save {
        report::save(&figures, &occasion)?;
    }
    Ok(())
}

/// Each part of each subject in turn, and all of it again: what the machine does meanwhile happens to
/// all alike. A peer that cannot do a part is left out of it.
fn rounds(
    parts: &[&Part],
    subject: &Subject,
    peers: &[Peer],
    scale: &Scale,
) -> Result<Figures, Failure> {
    let mut ours = Vec::new();
    let mut theirs: Vec<Vec<Figures>> = peers.iter().map(|_| Vec::new()).collect();
    for _ in 0..scale.rounds {
        let mut round = Figures::default();
        let mut peer_rounds: Vec<Figures> =
            peers.iter().map(|peer| Figures::of(peer.name())).collect();
        for part in parts {
            (part.measure)(subject, scale, &mut round)?;
            for (peer, figures) in peers.iter().zip(&mut peer_rounds) {
                if let Err(failure) = peer.measure(part, scale, figures) {
                    eprintln!("{} in {}: {failure}", part.name, peer.name());
                }
            }
        }
        for (peer, figures) in peers.iter().zip(&peer_rounds) {
            peers::compare(peer.name(), figures, &mut round);
        }
        ours.push(round);
        for (all, round) in theirs.iter_mut().zip(peer_rounds) {
            all.push(round);
        }
    }
    let mut figures = Figures::medians(&ours);
    for rounds in &theirs {
        figures.append(Figures::medians(rounds));
    }
    Ok(figures)
}

fn chosen(names: Option<&str>) -> Result<Vec<&'static Part>, Failure> {
    let Some(names) = names else {
        return Ok(PARTS.iter().collect());
    };
    let named = |name: &str| PARTS.iter().find(|part| part.name == name);
    let parts = names.split(',').map(|name| {
        named(name).ok_or_else(|| {
            let known: Vec<&str> = PARTS.iter().map(|part| part.name).collect();
            format!("no part {name:?}; there are {}", known.join(", ")).into()
        })
    });
    parts.collect()
}

/// Becomes the same command with the soft limit of open files at the hard one. Returns only
/// if that fails.
fn start_again_with_more_open_files() -> std::io::Error {
    let this = match std::env::current_exe() {
        Ok(this) => this,
        Err(error) => return error,
    };
    Command::new("sh")
        .args(["-c", "ulimit -n $(ulimit -Hn); exec \"$0\" \"$@\""])
        .arg(this)
        .args(std::env::args_os().skip(1))
        .env(RAISED, "yes")
        .exec()
}
