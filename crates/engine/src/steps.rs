//! What happens to one execution: from a piece of work to a step, and to the answer of who asked for it.

use std::collections::VecDeque;

use asl::definition::StateKind;
use interpreter::{Execution, Input, Moment, Refusal, Status};
use store::ExecutionId;

use crate::delivery::{PollState, TaskState};
use crate::executions::{Found, Live, Turn, Work};
use crate::holds::Holds;
use crate::message::{LoadedExecution, Now, Output, Ticket};
use crate::operations::stop_execution::does_not_exist;
use crate::operations::{Operation, Request, Response, start_execution};
use crate::quarantine::{guarded, in_quarantine};
use crate::rejection::{ErrorName, Rejection};
use crate::shapes::ActivityTask;
use crate::shard::{STEPS_PER_TURN_MAX, Shard, WaitingStart};
use crate::short_history::ShortHistory;
use crate::token::TaskToken;

impl Shard {
    /// Does `work` on an execution, now or when it is in memory and free.
    pub(crate) fn work(&mut self, id: ExecutionId, work: Work, now: Now, out: &mut Vec<Output>) {
        if self.quarantined.contains(&id) {
            return self.refuse_quarantined(id, work, out);
        }
        match self.executions.take_for(id, work) {
            Found::Here(mut live, work) => {
                if live.doubts > 0 && !matches!(work, Work::Offer { .. }) {
                    live.deferred.push_back(work);
                } else {
                    self.work_on(id, &mut live, work, now, out);
                }
                if live.poison.is_some() || !live.is_forgotten() {
                    self.put_back(id, live, out);
                }
            }
            Found::Waits => {}
            Found::MustLoad if self.sweep.is_going(id) => {
                let waiting = self.executions.loaded(id);
                self.nothing_there(id, waiting, now, out);
            }
            Found::MustLoad => out.push(Output::LoadExecution(id)),
        }
    }

    /// Ends a load.
    pub(crate) fn loaded(
        &mut self,
        id: ExecutionId,
        loaded: Option<LoadedExecution>,
        now: Now,
        out: &mut Vec<Output>,
    ) {
        let waiting = self.executions.loaded(id);
        if waiting.is_empty() {
            return;
        }
        let restore = |loaded: Option<LoadedExecution>| {
            loaded.and_then(|loaded| {
                let LoadedExecution {
                    row,
                    documents,
                    definition,
                    logging,
                } = loaded;
                let mut document = |event| documents.get(&event).cloned();
                let execution = Execution::restore(&row.snapshot, &row.parts, &mut document)?;
                let holds = match &row.holds {
                    Some(bytes) => Some(Holds::decode(bytes)?),
                    None => None,
                };
                let mut live = Live::new(execution, definition, row.revision);
                live.logging = logging;
                live.short_history = ShortHistory::of_row(row.events);
                live.may_leave = holds.is_some();
                if let Some(holds) = &holds {
                    live.footprint = holds.footprint.clone();
                }
                Some((live, holds))
            })
        };
        let live = match guarded(|| restore(loaded)) {
            Ok(live) => live,
            Err(panic) => return self.quarantine(id, None, panic, waiting, out),
        };
        match live {
            Some((live, holds)) => {
                if let Some(holds) = holds {
                    self.timers.restore(id, holds.timers);
                    self.delivery.restore(id, &holds.queues, &holds.tasks);
                }
                let closed = live.execution.status() != Status::Running;
                self.executions.put_back(id, Box::new(live));
                if closed {
                    self.executions.closed(self.durable, id);
                }
                self.agenda
                    .extend(waiting.into_iter().map(|work| (id, work)));
            }
            None => self.nothing_there(id, waiting, now, out),
        }
    }

    /// Work for an execution that the store does not have, or will not have when the last commit is
    /// durable: who asks is not told before.
    fn nothing_there(
        &mut self,
        id: ExecutionId,
        waiting: VecDeque<Work>,
        now: Now,
        out: &mut Vec<Output>,
    ) {
        for work in waiting {
            match work {
                Work::Input(_, ticket, operation) => {
                    let rejection = match operation {
                        Operation::StopExecution => Rejection::new(
                            ErrorName::ExecutionDoesNotExist,
                            "Execution Does Not Exist",
                        ),
                        _ => task_timed_out(),
                    };
                    self.reply(ticket, self.issued, Err(rejection), out);
                }
                Work::Redrive { ticket, .. } => {
                    let rejection = Rejection::new(
                        ErrorName::ExecutionDoesNotExist,
                        "Execution Does Not Exist",
                    );
                    self.reply(ticket, self.issued, Err(rejection), out);
                }
                Work::StopById { ticket, request } => {
                    let rejection = does_not_exist(&request.execution_arn);
                    self.reply(ticket, self.issued, Err(rejection), out);
                }
                // Its retention is over: the name is free again.
                Work::Join { ticket, request } => self.start_anew(id, ticket, *request, now, out),
                Work::Offer { ticket, event } => {
                    self.delivery.tasks.remove(&(id, event));
                    self.park_again(ticket);
                }
                // Its row was read just before the execution went.
                Work::Timer(_) => {}
                // Nothing goes that something is still to happen to, but in quarantine.
                Work::CallAgain { .. }
                | Work::CallDone { .. }
                | Work::BeginChildren { .. }
                | Work::MapRunEnded { .. }
                | Work::AbortChild { .. }
                | Work::RedriveChild { .. } => {}
            }
        }
    }

    /// A start whose name was that of an execution that is gone.
    fn start_anew(
        &mut self,
        gone: ExecutionId,
        ticket: Ticket,
        request: start_execution::Request,
        now: Now,
        out: &mut Vec<Output>,
    ) {
        let name = request.name_to_look_up();
        let claim = name.map(|(machine, name)| (machine.to_owned(), name.to_owned()));
        match claim.and_then(|claim| self.names.get(&claim)) {
            // Nobody has claimed it since.
            Some((_, id)) if *id == gone => {
                let start = WaitingStart {
                    ticket,
                    request,
                    lookup: None,
                    chosen: None,
                    sync: None,
                };
                self.begin_execution(start, now, out);
            }
            // Another start was first.
            Some((_, id)) => {
                let request = Box::new(request);
                let work = Work::Join { ticket, request };
                self.agenda.push_back((*id, work));
            }
            // So long ago that the store knows better.
            None => out.push(Output::LookUpAgain {
                ticket,
                request: Request::StartExecution(request),
            }),
        }
    }

    fn work_on(
        &mut self,
        id: ExecutionId,
        live: &mut Live,
        work: Work,
        now: Now,
        out: &mut Vec<Output>,
    ) {
        match work {
            Work::Input(input, ticket, operation) => {
                if let Some(rejection) = self.activity_is_gone(id, &input) {
                    return self.reply(ticket, self.issued, Err(rejection), out);
                }
                let result = self.input(id, live, input, now, out);
                self.answer_caller(live, ticket, operation, result, out);
            }
            Work::Redrive {
                ticket,
                client_token,
            } => self.redrive(id, live, (ticket, client_token), now, out),
            Work::StopById { ticket, request } => {
                if *live.execution.birth().execution_arn != *request.execution_arn {
                    let rejection = does_not_exist(&request.execution_arn);
                    return self.reply(ticket, 0, Err(rejection), out);
                }
                let input = Input::Stop {
                    error: request.error.map(Into::into),
                    cause: request.cause.map(Into::into),
                };
                let result = self.input(id, live, input, now, out);
                self.answer_caller(live, ticket, Operation::StopExecution, result, out);
            }
            Work::Timer(timer) => {
                // It came due a while ago, if the execution had to be read from the store first. A
                // heartbeat that was taken in meanwhile has wound it up again.
                if self.timers.is_due(id, timer, now) {
                    let mut turn = Turn::default();
                    turn.disarm(id, timer, &mut self.timers);
                    // A refusal means that nobody waits for it any more; its row goes all the same.
                    let _ = self.step(id, live, Input::TimerFired(timer), &mut turn, now);
                    self.finish(id, live, turn, now, out);
                }
            }
            Work::CallDone { task, result } => self.call_result(id, live, task, result, now, out),
            Work::CallAgain { task } => {
                let Some(open) = live.execution.task(task) else {
                    return;
                };
                let state = live
                    .definition
                    .find(&open.state_name)
                    .map(|index| live.definition.state(index));
                if let Some(StateKind::Task(state)) = state.map(|state| &state.kind) {
                    let resource = std::sync::Arc::clone(&state.resource);
                    let after = live.last_commit;
                    out.push(Output::Call {
                        after,
                        execution: id,
                        task,
                        resource,
                        parameters: open.input,
                        submitted: open.submitted,
                        again: true,
                    });
                }
            }
            Work::BeginChildren {
                map_run,
                children_max,
            } => self.begin_children(id, live, map_run, children_max, now, out),
            Work::MapRunEnded { map_run, outcome } => {
                self.map_run_over(id, live, map_run, outcome, now, out);
            }
            Work::AbortChild { map_run } => self.abort_child(id, live, map_run, now, out),
            Work::RedriveChild { map_run } => self.redrive_child(id, live, map_run, now, out),
            Work::Offer { ticket, event } => self.offer(id, live, ticket, event, now, out),
            Work::Join { ticket, request } => {
                let execution = &live.execution;
                let result = if execution.status() == Status::Running
                    && **execution.input().text() == *request.input
                {
                    Ok(Response::StartExecution(
                        crate::operations::start_execution::Response {
                            execution_arn: execution.birth().execution_arn.to_string(),
                            start_ms: execution.start_ms(),
                        },
                    ))
                } else {
                    let arn = &execution.birth().execution_arn;
                    let message = format!("Execution Already Exists: '{arn}'");
                    Err(Rejection::new(ErrorName::ExecutionAlreadyExists, message))
                };
                self.reply(ticket, live.last_commit, result, out);
            }
        }
    }

    pub(crate) fn input(
        &mut self,
        id: ExecutionId,
        live: &mut Live,
        input: Input,
        now: Now,
        out: &mut Vec<Output>,
    ) -> Result<(), Refusal> {
        let mut turn = Turn::default();
        self.step(id, live, input, &mut turn, now)?;
        self.finish(id, live, turn, now, out);
        Ok(())
    }

    /// One step, and the hand-outs to waiting polls that it makes possible, into `turn`.
    pub(crate) fn step(
        &mut self,
        id: ExecutionId,
        live: &mut Live,
        input: Input,
        turn: &mut Turn,
        now: Now,
    ) -> Result<(), Refusal> {
        let at_ms = self.clock.at(now);
        let world = self.seen_by(id);
        let moment = Moment {
            now_ms: at_ms,
            world: &world,
            steps_max: STEPS_PER_TURN_MAX,
            limits: self.limits,
        };
        if !self
            .machine_names
            .contains_key(&live.execution.birth().machine)
        {
            // An execution whose state machine was deleted ends at its next transition; a closed one
            // refuses to hear of it, as it will refuse the input.
            let _ = live.step(Input::MachineDeleted, &moment);
        }
        let step = live.step(input, &moment)?;
        turn.absorb(id, step, at_ms, now, &mut self.delivery, &mut self.timers);
        self.serve_within(id, live, turn, now);
        Ok(())
    }

    /// Tasks of this turn that a poll already waits for are handed out in the same commit.
    pub(crate) fn serve_within(
        &mut self,
        id: ExecutionId,
        live: &mut Live,
        turn: &mut Turn,
        now: Now,
    ) {
        for queue in std::mem::take(&mut turn.queues) {
            while self.delivery.queue(&queue).would_serve(id) {
                let Some((ticket, _, task)) = self.delivery.queue(&queue).match_up() else {
                    break;
                };
                self.hand_out(id, live, ticket, task.event, turn, now);
            }
        }
    }

    /// Records that a poll gets a task, and remembers the answer that is owed.
    fn hand_out(
        &mut self,
        id: ExecutionId,
        live: &mut Live,
        ticket: Ticket,
        event: u32,
        turn: &mut Turn,
        now: Now,
    ) {
        let worker_name = self
            .delivery
            .polls
            .get(ticket)
            .and_then(|poll| poll.worker_name.clone());
        let at_ms = self.clock.at(now);
        let world = self.seen_by(id);
        let moment = Moment {
            now_ms: at_ms,
            world: &world,
            steps_max: STEPS_PER_TURN_MAX,
            limits: self.limits,
        };
        let input = Input::HandOut {
            task: event,
            worker_name,
        };
        let step = live.step(input, &moment);
        if live.poison.is_some() {
            return self.park_again(ticket);
        }
        let step = step.expect("a task in a queue is open in its execution");
        turn.absorb(id, step, at_ms, now, &mut self.delivery, &mut self.timers);
        let hand_out = self.delivery.hand_out(id, event);
        turn.touch_task(id, event, &self.delivery);
        self.delivery.polls.set(
            ticket,
            PollState::Delivering {
                execution: id,
                event,
            },
        );
        live.doubts += 1;
        let token = TaskToken {
            shard: 0,
            execution: id,
            event,
            hand_out,
        };
        let task = ActivityTask {
            task_token: self.tokens.mint(token),
            input: live
                .execution
                .task(event)
                .expect("a task that is handed out is open")
                .input,
        };
        turn.hand_outs.push((ticket, event, task));
    }

    /// A task that was read from the store for a poll: hand it out, if both are still there.
    fn offer(
        &mut self,
        id: ExecutionId,
        live: &mut Live,
        ticket: Ticket,
        event: u32,
        now: Now,
        out: &mut Vec<Output>,
    ) {
        let task_waits = self
            .delivery
            .tasks
            .get(&(id, event))
            .is_some_and(|entry| entry.state == TaskState::Offered(ticket));
        let poll_waits = self.delivery.polls.get(ticket).is_some();
        match (task_waits, poll_waits) {
            (true, true) => {
                let mut turn = Turn::default();
                self.hand_out(id, live, ticket, event, &mut turn, now);
                self.finish(id, live, turn, now, out);
            }
            (true, false) => {
                self.delivery.back_to_queue(id, event);
                let queue = self
                    .delivery
                    .tasks
                    .get(&(id, event))
                    .map(|entry| std::sync::Arc::clone(&entry.queue));
                if let Some(queue) = queue {
                    self.serve(&queue);
                }
            }
            (false, _) => self.park_again(ticket),
        }
    }

    fn answer_caller(
        &self,
        live: &Live,
        ticket: Ticket,
        operation: Operation,
        result: Result<(), Refusal>,
        out: &mut Vec<Output>,
    ) {
        use crate::operations::{
            send_task_failure, send_task_heartbeat, send_task_success, stop_execution,
        };
        let response = match (operation, result) {
            _ if live.poison.is_some() => Err(in_quarantine()),
            (Operation::StopExecution, _) => match live.execution.stop_ms() {
                Some(stop_ms) => Ok(Response::StopExecution(stop_execution::Response {
                    stop_ms,
                })),
                None => Err(Rejection::new(
                    ErrorName::ServiceUnavailable,
                    "The execution could not be stopped.",
                )),
            },
            (Operation::SendTaskSuccess, Ok(())) => {
                Ok(Response::SendTaskSuccess(send_task_success::Response {}))
            }
            (Operation::SendTaskFailure, Ok(())) => {
                Ok(Response::SendTaskFailure(send_task_failure::Response {}))
            }
            (Operation::SendTaskHeartbeat, Ok(())) => Ok(Response::SendTaskHeartbeat(
                send_task_heartbeat::Response {},
            )),
            _ => Err(task_timed_out()),
        };
        self.reply(ticket, live.last_commit, response, out);
    }
}

/// What a worker is told whose task is over, however it came to be so.
pub(crate) fn task_timed_out() -> Rejection {
    Rejection::new(
        ErrorName::TaskTimedOut,
        "Task Timed Out: 'Provided task does not exist anymore'",
    )
}
