//! Task: an activity's worker, a Lambda function, or a call to another service does the work.

use std::sync::Arc;

use asl::definition::{StateKind, Task};
use serde_json::Value;

use crate::breaks;
use crate::dataflow::{Asked, Payload, plain};
use crate::failure::Fault;
use crate::frame::{FrameId, OpenTask, Stand};
use crate::history::EventDetails;
use crate::test_state::Stage;
use crate::turn::{Closed, Halt, Turn};
use crate::{Document, Due, Effect, Failure, Pattern, TimerId, TimerKind};

/// Who does the work, as `Resource` names it.
enum Resource {
    /// `arn:P:states:R:A:activity:NAME`
    Activity,
    /// `arn:P:lambda:R:A:function:NAME`
    Lambda,
    /// `arn:P:states:::SERVICE:ACTION`, in the two parts that events name.
    Service {
        resource_type: Arc<str>,
        resource: Arc<str>,
    },
}

/// How an attempt ended.
pub(crate) enum Ended {
    /// With a result.
    Succeeded(Document),
    /// With an error of the worker or the service.
    Failed(Failure),
    /// `TimeoutSeconds` or `HeartbeatSeconds` ran out, by that timer.
    TimedOut {
        /// The timer that fired.
        timer: TimerId,
        /// Whether it was the heartbeat's.
        heartbeat: bool,
    },
}

impl Resource {
    fn of(arn: &str) -> Resource {
        let mut parts = arn.splitn(6, ':').skip(2);
        let (service, region) = (parts.next(), parts.next());
        let rest = parts.nth(1).unwrap_or_default();
        match service {
            Some("states") if rest.starts_with("activity:") => Resource::Activity,
            Some("lambda") => Resource::Lambda,
            _ => {
                assert!(
                    region.is_some(),
                    "a valid definition names its resources by ARN"
                );
                // `aws-sdk:sfn:startExecution`, but also `states:startExecution.sync:2`.
                let words = if rest.starts_with("aws-sdk:") { 2 } else { 1 };
                let colons = rest.match_indices(':').map(|(at, _)| at);
                let (resource_type, resource) = match colons.take(words).last() {
                    Some(at) => (&rest[..at], &rest[at + 1..]),
                    None => (rest, rest),
                };
                Resource::Service {
                    resource_type: resource_type.into(),
                    resource: resource.into(),
                }
            }
        }
    }

    /// Whether the result comes from whoever is given the task's token.
    fn has_token(&self) -> bool {
        self.pattern() == Pattern::WaitForTaskToken
    }

    fn pattern(&self) -> Pattern {
        match self {
            Resource::Activity | Resource::Lambda => Pattern::RequestResponse,
            Resource::Service { resource, .. } => Pattern::of(resource),
        }
    }

    /// The name under which a result that is too large is reported.
    fn blamed(&self, arn: &Arc<str>) -> Arc<str> {
        match self {
            Resource::Activity | Resource::Lambda => Arc::clone(arn),
            Resource::Service { resource_type, .. } => Arc::clone(resource_type),
        }
    }
}

impl Turn<'_> {
    /// Schedules an attempt.
    pub(super) fn begin_task(&mut self, id: FrameId, task: &Task) -> Result<(), Halt> {
        let resource = Resource::of(&task.resource);
        let has_token = resource.has_token();
        let token = if has_token { self.token()? } else { None };
        let asked = Asked {
            token: token.as_deref(),
            ..Asked::default()
        };
        let (parameters, arguments) = (&task.parameters, &task.arguments);
        let input = self.work_input(id, parameters.as_ref(), arguments.as_ref(), asked)?;
        let timeout = self.whole_number(id, "TimeoutSeconds", task.timeout.as_ref(), 1)?;
        let heartbeat = self.whole_number(id, "HeartbeatSeconds", task.heartbeat.as_ref(), 1)?;
        let role = self.task_role(id, task)?;
        let input = self.within_limit(input, &resource.blamed(&task.resource))?;

        let is_activity = matches!(resource, Resource::Activity);
        if is_activity && !self.at.world.activity_exists(&task.resource) {
            let cause = format!("The activity {} does not exist.", task.resource);
            return Err(self.runtime_fault(id, cause).into());
        }
        let details = match resource {
            Resource::Activity => EventDetails::ActivityScheduled {
                resource: Arc::clone(&task.resource),
                input: input.clone(),
                timeout_in_seconds: timeout,
                heartbeat_in_seconds: heartbeat,
            },
            Resource::Lambda => EventDetails::LambdaFunctionScheduled {
                resource: Arc::clone(&task.resource),
                input: input.clone(),
                timeout_in_seconds: timeout,
                task_role_arn: role,
            },
            Resource::Service {
                resource_type,
                resource,
            } => EventDetails::TaskScheduled {
                resource_type,
                resource,
                region: self.at.world.region().into(),
                parameters: input.clone(),
                timeout_in_seconds: timeout,
                heartbeat_in_seconds: heartbeat,
                task_role_arn: role,
            },
        };
        let scheduled = self.append(id, details)?;
        self.execution.frame_mut(id).stand = Stand::Task(OpenTask {
            scheduled,
            input: input.clone(),
            call: (!is_activity).then(|| Arc::clone(&task.resource)),
            submitted: None,
            hand_outs: u32::from(has_token),
            handed: !is_activity,
            started: false,
            timeout_seconds: timeout,
            heartbeat_seconds: heartbeat,
            timeout_timer: None,
            heartbeat_timer: None,
        });
        let arn = Arc::clone(&task.resource);
        if is_activity {
            self.effect(Effect::ScheduleActivityTask {
                task: scheduled,
                activity: arn,
            });
            return Ok(());
        }
        // A call begins as soon as it is scheduled, and so do its clocks.
        let started = match Resource::of(&task.resource) {
            Resource::Service {
                resource_type,
                resource,
            } => EventDetails::TaskStarted {
                resource_type,
                resource,
            },
            Resource::Activity | Resource::Lambda => EventDetails::LambdaFunctionStarted,
        };
        self.append(id, started)?;
        self.effect(Effect::Call {
            task: scheduled,
            resource: arn,
            parameters: input,
            submitted: None,
        });
        self.start_clocks(id);
        Ok(())
    }

    /// `Credentials`: the role that the call is to be made with, said in history. Whoever makes the
    /// call has one set of keys and makes it with those.
    fn task_role(&mut self, id: FrameId, task: &Task) -> Result<Option<Arc<str>>, Halt> {
        if let Some(role) = &task.jsonata_role {
            let role = self.jsonata(id, Asked::default(), |scope| role.evaluate_string(scope))?;
            return Ok(Some(role.into()));
        }
        if task.credentials.is_none() {
            return Ok(None);
        }
        let input = self.effective_input(id)?;
        let credentials = self.template(id, task.credentials.as_ref(), input)?;
        match credentials.into_value().get("RoleArn") {
            Some(Value::String(role)) => Ok(Some(role.as_str().into())),
            other => {
                let value = plain(other.unwrap_or(&Value::Null));
                let cause = format!(
                    "The RoleArn field of Credentials refers to value \"{value}\" which is not a string."
                );
                Err(self.runtime_fault(id, cause).into())
            }
        }
    }

    /// The token that the attempt about to be scheduled can be answered with.
    fn token(&mut self) -> Result<Option<String>, Closed> {
        // The next event is the one that schedules it: what is pending goes first.
        self.write_pending()?;
        let scheduled = self.execution.events + 1;
        Ok(self
            .at
            .world
            .task_token(&self.execution.birth.execution_arn, scheduled))
    }

    /// The service took the call in; the result comes later.
    pub(crate) fn task_submitted(&mut self, id: FrameId, output: Document) -> Result<(), Closed> {
        let StateKind::Task(task) = &self.state(id).kind else {
            panic!("a frame with an open task stands in a Task state");
        };
        let (arn, named) = (&task.resource, Resource::of(&task.resource));
        let pattern = named.pattern();
        let Resource::Service {
            resource_type,
            resource,
        } = named
        else {
            // A function answers with its result at once; there is no event for anything else.
            return Ok(());
        };
        match self.within_limit(Payload::Document(output), &resource_type) {
            Ok(output) => {
                let event = self.append(
                    id,
                    EventDetails::TaskSubmitted {
                        resource_type,
                        resource,
                        output: output.clone(),
                    },
                )?;
                if pattern == Pattern::Sync {
                    self.watch(id, Arc::clone(arn), output.at_home(event));
                }
                Ok(())
            }
            Err(fault) => self.task_ended(id, Ended::Failed(fault.failure)),
        }
    }

    /// What the service has begun is watched to its end.
    fn watch(&mut self, id: FrameId, resource: Arc<str>, submitted: Document) {
        let Stand::Task(open) = &mut self.execution.frame_mut(id).stand else {
            panic!("only a frame with an open task is told that it was submitted");
        };
        open.submitted = Some(submitted.clone());
        let (task, parameters) = (open.scheduled, open.input.clone());
        self.effect(Effect::Call {
            task,
            resource,
            parameters,
            submitted: Some(submitted),
        });
    }

    /// Winds up `TimeoutSeconds` and `HeartbeatSeconds` of a task that now begins.
    pub(crate) fn start_clocks(&mut self, id: FrameId) {
        let task = self
            .execution
            .frame(id)
            .open_task()
            .expect("clocks run for an open task");
        let clocks = [
            (TimerKind::TaskTimeout, task.timeout_seconds),
            (TimerKind::Heartbeat, task.heartbeat_seconds),
        ];
        let [timeout, heartbeat] = clocks.map(|(kind, seconds)| {
            seconds.map(|seconds| self.arm(kind, Due::After(seconds_to_ms(seconds))))
        });
        let Stand::Task(task) = &mut self.execution.frame_mut(id).stand else {
            panic!("clocks run for an open task");
        };
        task.timeout_timer = timeout;
        task.heartbeat_timer = heartbeat;
    }

    /// Stops them: the task was put back.
    pub(crate) fn stop_clocks(&mut self, id: FrameId) {
        let Stand::Task(task) = &mut self.execution.frame_mut(id).stand else {
            panic!("clocks run for an open task");
        };
        let timers = [task.timeout_timer.take(), task.heartbeat_timer.take()];
        for timer in timers.into_iter().flatten() {
            self.disarm(timer);
        }
    }

    /// The attempt is over.
    pub(crate) fn task_ended(&mut self, id: FrameId, ended: Ended) -> Result<(), Closed> {
        let done = self.end_task(id, ended);
        self.settle_halt(id, done)
    }

    fn end_task(&mut self, id: FrameId, ended: Ended) -> Result<(), Halt> {
        let StateKind::Task(task) = &self.state(id).kind else {
            panic!("a frame with an open task stands in a Task state");
        };
        let resource = Resource::of(&task.resource);
        let fired = match &ended {
            Ended::TimedOut { timer, .. } => Some(*timer),
            Ended::Succeeded(_) | Ended::Failed(_) => None,
        };
        let outcome = match ended {
            Ended::Succeeded(output) => {
                self.within_limit(Payload::Document(output), &resource.blamed(&task.resource))
            }
            Ended::Failed(failure) => Err(Fault {
                failure,
                heartbeat: false,
            }),
            Ended::TimedOut { heartbeat, .. } => Err(Fault::timeout(heartbeat)),
        };
        let details = match &outcome {
            Ok(output) => succeeded(resource, output.clone()),
            Err(fault) if fired.is_some() => timed_out(resource, fault.failure.clone()),
            Err(fault) => failed(resource, fault.failure.clone()),
        };
        if breaks::awake("r10") && outcome.is_ok() {
            self.append(id, details.clone())?;
        }
        self.append(id, details)?;
        self.settle(id, fired);
        let result = Payload::Document(outcome?);
        self.note(Stage::Result, &result);
        let selector = task.result_selector.as_ref();
        self.leave_with_result(id, selector, &task.result_path, result, task.transition)
    }
}

fn succeeded(resource: Resource, output: Document) -> EventDetails {
    match resource {
        Resource::Activity => EventDetails::ActivitySucceeded { output },
        Resource::Lambda => EventDetails::LambdaFunctionSucceeded { output },
        Resource::Service {
            resource_type,
            resource,
        } => EventDetails::TaskSucceeded {
            resource_type,
            resource,
            output,
        },
    }
}

fn failed(resource: Resource, failure: Failure) -> EventDetails {
    match resource {
        Resource::Activity => EventDetails::ActivityFailed(failure),
        Resource::Lambda => EventDetails::LambdaFunctionFailed(failure),
        Resource::Service {
            resource_type,
            resource,
        } => EventDetails::TaskFailed {
            resource_type,
            resource,
            failure,
        },
    }
}

fn timed_out(resource: Resource, failure: Failure) -> EventDetails {
    match resource {
        Resource::Activity => EventDetails::ActivityTimedOut(failure),
        Resource::Lambda => EventDetails::LambdaFunctionTimedOut(failure),
        Resource::Service {
            resource_type,
            resource,
        } => EventDetails::TaskTimedOut {
            resource_type,
            resource,
            failure,
        },
    }
}

/// Seconds as milliseconds; more than an `i64` holds is as good as for ever.
pub(crate) fn seconds_to_ms(seconds: u64) -> i64 {
    i64::try_from(seconds)
        .unwrap_or(i64::MAX)
        .saturating_mul(1000)
}
