//! A state machine as data: what a valid definition says, ready to be executed.
//!
//! All states of a machine, those of branches and item processors included, stand in one list in
//! document order; a state's name is unique in the whole document, so a snapshot refers to states by
//! name and an execution by [`StateIndex`].
//!
//! What one query language computes with a payload template, a path or `ResultPath`, the other computes
//! with a [`jsonata::Template`]. Each has fields of its own here, and of a state only those of its
//! [`QueryLanguage`] are set:
//!
//! | JSONPath | JSONata |
//! |---|---|
//! | `input_path`, `result_path`, `result_selector`, `output_path` | [`State::output`], [`Catcher::output`], [`ChoiceBranch::output`] |
//! | `assign` | `jsonata_assign` |
//! | `parameters` | `arguments` |
//! | `items_path`, `item_selector` | [`Map::items`], [`Map::jsonata_item_selector`] |
//! | `Seconds::Path`, `WaitUntil::…Path`, `Text::Expression` | `Seconds::Expression`, `WaitUntil::…Expression`, `Text::Jsonata` |
//! | the operators of a [`Rule`] | [`Rule::Condition`] |
//!
//! A template knows the name of its field, so its errors come in AWS's words; those that must be of one
//! type are evaluated by `evaluate_array`, `evaluate_whole_number` and so on.

use std::sync::Arc;

use serde_json::Value;

use crate::MachineType;
use crate::choice::Rule;
use crate::jsonata;
use crate::path::Path;
use crate::template::Template;

/// Position of a state in [`StateMachine::states`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StateIndex(pub u32);

/// A valid definition.
#[derive(Debug)]
pub struct StateMachine {
    /// Which kind of machine it was found valid for.
    pub machine_type: MachineType,
    /// `Comment`.
    pub comment: Option<String>,
    /// `StartAt`.
    pub start_at: StateIndex,
    /// `TimeoutSeconds` of the whole machine.
    pub timeout_seconds: Option<u64>,
    /// Every state of the document, in document order.
    pub states: Vec<State>,
}

/// `QueryLanguage` in force for a state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum QueryLanguage {
    /// The default.
    #[default]
    JsonPath,
    /// Strings of the form `{% … %}`.
    Jsonata,
}

/// One state.
#[derive(Debug)]
pub struct State {
    /// The state's name.
    pub name: Arc<str>,
    /// The language its expressions are in.
    pub query_language: QueryLanguage,
    /// `InputPath`. Absent in the text means `$`.
    pub input_path: PathOrNull,
    /// `OutputPath`. Absent in the text means `$`.
    pub output_path: PathOrNull,
    /// `Assign` of a JSONPath state (evaluated when the state succeeds).
    pub assign: Option<Template>,
    /// `Assign` of a JSONata state; an object.
    pub jsonata_assign: Option<jsonata::Template>,
    /// `Output` of a JSONata state. Absent: the result of the state, or its input if it has none.
    pub output: Option<jsonata::Template>,
    /// The variables the state reads, without their `$`, in alphabetical order.
    pub variables: Vec<Arc<str>>,
    /// What the state does.
    pub kind: StateKind,
}

/// `InputPath` and `OutputPath`: a path, or `null` (which stands for an empty object).
#[derive(Clone, Debug)]
pub enum PathOrNull {
    /// Not given, or `"$"`: everything.
    Whole,
    /// A path.
    Path(Path),
    /// `null`.
    Null,
}

/// `ResultPath`: where a state's result goes.
#[derive(Clone, Debug)]
pub enum ResultPath {
    /// Not given, or `"$"`: the result replaces the input.
    Whole,
    /// A reference path into the input.
    Path(Path),
    /// `null`: the result is dropped, the input goes on.
    Discard,
}

/// `Next` or `End`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transition {
    /// `Next`.
    Next(StateIndex),
    /// `End: true`.
    End,
}

/// What a state does, by its `Type`.
#[derive(Debug)]
pub enum StateKind {
    /// `Type: Task`.
    Task(Box<Task>),
    /// `Type: Pass`.
    Pass(Box<Pass>),
    /// `Type: Choice`.
    Choice(Box<Choice>),
    /// `Type: Wait`.
    Wait(Box<Wait>),
    /// `Type: Succeed`.
    Succeed,
    /// `Type: Fail`.
    Fail(Box<Fail>),
    /// `Type: Parallel`.
    Parallel(Box<Parallel>),
    /// `Type: Map`.
    Map(Box<Map>),
}

/// A Task state.
#[derive(Debug)]
pub struct Task {
    /// `Resource`, as written.
    pub resource: Arc<str>,
    /// `Parameters`.
    pub parameters: Option<Template>,
    /// `Arguments` of a JSONata state. Absent: the state's input.
    pub arguments: Option<jsonata::Template>,
    /// `ResultSelector`.
    pub result_selector: Option<Template>,
    /// `ResultPath`.
    pub result_path: ResultPath,
    /// `TimeoutSeconds` or `TimeoutSecondsPath`.
    pub timeout: Option<Seconds>,
    /// `HeartbeatSeconds` or `HeartbeatSecondsPath`.
    pub heartbeat: Option<Seconds>,
    /// `Credentials`.
    pub credentials: Option<Template>,
    /// `RoleArn` in the `Credentials` of a JSONata state.
    pub jsonata_role: Option<jsonata::Template>,
    /// `Retry`.
    pub retry: Vec<Retrier>,
    /// `Catch`.
    pub catch: Vec<Catcher>,
    /// `Next` or `End`.
    pub transition: Transition,
}

/// A number of seconds, fixed or read from the input.
#[derive(Clone, Debug)]
pub enum Seconds {
    /// Given as a number.
    Fixed(u64),
    /// Given as a path (`…Path` fields).
    Path(Path),
    /// Given as a JSONata expression: see [`jsonata::Template::evaluate_whole_number`].
    Expression(jsonata::Template),
}

/// A share in percent, fixed or read from the input.
#[derive(Clone, Debug)]
pub enum Percentage {
    /// Given as a number from 0 to 100.
    Fixed(f64),
    /// Given as a path (`…Path` fields).
    Path(Path),
    /// Given as a JSONata expression: see [`jsonata::Template::evaluate_percentage`].
    Expression(jsonata::Template),
}

/// A Pass state.
#[derive(Debug)]
pub struct Pass {
    /// `Result`, taken as it is.
    pub result: Option<Arc<Value>>,
    /// `Parameters`.
    pub parameters: Option<Template>,
    /// `ResultPath`.
    pub result_path: ResultPath,
    /// `Next` or `End`.
    pub transition: Transition,
}

/// A Choice state.
#[derive(Debug)]
pub struct Choice {
    /// `Choices`, in order; the first that matches wins.
    pub choices: Vec<ChoiceBranch>,
    /// `Default`.
    pub default: Option<StateIndex>,
}

/// One top-level choice rule with its `Next`.
#[derive(Debug)]
pub struct ChoiceBranch {
    /// The condition.
    pub rule: Rule,
    /// `Next`.
    pub next: StateIndex,
    /// `Assign` of the rule.
    pub assign: Option<Template>,
    /// `Assign` of the rule, in a JSONata state.
    pub jsonata_assign: Option<jsonata::Template>,
    /// `Output` of the rule, in a JSONata state. Absent: the state's input.
    pub output: Option<jsonata::Template>,
}

/// A Wait state.
#[derive(Debug)]
pub struct Wait {
    /// One of the four forms.
    pub until: WaitUntil,
    /// `Next` or `End`.
    pub transition: Transition,
}

/// The four forms of a Wait.
#[derive(Clone, Debug)]
pub enum WaitUntil {
    /// `Seconds`.
    Seconds(u64),
    /// `SecondsPath`.
    SecondsPath(Path),
    /// `Timestamp`: epoch milliseconds, and the text as written.
    Timestamp(i64, Arc<str>),
    /// `TimestampPath`.
    TimestampPath(Path),
    /// `Seconds` as a JSONata expression: see [`jsonata::Template::evaluate_whole_number`].
    SecondsExpression(jsonata::Template),
    /// `Timestamp` as a JSONata expression: see [`jsonata::Template::evaluate_timestamp`].
    TimestampExpression(jsonata::Template),
}

/// A Fail state.
#[derive(Debug)]
pub struct Fail {
    /// `Error` or `ErrorPath`.
    pub error: Option<Text>,
    /// `Cause` or `CausePath`.
    pub cause: Option<Text>,
}

/// A text, fixed or computed (`ErrorPath`, `CausePath`: a path or an intrinsic call).
#[derive(Debug)]
pub enum Text {
    /// As written.
    Fixed(Arc<str>),
    /// A template that is one expression.
    Expression(Template),
    /// A JSONata expression: see [`jsonata::Template::evaluate_string`].
    Jsonata(jsonata::Template),
}

/// A Parallel state.
#[derive(Debug)]
pub struct Parallel {
    /// `StartAt` of each branch, in order.
    pub branches: Vec<StateIndex>,
    /// `Parameters`.
    pub parameters: Option<Template>,
    /// `Arguments` of a JSONata state. Absent: the state's input.
    pub arguments: Option<jsonata::Template>,
    /// `ResultSelector`.
    pub result_selector: Option<Template>,
    /// `ResultPath`.
    pub result_path: ResultPath,
    /// `Retry`.
    pub retry: Vec<Retrier>,
    /// `Catch`.
    pub catch: Vec<Catcher>,
    /// `Next` or `End`.
    pub transition: Transition,
}

/// A Map state.
#[derive(Debug)]
pub struct Map {
    /// `StartAt` of the item processor.
    pub processor: StateIndex,
    /// `ItemsPath`. Absent means `$`.
    pub items_path: Option<Path>,
    /// `ItemSelector`, or `Parameters` of the older form.
    pub item_selector: Option<Template>,
    /// `Items` of a JSONata state: see [`jsonata::Template::evaluate_array`]. Absent: the state's input.
    pub items: Option<jsonata::Template>,
    /// `ItemSelector` of a JSONata state.
    pub jsonata_item_selector: Option<jsonata::Template>,
    /// What makes it a Distributed Map, if it is one.
    pub distributed: Option<Arc<Distributed>>,
    /// `MaxConcurrency` or `MaxConcurrencyPath`. Absent or 0: no limit of the author's.
    pub max_concurrency: Option<Seconds>,
    /// `ToleratedFailureCount` or `ToleratedFailureCountPath`.
    pub tolerated_failure_count: Option<Seconds>,
    /// `ToleratedFailurePercentage` or `ToleratedFailurePercentagePath`.
    pub tolerated_failure_percentage: Option<Percentage>,
    /// `ResultSelector`.
    pub result_selector: Option<Template>,
    /// `ResultPath`.
    pub result_path: ResultPath,
    /// `Retry`.
    pub retry: Vec<Retrier>,
    /// `Catch`.
    pub catch: Vec<Catcher>,
    /// `Next` or `End`.
    pub transition: Transition,
}

/// What a Distributed Map has beside the fields of every Map.
#[derive(Debug)]
pub struct Distributed {
    /// The fields of the state as written, but for the states inside. In JSONata they may hold
    /// expressions, which are known to be valid: see [`jsonata::Template::parse`].
    pub fields: Arc<Value>,
    /// `ExecutionType` is `EXPRESS`.
    pub is_express: bool,
    /// `Label`.
    pub label: Option<Arc<str>>,
    /// `ItemReader`.
    pub reader: Option<ItemReader>,
    /// `ItemBatcher`.
    pub batcher: Option<ItemBatcher>,
    /// `ResultWriter`.
    pub writer: Option<ResultWriter>,
}

/// `ItemReader`: where the items of a Distributed Map come from, if not from the state's input.
#[derive(Debug)]
pub struct ItemReader {
    /// `Resource`.
    pub resource: Arc<str>,
    /// `Parameters`.
    pub parameters: Option<Template>,
    /// `Arguments` of a JSONata state.
    pub arguments: Option<jsonata::Template>,
    /// `ReaderConfig` as written, without `MaxItems` and `MaxItemsPath`.
    pub config: Arc<Value>,
    /// The same with its expressions, in a JSONata state.
    pub jsonata_config: Option<jsonata::Template>,
    /// `MaxItems` or `MaxItemsPath` of the `ReaderConfig`.
    pub max_items: Option<Seconds>,
}

/// `ItemBatcher`: how many items one child execution gets.
#[derive(Debug)]
pub struct ItemBatcher {
    /// `MaxItemsPerBatch` or `MaxItemsPerBatchPath`.
    pub max_items_per_batch: Option<Seconds>,
    /// `MaxInputBytesPerBatch` or `MaxInputBytesPerBatchPath`.
    pub max_input_bytes_per_batch: Option<Seconds>,
    /// `BatchInput`.
    pub input: Option<Template>,
    /// `BatchInput` of a JSONata state.
    pub jsonata_input: Option<jsonata::Template>,
}

/// `ResultWriter`: where the results of a Distributed Map go, if not into the state's result.
#[derive(Debug)]
pub struct ResultWriter {
    /// `Resource`. Absent: the results stay, as `config` wants them.
    pub resource: Option<Arc<str>>,
    /// `Parameters`.
    pub parameters: Option<Template>,
    /// `Arguments` of a JSONata state.
    pub arguments: Option<jsonata::Template>,
    /// `WriterConfig` as written.
    pub config: Arc<Value>,
    /// The same with its expressions, in a JSONata state.
    pub jsonata_config: Option<jsonata::Template>,
}

impl Distributed {
    /// What ARNs call the state: its `Label`; without one, something of its name that a label may be.
    pub fn label_of(&self, state_name: &str) -> Arc<str> {
        match &self.label {
            Some(label) => Arc::clone(label),
            None => crate::validate::labels::made_of(state_name),
        }
    }
}

/// One entry of `Retry`.
#[derive(Clone, Debug)]
pub struct Retrier {
    /// `ErrorEquals`.
    pub error_equals: Vec<Arc<str>>,
    /// `IntervalSeconds`; 1 by default.
    pub interval_seconds: u64,
    /// `MaxAttempts`; 3 by default, 0 means never.
    pub max_attempts: u64,
    /// `BackoffRate`; 2.0 by default, at least 1.0.
    pub backoff_rate: f64,
    /// `MaxDelaySeconds`.
    pub max_delay_seconds: Option<u64>,
    /// `JitterStrategy: FULL`.
    pub full_jitter: bool,
}

/// One entry of `Catch`.
#[derive(Debug)]
pub struct Catcher {
    /// `ErrorEquals`.
    pub error_equals: Vec<Arc<str>>,
    /// `ResultPath`: where the error output goes.
    pub result_path: ResultPath,
    /// `Assign`.
    pub assign: Option<Template>,
    /// `Assign`, in a JSONata state.
    pub jsonata_assign: Option<jsonata::Template>,
    /// `Output`, in a JSONata state. Absent: the error output.
    pub output: Option<jsonata::Template>,
    /// `Next`.
    pub next: StateIndex,
}

impl State {
    /// Stands for a state of which only the name is known.
    pub(crate) fn placeholder(name: &str) -> State {
        State {
            name: name.into(),
            query_language: QueryLanguage::JsonPath,
            input_path: PathOrNull::Whole,
            output_path: PathOrNull::Whole,
            assign: None,
            jsonata_assign: None,
            output: None,
            variables: Vec::new(),
            kind: StateKind::Succeed,
        }
    }
}

impl StateMachine {
    /// The state at `index`.
    ///
    /// # Panics
    /// When `index` is not from this machine.
    pub fn state(&self, index: StateIndex) -> &State {
        &self.states[index.0 as usize]
    }

    /// Whether no execution of it ever waits: for a moment, for work, or for executions of its own.
    pub fn waits_for_nobody(&self) -> bool {
        self.states.iter().all(|state| match &state.kind {
            StateKind::Task(_) | StateKind::Wait(_) => false,
            StateKind::Map(map) => map.distributed.is_none(),
            StateKind::Pass(_)
            | StateKind::Choice(_)
            | StateKind::Succeed
            | StateKind::Fail(_)
            | StateKind::Parallel(_) => true,
        })
    }

    /// `variableReferences`: the states that read variables, with these, in document order.
    pub fn variable_references(&self) -> impl Iterator<Item = (&str, &[Arc<str>])> {
        let references = self
            .states
            .iter()
            .map(|state| (&*state.name, &state.variables[..]));
        references.filter(|(_, variables)| !variables.is_empty())
    }

    /// Finds a state by its name.
    pub fn find(&self, name: &str) -> Option<StateIndex> {
        let at = self.states.iter().position(|state| &*state.name == name)?;
        u32::try_from(at).ok().map(StateIndex)
    }
}
