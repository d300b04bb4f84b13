//! Deliberate breaks: one for each checker, to prove that it can fail.
//!
//! Where the driver is what would be wrong, the simulator's own driver is broken. Where a ring would
//! be wrong, the ring is, behind the feature `breaks`, which no server is built with.

/// What is broken in this run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Broken {
    /// `r01` and so on, `r21-redrive` where one invariant has several breaks: the name on the command line, and the invariant that must turn red.
    pub name: &'static str,
    /// What is wrong.
    pub what: &'static str,
    /// Whether it is in a ring, and so needs the feature `breaks`.
    pub in_a_ring: bool,
}

const fn driver(name: &'static str, what: &'static str) -> Broken {
    Broken {
        name,
        what,
        in_a_ring: false,
    }
}

const fn ring(name: &'static str, what: &'static str) -> Broken {
    Broken {
        name,
        what,
        in_a_ring: true,
    }
}

/// Every break there is.
pub const ALL: &[Broken] = &[
    driver("r01", "a start is answered before it is durable"),
    driver("r02", "a completion is answered before it is durable"),
    driver(
        "r03",
        "a change of a state machine, a version or an alias is answered before it is durable",
    ),
    driver("r04", "a stop is answered before it is durable"),
    driver("r05", "heartbeats are answered and forgotten"),
    driver("r06", "a crash leaves half of a commit behind"),
    driver("r07", "a start tried again loses its name on the way"),
    driver("r08", "readers are shown hand-outs that are in doubt"),
    ring("r08-row", "events come twice into an execution's row"),
    ring("r10", "a completion is recorded twice"),
    driver("r11", "a completion that was refused is answered with 200"),
    ring("r12", "a token of an earlier attempt completes a later one"),
    driver("r14", "recovery forgets a task that waits"),
    driver("r15", "one hand-out is answered to two polls"),
    driver("r16", "polls are taken for another worker's"),
    ring("r19", "a page of history leaves an event out"),
    ring("r20", "events hang on nothing"),
    ring("r21", "an execution ends twice"),
    ring("r21-redrive", "a redrive is not written down"),
    ring("r22", "history follows the wall clock back"),
    ring("r23", "a state is left without its end being written"),
    driver("r27", "the engine's steady clock runs ahead"),
    driver("r28", "the engine is woken a minute late"),
    ring("r29", "a timer that fired stays in the store"),
    driver("r30", "recovery forgets a timer"),
    ring("r31", "a heartbeat winds up the task's timeout too"),
    driver("r32", "a commit loses the rows of its tasks and timers"),
    driver(
        "r33",
        "lengths of time are measured on the wall clock, which is set back",
    ),
    driver(
        "r34",
        "lengths of time are measured on the wall clock, which is set forward",
    ),
    ring("r36", "retries are not counted"),
    ring("r37", "every retry waits as long as the first"),
    ring("r38", "branches are joined in reverse"),
    ring("r39", "a Map has one lane more than it may"),
    driver(
        "r40",
        "a start in a hurry is not compared with the one before",
    ),
    ring(
        "r40-events",
        "a closed execution goes, and some of its events stay",
    ),
    ring("r40-bytes", "closed executions take what they like"),
    driver("r42", "lists are read from a copy that lags behind"),
    ring("r43", "executions that ended are still counted as open"),
    driver("r48", "a run depends on more than its seed"),
    ring("r64", "a map run does not count some of its children"),
    ring("r64-position", "recovery forgets which items have children"),
    ring("r57", "the interpreter panics at some results"),
];

impl Broken {
    /// The break of that name; `r1` and `R01` are the same.
    pub fn by_name(name: &str) -> Option<Broken> {
        let exact = ALL.iter().copied().find(|broken| broken.name == name);
        exact.or_else(|| {
            let number: u32 = name.trim_start_matches(['r', 'R']).parse().ok()?;
            let name = format!("r{number:02}");
            ALL.iter().copied().find(|broken| broken.name == name)
        })
    }

    /// The invariant that it breaks, as findings name it.
    pub fn invariant(self) -> u32 {
        let digits = self.name[1..].split('-').next();
        digits.and_then(|digits| digits.parse().ok()).unwrap_or(0)
    }
}
