//! A state machine as data: what a valid definition says, ready to be executed.
//!
//! All states of a machine, those of branches and item processors included, stand in one list in
//! document order; a state's name is unique in the whole document, so a snapshot refers to states by
//! name and an execution by [`StateIndex`].

use std::sync::Arc;

use serde_json::Value;

use crate::choice::Rule;
use crate::path::Path;
use crate::template::Template;

/// Position of a state in [`StateMachine::states`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StateIndex(pub u32);

/// A valid definition.
#[derive(Debug)]
pub struct StateMachine {
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
    /// `Assign` (evaluated when the state succeeds).
    pub assign: Option<Template>,
    /// In a JSONata state: the fields as written, but for the states inside (`Branches`,
    /// `ItemProcessor`). `Arguments`, `Output`, `Assign` and all other expressions are read from here.
    pub jsonata: Option<Arc<Value>>,
    /// The variables the state reads, without their `$`, in alphabetical order. Not known for JSONata
    /// states.
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
    /// Given as a JSONata expression, its `{% %}` included.
    Expression(Arc<str>),
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
    /// `Seconds` as a JSONata expression, its `{% %}` included.
    SecondsExpression(Arc<str>),
    /// `Timestamp` as a JSONata expression, its `{% %}` included.
    TimestampExpression(Arc<str>),
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
    /// A JSONata expression, its `{% %}` included.
    Jsonata(Arc<str>),
}

/// A Parallel state.
#[derive(Debug)]
pub struct Parallel {
    /// `StartAt` of each branch, in order.
    pub branches: Vec<StateIndex>,
    /// `Parameters`.
    pub parameters: Option<Template>,
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
    /// In a Distributed Map: the fields as written (`ItemReader`, `ItemBatcher`, `ResultWriter`,
    /// `Label`, the tolerances, `ProcessorConfig`), but for the states inside.
    pub distributed: Option<Arc<Value>>,
    /// `MaxConcurrency` or `MaxConcurrencyPath`. Absent or 0: no limit of the author's.
    pub max_concurrency: Option<Seconds>,
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
            jsonata: None,
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
