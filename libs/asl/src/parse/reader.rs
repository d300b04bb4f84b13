//! Reads the states of a scope (the machine, a branch, an item processor) and of all scopes inside.

use std::collections::{BTreeMap, BTreeSet};

use super::fields::Fields;
use super::findings::Findings;
use super::state;
use crate::MachineType;
use crate::definition::{QueryLanguage, State, StateIndex};
use crate::json::Data;
use crate::validate::{names, transitions};

/// What a scope takes over from around it.
#[derive(Clone, Copy)]
pub(crate) struct Surroundings {
    /// Whose rules hold: a Distributed Map may run its items as Express executions.
    pub(crate) machine_type: MachineType,
}

/// The states of one scope by name: where transitions may go.
#[derive(Default)]
pub(crate) struct Scope<'n> {
    pub(crate) by_name: BTreeMap<&'n str, StateIndex>,
    /// Whether transitions may go to states that are not here: a state read alone.
    pub(crate) is_open: bool,
}

/// Reads a whole document.
pub(crate) struct Reader<'n, 'f> {
    /// `QueryLanguage` of the machine: states inside others inherit it from here too.
    pub(crate) query_language: QueryLanguage,
    pub(crate) findings: &'f mut Findings,
    /// Names seen anywhere in the document.
    pub(crate) names: BTreeSet<&'n str>,
    /// `Label`s seen anywhere in the document.
    pub(crate) labels: BTreeSet<&'n str>,
    states: Vec<Option<State>>,
    /// Number of the first state outside the document, if there may be such states.
    outside_start: Option<usize>,
    outside: BTreeMap<&'n str, usize>,
}

impl<'n, 'f> Reader<'n, 'f> {
    pub(crate) fn new(query_language: QueryLanguage, findings: &'f mut Findings) -> Self {
        Reader {
            query_language,
            findings,
            names: BTreeSet::new(),
            labels: BTreeSet::new(),
            states: Vec::new(),
            outside_start: None,
            outside: BTreeMap::new(),
        }
    }

    /// Reads the state `states` has, which stands alone: transitions may go anywhere.
    pub(crate) fn lone_state(
        &mut self,
        fields: &Fields<'n>,
        surroundings: Surroundings,
    ) -> Option<StateIndex> {
        let states = fields.object("States", self.findings)?;
        let inside = states
            .members()
            .iter()
            .map(|member| state::count_inside(&member.value));
        self.outside_start = Some(states.members().len() + inside.sum::<usize>());
        let start = self.scope(fields, surroundings)?;
        let mut outside: Vec<(&str, usize)> =
            self.outside.iter().map(|(n, at)| (*n, *at)).collect();
        outside.sort_by_key(|(_, at)| *at);
        self.states.extend(
            outside
                .iter()
                .map(|(name, _)| Some(State::placeholder(name))),
        );
        Some(start)
    }

    /// A number for the state `name`, which is not in the document.
    pub(crate) fn outside(&mut self, name: &'n str) -> Option<StateIndex> {
        let next = self.outside.len();
        let at = *self.outside.entry(name).or_insert(next);
        u32::try_from(self.outside_start? + at).ok().map(StateIndex)
    }

    /// Reads `StartAt` and `States` of `fields`; gives the start.
    pub(crate) fn scope(
        &mut self,
        fields: &Fields<'n>,
        surroundings: Surroundings,
    ) -> Option<StateIndex> {
        let errors_before = self.findings.errors_count();
        fields.require(&["States", "StartAt"], self.findings);
        let start_name = fields.string("StartAt", self.findings);
        let states = fields.object("States", self.findings)?;
        if states.members().is_empty() {
            fields.report_field("States", "Value cannot be empty", self.findings);
        }

        // A state is numbered before the states inside it, and these before its next sibling: document
        // order. So each takes as many numbers as it has states inside, and one.
        let is_open = self.outside_start.is_some() && self.states.is_empty();
        let mut scope = Scope {
            is_open,
            ..Scope::default()
        };
        let mut next = self.states.len();
        for member in states.members() {
            let index = u32::try_from(next).ok().map(StateIndex)?;
            scope.by_name.insert(&member.name, index);
            next += 1 + state::count_inside(&member.value);
        }

        let mut edges: BTreeMap<StateIndex, transitions::Exits> = BTreeMap::new();
        for member in states.members() {
            let index = StateIndex(u32::try_from(self.states.len()).ok()?);
            self.states.push(None);
            names::check(member, &states, self);
            let place = states.place_of(&member.name);
            let Data::Object(members) = &member.value.data else {
                self.findings
                    .schema(member.value.at, &place, "Expected value of type Object");
                continue;
            };
            let fields = Fields::new(members, place, member.value.at);
            let (read, exits) = state::read(&member.name, &fields, &scope, surroundings, self);
            edges.insert(index, exits);
            if let (Some(state), Some(slot)) = (read, self.states.get_mut(index.0 as usize)) {
                *slot = Some(state);
            }
            // Whatever of the inside could not be read keeps its numbers.
            let expected = index.0 as usize + 1 + state::count_inside(&member.value);
            self.states
                .resize_with(expected.max(self.states.len()), || None);
        }

        let start = start_name.and_then(|name| {
            let target = scope.by_name.get(name).copied();
            if target.is_none() {
                transitions::missing_target("StartAt", name, fields, self.findings);
            }
            target
        });
        // With a state that could not be read, or a target that is not there, the graph has holes, and
        // all that would be said about it is that.
        if !scope.is_open
            && self.findings.errors_count() == errors_before
            && let Some(start) = start
        {
            transitions::check(fields, &states, start, &scope, &edges, self.findings);
        }
        start
    }

    /// All states, if all could be read.
    pub(crate) fn into_states(self) -> Option<Vec<State>> {
        self.states.into_iter().collect()
    }
}
