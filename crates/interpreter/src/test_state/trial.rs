//! What is noted while a state is tried, and which of it is shown.

use std::collections::BTreeMap;
use std::sync::Arc;

use asl::definition::{QueryLanguage, State, StateKind};
use serde_json::{Map, Value};

use super::{Configuration, Mock};
use crate::dataflow::Payload;
use crate::turn::Turn;
use crate::{Document, Failure};

/// A stage of the data flow that `inspectionData` names. In the order in which they are passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// `afterInputPath`
    InputPath,
    /// `afterParameters`
    Parameters,
    /// `afterArguments`
    Arguments,
    /// `afterItemsPath`
    ItemsPath,
    /// `afterItemsPointer`
    ItemsPointer,
    /// `afterItemSelector`
    ItemSelector,
    /// `afterItemBatcher`
    ItemBatcher,
    /// `result`
    Result,
    /// `afterResultSelector`
    ResultSelector,
    /// `afterResultPath`
    ResultPath,
}

impl Stage {
    /// As the API names it.
    pub const fn name(self) -> &'static str {
        match self {
            Stage::InputPath => "afterInputPath",
            Stage::Parameters => "afterParameters",
            Stage::Arguments => "afterArguments",
            Stage::ItemsPath => "afterItemsPath",
            Stage::ItemsPointer => "afterItemsPointer",
            Stage::ItemSelector => "afterItemSelector",
            Stage::ItemBatcher => "afterItemBatcher",
            Stage::Result => "result",
            Stage::ResultSelector => "afterResultSelector",
            Stage::ResultPath => "afterResultPath",
        }
    }
}

/// `errorDetails`: which policy answers the failure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ErrorDetails {
    /// The catcher that matched, from 0.
    pub catch_index: Option<usize>,
    /// The retrier that matched, from 0, whether it has attempts left or not.
    pub retry_index: Option<usize>,
    /// Until the next attempt, if there is one.
    pub retry_backoff_seconds: Option<i64>,
}

/// `inspectionData`.
#[derive(Clone, Debug, Default)]
pub struct Inspection {
    /// The input, as given.
    pub input: Option<Document>,
    /// What each stage gave.
    pub stages: BTreeMap<Stage, Document>,
    /// `maxConcurrency` of a Map state.
    pub max_concurrency: Option<u64>,
    /// `toleratedFailureCount` of a Map state.
    pub tolerated_failure_count: Option<u64>,
    /// `toleratedFailurePercentage` of a Map state.
    pub tolerated_failure_percentage: Option<f64>,
    /// All variables after the state, if there are any: an object.
    pub variables: Option<Document>,
    /// What answers the failure, if anything does.
    pub error_details: Option<ErrorDetails>,
}

/// What was noted so far.
#[derive(Debug, Default)]
pub(crate) struct Noted {
    pub(crate) stages: BTreeMap<Stage, Document>,
    pub(crate) max_concurrency: Option<u64>,
    pub(crate) tolerated_failure_count: Option<u64>,
    pub(crate) tolerated_failure_percentage: Option<f64>,
    pub(crate) variables: BTreeMap<Arc<str>, Document>,
    pub(crate) failure: Option<Failure>,
    pub(crate) error_details: ErrorDetails,
}

/// What an execution knows that exists to try one state.
#[derive(Debug)]
pub(crate) struct Trial {
    /// Stands for the whole context object.
    pub(crate) context: Option<Value>,
    pub(crate) mock: Option<Mock>,
    pub(crate) configuration: Configuration,
    pub(crate) noted: Noted,
}

impl Trial {
    pub(crate) fn new(
        context: Option<Value>,
        variables: &[(Arc<str>, Document)],
        mock: Option<Mock>,
        configuration: Configuration,
    ) -> Trial {
        Trial {
            context,
            mock,
            configuration,
            noted: Noted {
                variables: variables.iter().cloned().collect(),
                ..Noted::default()
            },
        }
    }

    /// What AWS was seen to show of it.
    pub(crate) fn inspection(&self, input: &Document, state: &State) -> Inspection {
        let noted = &self.noted;
        let mut stages = noted.stages.clone();
        stages.retain(|stage, _| is_shown(*stage, state));
        let variables: Map<String, Value> = noted
            .variables
            .iter()
            .map(|(name, value)| (name.to_string(), value.value().clone()))
            .collect();
        Inspection {
            input: Some(input.clone()),
            stages,
            max_concurrency: noted.max_concurrency,
            tolerated_failure_count: noted.tolerated_failure_count,
            tolerated_failure_percentage: noted.tolerated_failure_percentage,
            variables: (!variables.is_empty())
                .then(|| Document::from_value(Value::Object(variables))),
            error_details: Some(noted.error_details)
                .filter(|details| *details != ErrorDetails::default()),
        }
    }
}

/// Not every stage that is passed is shown: what a Parallel state gives its branches is not, nor what a
/// Pass state with a `Result` makes of its input. So recorded from AWS.
fn is_shown(stage: Stage, state: &State) -> bool {
    let into_the_work = matches!(
        stage,
        Stage::InputPath | Stage::Parameters | Stage::Arguments
    );
    match &state.kind {
        StateKind::Parallel(_) => !into_the_work,
        StateKind::Pass(pass) => !(into_the_work && pass.result.is_some()),
        _ => true,
    }
}

impl Turn<'_> {
    /// Notes what a stage gave, when the state is on trial.
    pub(crate) fn note(&mut self, stage: Stage, payload: &Payload) {
        if let Some(trial) = &mut self.execution.trial {
            let document = payload.clone().into_document();
            trial.noted.stages.insert(stage, document);
        }
    }

    /// The same for a stage that only JSONPath has.
    pub(crate) fn note_of_jsonpath(&mut self, state: &State, stage: Stage, payload: &Payload) {
        if state.query_language == QueryLanguage::JsonPath {
            self.note(stage, payload);
        }
    }

    /// Where other things are noted, when the state is on trial.
    pub(crate) fn noted(&mut self) -> Option<&mut Noted> {
        self.execution.trial.as_mut().map(|trial| &mut trial.noted)
    }
}
