//! From a text to a [`StateMachine`], with everything there is to say on the way.
//!
//! The text is read into a tree with positions; each state is read by the file under `states/` that has
//! its name, with the typed fields of [`fields`]; the rules that look at more than one field stand
//! under `validate/`.

pub(crate) mod fields;
pub(crate) mod findings;
pub(crate) mod reader;
pub(crate) mod state;
pub(crate) mod strings;
mod variables;

use crate::definition::StateMachine;
use crate::json::{self, Data, JacksonError, Member, Node, Problem};
use crate::validate::{language, limits, shadowing};
use crate::{MachineType, Parsed};

use fields::{Allowed, Fields};
use findings::Findings;
use reader::{Reader, Surroundings};

const FIELDS: Allowed = Allowed {
    both: &[
        "Comment",
        "StartAt",
        "States",
        "Version",
        "TimeoutSeconds",
        "QueryLanguage",
    ],
    jsonpath: &[],
    jsonata: &[],
};

/// The name of a state that [`parse_state`] reads alone, as AWS shows it in places.
pub const LONE_STATE_NAME: &str = "StateName";

/// Parses and validates a definition. Never fails and never panics, whatever the text.
pub fn parse(text: &str, machine_type: MachineType) -> Parsed {
    parse_within(text, machine_type, limits::DEFINITION_BYTES_MAX)
}

/// The same for a definition of at most so many bytes, where AWS's limit is not the one that holds.
pub fn parse_within(text: &str, machine_type: MachineType, bytes_max: usize) -> Parsed {
    let mut findings = Findings::default();
    let machine = read_object(text, bytes_max, &mut findings)
        .and_then(|members| read_machine(&members, Extent::Machine, machine_type, &mut findings));
    finish(machine, findings)
}

/// Parses and validates one state, as TestState takes it.
///
/// The machine starts at a state called [`LONE_STATE_NAME`]. Transitions may go to any name: behind the
/// states of the text, the machine has an empty Succeed state for each such name.
pub fn parse_state(text: &str) -> Parsed {
    let mut findings = Findings::default();
    let bytes_max = limits::DEFINITION_BYTES_MAX;
    let machine = read_object(text, bytes_max, &mut findings).and_then(|members| {
        let state = Data::Object(members);
        let start = Data::String(LONE_STATE_NAME.into());
        let states = Data::Object(vec![Member::artificial(LONE_STATE_NAME, state)]);
        let members = [
            Member::artificial("StartAt", start),
            Member::artificial("States", states),
        ];
        read_machine(
            &members,
            Extent::State,
            MachineType::Standard,
            &mut findings,
        )
    });
    finish(machine, findings)
}

fn finish(machine: Option<StateMachine>, findings: Findings) -> Parsed {
    let refused = findings.errors_count() > 0;
    let diagnostics = findings.into_diagnostics();
    Parsed {
        machine: machine.filter(|_| !refused),
        diagnostics,
    }
}

/// The members of the object that `text` must be.
fn read_object(text: &str, bytes_max: usize, findings: &mut Findings) -> Option<Vec<Member>> {
    if !limits::size_holds(text, bytes_max, findings) {
        return None;
    }
    match json::read_definition(text) {
        Ok(Node {
            data: Data::Object(members),
            ..
        }) => Some(members),
        Ok(_) => {
            not_an_object(findings);
            None
        }
        Err(error) => {
            report(&error, findings);
            None
        }
    }
}

/// How much of a machine is there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Extent {
    Machine,
    State,
}

fn read_machine(
    members: &[Member],
    extent: Extent,
    machine_type: MachineType,
    findings: &mut Findings,
) -> Option<StateMachine> {
    let fields = Fields::new(members, String::new(), 0);
    let query_language = language::of_machine(&fields, findings);
    fields.check_allowed(&FIELDS, query_language, findings);
    let comment = fields.string("Comment", findings);
    fields.string("Version", findings);
    let timeout = fields.integer("TimeoutSeconds", limits::TIMEOUT_SECONDS, findings);
    if !limits::states_hold(&fields, findings) {
        return None;
    }
    shadowing::check(&fields, findings);
    let mut reader = Reader::new(query_language, findings);
    let surroundings = Surroundings { machine_type };
    let start_at = match extent {
        Extent::Machine => reader.scope(&fields, surroundings),
        Extent::State => reader.lone_state(&fields, surroundings),
    };
    Some(StateMachine {
        machine_type,
        comment: comment.map(str::to_owned),
        start_at: start_at?,
        timeout_seconds: timeout,
        states: reader.into_states()?,
    })
}

fn report(error: &JacksonError, findings: &mut Findings) {
    match error.problem {
        Problem::Empty => not_an_object(findings),
        Problem::TooDeep => {
            findings.error_at(error.offset, "TOO_DEEPLY_NESTED", &error.message, None);
        }
        Problem::Syntax | Problem::Duplicate => findings.error_at(
            error.offset,
            "INVALID_JSON_DESCRIPTION",
            &error.to_string(),
            Some(&error.location),
        ),
    }
}

fn not_an_object(findings: &mut Findings) {
    findings.error_at(
        0,
        "INVALID_JSON_DESCRIPTION",
        "Definition must be a valid JSON object",
        None,
    );
}
