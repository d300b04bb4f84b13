//! What an expression reads of its scope, so that nothing else is copied for it.
//!
//! The engine owns the variables it evaluates with. An execution's data may be large and an expression
//! reads little of it, so only that is handed over: the analysis of the engine says what may be read,
//! and evaluating on that much gives the same result.

use std::collections::BTreeSet;
use std::sync::Arc;

use jlens_core::reads::{Read, Reads};
use serde_json::{Map, Value};

use super::engine::Engine;
use super::{Scope, functions, surface};

/// The variable that holds what AWS gives each expression.
const STATES: &str = "states";

/// What one expression needs, or all of a template.
#[derive(Clone, Debug, Default)]
pub(super) struct Needs {
    reads: Reads,
    /// Names of functions that are called or read; a variable of that name hides the function.
    functions: BTreeSet<Arc<str>>,
}

impl Needs {
    pub(super) fn of(engine: &Engine) -> Needs {
        let functions = surface::names(engine.tree())
            .into_iter()
            .filter(|name| functions::exists(name))
            .map(Arc::from)
            .collect();
        Needs {
            reads: engine.reads(),
            functions,
        }
    }

    pub(super) fn add(&mut self, other: &Needs) {
        self.reads = self.reads.union(&other.reads);
        self.functions.extend(other.functions.iter().cloned());
    }

    /// The variables read, in alphabetical order.
    pub(super) fn variables(&self) -> impl Iterator<Item = &str> {
        let names = self.reads.bindings().keys().map(String::as_str);
        names.filter(|name| *name != STATES && !functions::exists(name))
    }

    /// Whether the result depends on a seed.
    pub(super) fn draws(&self) -> bool {
        ["random", "shuffle", "uuid"]
            .iter()
            .any(|name| self.functions.contains(*name))
    }

    /// Calls `bind` with each variable there is, and as much of it as is read.
    pub(super) fn each_variable(&self, scope: &dyn Scope, bind: &mut dyn FnMut(&str, Value)) {
        for (name, read) in self.reads.bindings() {
            if name == STATES {
                bind(name, states(read, scope));
            } else if let Some(value) = scope.variable(name) {
                bind(name, read.cut(value));
            }
        }
        for name in &self.functions {
            // The analysis took the name for that of the function; so the variable comes whole.
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
