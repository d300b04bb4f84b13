//! One request and one answer of every operation, with as many members as it may have.
#![allow(dead_code, clippy::unwrap_used)]

mod events;

use api::{Answer, CONTENT_TYPE, Door, DoorOptions, Head, Received};
use engine::arn::Owner;
use engine::operations as op;
use engine::shapes::{
    ActivityListItem, ActivityTask, AliasListItem, EncryptionConfiguration, ExecutionDescription,
    ExecutionListItem, LoggingConfiguration, MachineStatus, MachineType, MapRunCounts,
    MapRunDescription, MapRunListItem, MapRunStatus, Routing, StateMachineDescription,
    StateMachineListItem, Tag, VersionListItem,
};
use engine::{Operation, Response};
use interpreter::{Document, Status};
use serde_json::{Value, json};
use store::{ExecutionId, ListingCursor};

pub use events::events;

pub const NOW_MS: i64 = 1_700_000_000_123;
pub const DEFINITION: &str = r#"{"StartAt":"A","States":{"A":{"Type":"Pass","End":true}}}"#;
pub const ACTIVITY: &str = "arn:aws:states:us-east-1:123456789012:activity:a";
pub const MACHINE: &str = "arn:aws:states:us-east-1:123456789012:stateMachine:m";
pub const EXECUTION: &str = "arn:aws:states:us-east-1:123456789012:execution:m:e";
pub const MAP_RUN: &str =
    "arn:aws:states:us-east-1:123456789012:mapRun:m/label:0d9f6d2c-2f4b-4c0f-8f0e-0e4d6c1f7a11";
pub const ROLE: &str = "arn:aws:iam::123456789012:role/r";
const LOG_GROUP: &str = "arn:aws:logs:us-east-1:123456789012:log-group:g:*";

pub fn door() -> Door {
    Door::new(DoorOptions {
        owner: Owner {
            partition: "aws".into(),
            region: "us-east-1".into(),
            account: "123456789012".into(),
        },
        page_key: [7; 32],
        // Above what AWS takes, so that the longest definition can be sent.
        limits: api::DoorLimits {
            body_bytes_max: 4 * api::BODY_BYTES_MAX,
            ..api::DoorLimits::default()
        },
    })
}

pub fn head(target: &str) -> Head<'_> {
    Head {
        method: "POST",
        path: "/",
        target: Some(target),
        content_type: Some(CONTENT_TYPE),
        ..Head::default()
    }
}

pub fn send_bytes(operation: &str, body: &[u8]) -> Result<Received, Answer> {
    let target = format!("AWSStepFunctions.{operation}");
    door().receive(&head(&target), body, NOW_MS)
}

pub fn send(operation: &str, body: &Value) -> Result<Received, Answer> {
    send_bytes(operation, body.to_string().as_bytes())
}

pub fn read(answer: &Answer) -> Value {
    assert_eq!(answer.content_type, CONTENT_TYPE);
    serde_json::from_slice(&answer.body).expect("an answer is JSON")
}

pub fn request(operation: Operation) -> Value {
    let tags = json!([{"key": "k", "value": "v"}]);
    let encryption = json!({
        "type": "CUSTOMER_MANAGED_KMS_KEY",
        "kmsKeyId": "alias/k",
        "kmsDataKeyReusePeriodSeconds": 300,
    });
    let logging = json!({
        "level": "ALL",
        "includeExecutionData": true,
        "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": LOG_GROUP}}],
    });
    match operation {
        Operation::CreateActivity => {
            json!({"name": "a", "tags": tags, "encryptionConfiguration": encryption})
        }
        Operation::DescribeActivity | Operation::DeleteActivity => {
            json!({"activityArn": ACTIVITY})
        }
        Operation::ListActivities | Operation::ListStateMachines => json!({"maxResults": 10}),
        Operation::GetActivityTask => json!({"activityArn": ACTIVITY, "workerName": "w"}),
        Operation::SendTaskSuccess => json!({"taskToken": "t", "output": "{}"}),
        Operation::SendTaskFailure => json!({"taskToken": "t", "error": "E", "cause": "c"}),
        Operation::SendTaskHeartbeat => json!({"taskToken": "t"}),
        Operation::CreateStateMachine => json!({
            "name": "m",
            "definition": DEFINITION,
            "roleArn": ROLE,
            "type": "STANDARD",
            "loggingConfiguration": logging,
            "tags": tags,
            "tracingConfiguration": {"enabled": true},
            "publish": true,
            "versionDescription": "d",
            "encryptionConfiguration": encryption,
        }),
        Operation::UpdateStateMachine => json!({
            "stateMachineArn": MACHINE,
            "definition": DEFINITION,
            "roleArn": ROLE,
            "loggingConfiguration": logging,
            "tracingConfiguration": {"enabled": true},
            "publish": true,
            "versionDescription": "d",
            "encryptionConfiguration": encryption,
        }),
        Operation::DescribeStateMachine => {
            json!({"stateMachineArn": MACHINE, "includedData": "ALL_DATA"})
        }
        Operation::DeleteStateMachine => json!({"stateMachineArn": MACHINE}),
        Operation::PublishStateMachineVersion => {
            json!({"stateMachineArn": MACHINE, "revisionId": "r", "description": "d"})
        }
        Operation::ListStateMachineVersions | Operation::ListStateMachineAliases => {
            json!({"stateMachineArn": MACHINE, "maxResults": 10})
        }
        Operation::DeleteStateMachineVersion => {
            json!({"stateMachineVersionArn": format!("{MACHINE}:1")})
        }
        Operation::CreateStateMachineAlias => json!({
            "name": "PROD",
            "description": "d",
            "routingConfiguration": [{"stateMachineVersionArn": format!("{MACHINE}:1"), "weight": 100}],
        }),
        Operation::UpdateStateMachineAlias => json!({
            "stateMachineAliasArn": format!("{MACHINE}:PROD"),
            "description": "d",
            "routingConfiguration": [{"stateMachineVersionArn": format!("{MACHINE}:1"), "weight": 100}],
        }),
        Operation::DescribeStateMachineAlias | Operation::DeleteStateMachineAlias => {
            json!({"stateMachineAliasArn": format!("{MACHINE}:PROD")})
        }
        Operation::StartExecution => json!({
            "stateMachineArn": MACHINE,
            "name": "e",
            "input": "{}",
            "traceHeader": "Root=1",
        }),
        Operation::StartSyncExecution => json!({
            "stateMachineArn": MACHINE,
            "name": "e",
            "input": "{}",
            "traceHeader": "Root=1",
            "includedData": "METADATA_ONLY",
        }),
        Operation::DescribeExecution | Operation::DescribeStateMachineForExecution => {
            json!({"executionArn": EXECUTION, "includedData": "METADATA_ONLY"})
        }
        Operation::StopExecution => {
            json!({"executionArn": EXECUTION, "error": "E", "cause": "c"})
        }
        Operation::RedriveExecution => {
            json!({"executionArn": EXECUTION, "clientToken": "c"})
        }
        Operation::ListExecutions => json!({
            "stateMachineArn": MACHINE,
            "statusFilter": "FAILED",
            "redriveFilter": "REDRIVEN",
            "maxResults": 10,
        }),
        Operation::GetExecutionHistory => json!({
            "executionArn": EXECUTION,
            "maxResults": 10,
            "reverseOrder": true,
            "includeExecutionData": true,
        }),
        Operation::DescribeMapRun => json!({"mapRunArn": MAP_RUN}),
        Operation::ListMapRuns => json!({"executionArn": EXECUTION, "maxResults": 10}),
        Operation::UpdateMapRun => json!({
            "mapRunArn": MAP_RUN,
            "maxConcurrency": 10,
            "toleratedFailurePercentage": 12.5,
            "toleratedFailureCount": 3,
        }),
        Operation::TagResource => json!({"resourceArn": MACHINE, "tags": tags}),
        Operation::UntagResource => json!({"resourceArn": MACHINE, "tagKeys": ["k"]}),
        Operation::ListTagsForResource => json!({"resourceArn": MACHINE}),
        Operation::ValidateStateMachineDefinition => json!({
            "definition": DEFINITION,
            "type": "EXPRESS",
            "severity": "WARNING",
            "maxResults": 10,
        }),
        Operation::TestState => json!({
            "definition": r#"{"StartAt":"A","States":{"A":{"Type":"Map","ItemProcessor":{"StartAt":"B","States":{"B":{"Type":"Pass","End":true}}},"End":true}}}"#,
            "roleArn": ROLE,
            "input": "[1]",
            "inspectionLevel": "TRACE",
            "revealSecrets": false,
            "variables": r#"{"x": 1}"#,
            "stateName": "A",
            "mock": {"result": "[1]", "fieldValidationMode": "PRESENT"},
            "context": "{}",
            "stateConfiguration": {
                "retrierRetryCount": 1,
                "errorCausedByState": "B",
                "mapIterationFailureCount": 0,
                "mapItemReaderData": "[1]",
            },
        }),
    }
}

pub fn response(operation: Operation) -> Response {
    match operation {
        Operation::CreateActivity => Response::CreateActivity(op::create_activity::Response {
            activity_arn: ACTIVITY.into(),
            creation_ms: NOW_MS,
        }),
        Operation::DescribeActivity => {
            Response::DescribeActivity(op::describe_activity::Response {
                activity_arn: ACTIVITY.into(),
                name: "a".into(),
                creation_ms: NOW_MS,
                encryption: encryption(),
            })
        }
        Operation::ListActivities => Response::ListActivities(op::list_activities::Response {
            activities: vec![ActivityListItem {
                activity_arn: ACTIVITY.into(),
                name: "a".into(),
                creation_ms: NOW_MS,
            }],
            next: Some("a".into()),
        }),
        Operation::DeleteActivity => Response::DeleteActivity(op::delete_activity::Response {}),
        Operation::GetActivityTask => Response::GetActivityTask(op::get_activity_task::Response {
            task: Some(ActivityTask {
                task_token: "t".into(),
                input: document(),
            }),
        }),
        Operation::SendTaskSuccess => Response::SendTaskSuccess(op::send_task_success::Response {}),
        Operation::SendTaskFailure => Response::SendTaskFailure(op::send_task_failure::Response {}),
        Operation::SendTaskHeartbeat => {
            Response::SendTaskHeartbeat(op::send_task_heartbeat::Response {})
        }
        Operation::CreateStateMachine => {
            Response::CreateStateMachine(op::create_state_machine::Response {
                state_machine_arn: MACHINE.into(),
                creation_ms: NOW_MS,
                state_machine_version_arn: Some(format!("{MACHINE}:1")),
            })
        }
        Operation::DescribeStateMachine => {
            Response::DescribeStateMachine(op::describe_state_machine::Response {
                description: machine(),
            })
        }
        Operation::UpdateStateMachine => {
            Response::UpdateStateMachine(op::update_state_machine::Response {
                update_ms: NOW_MS,
                revision_id: Some("r".into()),
                state_machine_version_arn: Some(format!("{MACHINE}:2")),
            })
        }
        Operation::DeleteStateMachine => {
            Response::DeleteStateMachine(op::delete_state_machine::Response {})
        }
        Operation::ListStateMachines => {
            Response::ListStateMachines(op::list_state_machines::Response {
                state_machines: vec![StateMachineListItem {
                    state_machine_arn: MACHINE.into(),
                    name: "m".into(),
                    machine_type: MachineType::Express,
                    creation_ms: NOW_MS,
                }],
                next: Some("m".into()),
            })
        }
        Operation::PublishStateMachineVersion => {
            Response::PublishStateMachineVersion(op::publish_state_machine_version::Response {
                creation_ms: NOW_MS,
                state_machine_version_arn: format!("{MACHINE}:1"),
            })
        }
        Operation::ListStateMachineVersions => {
            Response::ListStateMachineVersions(op::list_state_machine_versions::Response {
                versions: vec![VersionListItem {
                    state_machine_version_arn: format!("{MACHINE}:1"),
                    creation_ms: NOW_MS,
                }],
                next: Some(1),
            })
        }
        Operation::DeleteStateMachineVersion => {
            Response::DeleteStateMachineVersion(op::delete_state_machine_version::Response {})
        }
        Operation::CreateStateMachineAlias => {
            Response::CreateStateMachineAlias(op::create_state_machine_alias::Response {
                state_machine_alias_arn: format!("{MACHINE}:PROD"),
                creation_ms: NOW_MS,
            })
        }
        Operation::DescribeStateMachineAlias => {
            Response::DescribeStateMachineAlias(op::describe_state_machine_alias::Response {
                state_machine_alias_arn: format!("{MACHINE}:PROD"),
                name: "PROD".into(),
                description: Some("d".into()),
                routing: vec![Routing {
                    state_machine_version_arn: format!("{MACHINE}:1"),
                    weight: 100,
                }],
                creation_ms: NOW_MS,
                update_ms: NOW_MS,
            })
        }
        Operation::UpdateStateMachineAlias => {
            Response::UpdateStateMachineAlias(op::update_state_machine_alias::Response {
                update_ms: NOW_MS,
            })
        }
        Operation::DeleteStateMachineAlias => {
            Response::DeleteStateMachineAlias(op::delete_state_machine_alias::Response {})
        }
        Operation::ListStateMachineAliases => {
            Response::ListStateMachineAliases(op::list_state_machine_aliases::Response {
                aliases: vec![AliasListItem {
                    state_machine_alias_arn: format!("{MACHINE}:PROD"),
                    creation_ms: NOW_MS,
                }],
                next: Some((NOW_MS, "PROD".into())),
            })
        }
        Operation::StartExecution => Response::StartExecution(op::start_execution::Response {
            execution_arn: EXECUTION.into(),
            start_ms: NOW_MS,
        }),
        Operation::StartSyncExecution => {
            Response::StartSyncExecution(op::start_sync_execution::Response {
                execution_arn: EXECUTION.into(),
                state_machine_arn: MACHINE.into(),
                name: "e".into(),
                start_ms: NOW_MS,
                stop_ms: NOW_MS,
                status: Status::Failed,
                error: Some("E".into()),
                cause: Some("c".into()),
                input: Some(Document::from_text("{}")),
                output: Some(Document::from_text("[1]")),
                trace_header: Some("Root=1".into()),
                billed_ms: 100,
                billed_memory_mb: 64,
            })
        }
        Operation::DescribeExecution => {
            Response::DescribeExecution(op::describe_execution::Response {
                description: execution(),
            })
        }
        Operation::DescribeStateMachineForExecution => Response::DescribeStateMachineForExecution(
            op::describe_state_machine_for_execution::Response {
                description: machine(),
                update_ms: NOW_MS,
            },
        ),
        Operation::StopExecution => {
            Response::StopExecution(op::stop_execution::Response { stop_ms: NOW_MS })
        }
        Operation::RedriveExecution => {
            Response::RedriveExecution(op::redrive_execution::Response { redrive_ms: NOW_MS })
        }
        Operation::ListExecutions => Response::ListExecutions(op::list_executions::Response {
            executions: vec![ExecutionListItem {
                execution_arn: EXECUTION.into(),
                state_machine_arn: MACHINE.into(),
                name: "e".into(),
                status: Status::Aborted,
                start_ms: NOW_MS,
                stop_ms: Some(NOW_MS),
                state_machine_version_arn: Some(format!("{MACHINE}:1")),
                state_machine_alias_arn: Some(format!("{MACHINE}:PROD")),
                redrive_count: 1,
                redrive_ms: Some(NOW_MS),
                map_run_arn: Some(MAP_RUN.into()),
                item_count: Some(2),
            }],
            next: Some(ListingCursor {
                time_ms: NOW_MS,
                execution: ExecutionId([9; 16]),
            }),
        }),
        Operation::GetExecutionHistory => {
            Response::GetExecutionHistory(op::get_execution_history::Response {
                events: events(),
                next: Some(5),
            })
        }
        Operation::DescribeMapRun => Response::DescribeMapRun(op::describe_map_run::Response {
            description: map_run(),
        }),
        Operation::ListMapRuns => Response::ListMapRuns(op::list_map_runs::Response {
            map_runs: vec![MapRunListItem {
                execution_arn: EXECUTION.into(),
                map_run_arn: MAP_RUN.into(),
                state_machine_arn: format!("{MACHINE}/label"),
                start_ms: NOW_MS,
                stop_ms: Some(NOW_MS),
            }],
            next: Some("id".into()),
        }),
        Operation::UpdateMapRun => Response::UpdateMapRun(op::update_map_run::Response {}),
        Operation::TagResource => Response::TagResource(op::tag_resource::Response {}),
        Operation::UntagResource => Response::UntagResource(op::untag_resource::Response {}),
        Operation::ListTagsForResource => {
            Response::ListTagsForResource(op::list_tags_for_resource::Response {
                tags: vec![Tag {
                    key: "k".into(),
                    value: "v".into(),
                }],
            })
        }
        Operation::ValidateStateMachineDefinition => Response::ValidateStateMachineDefinition(
            op::validate_state_machine_definition::Response {
                valid: false,
                diagnostics: vec![asl::Diagnostic {
                    severity: asl::Severity::Error,
                    code: "SCHEMA_VALIDATION_FAILED",
                    message: "These fields are required: [States]".into(),
                    location: Some("/".into()),
                    offset: Some(0),
                }],
                truncated: true,
            },
        ),
        Operation::TestState => Response::TestState(Box::new(tested())),
    }
}

fn tested() -> op::test_state::Response {
    use interpreter::test_state::{ErrorDetails, Inspection, Outcome, Stage, TestStatus};
    let stages = [
        Stage::InputPath,
        Stage::Parameters,
        Stage::Arguments,
        Stage::ItemsPath,
        Stage::ItemsPointer,
        Stage::ItemSelector,
        Stage::ItemBatcher,
        Stage::Result,
        Stage::ResultSelector,
        Stage::ResultPath,
    ];
    op::test_state::Response {
        outcome: Outcome {
            status: TestStatus::CaughtError,
            output: Some(document()),
            failure: Some(interpreter::Failure {
                error: Some("E".into()),
                cause: Some("c".into()),
            }),
            next_state: Some("N".into()),
            inspection: Inspection {
                input: Some(document()),
                stages: stages.map(|stage| (stage, document())).into(),
                max_concurrency: Some(1),
                tolerated_failure_count: Some(2),
                tolerated_failure_percentage: Some(50.0),
                variables: Some(document()),
                error_details: Some(ErrorDetails {
                    catch_index: Some(0),
                    retry_index: Some(1),
                    retry_backoff_seconds: Some(2),
                }),
            },
        },
        inspected: true,
        http: Some(op::test_state::HttpExchange {
            protocol: "https".to_owned(),
            method: "POST".to_owned(),
            url: "https://api.example/".to_owned(),
            headers: "[a: b]".to_owned(),
            body: "{}".to_owned(),
            response: Some(op::test_state::HttpResponse {
                status_code: 200,
                status_message: "OK".to_owned(),
                headers: "[c: d]".to_owned(),
                body: "{}".to_owned(),
            }),
        }),
    }
}

pub fn document() -> Document {
    Document::from_text(r#"{"a": 1.0}"#)
}

fn encryption() -> EncryptionConfiguration {
    EncryptionConfiguration {
        kind: "CUSTOMER_MANAGED_KMS_KEY".into(),
        kms_key_id: Some("k".into()),
        reuse_period_seconds: Some(300),
    }
}

fn machine() -> StateMachineDescription {
    StateMachineDescription {
        state_machine_arn: MACHINE.into(),
        name: "m".into(),
        status: MachineStatus::Active,
        definition: Some(DEFINITION.into()),
        role_arn: ROLE.into(),
        machine_type: MachineType::Standard,
        creation_ms: NOW_MS,
        logging: LoggingConfiguration {
            level: "ALL".into(),
            include_execution_data: true,
            destinations: Some(vec![LOG_GROUP.into()]),
        },
        tracing: true,
        encryption: encryption(),
        revision_id: Some("r".into()),
        description: Some("d".into()),
        label: Some("l".into()),
        map_run_arn: Some(MAP_RUN.into()),
        variable_references: vec![("A".into(), vec!["x".into(), "y".into()])],
    }
}

fn map_run() -> MapRunDescription {
    let counts = MapRunCounts {
        total: 1,
        succeeded: 1,
        failures_not_redrivable: Some(0),
        pending_redrive: Some(0),
        ..MapRunCounts::default()
    };
    MapRunDescription {
        map_run_arn: MAP_RUN.into(),
        execution_arn: EXECUTION.into(),
        status: MapRunStatus::Succeeded,
        start_ms: NOW_MS,
        stop_ms: Some(NOW_MS),
        max_concurrency: 10,
        tolerated_failure_percentage: 0.0,
        tolerated_failure_count: 3,
        item_counts: counts,
        execution_counts: counts,
        redrive_count: 1,
        redrive_ms: Some(NOW_MS),
    }
}

pub fn execution() -> ExecutionDescription {
    ExecutionDescription {
        execution_arn: EXECUTION.into(),
        state_machine_arn: MACHINE.into(),
        name: "e".into(),
        status: Status::Failed,
        start_ms: NOW_MS,
        stop_ms: Some(NOW_MS + 1),
        input: Some(document()),
        output: Some(document()),
        trace_header: Some("Root=1".into()),
        error: Some("E".into()),
        cause: Some("c".into()),
        state_machine_version_arn: Some(format!("{MACHINE}:1")),
        state_machine_alias_arn: Some(format!("{MACHINE}:PROD")),
        redrive_count: 1,
        redrive_ms: Some(NOW_MS),
        map_run_arn: Some(MAP_RUN.into()),
        redrive_status: ("NOT_REDRIVABLE".into(), Some("reason".into())),
    }
}

/// The sample request with one member replaced, or taken away.
pub fn with(operation: Operation, pointer: &str, value: Option<Value>) -> Value {
    let mut body = request(operation);
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    // Some members exclude one another, so the sample cannot have all.
    let mut at = &mut body;
    for part in parent.split('/').skip(1) {
        at = match at {
            Value::Array(items) => &mut items[0],
            object => &mut object[part],
        };
        if at.is_null() {
            *at = json!({});
        }
    }
    match at {
        Value::Object(members) => match value {
            Some(value) => drop(members.insert(name.to_owned(), value)),
            None => drop(
                members
                    .shift_remove(name)
                    .expect("the sample has the member"),
            ),
        },
        Value::Array(items) => items[0] = value.unwrap(),
        other => panic!("{other} holds nothing"),
    }
    body
}
