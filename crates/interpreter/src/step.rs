//! The two doors that change an execution.

use std::collections::BTreeMap;
use std::sync::Arc;

use asl::StateMachine;
use asl::definition::{StateIndex, StateKind};

use crate::breaks;
use crate::execution::{Birth, Execution, Moment, Status, Step};
use crate::failure::TIMEOUT;
use crate::frame::{Frame, FrameId, PendingStart, Stand, Visit};
use crate::history::{EventDetails, EventId};
use crate::states::{Ended, seconds_to_ms};
use crate::turn::{Closed, Turn};
use crate::{Document, Due, Effect, Failure, Input, Refusal, TimerId, TimerKind};

/// Begins an execution and runs it until every branch waits or the step budget is spent.
pub fn start(
    machine: &StateMachine,
    birth: Birth,
    input: Document,
    at: &Moment<'_>,
) -> (Execution, Step) {
    start_at_state(machine, birth, machine.start_at, input, at)
}

/// Begins a child of a map run at the state of that name, as [`start`] does. `None` when the definition
/// has no such state: it is then not the one that the map run is of.
pub fn start_child(
    machine: &StateMachine,
    birth: Birth,
    start_at: &str,
    input: Document,
    at: &Moment<'_>,
) -> Option<(Execution, Step)> {
    let start_at = machine.find(start_at)?;
    Some(start_at_state(machine, birth, start_at, input, at))
}

fn start_at_state(
    machine: &StateMachine,
    birth: Birth,
    start_at: StateIndex,
    input: Document,
    at: &Moment<'_>,
) -> (Execution, Step) {
    let input = input.homeless();
    let mut execution = Execution::born(birth, input.clone(), at.now_ms);
    let mut turn = Turn::new(&mut execution, machine, at);
    if turn.begin(start_at, input).is_ok() && turn.execution.deadline.is_none() {
        // Not before the first turn is over: most executions are over with it, and owe nothing.
        turn.arm_deadline(at.limits.execution_seconds_max);
    }
    let step = turn.step;
    (execution, step)
}

/// Moves an execution on. On a refusal nothing has changed.
pub fn step(
    execution: &mut Execution,
    machine: &StateMachine,
    input: Input,
    at: &Moment<'_>,
) -> Result<Step, Refusal> {
    let redrives = matches!(input, Input::Redrive { .. });
    if redrives && !execution.can_go_on() {
        return Err(Refusal::NotRedrivable);
    }
    if execution.status != Status::Running && !redrives {
        return Err(match input {
            Input::Stop { .. } | Input::MachineDeleted | Input::Continue => {
                Refusal::ExecutionClosed
            }
            Input::TimerFired(_) => Refusal::TimerGone,
            _ => Refusal::TaskClosed,
        });
    }
    execution.locate(machine);
    let mut turn = Turn::new(execution, machine, at);
    let _ = turn.take(input)?;
    Ok(turn.step)
}

impl Turn<'_> {
    fn begin(&mut self, start_at: StateIndex, input: Document) -> Result<(), Closed> {
        let birth = &self.execution.birth;
        let details = EventDetails::ExecutionStarted {
            input: input.clone(),
            role_arn: Arc::clone(&birth.role_arn),
            state_machine_alias_arn: birth.state_machine_alias_arn.clone(),
            state_machine_version_arn: birth.state_machine_version_arn.clone(),
        };
        self.append_at(self.at.now_ms, 0, details)?;
        if let Some(seconds) = self.timeout_seconds() {
            self.arm_deadline(seconds);
        }
        let frame = self.execution.new_frame(Frame {
            parent: None,
            state_name: self.machine.state(start_at).name.clone(),
            state: start_at,
            // The first state does not hang on ExecutionStarted, as recorded from AWS.
            previous: 0,
            variables: BTreeMap::new(),
            visit: Visit::of(input),
            stand: Stand::Ready,
        });
        self.execution.ready.push_back(frame);
        self.run()
    }

    /// `TimeoutSeconds` of the machine, which is not for the children of its map runs.
    pub(crate) fn timeout_seconds(&self) -> Option<u64> {
        let is_child = self.execution.birth.child.is_some();
        self.machine.timeout_seconds.filter(|_| !is_child)
    }

    /// When the execution ends, if it has not by then.
    pub(crate) fn arm_deadline(&mut self, seconds: u64) {
        let is_express = self.execution.is_express(self.machine);
        let most = self.at.limits.execution_seconds_max(is_express);
        let length_ms = seconds_to_ms(seconds.min(most));
        let timer = self.arm(TimerKind::ExecutionTimeout, Due::After(length_ms));
        let deadline_ms = self.at.now_ms.saturating_add(length_ms);
        self.execution.deadline = Some((timer, deadline_ms));
    }

    /// Takes an input in. The outer result says whether it was refused, and then nothing has changed.
    fn take(&mut self, input: Input) -> Result<Result<(), Closed>, Refusal> {
        match input {
            Input::HandOut { task, worker_name } => self.hand_out(task, worker_name),
            Input::PutBack { task } => self.put_back(task),
            Input::Heartbeat { task, hand_out } => self.heartbeat(task, hand_out),
            Input::TaskSucceeded {
                task,
                hand_out,
                output,
            } => {
                let poison = breaks::awake("r57") && self.execution.events.is_multiple_of(3);
                assert!(!poison, "break r57");
                let frame = self.handed_out(task, hand_out)?;
                let ended = self.task_ended(frame, Ended::Succeeded(output.homeless()));
                Ok(ended.and_then(|()| self.run()))
            }
            Input::TaskSubmitted { task, output } => {
                let frame = self.handed_out(task, 0)?;
                Ok(self.task_submitted(frame, output.homeless()))
            }
            Input::TaskFailed {
                task,
                hand_out,
                error,
                cause,
            } => {
                let frame = self.handed_out(task, hand_out)?;
                let ended = self.task_ended(frame, Ended::Failed(Failure { error, cause }));
                Ok(ended.and_then(|()| self.run()))
            }
            Input::TimerFired(timer) => self.timer_fired(timer),
            Input::Stop { error, cause } => {
                let failure = Failure { error, cause };
                Ok(Err(self.cut(Status::Aborted, failure, self.at.now_ms)))
            }
            Input::Redrive { client_token } => Ok(self.redrive(client_token)),
            Input::MapRunEnded { event, outcome } => {
                let ended = self.map_run_ended(event, outcome)?;
                Ok(ended.and_then(|()| self.run()))
            }
            Input::MachineDeleted => {
                self.execution.machine_deleted = true;
                Ok(Ok(()))
            }
            Input::Continue => Ok(self.run()),
        }
    }

    /// The frame that waits for a task under that hand-out.
    fn handed_out(&self, task: EventId, hand_out: u32) -> Result<FrameId, Refusal> {
        let id = self
            .execution
            .frame_of_task(task)
            .or_else(|| self.any_handed_out())
            .ok_or(Refusal::TaskClosed)?;
        let open = self
            .execution
            .frame(id)
            .open_task()
            .expect("found by its open task");
        let is_call = open.call.is_some() && hand_out == 0;
        let is_held = open.handed && open.hand_outs == hand_out;
        if is_call || is_held || breaks::awake("r12") {
            Ok(id)
        } else {
            Err(Refusal::TaskClosed)
        }
    }

    /// Break `r12`: any attempt will do.
    fn any_handed_out(&self) -> Option<FrameId> {
        let handed = |frame: &Frame| frame.open_task().is_some_and(|open| open.handed);
        let mut frames = self.execution.frames.iter();
        frames
            .find(|(_, frame)| breaks::awake("r12") && handed(frame))
            .map(|(id, _)| *id)
    }

    fn hand_out(
        &mut self,
        task: EventId,
        worker_name: Option<Arc<str>>,
    ) -> Result<Result<(), Closed>, Refusal> {
        let id = self
            .execution
            .frame_of_task(task)
            .ok_or(Refusal::TaskClosed)?;
        let Stand::Task(open) = &mut self.execution.frame_mut(id).stand else {
            panic!("found by its open task");
        };
        if open.handed {
            return Err(Refusal::TaskClosed);
        }
        open.handed = true;
        open.hand_outs += 1;
        // A task that was put back after its start had entered history is not started a second time:
        // AWS writes one ActivityStarted for each ActivityScheduled.
        if !open.started {
            // Readers see it before it is written: even so it is never older than what was written
            // last (R22).
            let at_ms = self.at.now_ms.max(self.execution.last_ms);
            self.execution.pending.push(PendingStart {
                frame: id,
                task,
                worker_name,
                at_ms,
            });
        }
        self.start_clocks(id);
        Ok(Ok(()))
    }

    fn put_back(&mut self, task: EventId) -> Result<Result<(), Closed>, Refusal> {
        let id = self
            .execution
            .frame_of_task(task)
            .ok_or(Refusal::TaskClosed)?;
        let Stand::Task(open) = &mut self.execution.frame_mut(id).stand else {
            panic!("found by its open task");
        };
        // A call is never handed out, so it cannot come back.
        if !open.handed || open.call.is_some() {
            return Err(Refusal::TaskClosed);
        }
        open.handed = false;
        self.execution.pending.retain(|start| start.task != task);
        self.stop_clocks(id);
        self.effect(Effect::RequeueTask { task });
        Ok(Ok(()))
    }

    fn heartbeat(&mut self, task: EventId, hand_out: u32) -> Result<Result<(), Closed>, Refusal> {
        let id = self.handed_out(task, hand_out)?;
        let open = self
            .execution
            .frame(id)
            .open_task()
            .expect("found by its open task");
        let timeout = open.timeout_timer.filter(|_| breaks::awake("r31"));
        let timeout_ms = open.timeout_seconds.map_or(0, seconds_to_ms);
        if let (Some(timer), Some(seconds)) = (open.heartbeat_timer, open.heartbeat_seconds) {
            self.effect(Effect::RewindTimer {
                timer,
                after_ms: seconds_to_ms(seconds),
            });
        }
        if let Some(timer) = timeout {
            let after_ms = timeout_ms;
            self.effect(Effect::RewindTimer { timer, after_ms });
        }
        Ok(Ok(()))
    }

    fn timer_fired(&mut self, timer: TimerId) -> Result<Result<(), Closed>, Refusal> {
        if self.execution.go_on == Some(timer) {
            self.execution.go_on = None;
            return Ok(self.run());
        }
        if let Some((deadline, deadline_ms)) = self.execution.deadline
            && deadline == timer
        {
            self.execution.deadline = None;
            let failure = Failure {
                error: Some(TIMEOUT.into()),
                cause: None,
            };
            // The execution ends when its time was over, not when somebody noticed; and not in the
            // future, where the deadline is by a wall clock that was set back since.
            let at_ms = deadline_ms.min(self.at.now_ms);
            return Ok(Err(self.cut(Status::TimedOut, failure, at_ms)));
        }
        let id = self
            .execution
            .frame_of_timer(timer)
            .ok_or(Refusal::TimerGone)?;
        let moved = match &self.execution.frame(id).stand {
            Stand::Task(task) => {
                let heartbeat = task.heartbeat_timer == Some(timer);
                self.task_ended(id, Ended::TimedOut { timer, heartbeat })
            }
            Stand::Wait(_) => {
                let StateKind::Wait(wait) = &self.state(id).kind else {
                    panic!("a frame that waits for a moment stands in a Wait state");
                };
                self.settle(id, Some(timer));
                let over = self.wait_over(id, wait);
                self.settle_halt(id, over)
            }
            Stand::Retry(_) => {
                self.settle(id, Some(timer));
                self.perform(id)
            }
            Stand::Ready | Stand::Join(_) | Stand::MapRun(_) => panic!("found by its timer"),
        };
        Ok(moved.and_then(|()| self.run()))
    }
}
