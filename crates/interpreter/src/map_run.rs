//! Map runs: what a Distributed Map asks its caller to do, and what the caller asks back.
//!
//! The state itself does little: it says what is to be run ([`MapRunPlan`], with
//! [`Effect::StartMapRun`](crate::Effect::StartMapRun)) and waits for
//! [`Input::MapRunEnded`](crate::Input::MapRunEnded). The caller keeps the map run, takes its items one
//! by one, asks what each child begins with ([`Execution::map_run_input`]), and starts children
//! ([`crate::start_child`]), which are executions of their own.
//!
//! What a child begins with is a function of the execution, the item and its number: nothing is drawn
//! and nothing is written, so that it is the same whenever it is asked for.

use std::sync::Arc;

use asl::StateMachine;
use asl::definition::{Map, StateKind};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::dataflow::{Asked, Item, Payload, StateScope};
use crate::execution::{Execution, Moment};
use crate::failure::{Fault, QUERY_EVALUATION_ERROR};
use crate::frame::{FrameId, Stand};
use crate::history::{EventId, Failure};
use crate::random::Stream;
use crate::turn::{Halt, Turn};
use crate::{Document, redrive};

/// What makes an execution a child of a map run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Child {
    /// `mapRunArn`.
    pub map_run_arn: Arc<str>,
    /// The caller's name of the map run.
    pub map_run: [u8; 16],
    /// Which of its children this is, from 0: they are in the order of their items.
    pub index: u64,
    /// How many items it has: more than one only with an `ItemBatcher`.
    pub items: u32,
    /// `ExecutionType` is `EXPRESS`.
    pub is_express: bool,
}

/// What a Distributed Map wants run. All of it is fixed when the map run starts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MapRunPlan {
    /// Its `MapRunStarted`; never used twice in an execution.
    pub event: EventId,
    /// `mapRunArn`.
    pub map_run_arn: Arc<str>,
    /// The label of the state, given or made up.
    pub label: Arc<str>,
    /// The state where each child begins.
    pub start_at: Arc<str>,
    /// The name of the state.
    pub state_name: Arc<str>,
    /// Whether children are EXPRESS executions.
    pub is_express: bool,
    /// Where the items are; `None`: in the state's input ([`Execution::map_run_items`]).
    pub reader: Option<Work>,
    /// How many items there are, when they are in the state's input.
    pub length: Option<u64>,
    /// Most items to take, when the `ItemReader` says so.
    pub items_max: Option<u64>,
    /// Whether an `ItemSelector` makes something of each item: [`Execution::map_run_input`].
    pub has_selector: bool,
    /// `ItemBatcher`.
    pub batches: Option<Batches>,
    /// `MaxConcurrency`; 0: no limit of the author's.
    pub max_concurrency: u32,
    /// `ToleratedFailureCount`.
    pub tolerated_failure_count: u64,
    /// `ToleratedFailurePercentage`.
    pub tolerated_failure_percentage: f64,
    /// `ResultWriter`.
    pub writer: Option<Work>,
    /// Why the run fails before anything is read.
    pub refused: Option<Failure>,
}

/// What an `ItemReader` or a `ResultWriter` does, with all expressions replaced by what they come to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Work {
    /// `Resource`; a `ResultWriter` may have none.
    pub resource: Option<Arc<str>>,
    /// `Parameters` or `Arguments`: a JSON object.
    pub parameters: Arc<str>,
    /// `ReaderConfig` or `WriterConfig`: a JSON object, without `MaxItems`.
    pub config: Arc<str>,
}

/// What an `ItemBatcher` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Batches {
    /// `MaxItemsPerBatch`.
    pub items_max: Option<u64>,
    /// `MaxInputBytesPerBatch`.
    pub bytes_max: Option<u64>,
    /// `BatchInput`, as JSON.
    pub input: Option<Arc<str>>,
}

/// How a map run ended.
#[derive(Clone, Debug)]
pub enum MapRunOutcome {
    /// All that had to has succeeded; `None` when the result is larger than any payload.
    Succeeded(Option<Document>),
    /// It failed.
    Failed(Failure),
}

/// An item of a map run, as an `ItemSelector` sees it.
#[derive(Clone, Copy, Debug)]
pub struct MapRunItem<'a> {
    /// `Map.Item.Index`.
    pub index: u64,
    /// The item. Of an object each is `{"Key": …, "Value": …}`.
    pub value: &'a Value,
    /// Whether the items are the members of an object.
    pub is_member: bool,
    /// `Map.Item.Source`: where the item is from.
    pub source: &'a str,
}

impl Failure {
    /// `States.DataLimitExceeded` of a state: what a child would begin with is larger than any payload.
    pub fn data_limit(state_name: &str) -> Failure {
        Fault::data_limit(state_name).failure
    }
}

/// `Map.Item.Source` of items that are in the state's input.
pub const STATE_DATA: &str = "STATE_DATA";

impl Execution {
    /// Whether it is an EXPRESS execution.
    pub fn is_express(&self, machine: &StateMachine) -> bool {
        match &self.birth.child {
            Some(child) => child.is_express,
            None => machine.machine_type == asl::MachineType::Express,
        }
    }

    /// The items of a map run that are in its state's input. `None` when that map run is over.
    pub fn map_run_items(
        &mut self,
        machine: &StateMachine,
        event: EventId,
        at: &Moment<'_>,
    ) -> Option<Result<Items, Failure>> {
        self.locate(machine);
        let id = self.frame_of_map_run(event)?;
        if let Stand::MapRun(run) = &self.frame(id).stand
            && let Some(items) = &run.items
        {
            return Some(Ok(items.clone()));
        }
        let mut turn = Turn::new(self, machine, at);
        let items = turn.map_of(id).and_then(|map| turn.items_again(id, map));
        if let (Ok(items), Stand::MapRun(run)) = (&items, &mut self.frame_mut(id).stand) {
            run.items = Some(items.clone());
        }
        Some(items.map_err(|fault| fault.failure))
    }

    /// What the child of one item begins with, or what the item adds to a batch: `ItemSelector`.
    /// `None` when that map run is over.
    pub fn map_run_input(
        &mut self,
        machine: &StateMachine,
        event: EventId,
        item: MapRunItem<'_>,
        at: &Moment<'_>,
    ) -> Option<Result<Document, Failure>> {
        self.locate(machine);
        let id = self.frame_of_map_run(event)?;
        let mut turn = Turn::new(self, machine, at);
        let map = match turn.map_of(id) {
            Ok(map) => map,
            Err(fault) => return Some(Err(fault.failure)),
        };
        let input = turn.selected(id, map, event, item);
        Some(input.map_err(|fault| fault.failure))
    }

    /// ARNs of the map runs that a redrive would go on with.
    pub fn map_runs_to_redrive(&self) -> Vec<Arc<str>> {
        let runs = self.frames.values().filter_map(|frame| match &frame.stand {
            Stand::MapRun(run) => Some(Arc::clone(&run.map_run_arn)),
            _ => None,
        });
        runs.collect()
    }

    /// The frame whose state waits for the map run that began with that event.
    pub(crate) fn frame_of_map_run(&self, event: EventId) -> Option<FrameId> {
        let mut frames = self.frames.iter();
        let (id, _) = frames.find(|(_, frame)| match &frame.stand {
            Stand::MapRun(run) => run.event == event && run.is_open,
            _ => false,
        })?;
        Some(*id)
    }
}

/// Items that are in a state's input.
#[derive(Clone, Debug)]
pub struct Items {
    /// In order. The members of an object are `{"Key": …, "Value": …}`.
    pub values: Arc<Vec<Value>>,
    /// Whether they are the members of an object.
    pub are_members: bool,
}

impl Items {
    /// The items of what a Map was given, if it can be iterated.
    pub(crate) fn of(value: Value, objects_too: bool) -> Result<Items, Value> {
        match value {
            Value::Array(items) => Ok(Items {
                values: Arc::new(items),
                are_members: false,
            }),
            Value::Object(members) if objects_too => {
                let member = |(key, value): (String, Value)| {
                    let pair = [
                        ("Key".to_owned(), Value::String(key)),
                        ("Value".to_owned(), value),
                    ];
                    Value::Object(pair.into_iter().collect())
                };
                Ok(Items {
                    values: Arc::new(members.into_iter().map(member).collect()),
                    are_members: true,
                })
            }
            other => Err(other),
        }
    }
}

impl<'m> Turn<'m> {
    fn map_of(&self, id: FrameId) -> Result<&'m Map, Fault> {
        match &self.state(id).kind {
            StateKind::Map(map) => Ok(map),
            _ => Err(self.runtime_fault(id, "Only a Map state has a map run.")),
        }
    }

    /// The items once more, as they were when the map run started. Writes nothing.
    fn items_again(&mut self, id: FrameId, map: &Map) -> Result<Items, Fault> {
        let found = match (&map.items, self.is_jsonata(id)) {
            (Some(template), _) => {
                let visit = &self.execution.frame(id).visit;
                let entered_ms = visit.entered_ms;
                let (seed, entered) = (self.execution.birth.seed, visit.entered);
                let mut stream = Stream::aside(seed, entered, visit.retries);
                let asked = Asked::default();
                self.jsonata_at(id, asked, entered_ms, &mut stream, |scope| {
                    template.evaluate(scope)
                })
                .map_err(|error| self.fault_in_state(id, QUERY_EVALUATION_ERROR, error.cause))?
            }
            (None, true) => self.raw_input(id).into_value(),
            (None, false) => {
                let input = self.effective_input(id)?;
                match &map.items_path {
                    None => input.into_value(),
                    Some(path) => self.path(id, path, &input)?,
                }
            }
        };
        Items::of(found, true).map_err(|_| self.runtime_fault(id, redrive::ITEMS_CHANGED))
    }

    /// What `ItemSelector` makes of an item. Draws nothing and writes nothing.
    fn selected(
        &mut self,
        id: FrameId,
        map: &Map,
        event: EventId,
        item: MapRunItem<'_>,
    ) -> Result<Document, Fault> {
        let seen = item.value;
        let (key, value) = match item.is_member {
            true => (seen["Key"].as_str(), &seen["Value"]),
            false => (None, seen),
        };
        let asked = Asked {
            item: Some(Item {
                index: item.index,
                value,
                key,
                source: Some(item.source),
            }),
            ..Asked::default()
        };
        let mut stream = Stream::of_item(self.execution.birth.seed, event, item.index);
        let now_ms = self.at.now_ms;
        let selected = match (&map.item_selector, &map.jsonata_item_selector) {
            (None, None) => Payload::Value(seen.clone()),
            (None, Some(selector)) => {
                let value = self.jsonata_at(id, asked, now_ms, &mut stream, |scope| {
                    selector.evaluate(scope)
                });
                let fault = |cause: String| self.fault_in_state(id, QUERY_EVALUATION_ERROR, cause);
                Payload::Value(value.map_err(|error| fault(error.cause))?)
            }
            (Some(selector), _) => {
                let input = match self.map_run_selects_from(id) {
                    Ok(input) => input,
                    Err(Halt::Fault(fault)) => return Err(fault),
                    Err(Halt::Closed) => panic!("finding an input writes nothing"),
                };
                let lent = self.execution.input_to_lend.take();
                let scope = StateScope::new(
                    self.execution,
                    self.machine,
                    id,
                    &input,
                    asked,
                    now_ms,
                    stream,
                )
                .lent(lent);
                let value = selector.evaluate(&scope);
                let (_, lent) = scope.give_back();
                self.execution.input_to_lend = lent;
                let fault = |error: asl::template::TemplateError| {
                    self.fault_in_state(id, error.error, error.cause)
                };
                Payload::Value(value.map_err(fault)?)
            }
        };
        Ok(selected.into_document())
    }

    /// The effective input, found once for all items: `InputPath` may copy all of them.
    fn map_run_selects_from(&mut self, id: FrameId) -> Result<Payload, Halt> {
        if let Stand::MapRun(run) = &self.execution.frame(id).stand
            && let Some(known) = &run.selected_from
        {
            return Ok(Payload::Document(known.clone()));
        }
        let input = self.effective_input(id)?.into_document();
        if let Stand::MapRun(run) = &mut self.execution.frame_mut(id).stand {
            run.selected_from = Some(input.clone());
        }
        Ok(Payload::Document(input))
    }
}
