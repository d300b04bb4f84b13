//! The AWS SDK for Rust: an activity's task from start to end, a synchronous execution, an error's
//! type and paging. Prints what it saw as JSON.
//!
//! `sdk-smoke ENDPOINT ROLE_ARN`

use std::error::Error;

use aws_sdk_sfn::Client;
use aws_sdk_sfn::config::interceptors::BeforeTransmitInterceptorContextMut;
use aws_sdk_sfn::config::retry::RetryConfig;
use aws_sdk_sfn::config::{
    BehaviorVersion, Config, ConfigBag, Credentials, Intercept, Region, RuntimeComponents,
};
use aws_sdk_sfn::error::BoxError;
use aws_sdk_sfn::types::StateMachineType;
use serde_json::json;

/// Sends every request to the endpoint as it was given.
///
/// The SDK puts `sync-` before the host of `StartSyncExecution` and `TestState`, and has no switch
/// for that.
#[derive(Debug)]
struct NoHostPrefix(String);

impl Intercept for NoHostPrefix {
    fn name(&self) -> &'static str {
        "NoHostPrefix"
    }

    fn modify_before_signing(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        Ok(context.request_mut().uri_mut().set_endpoint(&self.0)?)
    }
}

fn client(endpoint: &str) -> Client {
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("test", "test", None, None, "smoke"))
        .retry_config(RetryConfig::disabled())
        .endpoint_url(endpoint)
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .interceptor(NoHostPrefix(endpoint.to_owned()))
        .build();
    Client::from_conf(config)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(endpoint), Some(role)) = (arguments.next(), arguments.next()) else {
        return Err("usage: sdk-smoke ENDPOINT ROLE_ARN".into());
    };
    let sfn = client(&endpoint);

    let activity = sfn.create_activity().name("rust").send().await?;
    let activity = activity.activity_arn();
    let state = json!({ "Type": "Task", "Resource": activity, "End": true });
    let machine = sfn
        .create_state_machine()
        .name("rust")
        .role_arn(&role)
        .definition(json!({ "StartAt": "Only", "States": { "Only": state } }).to_string())
        .send()
        .await?;
    let execution = sfn
        .start_execution()
        .state_machine_arn(machine.state_machine_arn())
        .input(r#"{"from":"rust"}"#)
        .send()
        .await?;
    let task = sfn
        .get_activity_task()
        .activity_arn(activity)
        .worker_name("rust")
        .send()
        .await?;
    let token = task.task_token().ok_or("the poll brought no task")?;
    sfn.send_task_heartbeat().task_token(token).send().await?;
    sfn.send_task_success()
        .task_token(token)
        .set_output(task.input().map(str::to_owned))
        .send()
        .await?;
    let late = sfn.send_task_heartbeat().task_token(token).send().await;
    let late = late.expect_err("the task is over").into_service_error();
    let described = sfn
        .describe_execution()
        .execution_arn(execution.execution_arn())
        .send()
        .await?;
    let mut events = sfn
        .get_execution_history()
        .execution_arn(execution.execution_arn())
        .max_results(2)
        .into_paginator()
        .items()
        .send();
    let mut types = Vec::new();
    while let Some(event) = events.next().await {
        types.push(event?.r#type().as_str().to_owned());
    }

    let express = sfn
        .create_state_machine()
        .name("rust-express")
        .role_arn(&role)
        .r#type(StateMachineType::Express)
        .definition(r#"{"StartAt":"A","States":{"A":{"Type":"Pass","Result":7,"End":true}}}"#)
        .send()
        .await?;
    let synchronous = sfn
        .start_sync_execution()
        .state_machine_arn(express.state_machine_arn())
        .send()
        .await?;
    let tried = sfn
        .test_state()
        .role_arn(&role)
        .definition(r#"{"Type":"Pass","Result":8,"End":true}"#)
        .send()
        .await?;

    let seen = json!({
        "input": task.input(),
        "status": described.status().as_str(),
        "output": described.output(),
        "dated": described.stop_date().is_some_and(|stop| stop >= described.start_date()),
        "types": types,
        "late": late.is_task_timed_out(),
        "synchronous": [synchronous.status().as_str(), synchronous.output()],
        "tried": [tried.status().map(|status| status.as_str()), tried.output()],
    });
    println!("{seen}");
    Ok(())
}
