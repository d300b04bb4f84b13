//! History events.

use std::sync::Arc;

use interpreter::{Event, EventDetails, Failure, StateType};

use super::{ACTIVITY, MACHINE, NOW_MS, ROLE, document};

/// One event of every kind.
pub fn events() -> Vec<Event> {
    let text = |text: &str| -> Arc<str> { text.into() };
    let failure = || Failure {
        error: Some("E".into()),
        cause: Some("c".into()),
    };
    let (resource_type, resource) = (text("lambda"), text("invoke"));
    let mut details = vec![
        EventDetails::ExecutionStarted {
            input: document(),
            role_arn: ROLE.into(),
            state_machine_alias_arn: Some(format!("{MACHINE}:PROD").into()),
            state_machine_version_arn: Some(format!("{MACHINE}:1").into()),
        },
        EventDetails::ExecutionSucceeded { output: document() },
        EventDetails::ExecutionFailed(failure()),
        EventDetails::ExecutionAborted(failure()),
        EventDetails::ExecutionTimedOut(failure()),
        EventDetails::ActivityScheduled {
            resource: ACTIVITY.into(),
            input: document(),
            timeout_in_seconds: Some(60),
            heartbeat_in_seconds: Some(10),
        },
        EventDetails::ActivityStarted {
            worker_name: Some("w".into()),
        },
        EventDetails::ActivitySucceeded { output: document() },
        EventDetails::ActivityFailed(failure()),
        EventDetails::ActivityTimedOut(failure()),
        EventDetails::ActivityScheduleFailed(failure()),
        EventDetails::TaskScheduled {
            resource_type: resource_type.clone(),
            resource: resource.clone(),
            region: text("us-east-1"),
            parameters: document(),
            timeout_in_seconds: Some(60),
            heartbeat_in_seconds: Some(10),
            task_role_arn: Some(text("arn:aws:iam::123456789012:role/task")),
        },
        EventDetails::TaskStarted {
            resource_type: resource_type.clone(),
            resource: resource.clone(),
        },
        EventDetails::TaskSubmitted {
            resource_type: resource_type.clone(),
            resource: resource.clone(),
            output: document(),
        },
        EventDetails::TaskSucceeded {
            resource_type: resource_type.clone(),
            resource: resource.clone(),
            output: document(),
        },
        EventDetails::TaskFailed {
            resource_type: resource_type.clone(),
            resource: resource.clone(),
            failure: failure(),
        },
        EventDetails::TaskTimedOut {
            resource_type: resource_type.clone(),
            resource: resource.clone(),
            failure: failure(),
        },
        EventDetails::TaskStartFailed {
            resource_type: resource_type.clone(),
            resource: resource.clone(),
            failure: failure(),
        },
        EventDetails::TaskSubmitFailed {
            resource_type,
            resource,
            failure: failure(),
        },
        EventDetails::LambdaFunctionScheduled {
            resource: text("arn:aws:lambda:us-east-1:123456789012:function:f"),
            input: document(),
            timeout_in_seconds: Some(60),
            task_role_arn: Some(text("arn:aws:iam::123456789012:role/task")),
        },
        EventDetails::LambdaFunctionStarted,
        EventDetails::LambdaFunctionSucceeded { output: document() },
        EventDetails::LambdaFunctionFailed(failure()),
        EventDetails::LambdaFunctionTimedOut(failure()),
        EventDetails::LambdaFunctionScheduleFailed(failure()),
        EventDetails::LambdaFunctionStartFailed(failure()),
        EventDetails::ParallelStateStarted,
        EventDetails::ParallelStateSucceeded,
        EventDetails::ParallelStateFailed,
        EventDetails::MapStateStarted { length: 3 },
        EventDetails::MapStateSucceeded,
        EventDetails::MapStateFailed,
        EventDetails::MapIterationStarted {
            name: text("M"),
            index: 0,
        },
        EventDetails::MapIterationSucceeded {
            name: text("M"),
            index: 0,
        },
        EventDetails::MapIterationFailed {
            name: text("M"),
            index: 0,
        },
        EventDetails::MapIterationAborted {
            name: text("M"),
            index: 0,
        },
        EventDetails::EvaluationFailed {
            failure: failure(),
            location: Some(text("Output")),
            state: text("A"),
        },
        EventDetails::ExecutionRedriven { redrive_count: 1 },
        EventDetails::MapRunStarted {
            map_run_arn: text("run"),
        },
        EventDetails::MapRunSucceeded,
        EventDetails::MapRunFailed(failure()),
        EventDetails::MapRunAborted,
        EventDetails::MapRunRedriven {
            map_run_arn: text("run"),
            redrive_count: 1,
        },
    ];
    use StateType::*;
    for state_type in [Task, Pass, Choice, Wait, Succeed, Fail, Parallel, Map] {
        details.push(EventDetails::StateEntered {
            state_type,
            name: text("A"),
            input: document(),
        });
    }
    for state_type in [Task, Pass, Choice, Wait, Succeed, Parallel, Map] {
        details.push(EventDetails::StateExited {
            state_type,
            name: text("A"),
            output: document(),
            assigned_variables: vec![(text("x"), text("1"))],
        });
    }
    for state_type in [Task, Wait, Parallel, Map] {
        details.push(EventDetails::StateAborted { state_type });
    }
    (1..)
        .zip(details)
        .map(|(id, details)| Event {
            id,
            previous: id - 1,
            timestamp_ms: NOW_MS,
            details,
        })
        .collect()
}
