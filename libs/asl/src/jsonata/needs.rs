//! What an expression reads of its scope, so that nothing else is copied for it.
//!
//! The engine owns the variables it evaluates with. An execution's data may be large and an expression
//! reads little of it, so only that is handed over: the analysis of the engine says what may be read,
//! and evaluating on that much gives the same result.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jlens_core::reads::Read;
use serde_json::{Map, Value};

use super::engine::Engine;
use super::{Scope, functions};

/// The variable that holds what AWS gives each expression.
const STATES: &str = "states";

/// What one expression needs, or all of a template.
#[derive(Clone, Debug, Default)]
pub(super) struct Needs {
    /// How much of each variable is read.
    variables: BTreeMap<Arc<str>, Read>,
    /// Functions that are named; a variable of that name hides the function.
    functions: BTreeSet<Arc<str>>,
}

impl Needs {
    pub(super) fn of(engine: &Engine) -> Needs {
        let surface = engine.surface();
        let reads = engine.reads();
        let mut needs = Needs::default();
        for name in &surface.free {
            if functions::exists(name) {
                needs.functions.insert(Arc::clone(name));
                continue;
            }
            let read = match reads.binding(name) {
                // The analysis takes a name that is bound inside for that one everywhere, also where
                // it still means ours: `$x := $x + 1`.
                Some(read) if !surface.bound.contains(name) => read.clone(),
                _ => Read::Whole,
            };
            needs.variables.insert(Arc::clone(name), read);
        }
        needs
    }

    pub(super) fn add(&mut self, other: &Needs) {
        for (name, read) in &other.variables {
            let read = match self.variables.get(name) {
                Some(ours) => ours.union(read),
                None => read.clone(),
            };
            self.variables.insert(Arc::clone(name), read);
        }
        self.functions.extend(other.functions.iter().cloned());
    }

    /// The variables read, in alphabetical order.
    pub(super) fn variables(&self) -> impl Iterator<Item = &str> {
        let names = self.variables.keys().map(|name| &**name);
        names.filter(|name| *name != STATES)
    }

    /// Whether the result depends on a seed.
    pub(super) fn draws(&self) -> bool {
        ["random", "shuffle", "uuid"]
            .iter()
            .any(|name| self.functions.contains(*name))
    }

    /// Calls `bind` with each variable there is, and as much of it as is read.
    pub(super) fn each_variable(&self, scope: &dyn Scope, bind: &mut dyn FnMut(&str, Value)) {
        for (name, read) in &self.variables {
            if &**name == STATES {
                bind(name, states(read, scope));
            } else if let Some(value) = scope.variable(name) {
                bind(name, read.cut(value));
            }
        }
        for name in &self.functions {
            if let Some(value) = scope.variable(name) {
                bind(name, value.clone());
            }
        }
    }
}

/// `$states`, as far as it is read.
fn states(read: &Read, scope: &dyn Scope) -> Value {
    let members = [
        ("input", Some(scope.input())),
        ("result", scope.result()),
        ("errorOutput", scope.error_output()),
        ("context", None),
    ];
    let mut states = Map::new();
    for (name, value) in members {
        let read = match read {
            Read::Whole => Some(&Read::Whole),
            Read::Fields(fields) => fields.get(name),
        };
        let Some(read) = read else { continue };
        // The context object is built when it is asked for.
        let value = value.or_else(|| (name == "context").then(|| scope.context()));
        if let Some(value) = value {
            states.insert(name.to_owned(), read.cut(value));
        }
    }
    Value::Object(states)
}
