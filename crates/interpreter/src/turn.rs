//! A turn: one step at work. It appends events, arms timers, and runs frames while any is ready.

use std::collections::BTreeMap;

use asl::StateMachine;
use asl::definition::{QueryLanguage, State, StateKind, Transition};

use crate::breaks;
use crate::execution::{Execution, Moment, Step};
use crate::failure::{Fault, RUNTIME};
use crate::frame::{Frame, FrameId, Stand, Visit};
use crate::history::{Event, EventDetails, EventId};
use crate::{Document, Due, Effect, Failure, StateType, Status, TimerId, TimerKind};

/// The execution is over: nothing more happens in this turn.
#[derive(Debug)]
pub(crate) struct Closed;

/// Why a state did not go on.
#[derive(Debug)]
pub(crate) enum Halt {
    /// It failed: `Retry` and `Catch` are asked.
    Fault(Fault),
    /// The execution is over.
    Closed,
}

impl From<Fault> for Halt {
    fn from(fault: Fault) -> Halt {
        Halt::Fault(fault)
    }
}

impl From<Closed> for Halt {
    fn from(_: Closed) -> Halt {
        Halt::Closed
    }
}

/// One step at work.
pub(crate) struct Turn<'a> {
    pub(crate) execution: &'a mut Execution,
    pub(crate) machine: &'a StateMachine,
    pub(crate) at: &'a Moment<'a>,
    pub(crate) step: Step,
    /// Where the lines stood before the failure at hand; see `redrive.rs`.
    pub(crate) stood: Option<BTreeMap<FrameId, Frame>>,
}

impl<'a> Turn<'a> {
    pub(crate) fn new(
        execution: &'a mut Execution,
        machine: &'a StateMachine,
        at: &'a Moment<'a>,
    ) -> Turn<'a> {
        Turn {
            execution,
            machine,
            at,
            step: Step::default(),
            stood: None,
        }
    }

    /// The state a frame stands in.
    pub(crate) fn state(&self, id: FrameId) -> &'a State {
        self.machine.state(self.execution.frame(id).state)
    }

    /// Whether that state's expressions are in JSONata.
    pub(crate) fn is_jsonata(&self, id: FrameId) -> bool {
        self.state(id).query_language == QueryLanguage::Jsonata
    }

    // Events.

    /// Appends an event to the frame's chain.
    pub(crate) fn append(&mut self, id: FrameId, details: EventDetails) -> Result<EventId, Closed> {
        let event = self.append_aside(id, details)?;
        self.execution.frame_mut(id).previous = event;
        Ok(event)
    }

    /// Appends an event that hangs on the frame's chain and does not prolong it.
    pub(crate) fn append_aside(
        &mut self,
        id: FrameId,
        details: EventDetails,
    ) -> Result<EventId, Closed> {
        self.write_pending()?;
        let previous = self.execution.frame(id).previous;
        self.append_at(self.at.now_ms, previous, details)
    }

    /// Hand-outs become events before anything else does.
    pub(crate) fn write_pending(&mut self) -> Result<(), Closed> {
        for start in std::mem::take(&mut self.execution.pending) {
            let details = EventDetails::ActivityStarted {
                worker_name: start.worker_name,
            };
            let event = self.append_at(start.at_ms, start.task, details)?;
            let frame = self.execution.frame_mut(start.frame);
            frame.previous = event;
            let Stand::Task(task) = &mut frame.stand else {
                panic!("a pending hand-out has an open task");
            };
            task.started = true;
        }
        Ok(())
    }

    pub(crate) fn append_at(
        &mut self,
        timestamp_ms: i64,
        previous: EventId,
        details: EventDetails,
    ) -> Result<EventId, Closed> {
        let id = self.execution.events + 1;
        let is_express = self.execution.is_express(self.machine);
        let most = self.at.limits.history_events_max(is_express);
        if id >= most {
            // AWS does not leave a place for the failure: it is the last event, not the one after.
            let cause =
                format!("The execution reached the maximum number of history events ({most}).");
            let failure = Fault::new(RUNTIME, cause).failure;
            return Err(self.close_with_failure(Status::Failed, id - 1, failure, timestamp_ms));
        }
        self.push(timestamp_ms, previous, details);
        Ok(id)
    }

    fn push(&mut self, timestamp_ms: i64, previous: EventId, details: EventDetails) {
        let execution = &mut *self.execution;
        execution.events += 1;
        let id = execution.events;
        assert!(previous < id, "an event hangs on an earlier one");
        let timestamp_ms = match breaks::awake("r22") {
            true => timestamp_ms,
            false => timestamp_ms.max(execution.last_ms),
        };
        let previous = if breaks::awake("r20") { 0 } else { previous };
        execution.last_ms = timestamp_ms;
        if let Some(document) = details.document() {
            let _ = document.clone().at_home(id);
        }
        self.step.events.push(Event {
            id,
            previous,
            timestamp_ms,
            details,
        });
    }

    // The end.

    /// The execution reached its end.
    pub(crate) fn succeed(&mut self, id: FrameId, output: Document) -> Closed {
        if let Err(closed) = self.write_pending() {
            return closed;
        }
        let previous = self.execution.frame(id).previous;
        self.execution.output = Some(output.clone());
        let details = EventDetails::ExecutionSucceeded { output };
        self.close(Status::Succeeded, previous, details, self.at.now_ms)
    }

    /// The execution failed in that frame.
    pub(crate) fn fail(&mut self, id: FrameId, failure: Failure) -> Closed {
        if let Err(closed) = self.write_pending() {
            return closed;
        }
        let previous = self.execution.frame(id).previous;
        self.close_with_failure(Status::Failed, previous, failure, self.at.now_ms)
    }

    /// The execution ends from outside: stopped, or out of time. Such an event hangs on nothing.
    pub(crate) fn cut(&mut self, status: Status, failure: Failure, timestamp_ms: i64) -> Closed {
        if let Err(closed) = self.write_pending() {
            return closed;
        }
        self.close_with_failure(status, 0, failure, timestamp_ms)
    }

    fn close_with_failure(
        &mut self,
        status: Status,
        previous: EventId,
        failure: Failure,
        timestamp_ms: i64,
    ) -> Closed {
        let details = match status {
            Status::Failed => EventDetails::ExecutionFailed(failure.clone()),
            Status::TimedOut => EventDetails::ExecutionTimedOut(failure.clone()),
            Status::Aborted => EventDetails::ExecutionAborted(failure.clone()),
            Status::Running | Status::Succeeded | Status::PendingRedrive => {
                panic!("only an execution that failed has a failure")
            }
        };
        // DescribeExecution shows neither error nor cause of an execution that ran out of time.
        self.execution.failure = (status != Status::TimedOut).then_some(failure);
        self.close(status, previous, details, timestamp_ms)
    }

    fn close(
        &mut self,
        status: Status,
        previous: EventId,
        details: EventDetails,
        timestamp_ms: i64,
    ) -> Closed {
        if breaks::awake("r21") {
            self.push(timestamp_ms, previous, details.clone());
        }
        self.push(timestamp_ms, previous, details);
        let frames = std::mem::take(&mut self.execution.frames);
        for frame in frames.values() {
            self.release(frame);
        }
        let execution = &mut *self.execution;
        execution.ready.clear();
        execution.pending.clear();
        execution.status = status;
        execution.stop_ms = Some(execution.last_ms);
        // EXPRESS executions cannot be redriven.
        if !execution.is_express(self.machine) {
            let stood = self.stood.take().unwrap_or(frames);
            execution.keep_where_it_stood(stood, &self.at.limits);
        }
        let deadline = execution.deadline.take().map(|(timer, _)| timer);
        for timer in [deadline, execution.go_on.take()].into_iter().flatten() {
            self.disarm(timer);
        }
        self.effect(Effect::Closed { status });
        Closed
    }

    // Effects.

    pub(crate) fn effect(&mut self, effect: Effect) {
        self.step.effects.push(effect);
    }

    pub(crate) fn arm(&mut self, kind: TimerKind, due: Due) -> TimerId {
        let timer = self.execution.new_timer();
        self.effect(Effect::ArmTimer { timer, kind, due });
        timer
    }

    pub(crate) fn disarm(&mut self, timer: TimerId) {
        self.effect(Effect::DisarmTimer { timer });
    }

    /// Lets go what a frame holds outside: its task and its timers.
    pub(crate) fn release(&mut self, frame: &Frame) {
        if let Some(task) = frame.open_task() {
            self.effect(Effect::CloseTask {
                task: task.scheduled,
            });
        }
        if let Some(event) = frame.open_map_run() {
            self.effect(Effect::AbortMapRun { event });
        }
        for timer in frame.timers().into_iter().flatten() {
            self.disarm(timer);
        }
    }

    /// The frame waits no more: its task is closed, its timers but `fired` are disarmed.
    pub(crate) fn settle(&mut self, id: FrameId, fired: Option<TimerId>) {
        let frame = self.execution.frame_mut(id);
        let timers = frame.timers();
        let task = frame.open_task().map(|task| task.scheduled);
        let map_run = frame.open_map_run();
        frame.stand = Stand::Ready;
        if let Some(event) = map_run {
            self.effect(Effect::AbortMapRun { event });
        }
        if let Some(task) = task {
            let pending = self.execution.pending.iter().any(|start| start.frame == id);
            assert!(
                !pending,
                "what ended a task is in history, and its start before that"
            );
            self.effect(Effect::CloseTask { task });
        }
        for timer in timers
            .into_iter()
            .flatten()
            .filter(|timer| Some(*timer) != fired)
        {
            self.disarm(timer);
        }
    }

    // Running.

    /// Runs ready frames, one state each in turn, until none is ready or the budget is spent.
    pub(crate) fn run(&mut self) -> Result<(), Closed> {
        if self.execution.trial.is_some() {
            // A state that is tried goes no further than to where it would go on.
            return Ok(());
        }
        let mut entered = 0;
        while let Some(id) = self.execution.ready.front().copied() {
            if entered >= self.at.steps_max.max(1) {
                if self.execution.go_on.is_none() {
                    self.execution.go_on = Some(self.arm(TimerKind::Continue, Due::After(0)));
                }
                return Ok(());
            }
            self.execution.ready.pop_front();
            entered += 1;
            self.enter(id)?;
        }
        if let Some(timer) = self.execution.go_on.take() {
            self.disarm(timer);
        }
        Ok(())
    }

    fn enter(&mut self, id: FrameId) -> Result<(), Closed> {
        if self.execution.machine_deleted {
            return Err(self.cut(Status::Aborted, Failure::default(), self.at.now_ms));
        }
        let state = self.state(id);
        // A redrive takes up the visit it finds, as a retry does. Only of Fail states AWS says that
        // they are entered again.
        let found = self.execution.frame(id).visit.entered > 0;
        if found && !matches!(state.kind, StateKind::Fail(_)) {
            return self.perform(id);
        }
        let entered = self.append(
            id,
            EventDetails::StateEntered {
                state_type: state_type(state),
                name: state.name.clone(),
                input: self.execution.frame(id).visit.input.clone(),
            },
        )?;
        let entered_ms = self.execution.last_ms;
        let visit = &mut self.execution.frame_mut(id).visit;
        visit.entered = entered;
        visit.entered_ms = entered_ms;
        self.perform(id)
    }

    /// Does what the frame's state does: at its entry, and again at each retry.
    pub(crate) fn perform(&mut self, id: FrameId) -> Result<(), Closed> {
        let done = self.begin_state(id);
        self.settle_halt(id, done)
    }

    /// What a state's failure leads to.
    pub(crate) fn settle_halt(
        &mut self,
        id: FrameId,
        done: Result<(), Halt>,
    ) -> Result<(), Closed> {
        match done {
            Ok(()) => Ok(()),
            Err(Halt::Closed) => Err(Closed),
            Err(Halt::Fault(fault)) => self.state_failed(id, fault),
        }
    }

    /// Moves a frame to its next state, or ends its line.
    pub(crate) fn go(
        &mut self,
        id: FrameId,
        transition: Transition,
        output: Document,
    ) -> Result<(), Closed> {
        match transition {
            Transition::Next(next) => {
                let name = self.machine.state(next).name.clone();
                let frame = self.execution.frame_mut(id);
                frame.state = next;
                frame.state_name = name;
                frame.visit = Visit::of(output);
                frame.stand = Stand::Ready;
                self.execution.ready.push_back(id);
                Ok(())
            }
            Transition::End => match self.execution.frame(id).parent {
                None => Err(self.succeed(id, output)),
                Some((parent, slot)) => self.line_ended(id, parent, slot, output),
            },
        }
    }

    /// A `States.Runtime` failure of the state a frame stands in.
    pub(crate) fn runtime_fault(&self, id: FrameId, cause: impl std::fmt::Display) -> Fault {
        self.fault_in_state(id, RUNTIME, cause)
    }

    /// A failure of the state a frame stands in, with AWS's words for where it happened.
    pub(crate) fn fault_in_state(
        &self,
        id: FrameId,
        error: &str,
        cause: impl std::fmt::Display,
    ) -> Fault {
        if self.execution.trial.is_some() {
            // Where it happened is known, and not said: so recorded from AWS.
            return Fault::new(error, cause.to_string());
        }
        let frame = self.execution.frame(id);
        let cause = format!(
            "An error occurred while executing the state '{}' (entered at the event id #{}). {cause}",
            frame.state_name, frame.visit.entered
        );
        Fault::new(error, cause)
    }
}

/// The type of a state, as events name it.
pub(crate) fn state_type(state: &State) -> StateType {
    match state.kind {
        StateKind::Task(_) => StateType::Task,
        StateKind::Pass(_) => StateType::Pass,
        StateKind::Choice(_) => StateType::Choice,
        StateKind::Wait(_) => StateType::Wait,
        StateKind::Succeed => StateType::Succeed,
        StateKind::Fail(_) => StateType::Fail,
        StateKind::Parallel(_) => StateType::Parallel,
        StateKind::Map(_) => StateType::Map,
    }
}
