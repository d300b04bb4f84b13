//! Other servers, measured in the same minutes.

use super::figures::Figures;
use super::restate::Restate;
use super::{Part, Scale, Subject};
use crate::Failure;
use crate::process::found;
use crate::server_under_test::Program;

/// A server to compare with.
pub enum Peer {
    /// One of the same protocol: all that is measured in rounds can be measured of it.
    SameProtocol(Subject),
    /// Restate, which has a protocol of its own.
    Restate(Restate),
}

/// Figures of ours that are to be so many times those of a peer.
const COMPARED: &[(&str, &str, f64)] = &[
    (
        "executions of one activity, 64 workers",
        "executions of one activity, 64 workers",
        1.0,
    ),
    (
        "executions of five Pass states",
        "executions of five Pass states",
        1.0,
    ),
    (
        "executions of one activity, 64 workers",
        "one durable step, 64 callers",
        8.0,
    ),
];

impl Peer {
    /// From the command line: a name that is known here, or `NAME=COMMAND`, a server of the same
    /// protocol, started with `{address}` (host and port), `{port}` and `{data}` (an empty folder)
    /// filled in.
    pub fn of(text: &str) -> Result<Peer, Failure> {
        match text {
            "restate" => return Ok(Peer::Restate(Restate::installed()?)),
            "fakecloud" => {
                if !found("fakecloud") {
                    return Err(
                        "no fakecloud on the path: cargo install fakecloud --version 0.51.0".into(),
                    );
                }
                return Peer::of("fakecloud=fakecloud --addr {address} --log-level error");
            }
            _ => {}
        }
        let shape = "--peer wants fakecloud, restate or NAME=COMMAND, such as \
                     'other=other-server --addr {address}'";
        let (name, command) = text.split_once('=').ok_or(shape)?;
        let command: Vec<String> = command.split_whitespace().map(str::to_owned).collect();
        if name.is_empty() || command.is_empty() {
            return Err(shape.into());
        }
        Ok(Peer::SameProtocol(Subject {
            name: name.to_owned(),
            program: Program::Peer(command),
        }))
    }

    /// What its figures begin with.
    pub fn name(&self) -> &str {
        match self {
            Peer::SameProtocol(subject) => &subject.name,
            Peer::Restate(_) => "restate",
        }
    }

    /// Measures a part of it.
    pub fn measure(
        &self,
        part: &Part,
        scale: &Scale,
        figures: &mut Figures,
    ) -> Result<(), Failure> {
        match self {
            Peer::SameProtocol(subject) => (part.measure)(subject, scale, figures),
            Peer::Restate(restate) => restate.measure(part.name, scale, figures),
        }
    }
}

/// Notes how our figures of a round stand beside those of a peer.
pub fn compare(name: &str, theirs: &Figures, ours: &mut Figures) {
    for (our_figure, their_figure, least) in COMPARED {
        let their_name = format!("{name}: {their_figure}");
        if let (Some(value), Some(limit)) = (ours.value(our_figure), theirs.value(&their_name)) {
            ours.note_beside(format!("{our_figure}, of {name}'s"), value, "/s", limit)
                .at_least_times(*least);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_figures_are_compared_with_those_that_a_peer_has() {
        let mut ours = Figures::default();
        ours.note("executions of one activity, 64 workers", 900.0, "/s");
        ours.note("executions of five Pass states", 900.0, "/s");
        let mut theirs = Figures::of("restate");
        theirs.note("one durable step, 64 callers", 100.0, "/s");
        compare("restate", &theirs, &mut ours);
        let [_, _, compared] = ours.all() else {
            panic!()
        };
        assert_eq!(
            compared.name,
            "executions of one activity, 64 workers, of restate's"
        );
        assert_eq!(compared.of_target(), Some(8.0 / 9.0));
    }

    #[test]
    fn a_peer_is_a_name_and_a_command() {
        let Ok(Peer::SameProtocol(peer)) = Peer::of("a=b --addr {address}") else {
            panic!()
        };
        assert_eq!(peer.name, "a");
        for wrong in ["a", "=b", "a="] {
            assert!(Peer::of(wrong).is_err(), "{wrong}");
        }
    }
}
