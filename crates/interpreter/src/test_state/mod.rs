//! One state on its own, as `TestState` tries it.
//!
//! The state is run by the same code that runs executions, in an execution that nobody keeps: it stands
//! in that one state and goes no further. What `inspectionData` shows is noted by the stages of the data
//! flow as they happen ([`trial`]), so it cannot differ from what executions do. With a [`Mock`] the
//! work of a Task, Parallel or Map state is not begun; its result, or its failure, is given.
//!
//! The door is [`TestState`]: it is begun, and while it answers [`Progress::Waiting`] it is told what
//! happened outside, as [`crate::step`] is.

mod map;
mod trial;

use std::collections::BTreeMap;
use std::sync::Arc;

use asl::definition::{StateIndex, StateKind};
use asl::{LONE_STATE_NAME, StateMachine};
use serde_json::Value;

use crate::execution::{Birth, Execution, Moment, Status, Step};
use crate::failure::{Fault, TIMEOUT};
use crate::frame::{Frame, FrameId, Stand, Visit};
use crate::states::Ended;
use crate::turn::{Halt, Turn};
use crate::{Document, Due, Effect, EventId, Failure, Input, TimerId};

pub(crate) use trial::Trial;
pub use trial::{ErrorDetails, Inspection, Stage};

/// What stands for the work of a state.
#[derive(Clone, Debug)]
pub enum Mock {
    /// It comes to this.
    Result(Document),
    /// It fails so.
    Error(Failure),
}

/// `stateConfiguration`: what is taken to have happened before.
#[derive(Clone, Debug, Default)]
pub struct Configuration {
    /// How often the retrier that matches has retried.
    pub retrier_retry_count: u32,
    /// How many iterations of the Map state have failed.
    pub map_iteration_failure_count: Option<u64>,
    /// What the `ItemReader` of the Map state has read: an array.
    pub map_item_reader_data: Option<Document>,
}

/// What is to be tried.
#[derive(Clone, Debug)]
pub struct Trying {
    /// The machine, or one that was made around a lone state.
    pub machine: Arc<StateMachine>,
    /// The state, wherever in the machine.
    pub state: StateIndex,
    /// ARNs, names and seed of the execution that is pretended.
    pub birth: Birth,
    /// The state's input.
    pub input: Document,
    /// Variables that are set.
    pub variables: Vec<(Arc<str>, Document)>,
    /// The context object, all of it, if it is given.
    pub context: Option<Value>,
    /// What stands for the work.
    pub mock: Option<Mock>,
    /// What happened before.
    pub configuration: Configuration,
}

/// A state that is being tried.
#[derive(Debug)]
pub struct TestState {
    machine: Arc<StateMachine>,
    state: StateIndex,
    execution: Execution,
    timers: BTreeMap<TimerId, Due>,
}

/// How far it came.
#[derive(Debug)]
pub enum Progress {
    /// To its end.
    Done(Box<Outcome>),
    /// Something has to happen outside.
    Waiting(Waiting),
}

/// What has to happen.
#[derive(Debug, Default)]
pub struct Waiting {
    /// A call to be made now.
    pub call: Option<Call>,
    /// A timer that runs: the first to be told of when it is due.
    pub timers: Vec<(TimerId, Due)>,
}

/// A call of a Task state.
#[derive(Clone, Debug)]
pub struct Call {
    /// The task to answer for, by [`Input::TaskSucceeded`] or [`Input::TaskFailed`] with hand-out 0.
    pub task: EventId,
    /// The resource, as the definition names it.
    pub resource: Arc<str>,
    /// What to call it with.
    pub parameters: Document,
}

/// `status`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TestStatus {
    /// The state succeeded.
    Succeeded,
    /// It failed, and nothing caught that.
    Failed,
    /// It failed, and would be tried again.
    Retriable,
    /// It failed, and a catcher went on from there.
    CaughtError,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// How it ended.
    pub status: TestStatus,
    /// What the state hands on, if it goes on.
    pub output: Option<Document>,
    /// The failure, caught or not.
    pub failure: Option<Failure>,
    /// Where to.
    pub next_state: Option<Arc<str>>,
    /// What was seen on the way.
    pub inspection: Inspection,
}

impl TestState {
    /// Begins. With a mock, and without anything to wait for, that is all.
    pub fn begin(trying: Trying, at: &Moment<'_>) -> (TestState, Progress) {
        let Trying {
            machine,
            state,
            birth,
            input,
            variables,
            context,
            mock,
            configuration,
        } = trying;
        let trial = Trial::new(context, &variables, mock, configuration);
        let mut test = TestState {
            execution: execution_in(&machine, state, birth, input, variables, trial, at),
            machine,
            state,
            timers: BTreeMap::new(),
        };
        let machine = Arc::clone(&test.machine);
        let mut turn = Turn::new(&mut test.execution, &machine, at);
        // A closed execution has nothing more to do.
        let _ = turn.try_state(FIRST);
        let step = turn.step;
        let progress = test.progress(step);
        (test, progress)
    }

    /// Goes on with what happened. What comes too late, or was never asked for, changes nothing.
    pub fn go_on(&mut self, input: Input, at: &Moment<'_>) -> Progress {
        if let Input::TimerFired(timer) = &input {
            self.timers.remove(timer);
        }
        let machine = Arc::clone(&self.machine);
        match crate::step(&mut self.execution, &machine, input, at) {
            Ok(step) => self.progress(step),
            Err(_refused) => self.progress(Step::default()),
        }
    }

    /// It took too long.
    pub fn time_out(&mut self) -> Outcome {
        Outcome {
            status: TestStatus::Failed,
            output: None,
            failure: Some(Failure {
                error: Some(TIMEOUT.into()),
                cause: None,
            }),
            next_state: None,
            inspection: self.inspection(),
        }
    }

    fn progress(&mut self, step: Step) -> Progress {
        let mut call = None;
        for effect in step.effects {
            match effect {
                Effect::ArmTimer { timer, due, .. } => {
                    self.timers.insert(timer, due);
                }
                Effect::DisarmTimer { timer } => {
                    self.timers.remove(&timer);
                }
                Effect::Call {
                    task,
                    resource,
                    parameters,
                    submitted: _,
                } => {
                    call = Some(Call {
                        task,
                        resource,
                        parameters,
                    });
                }
                // Nobody polls for the task of an activity that is only tried, and nobody else is told;
                // a Map that is tried starts no map run.
                Effect::ScheduleActivityTask { .. }
                | Effect::RequeueTask { .. }
                | Effect::CloseTask { .. }
                | Effect::RewindTimer { .. }
                | Effect::StartMapRun(_)
                | Effect::RedriveMapRun { .. }
                | Effect::AbortMapRun { .. }
                | Effect::Closed { .. } => {}
            }
        }
        match self.outcome() {
            Some(outcome) => Progress::Done(Box::new(outcome)),
            None => Progress::Waiting(Waiting {
                call,
                timers: self.timers.iter().map(|(id, due)| (*id, *due)).collect(),
            }),
        }
    }

    fn outcome(&mut self) -> Option<Outcome> {
        let execution = &self.execution;
        let noted = &execution.trial.as_ref()?.noted;
        let caught = noted.error_details.catch_index.is_some();
        let failed = noted.failure.clone();
        let went_on = match caught {
            true => TestStatus::CaughtError,
            false => TestStatus::Succeeded,
        };
        let failed_before = failed.clone().filter(|_| caught);
        let (status, output, failure, next_state) = match execution.status {
            Status::Running => {
                let frame = execution.frame(FIRST);
                match &frame.stand {
                    Stand::Ready => (
                        went_on,
                        Some(frame.visit.input.clone()),
                        failed_before,
                        Some(Arc::clone(&frame.state_name)),
                    ),
                    Stand::Retry(_) => (TestStatus::Retriable, None, failed, None),
                    Stand::Task(_) | Stand::Wait(_) | Stand::Join(_) | Stand::MapRun(_) => {
                        return None;
                    }
                }
            }
            Status::Succeeded => (went_on, execution.output.clone(), failed_before, None),
            _ => (TestStatus::Failed, None, execution.failure.clone(), None),
        };
        Some(Outcome {
            status,
            output,
            failure,
            next_state,
            inspection: self.inspection(),
        })
    }

    fn inspection(&self) -> Inspection {
        let trial = self.execution.trial.as_ref();
        let trial = trial.expect("only an execution on trial is tested");
        let state = self.machine.state(self.state);
        trial.inspection(&self.execution.input, state)
    }
}

/// The frame that stands in the state.
const FIRST: FrameId = FrameId(0);

fn execution_in(
    machine: &StateMachine,
    state: StateIndex,
    birth: Birth,
    input: Document,
    variables: Vec<(Arc<str>, Document)>,
    trial: Trial,
    at: &Moment<'_>,
) -> Execution {
    let retries = trial.configuration.retrier_retry_count;
    let mut visit = Visit::of(input.clone());
    visit.entered_ms = at.now_ms;
    visit.retries = retries;
    // Whichever retrier matches: only the first that does is asked.
    visit.attempts = vec![u64::from(retries); crate::catch::retriers_of(machine.state(state))];
    let mut execution = Execution::born(birth, input, at.now_ms);
    execution.trial = Some(Box::new(trial));
    let frame = execution.new_frame(Frame {
        parent: None,
        // Whatever its name in the machine: so recorded from AWS.
        state_name: LONE_STATE_NAME.into(),
        state,
        previous: 0,
        variables: variables.into_iter().collect(),
        visit,
        stand: Stand::Ready,
    });
    assert_eq!(frame, FIRST, "frames are numbered from 0");
    execution
}

impl Turn<'_> {
    /// Does what the state does, or what its mock says.
    fn try_state(&mut self, id: FrameId) -> Result<(), crate::turn::Closed> {
        let mock = self.execution.trial.as_mut().and_then(|it| it.mock.take());
        let Some(mock) = mock else {
            return self.perform_alone(id);
        };
        let state = self.state(id);
        let done = match &state.kind {
            StateKind::Task(_) => return self.try_task(id, mock),
            StateKind::Parallel(parallel) => self
                .parallel_input(id, parallel)
                .and_then(|_input| self.mocked(mock))
                .and_then(|result| {
                    let selector = parallel.result_selector.as_ref();
                    let path = &parallel.result_path;
                    self.leave_with_result(id, selector, path, result, parallel.transition)
                }),
            StateKind::Map(map) => self.try_map(id, map, mock),
            _ => return self.perform_alone(id),
        };
        self.settle_halt(id, done)
    }

    fn perform_alone(&mut self, id: FrameId) -> Result<(), crate::turn::Closed> {
        // A Fail state looks at its input only where its fields do.
        if let StateKind::Fail(_) = &self.state(id).kind {
            let _ = self.effective_input(id);
        }
        self.perform(id)
    }

    fn try_task(&mut self, id: FrameId, mock: Mock) -> Result<(), crate::turn::Closed> {
        self.perform(id)?;
        if self.execution.frame(id).open_task().is_none() {
            // It failed before there was anything to call.
            return Ok(());
        }
        let ended = match mock {
            Mock::Result(result) => Ended::Succeeded(result),
            Mock::Error(failure) => Ended::Failed(failure),
        };
        self.task_ended(id, ended)
    }

    /// The result that is given, or the failure.
    fn mocked(&mut self, mock: Mock) -> Result<crate::dataflow::Payload, Halt> {
        match mock {
            Mock::Result(result) => Ok(crate::dataflow::Payload::Document(result)),
            Mock::Error(failure) => Err(Fault {
                failure,
                heartbeat: false,
            }
            .into()),
        }
    }
}
