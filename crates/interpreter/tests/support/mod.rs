//! A world with a virtual clock for one execution: it keeps the history as a store would, fires timers
//! when they are due, and writes down everything that happened, one line each.

#![allow(dead_code, clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::fmt::Write as _;

use asl::{MachineType, StateMachine};
use interpreter::history::{self, StoredEvent};
use interpreter::{
    Birth, Document, Due, Effect, Event, EventId, Execution, Input, Moment, PartChange, PartSizes,
    Refusal, Snapshot, Status, Step, TimerId, World,
};
use serde_json::Value;

/// When the clock starts: 2023-11-14T22:13:20Z.
pub const START_MS: i64 = 1_700_000_000_000;

/// Parses a definition that must be valid.
pub fn machine(definition: &str) -> StateMachine {
    let parsed = asl::parse(definition, MachineType::Standard);
    parsed
        .machine
        .unwrap_or_else(|| panic!("{definition}\n{:#?}", parsed.diagnostics))
}

/// What every execution of these tests is born with.
pub fn birth() -> Birth {
    let states = "arn:aws:states:us-east-1:123456789012";
    Birth {
        execution_arn: format!("{states}:execution:m:e").into(),
        name: "e".into(),
        state_machine_arn: format!("{states}:stateMachine:m").into(),
        state_machine_name: "m".into(),
        role_arn: "arn:aws:iam::123456789012:role/r".into(),
        machine: 1,
        machine_revision: 2,
        seed: 3,
        trace_header: None,
        state_machine_version_arn: None,
        state_machine_alias_arn: None,
        child: None,
    }
}

/// All activities exist but those called `gone`.
pub struct Region;

impl World for Region {
    fn activity_exists(&self, arn: &str) -> bool {
        !arn.ends_with(":activity:gone")
    }
    fn region(&self) -> &str {
        "us-east-1"
    }
    fn task_token(&self, execution_arn: &str, task: EventId) -> Option<String> {
        Some(format!("{execution_arn}/{task}"))
    }
}

/// Parts so small that every execution has some.
pub const SMALL_PARTS: PartSizes = PartSizes {
    outputs: 2,
    document_bytes: 12,
    documents_bytes: 20,
};

/// One execution in its world.
pub struct Run {
    pub machine: StateMachine,
    pub execution: Execution,
    pub now_ms: i64,
    pub steps_max: u32,
    pub limits: interpreter::Limits,
    /// Whether the execution is restored from its snapshot before every step.
    pub restoring: bool,
    /// The parts of its snapshot, as a store would keep them.
    pub parts: BTreeMap<u32, Vec<u8>>,
    /// Parts that went.
    pub parts_gone: BTreeSet<u32>,
    pub timers: BTreeMap<TimerId, i64>,
    pub tasks: BTreeSet<EventId>,
    /// Map runs that are open.
    pub map_runs: BTreeSet<EventId>,
    pub events: Vec<Event>,
    pub stored: Vec<Vec<u8>>,
    /// The document that was born in each event, as the stored history gives it.
    pub own: Vec<Option<Document>>,
    pub lines: Vec<String>,
}

impl Run {
    pub fn start(definition: &str, input: &str, steps_max: u32, restoring: bool) -> Run {
        let mut limits = interpreter::Limits::default();
        if restoring {
            limits.parts = SMALL_PARTS;
        }
        Run::start_within(limits, definition, input, steps_max, restoring)
    }

    /// The same with limits that are not AWS's.
    pub fn start_within(
        limits: interpreter::Limits,
        definition: &str,
        input: &str,
        steps_max: u32,
        restoring: bool,
    ) -> Run {
        let machine = machine(definition);
        let at = Moment {
            now_ms: START_MS,
            world: &Region,
            steps_max,
            limits,
        };
        let (execution, step) =
            interpreter::start(&machine, birth(), Document::from_text(input), &at);
        let mut run = Run {
            machine,
            execution,
            now_ms: START_MS,
            steps_max,
            limits,
            restoring,
            parts: BTreeMap::new(),
            parts_gone: BTreeSet::new(),
            timers: BTreeMap::new(),
            tasks: BTreeSet::new(),
            map_runs: BTreeSet::new(),
            events: Vec::new(),
            stored: Vec::new(),
            own: Vec::new(),
            lines: Vec::new(),
        };
        run.absorb(step);
        run
    }

    /// From now on the run is of a child of a map run of the same machine.
    pub fn start_child(&mut self, birth: interpreter::Birth, start_at: &str, input: &str) {
        let at = Moment {
            now_ms: self.now_ms,
            world: &Region,
            steps_max: self.steps_max,
            limits: self.limits,
        };
        let input = Document::from_text(input);
        let (execution, step) =
            interpreter::start_child(&self.machine, birth, start_at, input, &at).unwrap();
        self.execution = execution;
        self.parts.clear();
        self.parts_gone.clear();
        self.timers.clear();
        self.map_runs.clear();
        self.events.clear();
        self.stored.clear();
        self.own.clear();
        self.lines.clear();
        self.absorb(step);
    }

    /// One input, now.
    pub fn step(&mut self, input: Input) -> Result<(), Refusal> {
        if self.restoring {
            self.restore();
        }
        let at = Moment {
            now_ms: self.now_ms,
            world: &Region,
            steps_max: self.steps_max,
            limits: self.limits,
        };
        let before = self.keep();
        let ended = match &input {
            Input::MapRunEnded { event, .. } => Some(*event),
            _ => None,
        };
        match interpreter::step(&mut self.execution, &self.machine, input, &at) {
            Ok(step) => {
                if let Some(event) = ended {
                    assert!(self.map_runs.remove(&event), "only an open map run ends");
                }
                self.absorb(step);
                Ok(())
            }
            Err(refusal) => {
                self.nothing_changed_since(&before);
                self.line(format_args!("refused {refusal:?}"));
                Err(refusal)
            }
        }
    }

    /// The snapshot without its parts; those are kept as a store would keep them.
    pub fn keep(&mut self) -> Vec<u8> {
        let snapshot = self.execution.snapshot(&self.limits);
        for PartChange { part, bytes } in snapshot.parts {
            match bytes {
                Some(bytes) => {
                    assert!(!self.parts_gone.contains(&part), "numbers are used once");
                    let before = self.parts.insert(part, bytes.clone());
                    assert_ne!(before, Some(bytes), "only what changed is written");
                }
                None => {
                    assert!(self.parts.remove(&part).is_some(), "a part goes once");
                    self.parts_gone.insert(part);
                }
            }
        }
        assert_eq!(snapshot.parts_kept as usize, self.parts.len());
        assert_eq!(snapshot.parts_bytes, self.parts_bytes());
        snapshot.bytes
    }

    fn parts_bytes(&self) -> u64 {
        self.parts.values().map(|bytes| bytes.len() as u64).sum()
    }

    fn nothing_changed_since(&mut self, snapshot: &[u8]) {
        let expected = Snapshot {
            bytes: snapshot.to_vec(),
            parts: Vec::new(),
            parts_kept: self.parts.len() as u32,
            parts_bytes: self.parts_bytes(),
        };
        assert_eq!(self.execution.snapshot(&self.limits), expected);
    }

    /// Replaces the execution by what its snapshot and the stored history say.
    pub fn restore(&mut self) {
        let snapshot = self.keep();
        let asked = Execution::documents_of(&snapshot, &self.parts).expect("a snapshot reads well");
        let mut given = Vec::new();
        let restored = Execution::restore(&snapshot, &self.parts, &mut |event| {
            given.push(event);
            self.own[event as usize - 1].clone()
        });
        self.execution = restored.expect("a snapshot restores");
        given.sort_unstable();
        assert_eq!(
            given, asked,
            "exactly the documents that were announced, each once"
        );
        self.nothing_changed_since(&snapshot);
    }

    pub fn stored_events(&self) -> Vec<StoredEvent> {
        self.stored
            .iter()
            .flat_map(|run| history::decode(run).unwrap())
            .collect()
    }

    fn absorb(&mut self, step: Step) {
        if !step.events.is_empty() {
            let run = history::encode(&step.events);
            let stored = history::decode(&run).expect("what was written reads well");
            self.own
                .extend(stored.iter().map(StoredEvent::own_document));
            self.stored.push(run);
        }
        let first_new = self.events.len();
        for event in step.events {
            self.line(format_args!("{}", describe(&event)));
            self.events.push(event);
        }
        for effect in step.effects {
            self.line(format_args!("  {}", describe_effect(&effect)));
            self.perform(effect);
        }
        self.check(first_new);
    }

    fn perform(&mut self, effect: Effect) {
        match effect {
            Effect::ArmTimer { timer, due, .. } => {
                let due_ms = match due {
                    Due::After(ms) => self.now_ms.saturating_add(ms),
                    Due::At(ms) => ms,
                };
                assert!(
                    self.timers.insert(timer, due_ms).is_none(),
                    "a timer is armed once"
                );
            }
            Effect::RewindTimer { timer, after_ms } => {
                let due_ms = self
                    .timers
                    .get_mut(&timer)
                    .expect("only armed timers are rewound");
                *due_ms = self.now_ms + after_ms;
            }
            Effect::DisarmTimer { timer } => {
                assert!(
                    self.timers.remove(&timer).is_some(),
                    "only armed timers are disarmed"
                );
            }
            Effect::Call {
                task,
                submitted: Some(_),
                ..
            } => assert!(self.tasks.contains(&task), "an open call is watched"),
            Effect::ScheduleActivityTask { task, .. } | Effect::Call { task, .. } => {
                assert!(self.tasks.insert(task), "a task is scheduled once");
            }
            Effect::RequeueTask { task } => {
                assert!(self.tasks.contains(&task), "only open tasks are put back");
            }
            Effect::CloseTask { task } => {
                assert!(self.tasks.remove(&task), "only open tasks are closed, once");
            }
            Effect::StartMapRun(plan) => {
                assert!(self.map_runs.insert(plan.event), "a map run starts once");
            }
            Effect::RedriveMapRun { event } => {
                assert!(
                    self.map_runs.insert(event),
                    "only a map run that is over goes on"
                );
            }
            Effect::AbortMapRun { event } => {
                assert!(
                    self.map_runs.remove(&event),
                    "only an open map run is aborted"
                );
            }
            Effect::Closed { status } => assert_eq!(status, self.execution.status()),
        }
    }

    /// What must hold after every step.
    fn check(&self, first_new: usize) {
        assert_eq!(self.execution.events() as usize, self.events.len());
        let mut last_ms = first_new
            .checked_sub(1)
            .map_or(START_MS, |at| self.events[at].timestamp_ms);
        for (event, at) in self.events[first_new..].iter().zip(first_new..) {
            let id = event.id;
            assert_eq!(id as usize, at + 1, "ids have no gaps");
            assert!(event.previous < id, "an event hangs on an earlier one");
            assert!(event.timestamp_ms >= last_ms, "time does not run back");
            last_ms = event.timestamp_ms;
            if let Some(document) = event.details.document() {
                assert!(
                    document.home().is_some_and(|home| home <= id),
                    "documents have homes"
                );
            }
        }
        for (event, (_, pending)) in
            (self.execution.events() + 1..).zip(self.execution.pending(&self.limits))
        {
            assert_eq!(pending.id, event);
        }
        let closed = self.execution.status() != Status::Running;
        assert_eq!(self.execution.stop_ms().is_some(), closed);
        if closed {
            assert!(
                self.timers.is_empty(),
                "a closed execution leaves no timer behind"
            );
            assert!(
                self.tasks.is_empty(),
                "a closed execution leaves no task behind"
            );
        }
    }

    /// Lets time pass, firing timers when they are due.
    pub fn advance_to(&mut self, until_ms: i64) {
        while let Some((timer, due_ms)) = self.next_timer().filter(|(_, due)| *due <= until_ms) {
            self.now_ms = self.now_ms.max(due_ms);
            self.timers.remove(&timer);
            self.line(format_args!("timer {}", timer.0));
            self.step(Input::TimerFired(timer))
                .expect("an armed timer is known");
        }
        self.now_ms = self.now_ms.max(until_ms);
    }

    fn next_timer(&self) -> Option<(TimerId, i64)> {
        let due = self.timers.iter().map(|(timer, due)| (*timer, *due));
        due.min_by_key(|(timer, due)| (*due, *timer))
    }

    /// Fires timers until none is armed.
    pub fn advance_to_end(&mut self) {
        while let Some((_, due_ms)) = self.next_timer() {
            self.advance_to(due_ms);
        }
    }

    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        self.lines
            .push(format!("{} {line}", self.now_ms - START_MS));
    }

    /// The history as the store gives it back.
    pub fn resolved_history(&self) -> Vec<Event> {
        let stored = self.stored_events();
        let own: Vec<Option<Document>> = stored.iter().map(StoredEvent::own_document).collect();
        let resolve = |event: StoredEvent| {
            event
                .resolve(&mut |home| own[home as usize - 1].clone())
                .expect("homes have texts")
        };
        stored.into_iter().map(resolve).collect()
    }
}

/// `4<-3 TaskStateEntered {"name":"A","input":{}}`.
pub fn describe(event: &Event) -> String {
    let Ok(shown) = event
        .clone()
        .map_document(&mut |document: Document| Ok::<Value, Infallible>(document.value().clone()));
    let mut line = format!("{}<-{} ", event.id, event.previous);
    match serde_json::to_value(&shown.details).expect("events are plain data") {
        Value::Object(variant) => {
            let (kind, mut fields) = variant.into_iter().next().expect("one variant");
            if let Value::Object(fields) = &mut fields {
                if let Some(failure) = fields.shift_remove("failure") {
                    fields.extend(failure.as_object().expect("error and cause").clone());
                }
                fields.retain(|name, value| {
                    !value.is_null()
                        && (name != "assigned_variables" || *value != Value::Array(vec![]))
                });
                if let Some(state_type) = fields.shift_remove("state_type") {
                    line.push_str(state_type.as_str().expect("a name"));
                }
            }
            write!(line, "{kind} {fields}").expect("memory grows");
        }
        other => line.push_str(other.as_str().expect("a name")),
    }
    line
}

fn describe_effect(effect: &Effect) -> String {
    match effect {
        Effect::ScheduleActivityTask { task, activity } => {
            format!(
                "schedule {task} {}",
                activity.rsplit(':').next().unwrap_or_default()
            )
        }
        Effect::RequeueTask { task } => format!("requeue {task}"),
        Effect::CloseTask { task } => format!("close {task}"),
        Effect::Call {
            task,
            resource,
            parameters,
            submitted,
        } => match submitted {
            None => format!("call {task} {resource} {}", parameters.text()),
            Some(answer) => format!(
                "watch {task} {resource} {} {}",
                parameters.text(),
                answer.text()
            ),
        },
        Effect::ArmTimer { timer, kind, due } => match due {
            Due::After(ms) => format!("arm {} {kind:?} after {ms}", timer.0),
            Due::At(ms) => format!("arm {} {kind:?} at {}", timer.0, ms - START_MS),
        },
        Effect::RewindTimer { timer, after_ms } => format!("rewind {} {after_ms}", timer.0),
        Effect::DisarmTimer { timer } => format!("disarm {}", timer.0),
        Effect::StartMapRun(plan) => format!("start {plan:?}"),
        Effect::RedriveMapRun { event } => format!("redrive map run {event}"),
        Effect::AbortMapRun { event } => format!("abort map run {event}"),
        Effect::Closed { status } => format!("closed {status:?}"),
    }
}
