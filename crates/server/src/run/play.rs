//! The world of one execution: a clock that jumps, and mocks in the place of everybody else.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::thread;

use asl::StateMachine;
use interpreter::{
    Birth, Document, Due, Effect, Event, EventId, Execution, Failure, Input, MapRunOutcome, Moment,
    Status, Step, TimerId, World,
};

use super::mocks::{Answer, Mocks, NoAnswer};
use super::trail::{Trail, Visit};
use crate::clock::Clock;

/// Most states that are entered between two looks at the clock. Source: ours, as many as the engine takes.
const STEPS_PER_TURN_MAX: u32 = 1_000;

/// How to run it.
pub struct Plan {
    /// The state machine's name.
    pub name: String,
    /// Where randomness comes from.
    pub seed: u64,
    /// The execution is stopped when its history has more events.
    pub events_max: u32,
    /// What the clock shows at the start, in milliseconds since 1970.
    pub start_ms: i64,
    /// Whether waits take their time.
    pub is_real_time: bool,
}

/// Why the execution can not go on.
#[derive(Debug, thiserror::Error)]
pub enum PlayError {
    #[error(
        "state \"{state}\" calls {resource} and has no mock. Add to the file given with --mocks:\n\
         \n  under StateMachines, TestCases, the test case:  \"{state}\": \"{state}Mocked\"\
         \n  under MockedResponses:  \"{state}Mocked\": {{ \"0\": {{ \"Return\": {{}} }} }}"
    )]
    NoMock { state: String, resource: String },
    #[error(
        "state \"{state}\" calls {resource} once more, which its mock does not answer. Add \
         under MockedResponses, \"{response}\":  \"{call}\": {{ \"Return\": {{}} }}"
    )]
    NoSuchCall {
        state: String,
        resource: String,
        response: String,
        call: u32,
    },
    #[error("the execution waits for something that this command does not have: {0}")]
    Stuck(&'static str),
}

/// How it went.
pub struct Ended {
    /// How the execution ended; running, if it could not go on.
    pub status: Status,
    /// Its output, if it succeeded.
    pub output: Option<Document>,
    /// Error and cause, if it did not.
    pub failure: Option<Failure>,
    /// What the clock showed at the start.
    pub start_ms: i64,
    /// How much time passed on the clock.
    pub duration_ms: i64,
    /// How many events its history has.
    pub events: u32,
    /// The states it went through.
    pub visits: Vec<Visit>,
}

/// Everything exists here.
struct Everything;

impl World for Everything {
    fn activity_exists(&self, _arn: &str) -> bool {
        true
    }
    fn region(&self) -> &str {
        "us-east-1"
    }
    fn task_token(&self, execution_arn: &str, task: EventId) -> Option<String> {
        Some(format!("{execution_arn}/{task}"))
    }
}

/// What a Distributed Map fails with here.
const NO_MAP_RUNS: &str = "`towpath run` plays one execution, and the children of a Distributed Map are \
                           executions of their own. Start it on a server: `towpath serve`.";

/// A task that waits for its answer.
struct Asked {
    task: EventId,
    resource: Arc<str>,
    is_activity: bool,
}

/// One execution and its world.
pub struct Play<'m> {
    machine: &'m StateMachine,
    mocks: Mocks,
    plan: Plan,
    clock: Clock,
    now_ms: i64,
    timers: BTreeMap<TimerId, i64>,
    /// In the order in which they were scheduled.
    asked: VecDeque<Asked>,
    /// Map runs that are open, by their events.
    map_runs: VecDeque<EventId>,
    trail: Trail,
}

impl<'m> Play<'m> {
    /// A world in which nothing has happened yet.
    pub fn new(machine: &'m StateMachine, mocks: Mocks, plan: Plan) -> Play<'m> {
        Play {
            machine,
            mocks,
            now_ms: plan.start_ms,
            plan,
            clock: Clock::start(),
            timers: BTreeMap::new(),
            asked: VecDeque::new(),
            map_runs: VecDeque::new(),
            trail: Trail::default(),
        }
    }

    /// Runs the execution until it is closed or can not go on. `watch` is shown each event, with the
    /// moment of the start.
    pub fn run_to_its_end(
        mut self,
        input: Document,
        watch: &mut dyn FnMut(&Event, i64),
    ) -> (Ended, Option<PlayError>) {
        let birth = birth(&self.plan);
        let at = self.moment(0);
        let (mut execution, step) = interpreter::start(self.machine, birth, input, &at);
        self.absorb(step, watch);
        let mut stuck = None;
        while execution.status() == Status::Running {
            let next = if execution.events() > self.plan.events_max {
                Ok(self.stop())
            } else {
                self.next_input(&execution)
            };
            match next {
                Ok(inputs) => {
                    for input in inputs {
                        // What was closed or disarmed meanwhile needs no answer.
                        let at = self.moment(execution.events());
                        if let Ok(step) =
                            interpreter::step(&mut execution, self.machine, input, &at)
                        {
                            self.absorb(step, watch);
                        }
                    }
                }
                Err(error) => {
                    stuck = Some(error);
                    break;
                }
            }
        }
        let ended = Ended {
            status: execution.status(),
            output: execution.output().cloned(),
            failure: execution.failure().cloned(),
            start_ms: self.plan.start_ms,
            duration_ms: self.now_ms - self.plan.start_ms,
            events: execution.events(),
            visits: self.trail.into_visits(),
        };
        (ended, stuck)
    }

    /// Now, after so many events.
    fn moment(&self, events: u32) -> Moment<'static> {
        // Most states add two events, some more: the nearer the end, the smaller the turns.
        let events_left = self.plan.events_max.saturating_sub(events);
        Moment {
            now_ms: self.now_ms,
            world: &Everything,
            steps_max: (events_left / 4).clamp(1, STEPS_PER_TURN_MAX),
            limits: interpreter::Limits::default(),
        }
    }

    fn stop(&self) -> Vec<Input> {
        let cause = format!("--max-events {}", self.plan.events_max);
        vec![Input::Stop {
            error: Some("Towpath.MaxEvents".into()),
            cause: Some(cause.into()),
        }]
    }

    /// What happens next: a task that was asked for is answered at once; only then time passes.
    fn next_input(&mut self, execution: &Execution) -> Result<Vec<Input>, PlayError> {
        while let Some(asked) = self.asked.pop_front() {
            // A branch that failed has taken the tasks of the others with it.
            if let Some(task) = execution.task(asked.task) {
                let answer = self.answer(&task.state_name, &asked)?;
                let hand_out = task.hand_outs + u32::from(asked.is_activity);
                return Ok(self.inputs(&asked, hand_out, answer));
            }
        }
        if let Some(event) = self.map_runs.pop_front() {
            let failure = Failure {
                error: Some("States.Runtime".into()),
                cause: Some(NO_MAP_RUNS.into()),
            };
            let outcome = MapRunOutcome::Failed(failure);
            return Ok(vec![Input::MapRunEnded { event, outcome }]);
        }
        let due = self.timers.iter().map(|(timer, due_ms)| (*due_ms, *timer));
        let (due_ms, timer) = due
            .min()
            .ok_or(PlayError::Stuck("no task is open and no timer runs"))?;
        self.timers.remove(&timer);
        self.now_ms = self.now_ms.max(due_ms);
        if self.plan.is_real_time {
            thread::sleep(self.clock.until(self.now_ms - self.plan.start_ms));
        }
        Ok(vec![Input::TimerFired(timer)])
    }

    fn answer(&mut self, state: &str, asked: &Asked) -> Result<Answer, PlayError> {
        let (state_name, resource) = (state.to_owned(), asked.resource.to_string());
        self.mocks.answer(state).cloned().map_err(|why| match why {
            NoAnswer::NoMock => PlayError::NoMock {
                state: state_name,
                resource,
            },
            NoAnswer::NoSuchCall { response, call } => PlayError::NoSuchCall {
                state: state_name,
                resource,
                response,
                call,
            },
        })
    }

    /// The hand-out, if a worker must get the task first, and the answer.
    ///
    /// The answer to a token may be faster than that of the service it was sent by, so nothing is made
    /// up for the service (`TaskSubmitted`).
    fn inputs(&self, asked: &Asked, hand_out: u32, answer: Answer) -> Vec<Input> {
        let task = asked.task;
        let answer = match answer {
            Answer::Return(output) => Input::TaskSucceeded {
                task,
                hand_out,
                output: Document::from_value(output),
            },
            Answer::Throw { error, cause } => Input::TaskFailed {
                task,
                hand_out,
                error,
                cause,
            },
        };
        let handed = asked.is_activity.then(|| Input::HandOut {
            task,
            worker_name: Some("mock".into()),
        });
        handed.into_iter().chain([answer]).collect()
    }

    fn absorb(&mut self, step: Step, watch: &mut dyn FnMut(&Event, i64)) {
        for event in &step.events {
            self.trail.event(event);
            watch(event, self.plan.start_ms);
        }
        for effect in step.effects {
            self.perform(effect);
        }
    }

    fn perform(&mut self, effect: Effect) {
        match effect {
            Effect::ArmTimer { timer, due, .. } => {
                let due_ms = match due {
                    Due::After(ms) => self.now_ms.saturating_add(ms),
                    Due::At(ms) => ms,
                };
                self.timers.insert(timer, due_ms);
            }
            Effect::RewindTimer { timer, after_ms } => {
                self.timers
                    .insert(timer, self.now_ms.saturating_add(after_ms));
            }
            Effect::DisarmTimer { timer } => {
                self.timers.remove(&timer);
            }
            Effect::ScheduleActivityTask { task, activity } => self.asked.push_back(Asked {
                task,
                resource: activity,
                is_activity: true,
            }),
            Effect::Call { task, resource, .. } => self.asked.push_back(Asked {
                task,
                resource,
                is_activity: false,
            }),
            Effect::CloseTask { task } => self.asked.retain(|asked| asked.task != task),
            Effect::StartMapRun(plan) => self.map_runs.push_back(plan.event),
            Effect::AbortMapRun { event } => self.map_runs.retain(|open| *open != event),
            // Nothing is redriven here.
            Effect::RedriveMapRun { .. } => {}
            // Nothing is ever put back here; and the loop looks at the status itself.
            Effect::RequeueTask { .. } | Effect::Closed { .. } => {}
        }
    }
}

fn birth(plan: &Plan) -> Birth {
    let name = &plan.name;
    let arn = |what: &str| format!("arn:aws:states:us-east-1:000000000000:{what}:{name}");
    Birth {
        execution_arn: format!("{}:run", arn("execution")).into(),
        name: "run".into(),
        state_machine_arn: arn("stateMachine").into(),
        state_machine_name: name.as_str().into(),
        role_arn: "arn:aws:iam::000000000000:role/run".into(),
        machine: 1,
        machine_revision: 1,
        seed: plan.seed,
        trace_header: None,
        state_machine_version_arn: None,
        state_machine_alias_arn: None,
        child: None,
    }
}
