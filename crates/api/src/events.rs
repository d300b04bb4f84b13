//! History events, as `GetExecutionHistory` and execution logs show them.

use std::sync::Arc;

use interpreter::{Document, Event, EventDetails, Failure, StateType};

use crate::write::{self, Object};

/// Writes one event. Without `include_data` inputs, outputs and variables are left out; the objects
/// that would hold them stay.
pub(crate) fn write(out: &mut Object<'_>, event: &Event, include_data: bool) {
    out.moment("timestamp", event.timestamp_ms);
    out.number("id", event.id.into());
    out.number("previousEventId", event.previous.into());
    Details {
        out,
        include_data,
        shape: Shape::History,
    }
    .write(&event.details);
}

/// Writes type and details of one event as a log record has them: the details stand in a member of
/// one name, which is there also when it is empty.
pub(crate) fn write_logged(out: &mut Object<'_>, event: &Event, include_data: bool) {
    let shape = Shape::Log {
        bytes_left: LOGGED_BYTES_MAX,
    };
    Details {
        out,
        include_data,
        shape,
    }
    .write(&event.details);
}

/// Most bytes of the payloads of one log record, escaped.
///
/// Source: AWS Developer Guide, "Using CloudWatch Logs": what is larger than 248 KiB is truncated. A
/// record of CloudWatch Logs has 256 KiB.
const LOGGED_BYTES_MAX: usize = 248 << 10;

struct Details<'o, 'b> {
    out: &'o mut Object<'b>,
    include_data: bool,
    shape: Shape,
}

/// Where details stand, and how much there may be of them.
#[derive(Clone, Copy)]
enum Shape {
    /// In a member named after the type, whole.
    History,
    /// In `details`, payloads cut to what is left.
    Log { bytes_left: usize },
}

impl Details<'_, '_> {
    fn write(&mut self, details: &EventDetails) {
        match details {
            EventDetails::ExecutionStarted {
                input,
                role_arn,
                state_machine_alias_arn,
                state_machine_version_arn,
            } => self.with("ExecutionStarted", "executionStartedEventDetails", |it| {
                it.input(input);
                it.out.text("roleArn", role_arn);
                it.out
                    .text_if("stateMachineAliasArn", state_machine_alias_arn.as_deref());
                it.out.text_if(
                    "stateMachineVersionArn",
                    state_machine_version_arn.as_deref(),
                );
            }),
            EventDetails::ExecutionSucceeded { output } => {
                self.output_only(
                    "ExecutionSucceeded",
                    "executionSucceededEventDetails",
                    output,
                );
            }
            EventDetails::ExecutionFailed(failure) => {
                self.failure_only("ExecutionFailed", "executionFailedEventDetails", failure);
            }
            EventDetails::ExecutionAborted(failure) => {
                self.failure_only("ExecutionAborted", "executionAbortedEventDetails", failure);
            }
            EventDetails::ExecutionTimedOut(failure) => {
                self.failure_only(
                    "ExecutionTimedOut",
                    "executionTimedOutEventDetails",
                    failure,
                );
            }
            EventDetails::StateEntered {
                state_type,
                name,
                input,
            } => {
                let event = format!("{}StateEntered", state_type_name(*state_type));
                self.with(&event, "stateEnteredEventDetails", |it| {
                    it.out.text("name", name);
                    it.input(input);
                });
            }
            EventDetails::StateExited {
                state_type,
                name,
                output,
                assigned_variables,
            } => {
                let event = format!("{}StateExited", state_type_name(*state_type));
                self.with(&event, "stateExitedEventDetails", |it| {
                    it.out.text("name", name);
                    it.output(output);
                    it.variables(assigned_variables);
                });
            }
            EventDetails::StateAborted { state_type } => {
                self.alone(&format!("{}StateAborted", state_type_name(*state_type)));
            }
            EventDetails::ActivityScheduled {
                resource,
                input,
                timeout_in_seconds,
                heartbeat_in_seconds,
            } => self.with("ActivityScheduled", "activityScheduledEventDetails", |it| {
                it.out.text("resource", resource);
                it.input(input);
                it.seconds("timeoutInSeconds", *timeout_in_seconds);
                it.seconds("heartbeatInSeconds", *heartbeat_in_seconds);
            }),
            EventDetails::ActivityStarted { worker_name } => {
                self.with("ActivityStarted", "activityStartedEventDetails", |it| {
                    it.out.text_if("workerName", worker_name.as_deref());
                });
            }
            EventDetails::ActivitySucceeded { output } => {
                self.output_only("ActivitySucceeded", "activitySucceededEventDetails", output);
            }
            EventDetails::ActivityFailed(failure) => {
                self.failure_only("ActivityFailed", "activityFailedEventDetails", failure);
            }
            EventDetails::ActivityTimedOut(failure) => {
                self.failure_only("ActivityTimedOut", "activityTimedOutEventDetails", failure);
            }
            EventDetails::ActivityScheduleFailed(failure) => self.failure_only(
                "ActivityScheduleFailed",
                "activityScheduleFailedEventDetails",
                failure,
            ),
            EventDetails::TaskScheduled {
                resource_type,
                resource,
                region,
                parameters,
                timeout_in_seconds,
                heartbeat_in_seconds,
                task_role_arn,
            } => self.with("TaskScheduled", "taskScheduledEventDetails", |it| {
                it.resource(resource_type, resource);
                it.out.text("region", region);
                it.parameters(parameters);
                it.seconds("timeoutInSeconds", *timeout_in_seconds);
                it.seconds("heartbeatInSeconds", *heartbeat_in_seconds);
                it.credentials(task_role_arn.as_deref());
            }),
            EventDetails::TaskStarted {
                resource_type,
                resource,
            } => {
                self.with("TaskStarted", "taskStartedEventDetails", |it| {
                    it.resource(resource_type, resource);
                });
            }
            EventDetails::TaskSubmitted {
                resource_type,
                resource,
                output,
            } => {
                self.with("TaskSubmitted", "taskSubmittedEventDetails", |it| {
                    it.resource(resource_type, resource);
                    it.output(output);
                });
            }
            EventDetails::TaskSucceeded {
                resource_type,
                resource,
                output,
            } => {
                self.with("TaskSucceeded", "taskSucceededEventDetails", |it| {
                    it.resource(resource_type, resource);
                    it.output(output);
                });
            }
            EventDetails::TaskFailed {
                resource_type,
                resource,
                failure,
            } => {
                self.with("TaskFailed", "taskFailedEventDetails", |it| {
                    it.resource(resource_type, resource);
                    it.failure(failure);
                });
            }
            EventDetails::TaskTimedOut {
                resource_type,
                resource,
                failure,
            } => {
                self.with("TaskTimedOut", "taskTimedOutEventDetails", |it| {
                    it.resource(resource_type, resource);
                    it.failure(failure);
                });
            }
            EventDetails::TaskStartFailed {
                resource_type,
                resource,
                failure,
            } => {
                self.with("TaskStartFailed", "taskStartFailedEventDetails", |it| {
                    it.resource(resource_type, resource);
                    it.failure(failure);
                });
            }
            EventDetails::TaskSubmitFailed {
                resource_type,
                resource,
                failure,
            } => {
                self.with("TaskSubmitFailed", "taskSubmitFailedEventDetails", |it| {
                    it.resource(resource_type, resource);
                    it.failure(failure);
                });
            }
            EventDetails::LambdaFunctionScheduled {
                resource,
                input,
                timeout_in_seconds,
                task_role_arn,
            } => {
                self.with(
                    "LambdaFunctionScheduled",
                    "lambdaFunctionScheduledEventDetails",
                    |it| {
                        it.out.text("resource", resource);
                        it.input(input);
                        it.seconds("timeoutInSeconds", *timeout_in_seconds);
                        it.credentials(task_role_arn.as_deref());
                    },
                );
            }
            EventDetails::LambdaFunctionStarted => self.alone("LambdaFunctionStarted"),
            EventDetails::LambdaFunctionSucceeded { output } => self.output_only(
                "LambdaFunctionSucceeded",
                "lambdaFunctionSucceededEventDetails",
                output,
            ),
            EventDetails::LambdaFunctionFailed(failure) => self.failure_only(
                "LambdaFunctionFailed",
                "lambdaFunctionFailedEventDetails",
                failure,
            ),
            EventDetails::LambdaFunctionTimedOut(failure) => self.failure_only(
                "LambdaFunctionTimedOut",
                "lambdaFunctionTimedOutEventDetails",
                failure,
            ),
            EventDetails::LambdaFunctionScheduleFailed(failure) => self.failure_only(
                "LambdaFunctionScheduleFailed",
                "lambdaFunctionScheduleFailedEventDetails",
                failure,
            ),
            EventDetails::LambdaFunctionStartFailed(failure) => self.failure_only(
                "LambdaFunctionStartFailed",
                "lambdaFunctionStartFailedEventDetails",
                failure,
            ),
            EventDetails::ParallelStateStarted => self.alone("ParallelStateStarted"),
            EventDetails::ParallelStateSucceeded => self.alone("ParallelStateSucceeded"),
            EventDetails::ParallelStateFailed => self.alone("ParallelStateFailed"),
            EventDetails::MapStateStarted { length } => {
                self.with("MapStateStarted", "mapStateStartedEventDetails", |it| {
                    it.out.number("length", (*length).into());
                });
            }
            EventDetails::MapStateSucceeded => self.alone("MapStateSucceeded"),
            EventDetails::MapStateFailed => self.alone("MapStateFailed"),
            EventDetails::MapIterationStarted { name, index } => self.iteration(
                "MapIterationStarted",
                "mapIterationStartedEventDetails",
                name,
                *index,
            ),
            EventDetails::MapIterationSucceeded { name, index } => self.iteration(
                "MapIterationSucceeded",
                "mapIterationSucceededEventDetails",
                name,
                *index,
            ),
            EventDetails::MapIterationFailed { name, index } => self.iteration(
                "MapIterationFailed",
                "mapIterationFailedEventDetails",
                name,
                *index,
            ),
            EventDetails::MapIterationAborted { name, index } => self.iteration(
                "MapIterationAborted",
                "mapIterationAbortedEventDetails",
                name,
                *index,
            ),
            EventDetails::ExecutionRedriven { redrive_count } => {
                self.with("ExecutionRedriven", "executionRedrivenEventDetails", |it| {
                    it.out.number("redriveCount", (*redrive_count).into());
                })
            }
            EventDetails::MapRunStarted { map_run_arn } => {
                self.with("MapRunStarted", "mapRunStartedEventDetails", |it| {
                    it.out.text("mapRunArn", map_run_arn);
                });
            }
            EventDetails::MapRunSucceeded => self.alone("MapRunSucceeded"),
            EventDetails::MapRunFailed(failure) => {
                self.failure_only("MapRunFailed", "mapRunFailedEventDetails", failure);
            }
            EventDetails::MapRunAborted => self.alone("MapRunAborted"),
            EventDetails::MapRunRedriven {
                map_run_arn,
                redrive_count,
            } => {
                self.with("MapRunRedriven", "mapRunRedrivenEventDetails", |it| {
                    it.out.text("mapRunArn", map_run_arn);
                    it.out.number("redriveCount", (*redrive_count).into());
                });
            }
            EventDetails::EvaluationFailed {
                failure,
                location,
                state,
            } => {
                self.with("EvaluationFailed", "evaluationFailedEventDetails", |it| {
                    it.failure(failure);
                    it.out.text_if("location", location.as_deref());
                    it.out.text("state", state);
                });
            }
        }
    }

    /// An event that is all in its type.
    fn alone(&mut self, event: &str) {
        self.out.text("type", event);
        if let Shape::Log { .. } = self.shape {
            self.out.object("details", |_| {});
        }
    }

    fn with(&mut self, event: &str, member: &str, write: impl FnOnce(&mut Details<'_, '_>)) {
        self.out.text("type", event);
        let (include_data, shape) = (self.include_data, self.shape);
        let member = match shape {
            Shape::History => member,
            Shape::Log { .. } => "details",
        };
        self.out.object(member, |out| {
            write(&mut Details {
                out,
                include_data,
                shape,
            });
        });
    }

    fn output_only(&mut self, event: &str, member: &str, output: &Document) {
        self.with(event, member, |it| it.output(output));
    }

    fn failure_only(&mut self, event: &str, member: &str, failure: &Failure) {
        self.with(event, member, |it| it.failure(failure));
    }

    fn iteration(&mut self, event: &str, member: &str, name: &str, index: u32) {
        self.with(event, member, |it| {
            it.out.text("name", name);
            it.out.number("index", index.into());
        });
    }

    fn input(&mut self, document: &Document) {
        self.payload("input", "inputDetails", document);
    }

    fn output(&mut self, document: &Document) {
        self.payload("output", "outputDetails", document);
    }

    fn payload(&mut self, member: &str, details: &str, document: &Document) {
        if self.include_data {
            let shown = self.room_for(document.text());
            let truncated = shown.len() < document.text().len();
            self.out.text(member, shown);
            self.out
                .object(details, |out| out.boolean("truncated", truncated));
        }
    }

    /// In a history they are shown always: AWS does not count them as execution data there. In a log
    /// they are, since nobody who leaves the data out expects the half of it.
    fn parameters(&mut self, parameters: &Document) {
        match self.shape {
            Shape::History => self.out.text("parameters", parameters.text()),
            Shape::Log { .. } if self.include_data => {
                let shown = self.room_for(parameters.text());
                self.out.text("parameters", shown);
            }
            Shape::Log { .. } => {}
        }
    }

    /// As much of a text as there is room for, from its beginning. The room is then taken.
    fn room_for<'t>(&mut self, text: &'t str) -> &'t str {
        match &mut self.shape {
            Shape::History => text,
            Shape::Log { bytes_left } => {
                let (shown, used) = escaped_prefix(text, *bytes_left);
                *bytes_left -= used;
                shown
            }
        }
    }

    fn variables(&mut self, variables: &[(Arc<str>, Arc<str>)]) {
        if self.include_data && !variables.is_empty() {
            let shown: Vec<(&str, &str)> = variables
                .iter()
                .map(|(name, json)| (&**name, self.room_for(json)))
                .collect();
            let truncated = shown
                .iter()
                .zip(variables)
                .any(|((_, shown), (_, json))| shown.len() < json.len());
            self.out.object("assignedVariables", |out| {
                for (name, json) in shown {
                    out.text(name, json);
                }
            });
            self.out.object("assignedVariablesDetails", |out| {
                out.boolean("truncated", truncated);
            });
        }
    }

    fn failure(&mut self, failure: &Failure) {
        self.out.text_if("error", failure.error.as_deref());
        self.out.text_if("cause", failure.cause.as_deref());
    }

    fn resource(&mut self, resource_type: &str, resource: &str) {
        self.out.text("resourceType", resource_type);
        self.out.text("resource", resource);
    }

    fn credentials(&mut self, role_arn: Option<&str>) {
        if let Some(role_arn) = role_arn {
            self.out
                .object("taskCredentials", |out| out.text("roleArn", role_arn));
        }
    }

    fn seconds(&mut self, member: &str, seconds: Option<u64>) {
        if let Some(seconds) = seconds {
            self.out.number(member, seconds);
        }
    }
}

/// The longest prefix of whole characters that takes at most `bytes_max` when escaped, and what it
/// takes.
fn escaped_prefix(text: &str, bytes_max: usize) -> (&str, usize) {
    let mut used = 0;
    for (at, character) in text.char_indices() {
        let bytes = write::escaped_bytes(character);
        if used + bytes > bytes_max {
            return (&text[..at], used);
        }
        used += bytes;
    }
    (text, used)
}

fn state_type_name(state_type: StateType) -> &'static str {
    match state_type {
        StateType::Task => "Task",
        StateType::Pass => "Pass",
        StateType::Choice => "Choice",
        StateType::Wait => "Wait",
        StateType::Succeed => "Succeed",
        StateType::Fail => "Fail",
        StateType::Parallel => "Parallel",
        StateType::Map => "Map",
    }
}
