//! `fieldValidationMode`: whether a mocked result could be what the API of a Task state answers.
//!
//! Only fields that the API has are looked at; others may stand beside them, as the SDK's own do. Patterns
//! are not checked, nor is the format of moments: AWS was seen to take any text for them.

use serde_json::Value;
use service_models::{Kind, Reference, Service, Shape, bundled};

use super::invalid;
use crate::refusal::Refusal;

/// How closely to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// Everything, fields that must be there included.
    Strict,
    /// What is there.
    Present,
    /// Not at all.
    None,
}

/// What a call answers.
struct Api {
    service: &'static Service,
    model: &'static str,
    shape: &'static Shape,
    /// Fields that an optimized integration parses: any JSON may stand there.
    parsed: &'static [&'static str],
}

/// Service of an optimized integration, and the model it belongs to where the names differ.
const MODELS: &[(&str, &str)] = &[
    ("bedrock", "bedrockruntime"),
    ("elasticmapreduce", "emr"),
    ("emr-containers", "emrcontainers"),
    ("emr-serverless", "emrserverless"),
    ("events", "eventbridge"),
    ("states", "sfn"),
];

/// What `.sync` waits for and gives, by service and action: a shape of the service.
const JOBS: &[(&str, &str, &str)] = &[
    ("athena", "startQueryExecution", "GetQueryExecutionOutput"),
    ("batch", "submitJob", "JobDetail"),
    ("codebuild", "startBuild", "StartBuildOutput"),
    ("ecs", "runTask", "Task"),
    ("glue", "startJobRun", "JobRun"),
    ("sfn", "startExecution", "DescribeExecutionOutput"),
];

/// Bounds in which AWS was seen to differ from the published model, by `serviceId` and shape: the
/// largest value that a number may have. Its copy of a model is not always the newest.
const SEEN_MAX: &[(&str, &str, f64)] = &[("Lambda", "MemorySize", 10_240.0)];

/// Refuses a result that the API behind `resource` cannot give. Where that is not known, or where
/// somebody else than the API gives the result, any will do.
pub(super) fn check(resource: &str, result: &Value, mode: Mode) -> Result<(), Refusal> {
    if mode == Mode::None {
        return Ok(());
    }
    let Some(api) = api(resource) else {
        return Ok(());
    };
    let Value::Object(_) = result else {
        return Err(refused("Mock result must be an object"));
    };
    api.structure(api.shape, result, mode, true)
        .map_err(|what| refused(&what))
}

fn refused(what: &str) -> Refusal {
    invalid(&format!("Mock result schema validation error: {what}"))
}

fn api(resource: &str) -> Option<Api> {
    let rest = resource.splitn(6, ':').nth(5)?;
    if resource.split(':').nth(2) != Some("states") {
        return None;
    }
    let (optimized, call) = match rest.strip_prefix("aws-sdk:") {
        Some(call) => (false, call),
        None => (true, rest),
    };
    let (name, call) = call.split_once(':')?;
    let (action, pattern) = call.split_once('.').unwrap_or((call, ""));
    let model = MODELS.iter().find(|(known, _)| optimized && *known == name);
    let model = model.map_or(name, |(_, model)| model);
    let service = bundled(model)?;
    let id = &service.metadata.service_id;
    let shape = match pattern {
        "" => service.shape(service.operation(action)?.output.as_ref()?)?,
        "sync" | "sync:2" => {
            let job = JOBS
                .iter()
                .find(|(service, call, _)| (*service, *call) == (model, action));
            service.shapes.get(job?.2)?
        }
        _ => return None,
    };
    let parsed: &[&str] = match (optimized, model, pattern) {
        (true, "lambda", _) => &["Payload"],
        (true, "bedrockruntime", _) => &["Body"],
        (true, "sfn", "sync:2") => &["Input", "Output"],
        _ => &[],
    };
    Some(Api {
        service,
        model: id,
        shape,
        parsed,
    })
}

impl Api {
    fn structure(
        &self,
        shape: &Shape,
        value: &Value,
        mode: Mode,
        is_whole: bool,
    ) -> Result<(), String> {
        for (name, reference) in &shape.members {
            let field = raised(name);
            match value.get(&field) {
                Some(_) if is_whole && self.parsed.contains(&&*field) => {}
                Some(value) => self.field(&field, reference, value, mode)?,
                None if mode == Mode::Strict && shape.required.contains(name) => {
                    return Err(format!("Required field '{field}' is missing"));
                }
                None => {}
            }
        }
        Ok(())
    }

    fn field(
        &self,
        name: &str,
        reference: &Reference,
        value: &Value,
        mode: Mode,
    ) -> Result<(), String> {
        let Some(shape) = self.service.shape(reference) else {
            return Ok(());
        };
        let must_be = |what: &str| Err(format!("Field '{name}' must be {what}"));
        match (shape.kind, value) {
            _ if shape.document => Ok(()),
            (Kind::Structure, Value::Object(_)) => self.structure(shape, value, mode, false),
            (Kind::Map, Value::Object(members)) => {
                length(name, shape, members.len())?;
                let of_value = shape.value.as_deref();
                let mut values = of_value.into_iter().flat_map(|it| {
                    let values = members.values();
                    values.map(move |value| (it, value))
                });
                values.try_for_each(|(it, value)| self.field(name, it, value, mode))
            }
            (Kind::Structure | Kind::Map, _) => must_be("an object"),
            (Kind::List, Value::Array(items)) => {
                length(name, shape, items.len())?;
                let Some(of_item) = &shape.member else {
                    return Ok(());
                };
                let mut items = items.iter();
                items.try_for_each(|item| self.field(name, of_item, item, mode))
            }
            (Kind::List, _) => must_be("an array"),
            (Kind::String | Kind::Character, Value::String(text)) => {
                length(name, shape, text.chars().count())?;
                match shape.values.is_empty() || shape.values.contains(text) {
                    true => Ok(()),
                    false => Err(format!("Field '{name}' is not an expected value")),
                }
            }
            // The text is of Base64 or of the bytes themselves: only too short a one says so.
            (Kind::Blob, Value::String(text)) => length(name, shape, text.len().min(1)),
            (Kind::Timestamp, Value::String(_)) => Ok(()),
            (Kind::String | Kind::Character | Kind::Blob | Kind::Timestamp, _) => {
                must_be("a string")
            }
            (Kind::Boolean, Value::Bool(_)) => Ok(()),
            (Kind::Boolean, _) => must_be("a boolean"),
            (_, Value::Number(number)) => {
                let number = number.as_f64().unwrap_or(0.0);
                within(name, shape.min, self.most(reference, shape), number)
            }
            _ => must_be("a number"),
        }
    }

    fn most(&self, reference: &Reference, shape: &Shape) -> Option<f64> {
        let seen = SEEN_MAX
            .iter()
            .find(|(model, name, _)| *model == self.model && *name == reference.shape);
        seen.map(|(_, _, max)| *max).or(shape.max)
    }
}

fn length(name: &str, shape: &Shape, length: usize) -> Result<(), String> {
    let length = length as f64;
    if shape.kind == Kind::Blob && length > 0.0 {
        return Ok(());
    }
    if shape.min.is_some_and(|min| length < min) {
        return Err(format!("Field '{name}' is smaller than the minimum length"));
    }
    if shape.max.is_some_and(|max| length > max) {
        return Err(format!("Field '{name}' exceeds the maximum length"));
    }
    Ok(())
}

fn within(name: &str, min: Option<f64>, max: Option<f64>, number: f64) -> Result<(), String> {
    if min.is_some_and(|min| number < min) {
        return Err(format!("Field '{name}' is less than the minimum value"));
    }
    if max.is_some_and(|max| number > max) {
        return Err(format!("Field '{name}' exceeds the maximum value"));
    }
    Ok(())
}

/// The name of a member as integrations spell it: `executionArn` is `ExecutionArn`.
fn raised(name: &str) -> String {
    let mut letters = name.chars();
    match letters.next() {
        Some(first) => format!("{}{}", first.to_ascii_uppercase(), letters.as_str()),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn said(resource: &str, mode: Mode, result: Value) -> Option<String> {
        let api = api(&format!("arn:aws:states:::{resource}"))?;
        api.structure(api.shape, &result, mode, true).err()
    }

    #[test]
    fn fields_are_as_the_api_says() {
        let strict = |resource, result| said(resource, Mode::Strict, result).unwrap_or_default();
        for (resource, result, what) in [
            (
                "aws-sdk:ec2:describeInstances",
                json!({"Reservations": 1}),
                "'Reservations' must be an array",
            ),
            (
                "aws-sdk:dynamodb:getItem",
                json!({"Item": []}),
                "'Item' must be an object",
            ),
            (
                "dynamodb:getItem",
                json!({"Item": {"a": {"S": 1}}}),
                "'S' must be a string",
            ),
            (
                "dynamodb:getItem",
                json!({"Item": {"a": {"BOOL": 1}}}),
                "'BOOL' must be a boolean",
            ),
            (
                "sqs:sendMessage",
                json!({"MessageId": null}),
                "'MessageId' must be a string",
            ),
            (
                "states:startExecution.sync:2",
                json!({"ExecutionArn": 1}),
                "'ExecutionArn' must be a string",
            ),
            (
                "batch:submitJob.sync",
                json!({"JobName": 1}),
                "'JobName' must be a string",
            ),
        ] {
            let field = format!("Field {what}");
            assert_eq!(strict(resource, result), field, "{resource}");
        }
        let text = "x".repeat(257);
        let long = said(
            "states:startExecution",
            Mode::Present,
            json!({"ExecutionArn": text}),
        );
        assert_eq!(
            long.unwrap(),
            "Field 'ExecutionArn' exceeds the maximum length"
        );
    }

    #[test]
    fn what_nobody_knows_may_be_anything() {
        for resource in [
            "lambda:invoke",
            "aws-sdk:nonsense:do",
            "aws-sdk:s3:nonsense",
            "aws-sdk:s3",
            "http:invoke",
            "sqs:sendMessage.waitForTaskToken",
            "eks:call",
            "",
        ] {
            let result = json!({"Payload": {"a": 1}, "MessageId": 1});
            assert_eq!(said(resource, Mode::Strict, result), None, "{resource}");
        }
        for resource in [
            "arn:aws:lambda:us-east-1:123456789012:function:f",
            "arn:aws:states:us-east-1:123456789012:activity:a",
        ] {
            assert!(check(resource, &json!(1), Mode::Strict).is_ok());
        }
        let parsed = json!({"ExecutionArn": "a", "StateMachineArn": "m", "Status": "SUCCEEDED",
            "StartDate": "d", "Output": {"any": 1}});
        assert_eq!(
            said("states:startExecution.sync:2", Mode::Strict, parsed.clone()),
            None
        );
        assert!(said("states:startExecution.sync", Mode::Strict, parsed).is_some());
    }
}
