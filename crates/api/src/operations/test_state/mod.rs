//! `TestState`: what may be tried, and with what.

mod context;
mod fields;
mod mock;
mod outcome;

use std::sync::Arc;

use asl::definition::{StateKind, Task};
use engine::operations::test_state as operation;
use engine::{ErrorName, Rejection, Request};
use interpreter::Document;
use interpreter::test_state::{Configuration, Mock};
use serde::Deserialize;
use serde_json::Value;

use super::{Context, Decoded};
use crate::arns;
use crate::checks::Checks;
use crate::decode::{self, Object, Text};
use crate::definition;
use crate::members::{ARN, COUNT, DEFINITION, INSPECTION_LEVEL, SENSITIVE_DATA, SENSITIVE_NAME};
use crate::refusal::Refusal;

pub(super) use outcome::encode;

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Input<'a> {
    #[serde(borrow)]
    definition: Option<Text<'a>>,
    #[serde(borrow)]
    role_arn: Option<Text<'a>>,
    #[serde(borrow)]
    input: Option<Text<'a>>,
    #[serde(borrow)]
    inspection_level: Option<Text<'a>>,
    reveal_secrets: Option<bool>,
    #[serde(borrow)]
    variables: Option<Text<'a>>,
    #[serde(borrow)]
    state_name: Option<Text<'a>>,
    #[serde(borrow)]
    mock: Option<Object<mock::Input<'a>>>,
    #[serde(borrow)]
    context: Option<Text<'a>>,
    #[serde(borrow)]
    state_configuration: Option<Object<ConfigurationInput<'a>>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ConfigurationInput<'a> {
    retrier_retry_count: Option<i32>,
    #[serde(borrow)]
    error_caused_by_state: Option<Text<'a>>,
    map_iteration_failure_count: Option<i32>,
    #[serde(borrow)]
    map_item_reader_data: Option<Text<'a>>,
}

pub(super) fn decode(body: &[u8], context: &Context<'_>) -> Result<Decoded, Refusal> {
    let input: Input<'_> = decode::read(body)?;
    let mut checks = context.checks();
    let definition = checks.required("definition", input.definition, &DEFINITION);
    checks.optional("roleArn", input.role_arn.as_ref(), &ARN);
    checks.optional("input", input.input.as_ref(), &SENSITIVE_DATA);
    let level = input.inspection_level;
    checks.optional("inspectionLevel", level.as_ref(), &INSPECTION_LEVEL);
    checks.optional("variables", input.variables.as_ref(), &SENSITIVE_DATA);
    checks.optional("stateName", input.state_name.as_ref(), &SENSITIVE_NAME);
    let mock = input.mock.map(|Object(mock)| mock.check(&mut checks));
    checks.optional("context", input.context.as_ref(), &SENSITIVE_DATA);
    let configuration = input.state_configuration.map(|Object(it)| it);
    let configuration = configuration.unwrap_or_default();
    configuration.check(&mut checks);
    checks.finish()?;

    if let Some(role_arn) = &input.role_arn {
        arns::role(role_arn)?;
    }
    let mock = mock.map(mock::Input::one).transpose()?;
    match &mock {
        None => needs_no_mock(&configuration, input.context.is_some())?,
        Some(_) if input.reveal_secrets == Some(true) => {
            return Err(invalid(
                "TestState does not support RevealSecrets when a mock is specified.",
            ));
        }
        Some(_) => {}
    }

    let (machine, state) = match &input.state_name {
        None => definition::parse_state(&definition)?,
        Some(name) => {
            let machine = definition::parse(&definition, engine::shapes::MachineType::Standard)?;
            let state = machine
                .find(name)
                .ok_or_else(|| invalid("State not found in definition"))?;
            (machine, state)
        }
    };
    let kind = &machine.state(state).kind;
    match &mock {
        None => can_be_tried(kind, input.role_arn.is_some())?,
        Some(mock) => mock.suits(kind)?,
    }
    let configuration = configuration.read(kind, &machine)?;

    if let Some(text) = &input.input {
        asl::json::check_input(text).map_err(|error| {
            let message = format!("Invalid State Machine Execution Input: '{error}'");
            Rejection::new(ErrorName::InvalidExecutionInput, message)
        })?;
    }
    let variables = match &input.variables {
        None => Vec::new(),
        Some(text) => variables(text)?,
    };
    let context = input.context.as_deref().map(context::read).transpose()?;
    Ok(Request::TestState(Box::new(operation::Request {
        state,
        role_arn: input.role_arn.map(Text::into_string),
        input: input
            .input
            .map_or_else(|| "{}".to_owned(), Text::into_string),
        inspected: level.as_ref().is_some_and(|level| &**level != "INFO"),
        traced: level.is_some_and(|level| &*level == "TRACE"),
        reveals_secrets: input.reveal_secrets == Some(true),
        variables,
        context,
        mock: mock.map(Mock::from),
        configuration,
        machine,
    }))
    .into())
}

impl ConfigurationInput<'_> {
    fn check(&self, checks: &mut Checks) {
        let at = |member: &str| format!("stateConfiguration.{member}");
        checks.range(&at("retrierRetryCount"), self.retrier_retry_count, &COUNT);
        let state = self.error_caused_by_state.as_ref();
        checks.optional(&at("errorCausedByState"), state, &SENSITIVE_NAME);
        let failures = self.map_iteration_failure_count;
        checks.range(&at("mapIterationFailureCount"), failures, &COUNT);
        let data = self.map_item_reader_data.as_ref();
        checks.optional(&at("mapItemReaderData"), data, &SENSITIVE_DATA);
    }

    fn read(self, kind: &StateKind, machine: &asl::StateMachine) -> Result<Configuration, Refusal> {
        let is_map = matches!(kind, StateKind::Map(_));
        let of_map = [
            (
                "MapIterationFailureCount",
                self.map_iteration_failure_count.is_some(),
            ),
            ("MapItemReaderData", self.map_item_reader_data.is_some()),
        ];
        if let Some((name, _)) = of_map.iter().find(|(_, given)| *given && !is_map) {
            return Err(invalid(&format!(
                "{name} is only supported for Map states."
            )));
        }
        if let Some(name) = &self.error_caused_by_state {
            if !is_map && !matches!(kind, StateKind::Parallel(_)) {
                let what = "ErrorCausedByState is only supported for Map and Parallel states.";
                return Err(invalid(what));
            }
            if machine.find(name).is_none() {
                return Err(invalid("State not found in definition"));
            }
        }
        let data = match &self.map_item_reader_data {
            None => None,
            Some(text) => match asl::json::value(text) {
                Ok(value) => Some(Document::from_value(value)),
                Err(_) => return Err(invalid("MapItemReaderData must be valid JSON")),
            },
        };
        let count = |given: Option<i32>| given.and_then(|count| u32::try_from(count).ok());
        Ok(Configuration {
            retrier_retry_count: count(self.retrier_retry_count).unwrap_or(0),
            map_iteration_failure_count: count(self.map_iteration_failure_count).map(u64::from),
            map_item_reader_data: data,
        })
    }
}

/// Whether nothing was given that only a mock gives a meaning.
fn needs_no_mock(configuration: &ConfigurationInput<'_>, context: bool) -> Result<(), Refusal> {
    let given = [
        ("Context", context),
        (
            "RetrierRetryCount",
            configuration.retrier_retry_count.is_some(),
        ),
        (
            "ErrorCausedByState",
            configuration.error_caused_by_state.is_some(),
        ),
        (
            "MapIterationFailureCount",
            configuration.map_iteration_failure_count.is_some(),
        ),
        (
            "MapItemReaderData",
            configuration.map_item_reader_data.is_some(),
        ),
    ];
    match given.iter().find(|(_, given)| *given) {
        None => Ok(()),
        Some((name, _)) => Err(invalid(&format!(
            "TestState does not support {name} when a mock is not specified."
        ))),
    }
}

/// Whether a state can be tried without a mock.
fn can_be_tried(kind: &StateKind, has_role: bool) -> Result<(), Refusal> {
    match kind {
        StateKind::Map(_) | StateKind::Parallel(_) => Err(Rejection::new(
            ErrorName::InvalidDefinition,
            "TestState API does not support Map or Parallel states. Supported state types include: \
             [Task, Wait, Pass, Succeed, Fail, Choice]",
        )
        .into()),
        StateKind::Task(task) if answers_later(task) => Err(Rejection::new(
            ErrorName::InvalidDefinition,
            "TestState API does not support Activities, or the .sync and .waitForTaskToken service \
             integration patterns, unless a mock is specified",
        )
        .into()),
        StateKind::Task(_) if !has_role => Err(invalid(
            "RoleArn must be specified when testing a Task state",
        )),
        _ => Ok(()),
    }
}

/// Whether the result of a task does not come with the answer to its call.
fn answers_later(task: &Task) -> bool {
    let rest = task.resource.splitn(6, ':').nth(5).unwrap_or_default();
    rest.starts_with("activity:")
        || rest.ends_with(".waitForTaskToken")
        || rest.ends_with(".sync")
        || rest.ends_with(".sync:2")
}

fn variables(text: &str) -> Result<Vec<(Arc<str>, Document)>, Refusal> {
    match asl::json::value(text) {
        Ok(Value::Object(members)) => Ok(members
            .into_iter()
            .map(|(name, value)| (name.into(), Document::from_value(value)))
            .collect()),
        _ => Err(invalid("Variables must be a valid JSON object")),
    }
}

fn invalid(message: &str) -> Refusal {
    Rejection::new(ErrorName::ValidationException, message).into()
}
