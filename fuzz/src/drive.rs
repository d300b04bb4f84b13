//! Runs a machine in the interpreter, beside a twin that is restored before every step.
//!
//! What happens to the two is drawn from the history so far, so an input is the same run every time.

use std::collections::{BTreeMap, BTreeSet};

use asl::StateMachine;
use interpreter::history::{self, StoredEvent};
use interpreter::limits::HISTORY_EVENTS_MAX;
use interpreter::{
    Birth, Document, Due, Effect, EventId, Execution, Failure, Input, Limits, MapRunOutcome,
    Moment, PartSizes, Status, Step, TimerId, World,
};

const START_MS: i64 = 1_700_000_000_000;
/// Most inputs of a run.
const INPUTS_MAX: usize = 16;
/// Most states entered per input.
const STEPS_MAX: u32 = 8;
/// A result of tasks, beside `null`.
const OUTPUT: &str = r#"{"a":{"b":[1,2]},"error":"E","items":[1,{"x":2},[]]}"#;

struct Surroundings;

impl World for Surroundings {
    fn activity_exists(&self, arn: &str) -> bool {
        !arn.ends_with(":gone")
    }

    fn region(&self) -> &str {
        "us-east-1"
    }

    fn task_token(&self, execution_arn: &str, task: EventId) -> Option<String> {
        Some(format!("{execution_arn}/{task}"))
    }
}

fn birth() -> Birth {
    let states = "arn:aws:states:us-east-1:123456789012";
    Birth {
        execution_arn: format!("{states}:execution:m:e").into(),
        name: "e".into(),
        state_machine_arn: format!("{states}:stateMachine:m").into(),
        state_machine_name: "m".into(),
        role_arn: "arn:aws:iam::123456789012:role/r".into(),
        machine: 1,
        machine_revision: 1,
        seed: 3,
        trace_header: None,
        state_machine_version_arn: None,
        state_machine_alias_arn: None,
        child: None,
    }
}

/// What the world owes the execution.
#[derive(Default)]
struct Owed {
    timers: BTreeMap<TimerId, i64>,
    tasks: BTreeSet<EventId>,
    /// Open tasks with how often they were handed out; 0 for calls.
    hand_outs: BTreeMap<EventId, u32>,
    documents: Vec<Option<Document>>,
    /// Map runs that are open.
    map_runs: BTreeSet<EventId>,
}

impl Owed {
    fn absorb(&mut self, step: &Step, execution: &Execution, now_ms: i64) {
        if !step.events.is_empty() {
            let run = history::encode(&step.events);
            let stored = history::decode(&run).expect("what was written reads");
            for event in &stored {
                assert_eq!(
                    event.id() as usize,
                    self.documents.len() + 1,
                    "event ids have no gaps"
                );
                self.documents.push(StoredEvent::own_document(event));
            }
        }
        assert_eq!(execution.events() as usize, self.documents.len());
        assert!(execution.events() <= HISTORY_EVENTS_MAX);
        for effect in &step.effects {
            self.perform(effect, now_ms);
        }
        if execution.status() != Status::Running {
            assert!(self.timers.is_empty(), "a closed execution leaves a timer");
            assert!(self.tasks.is_empty(), "a closed execution leaves a task");
            assert!(
                self.map_runs.is_empty(),
                "a closed execution leaves a map run"
            );
        }
    }

    fn perform(&mut self, effect: &Effect, now_ms: i64) {
        match effect {
            Effect::ArmTimer { timer, due, .. } => {
                let due_ms = match due {
                    Due::After(ms) => now_ms.saturating_add(*ms),
                    Due::At(ms) => *ms,
                };
                let twice = self.timers.insert(*timer, due_ms);
                assert!(twice.is_none(), "a timer is armed once");
            }
            Effect::RewindTimer { timer, .. } => {
                assert!(self.timers.contains_key(timer), "an armed timer is rewound");
            }
            Effect::DisarmTimer { timer } => {
                let armed = self.timers.remove(timer);
                assert!(armed.is_some(), "an armed timer is disarmed");
            }
            Effect::ScheduleActivityTask { task, .. } => {
                assert!(self.tasks.insert(*task), "a task is scheduled once");
            }
            Effect::Call { task, .. } => {
                assert!(self.tasks.insert(*task), "a task is scheduled once");
                self.hand_outs.insert(*task, 0);
            }
            Effect::RequeueTask { task } => assert!(self.tasks.contains(task)),
            Effect::CloseTask { task } => {
                assert!(self.tasks.remove(task), "an open task is closed, once");
            }
            Effect::StartMapRun(plan) => {
                assert!(self.map_runs.insert(plan.event), "a map run starts once");
            }
            Effect::RedriveMapRun { event } => {
                assert!(self.map_runs.insert(*event), "one that is over goes on");
            }
            Effect::AbortMapRun { event } => {
                assert!(self.map_runs.remove(event), "an open map run is aborted");
            }
            Effect::Closed { .. } => {}
        }
    }

    /// The next thing to happen; a `Continue` of a spent budget is a timer like the others.
    fn next(&mut self, draw: u64, now_ms: &mut i64) -> Input {
        if let Some(&task) = self.tasks.iter().nth((draw >> 8) as usize % 7) {
            let calls = self.hand_outs.get(&task).copied();
            let hand_out = calls.unwrap_or(0);
            return match (draw % 8, calls) {
                (0, _) => failed(task, hand_out, None),
                (1, _) => failed(task, hand_out, Some("States.Timeout")),
                (2, None) => Input::PutBack { task },
                (3, _) => Input::Heartbeat { task, hand_out },
                (4, Some(0)) => Input::TaskSubmitted {
                    task,
                    output: Document::from_text(OUTPUT),
                },
                (_, None) => {
                    self.hand_outs.insert(task, 1);
                    Input::HandOut {
                        task,
                        worker_name: Some("w".into()),
                    }
                }
                (5, _) => succeeded(task, hand_out, "null"),
                _ => succeeded(task, hand_out, OUTPUT),
            };
        }
        if let Some(event) = self.map_runs.pop_first() {
            let outcome = match draw % 4 {
                0 => MapRunOutcome::Failed(Failure::default()),
                1 => MapRunOutcome::Succeeded(None),
                _ => MapRunOutcome::Succeeded(Some(Document::from_text("[1]"))),
            };
            return Input::MapRunEnded { event, outcome };
        }
        let first = self
            .timers
            .iter()
            .min_by_key(|(timer, due)| (**due, **timer));
        let Some((&timer, &due_ms)) = first else {
            return Input::Continue;
        };
        self.timers.remove(&timer);
        *now_ms = (*now_ms).max(due_ms);
        Input::TimerFired(timer)
    }
}

fn failed(task: EventId, hand_out: u32, error: Option<&str>) -> Input {
    Input::TaskFailed {
        task,
        hand_out,
        error: error.map(Into::into),
        cause: None,
    }
}

fn succeeded(task: EventId, hand_out: u32, output: &str) -> Input {
    Input::TaskSucceeded {
        task,
        hand_out,
        output: Document::from_text(output),
    }
}

/// Runs `machine` for a while.
pub fn run(machine: &StateMachine, input: &str) {
    if asl::json::check_input(input).is_err() {
        return;
    }
    let mut now_ms = START_MS;
    let moment = |now_ms| Moment {
        now_ms,
        world: &Surroundings,
        steps_max: STEPS_MAX,
        limits: limits(),
    };
    let input = Document::from_text(input);
    let (mut execution, step) = interpreter::start(machine, birth(), input, &moment(now_ms));
    let mut owed = Owed::default();
    owed.absorb(&step, &execution, now_ms);
    let mut draw = 0;
    for turn in 0..INPUTS_MAX {
        if execution.status() != Status::Running {
            break;
        }
        let mut twin = restored(&mut execution, &owed);
        draw = mix(draw ^ u64::from(execution.events()));
        let input = match turn {
            13 => Input::MachineDeleted,
            15 => Input::Stop {
                error: None,
                cause: None,
            },
            _ => owed.next(draw, &mut now_ms),
        };
        now_ms += 1;
        let step = interpreter::step(&mut execution, machine, input.clone(), &moment(now_ms));
        let again = interpreter::step(&mut twin, machine, input, &moment(now_ms));
        assert_eq!(
            step.as_ref().map(shown),
            again.as_ref().map(shown),
            "a restored execution does what the other does"
        );
        assert_eq!(execution.snapshot(&limits()), twin.snapshot(&limits()));
        if let Ok(step) = step {
            owed.absorb(&step, &execution, now_ms);
        }
    }
}

/// All that a step says, by which two can be compared. What a document keeps in memory to answer
/// sooner is no part of it.
fn shown(step: &Step) -> (Vec<u8>, Vec<String>) {
    let effects = step.effects.iter().map(|effect| match effect {
        Effect::Call {
            task,
            resource,
            parameters,
            submitted,
        } => {
            let submitted = submitted.as_ref().map(Document::text);
            format!("{task:?} {resource} {} {submitted:?}", parameters.text())
        }
        other => format!("{other:?}"),
    });
    (history::encode(&step.events), effects.collect())
}

/// Nothing of a snapshot is kept apart: which documents share a part depends on what is shared in
/// memory, and two snapshots could not be compared.
fn limits() -> Limits {
    Limits {
        parts: PartSizes {
            outputs: u32::MAX,
            document_bytes: usize::MAX,
            documents_bytes: usize::MAX,
        },
        ..Limits::default()
    }
}

fn restored(execution: &mut Execution, owed: &Owed) -> Execution {
    let snapshot = execution.snapshot(&limits());
    let mut twin = Execution::restore(&snapshot.bytes, &BTreeMap::new(), &mut |home| {
        owed.documents.get(home as usize - 1)?.clone()
    })
    .expect("a snapshot restores");
    assert_eq!(
        snapshot,
        twin.snapshot(&limits()),
        "a snapshot says everything"
    );
    twin
}

/// One round of splitmix64.
fn mix(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
