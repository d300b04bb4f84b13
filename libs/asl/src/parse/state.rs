//! Reads one state: what all types have in common, and then its type's own file.

use std::sync::Arc;

use serde_json::Value;

use super::fields::{Allowed, Fields};
use super::findings::Findings;
use super::reader::{Reader, Scope, Surroundings};
use super::variables;
use crate::definition::{
    Catcher, PathOrNull, QueryLanguage, ResultPath, Retrier, Seconds, State, StateIndex, Transition,
};
use crate::json::{Data, Node};
use crate::jsonata::Template as Jsonata;
use crate::lint;
use crate::path::Path;
use crate::states;
use crate::template::Template;
use crate::validate::transitions::{self, Exits};
use crate::validate::{assign, errors, jsonata, language};

/// The state types, in the order AWS lists them.
const TYPES: [&str; 8] = [
    "Task", "Wait", "Pass", "Succeed", "Fail", "Choice", "Parallel", "Map",
];

/// Fields that hold states.
pub(crate) const INSIDE: [&str; 3] = ["Branches", "ItemProcessor", "Iterator"];

/// One state while it is read.
pub(crate) struct StateReader<'r, 'n, 'f> {
    pub(crate) fields: &'r Fields<'n>,
    pub(crate) query_language: QueryLanguage,
    pub(crate) surroundings: Surroundings,
    pub(crate) reader: &'r mut Reader<'n, 'f>,
    scope: &'r Scope<'n>,
    exits: Exits,
}

/// How many states stand inside the state `node`, at any depth.
pub(crate) fn count_inside(node: &Node) -> usize {
    let Data::Object(members) = &node.data else {
        return 0;
    };
    let count_scope = |scope: &Node| -> usize {
        let Data::Object(members) = &scope.data else {
            return 0;
        };
        members
            .iter()
            .filter(|member| &*member.name == "States")
            .map(|member| match &member.value.data {
                Data::Object(states) => states
                    .iter()
                    .map(|state| 1 + count_inside(&state.value))
                    .sum(),
                _ => 0,
            })
            .sum()
    };
    members
        .iter()
        .filter(|member| INSIDE.contains(&&*member.name))
        .map(|member| match &member.value.data {
            Data::Array(branches) => branches.iter().map(count_scope).sum(),
            _ => count_scope(&member.value),
        })
        .sum()
}

/// Reads the state `name`.
pub(crate) fn read<'n>(
    name: &str,
    fields: &Fields<'n>,
    scope: &Scope<'n>,
    surroundings: Surroundings,
    reader: &mut Reader<'n, '_>,
) -> (Option<State>, Exits) {
    let query_language = language::of_state(fields, reader.query_language, reader.findings);
    fields.require(&["Type"], reader.findings);
    let kind = fields.word("Type", &TYPES, reader.findings);
    let exits = Exits::default();
    let mut state = StateReader {
        fields,
        query_language,
        surroundings,
        reader,
        scope,
        exits,
    };
    let read = kind.and_then(|kind| state.read(name, kind));
    (read, state.exits)
}

impl<'n> StateReader<'_, 'n, '_> {
    fn read(&mut self, name: &str, type_name: &str) -> Option<State> {
        let kind = match type_name {
            "Task" => states::task::read(self),
            "Wait" => states::wait::read(self),
            "Pass" => states::pass::read(self),
            "Succeed" => states::succeed::read(self),
            "Fail" => states::fail::read(self),
            "Choice" => states::choice::read(self),
            "Parallel" => states::parallel::read(self),
            _ => states::map::read(self),
        };
        self.string("Comment");
        let (input_path, output_path) = match self.query_language {
            QueryLanguage::JsonPath => (
                self.path_or_null("InputPath"),
                self.path_or_null("OutputPath"),
            ),
            QueryLanguage::Jsonata => (Some(PathOrNull::Whole), Some(PathOrNull::Whole)),
        };
        let assign = self.assign();
        if self.is_jsonata() {
            jsonata::check(self.fields, type_name, self.reader.findings);
        }
        lint::check(self.fields, self.query_language, self.reader.findings);
        Some(State {
            name: name.into(),
            query_language: self.query_language,
            input_path: input_path?,
            output_path: output_path?,
            assign,
            jsonata_assign: self.jsonata("Assign"),
            output: self.jsonata("Output"),
            variables: self.variables(),
            kind: kind?,
        })
    }

    pub(crate) fn findings(&mut self) -> &mut Findings {
        self.reader.findings
    }

    pub(crate) fn is_jsonata(&self) -> bool {
        self.query_language == QueryLanguage::Jsonata
    }

    pub(crate) fn check_allowed(&mut self, allowed: &Allowed) {
        self.fields
            .check_allowed(allowed, self.query_language, self.reader.findings);
    }

    pub(crate) fn string(&mut self, name: &str) -> Option<&'n str> {
        self.fields.string(name, self.reader.findings)
    }

    fn path_or_null(&mut self, name: &str) -> Option<PathOrNull> {
        self.fields.path_or_null(name, self.reader.findings)
    }

    /// A path of a JSONPath state.
    pub(crate) fn path(&mut self, name: &str) -> Option<Path> {
        if self.is_jsonata() {
            None
        } else {
            self.fields.path(name, self.reader.findings)
        }
    }

    pub(crate) fn result_path(&mut self) -> Option<ResultPath> {
        if self.is_jsonata() {
            Some(ResultPath::Whole)
        } else {
            self.fields.result_path(self.reader.findings)
        }
    }

    /// A template of a JSONPath state.
    pub(crate) fn template(&mut self, name: &str) -> Option<Template> {
        if self.is_jsonata() {
            None
        } else {
            self.fields.template(name, self.reader.findings)
        }
    }

    /// A field of a JSONata state.
    pub(crate) fn jsonata(&self, name: &str) -> Option<Jsonata> {
        if self.is_jsonata() {
            self.fields.jsonata(name)
        } else {
            None
        }
    }

    fn assign(&mut self) -> Option<Template> {
        assign::read(self.fields, self.query_language, self.reader.findings)
    }

    /// A number of seconds (or of anything), as a literal, by `…Path`, or as an expression.
    pub(crate) fn seconds(
        &mut self,
        name: &str,
        path_name: &str,
        range: std::ops::RangeInclusive<u64>,
    ) -> Option<Seconds> {
        let fields = self.fields;
        if self.is_jsonata() {
            if let Some(expression) = fields.jsonata_expression(name) {
                return expression.map(Seconds::Expression);
            }
        } else if fields.has(path_name) {
            fields.at_most_one(&[name, path_name], self.reader.findings);
            return fields
                .path(path_name, self.reader.findings)
                .map(Seconds::Path);
        }
        fields
            .integer(name, range, self.reader.findings)
            .map(Seconds::Fixed)
    }

    /// The state called by the field `name` of `fields`, which must be of this scope.
    pub(crate) fn target(&mut self, name: &str, fields: &Fields<'n>) -> Option<StateIndex> {
        let target_name = fields.string(name, self.reader.findings)?;
        let mut target = self.scope.by_name.get(target_name).copied();
        if target.is_none() && self.scope.is_open {
            target = self.reader.outside(target_name);
        }
        match target {
            Some(target) => self.exits.targets.push(target),
            None => transitions::missing_target(name, target_name, fields, self.reader.findings),
        }
        target
    }

    /// `Next` or `End`.
    pub(crate) fn transition(&mut self) -> Option<Transition> {
        let fields = self.fields;
        let ends = match fields.get("End").map(|node| &node.data) {
            // `End: false` says nothing.
            None | Some(Data::Bool(false)) => false,
            Some(_) => {
                fields.boolean("End", self.reader.findings);
                true
            }
        };
        if ends == fields.has("Next") {
            let message = "Exactly one of these fields is required: [Next, End]";
            fields.report(message, self.reader.findings);
        }
        if ends {
            self.exits.ends = true;
            return Some(Transition::End);
        }
        self.target("Next", fields).map(Transition::Next)
    }

    /// The state has no way on.
    pub(crate) fn ends(&mut self) {
        self.exits.ends = true;
    }

    pub(crate) fn retry(&mut self) -> Vec<Retrier> {
        errors::read_retry(self.fields, self.query_language, self.reader.findings)
    }

    pub(crate) fn catch(&mut self) -> Vec<Catcher> {
        errors::read_catch(self)
    }

    /// Reads the states of the scope `fields`.
    pub(crate) fn scope_inside(
        &mut self,
        fields: &Fields<'n>,
        surroundings: Surroundings,
    ) -> Option<StateIndex> {
        self.reader.scope(fields, surroundings)
    }

    /// The fields as written, but for the states inside.
    pub(crate) fn raw_fields(&self) -> Arc<Value> {
        Arc::new(self.fields.to_value_without(&INSIDE))
    }

    fn variables(&self) -> Vec<Arc<str>> {
        variables::read_by(self.fields, self.query_language)
    }
}
