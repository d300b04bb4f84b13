//! `arn:aws:states:::states:startExecution`: executions that start others, on this server.
//!
//! Source: AWS Developer Guide, "Start a new state machine from a running execution"; shapes as
//! recorded from AWS.

use std::sync::Arc;
use std::time::SystemTime;

use engine::shapes::MachineType;
use integrations::{Call, Outcome};
use interpreter::{Document, Pattern};
use serde_json::{Map, Value, json};

use super::members;
use super::own::{self, Answer};
use crate::service::Service;

/// How AWS names the service in the errors of this integration.
const PREFIX: &str = "StepFunctions";

/// What `states:` is followed by, of a resource of this integration: `startExecution.sync`.
pub(super) fn action(resource: &str) -> Option<&str> {
    let mut parts = resource.splitn(6, ':');
    let (arn, service) = (parts.next()?, parts.nth(1)?);
    let call = parts.nth(2)?.strip_prefix("states:")?;
    (arn == "arn" && service == "states").then_some(call)
}

/// Starts an execution. Without a name it has that of the call, so that the same call made again after
/// a crash finds what it has started; `again` says that it may be such a one.
pub(super) async fn start(service: &Arc<Service>, call: Call<'_>, again: bool) -> Outcome {
    let given = call.parameters.value();
    let mut request = Map::new();
    for member in ["StateMachineArn", "Name", "TraceHeader"] {
        if let Some(value) = given.get(member).filter(|value| !value.is_null()) {
            request.insert(members::lowered(member), value.clone());
        }
    }
    let input = match given.get("Input") {
        None | Some(Value::Null) => "{}".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
    };
    request.insert("input".to_owned(), Value::String(input.clone()));
    let is_named = request.contains_key("name");
    if !is_named {
        request.insert("name".to_owned(), call.key.to_string().into());
    }
    let request = Value::Object(request);
    if Pattern::of(call.resource) == Pattern::Sync
        && let Some(machine) = given.get("StateMachineArn").and_then(Value::as_str)
        && engine::machine_type(machine, &*service.store, &service.owner)
            .is_ok_and(|kind| kind == Some(MachineType::Express))
    {
        return Err(express(machine));
    }
    let (answer, _) = own::ask(service, "StartExecution", &request).await;
    if answer.exception() == "ExecutionAlreadyExists" && (again || !is_named) {
        let arn = answer.message().split('\'').nth(1).unwrap_or_default();
        let (known, _) = own::ask(
            service,
            "DescribeExecution",
            &json!({ "executionArn": arn }),
        )
        .await;
        if known.is_ok() && known.body["input"].as_str() == Some(&input) {
            let started = json!({
                "executionArn": known.body["executionArn"], "startDate": known.body["startDate"],
            });
            return Ok(result(Answer {
                body: started,
                ..known
            }));
        }
    }
    match answer.is_ok() {
        true => Ok(result(answer)),
        false => Err(refused(&answer)),
    }
}

/// The execution that [`start`] has started.
pub(super) fn execution_arn(submitted: &Document) -> Option<String> {
    let arn = submitted
        .value()
        .get("ExecutionArn")
        .and_then(Value::as_str);
    arn.map(str::to_owned)
}

/// Waits for the end of what [`start`] has started: the result is what is known of it then. With
/// `.sync:2` its input and output are JSON, and texts otherwise.
pub(super) async fn watch(service: &Arc<Service>, resource: &str, submitted: &Document) -> Outcome {
    let arn = execution_arn(submitted).unwrap_or_default();
    loop {
        // Before it is looked at: it may end in between.
        let end = service.driver.closings().of(&arn);
        let (answer, _) = own::ask(
            service,
            "DescribeExecution",
            &json!({ "executionArn": arn }),
        )
        .await;
        if !answer.is_ok() {
            return Err(refused(&answer));
        }
        match answer.body["status"].as_str() {
            Some("RUNNING" | "PENDING_REDRIVE") => {
                // The server is stopping, when nobody can tell any more.
                if end.await.is_err() {
                    std::future::pending::<()>().await;
                }
            }
            status => {
                let succeeded = status == Some("SUCCEEDED");
                return ended(answer.body, resource.ends_with(":2"), succeeded);
            }
        }
    }
}

/// What an execution that waits for another does when it is stopped: it stops the other.
pub(super) async fn stop(service: &Arc<Service>, execution_arn: &str) {
    own::ask(
        service,
        "StopExecution",
        &json!({ "executionArn": execution_arn }),
    )
    .await;
}

/// Members that tell of an execution that has ended; others are newer than this integration.
const TOLD: &[&str] = &[
    "cause",
    "error",
    "executionArn",
    "input",
    "inputDetails",
    "name",
    "output",
    "outputDetails",
    "startDate",
    "stateMachineArn",
    "status",
    "stopDate",
    "traceHeader",
];

fn ended(described: Value, as_json: bool, succeeded: bool) -> Outcome {
    let Value::Object(members) = described else {
        let cause = "The execution could not be described.";
        return Err(("States.TaskFailed".to_owned(), cause.to_owned()));
    };
    let told = members
        .into_iter()
        .filter(|(name, _)| TOLD.contains(&name.as_str()));
    let mut told = members::raise(Value::Object(told.collect()));
    if as_json {
        for member in ["Input", "Output"] {
            if let Some(text) = told.get(member).and_then(Value::as_str)
                && let Ok(value) = serde_json::from_str(text)
            {
                told[member] = value;
            }
        }
    }
    match succeeded {
        true => Ok(Document::from_value(told)),
        false => Err(("States.TaskFailed".to_owned(), told.to_string())),
    }
}

/// An answer with what the SDK says of the call.
fn result(answer: Answer) -> Document {
    let headers = [
        ("Content-Length", answer.length.to_string()),
        ("Content-Type", api::CONTENT_TYPE.to_owned()),
        ("Date", httpdate::fmt_http_date(SystemTime::now())),
        ("connection", "keep-alive".to_owned()),
        ("x-amzn-RequestId", answer.request_id.clone()),
    ];
    let (mut all, mut first) = (Map::new(), Map::new());
    for (name, value) in headers {
        all.insert(name.to_owned(), json!([value]));
        first.insert(name.to_owned(), value.into());
    }
    let mut result = members::raise(answer.body);
    result["SdkHttpMetadata"] = json!({
        "AllHttpHeaders": all, "HttpHeaders": first, "HttpStatusCode": answer.status,
    });
    result["SdkResponseMetadata"] = json!({ "RequestId": answer.request_id });
    Document::from_value(result)
}

/// An EXPRESS execution can be waited for in another way.
fn express(state_machine_arn: &str) -> (String, String) {
    let cause = format!(
        "The state machine '{state_machine_arn}' is EXPRESS: wait for its executions with \
         arn:aws:states:::aws-sdk:sfn:startSyncExecution, or start them with startExecution."
    );
    (
        format!("{PREFIX}.StateMachineTypeNotSupportedException"),
        cause,
    )
}

fn refused(answer: &Answer) -> (String, String) {
    let cause = format!(
        "{} (Service: AWSStepFunctions; Status Code: {}; Error Code: {}; Request ID: {}; Proxy: null)",
        answer.message(),
        answer.status,
        answer.exception(),
        answer.request_id
    );
    (format!("{PREFIX}.{}", answer.exception_of_sdk()), cause)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resources_of_this_integration_are_known() {
        for (resource, expected) in [
            (
                "arn:aws:states:::states:startExecution",
                Some("startExecution"),
            ),
            (
                "arn:aws-cn:states:::states:startExecution.sync:2",
                Some("startExecution.sync:2"),
            ),
            ("arn:aws:states:::aws-sdk:sfn:startExecution", None),
            (
                "arn:aws:lambda:us-east-1:000000000000:function:states:f",
                None,
            ),
            ("states", None),
        ] {
            assert_eq!(action(resource), expected, "{resource}");
        }
    }

    #[test]
    fn an_end_is_told_as_text_or_as_json() {
        let described = json!({
            "executionArn": "a", "status": "SUCCEEDED", "input": "{}", "output": "{\"a\":1}",
            "startDate": 1.5, "redriveCount": 0, "inputDetails": {"included": true},
        });
        let text = ended(described.clone(), false, true).unwrap();
        assert_eq!(
            *text.value(),
            json!({
                "ExecutionArn": "a", "Status": "SUCCEEDED", "Input": "{}", "Output": "{\"a\":1}",
                "StartDate": "1970-01-01T00:00:01.500Z", "InputDetails": {"Included": true},
            })
        );
        let json = ended(described.clone(), true, true).unwrap();
        assert_eq!(json.value()["Output"], json!({"a": 1}));
        let (error, cause) = ended(described, true, false).unwrap_err();
        assert_eq!(error, "States.TaskFailed");
        let cause: Value = serde_json::from_str(&cause).unwrap();
        assert_eq!(cause["ExecutionArn"], "a");
    }
}
