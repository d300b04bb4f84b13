//! What happens to one execution: from a piece of work to a step, and from the step to a commit.

use std::collections::VecDeque;

use asl::definition::StateKind;
use interpreter::{Document, Execution, Input, Moment, Refusal, Status};
use store::{CommitNumber, ExecutionId};

use crate::delivery::{OUTBOX, PollState, TaskState};
use crate::executions::{Found, Live, Turn, Work};
use crate::message::{LoadedExecution, Now, Output, Ticket};
use crate::operations::stop_execution::does_not_exist;
use crate::operations::{Operation, Response};
use crate::quarantine::{guarded, in_quarantine};
use crate::rejection::{ErrorName, Rejection};
use crate::shapes::ActivityTask;
use crate::shard::{STEPS_PER_TURN_MAX, Shard, WaitingStart};
use crate::token::TaskToken;
use crate::watching::{LogEvents, Seen, StatusChange};

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
                let mut document = |event| {
                    documents
                        .iter()
                        .find(|(home, _)| *home == event)
                        .map(|(_, document)| document.clone())
                };
                let execution = Execution::restore(&row.snapshot, &mut document)?;
                let mut live = Live::new(execution, definition, row.revision);
                live.logging = logging;
                Some(live)
            })
        };
        let live = match guarded(|| restore(loaded)) {
            Ok(live) => live,
            Err(panic) => return self.quarantine(id, None, panic, waiting, out),
        };
        match live {
            Some(live) => {
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

    /// Work for an execution that the store does not have.
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
                    self.reply(ticket, 0, Err(rejection), out);
                }
                Work::Redrive { ticket, .. } => {
                    let rejection = Rejection::new(
                        ErrorName::ExecutionDoesNotExist,
                        "Execution Does Not Exist",
                    );
                    self.reply(ticket, 0, Err(rejection), out);
                }
                Work::StopExpress { ticket, request } => {
                    let rejection = does_not_exist(&request.execution_arn);
                    self.reply(ticket, 0, Err(rejection), out);
                }
                Work::Join { ticket, request } => {
                    // Its retention is over: the name is free again.
                    let start = WaitingStart {
                        ticket,
                        request: *request,
                        lookup: None,
                        chosen: None,
                        sync: None,
                    };
                    self.begin_execution(start, now, out);
                }
                Work::Offer { ticket, event } => {
                    self.delivery.close(id, event);
                    self.park_again(ticket);
                }
                Work::Timer(timer) => {
                    self.timers.disarm(id, timer);
                }
                Work::CallAgain { .. } | Work::CallDone { .. } => {}
            }
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
                let result = self.input(id, live, input, now, out);
                self.answer_caller(live, ticket, operation, result, out);
            }
            Work::Redrive {
                ticket,
                client_token,
            } => self.redrive(id, live, (ticket, client_token), now, out),
            Work::StopExpress { ticket, request } => {
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
                    });
                }
            }
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

    fn input(
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
                let Some((ticket, _, event)) = self.delivery.queue(&queue).match_up() else {
                    break;
                };
                self.hand_out(id, live, ticket, event, turn, now);
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
        let entry = self
            .delivery
            .tasks
            .get_mut(&(id, event))
            .expect("a task in a queue has an entry");
        entry.hand_outs += 1;
        let hand_out = entry.hand_outs;
        self.delivery
            .set(id, event, TaskState::HandedOut { confirmed: false });
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

    /// Turns a turn into a commit and the outputs that depend on it.
    pub(crate) fn finish(
        &mut self,
        id: ExecutionId,
        live: &mut Live,
        turn: Turn,
        now: Now,
        out: &mut Vec<Output>,
    ) {
        if live.poison.is_some() {
            // The answers that this turn owes are not given: those polls wait on.
            for (ticket, ..) in turn.hand_outs {
                self.park_again(ticket);
            }
            return;
        }
        if turn.is_empty() {
            return;
        }
        let log = LogEvents::select(live, &turn.events);
        let is_kept = !live.is_express() || self.express_retention_ms > 0;
        let after = if live.waiting.is_some() {
            self.finish_waiting(id, live, turn, now, out)
        } else if turn.closed.is_none() || is_kept {
            self.executions_open += u64::from(live.revision == 0 || turn.redriven_from.is_some());
            if turn.closed.is_some() {
                self.executions_open -= u64::from(!interpreter::breaks::awake("r43"));
            }
            self.write(id, live, turn, now, out)
        } else {
            self.finish_unkept(id, live, turn, now, out)
        };
        if let Some(log) = log {
            out.push(Output::Log { after, log });
        }
    }

    /// The end of an EXPRESS execution of which nothing is kept.
    fn finish_unkept(
        &mut self,
        id: ExecutionId,
        live: &mut Live,
        mut turn: Turn,
        now: Now,
        out: &mut Vec<Output>,
    ) -> CommitNumber {
        // What was begun and ended in one go is never written.
        if live.revision == 0 {
            return self.records_commit;
        }
        self.executions_open -= 1;
        let number = self.next_commit();
        let at_ms = self.clock.at(now);
        self.executions.closed(number, id);
        put_out_calls(id, &mut turn, number, out);
        out.push(Output::Commit(turn.into_removal(number, at_ms, id, live)));
        number
    }

    /// Commits a turn, and puts out what depends on that.
    pub(crate) fn write(
        &mut self,
        id: ExecutionId,
        live: &mut Live,
        mut turn: Turn,
        now: Now,
        out: &mut Vec<Output>,
    ) -> CommitNumber {
        let number = self.next_commit();
        let at_ms = self.clock.at(now);
        let hand_outs = std::mem::take(&mut turn.hand_outs);
        let mut owed = Vec::new();
        put_out_calls(id, &mut turn, number, &mut owed);
        let closed = turn.closed;
        let opens = live.revision == 0 || turn.redriven_from.is_some();
        let commit = turn.into_commit(
            number,
            at_ms,
            id,
            live,
            &mut self.delivery,
            &mut self.timers,
        );
        if closed.is_some() {
            self.executions.closed(number, id);
        }
        out.push(Output::Commit(commit));
        for (ticket, event, task) in hand_outs {
            out.push(Output::HandOut {
                ticket,
                after: number,
                task,
                execution: id,
                event,
            });
        }
        let seen = Seen {
            at_ms,
            opens,
            closes: closed.is_some(),
            machine_exists: self
                .machine_names
                .contains_key(&live.execution.birth().machine),
        };
        // AWS tells of STANDARD executions only.
        if !live.is_express() {
            for change in StatusChange::of(live, &seen) {
                out.push(Output::StatusChanged {
                    after: number,
                    change: Box::new(change),
                });
            }
        }
        out.append(&mut owed);
        number
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

    /// An integration answered. Its result goes in like a worker's.
    pub(crate) fn call_done(
        &mut self,
        id: ExecutionId,
        task: u32,
        result: Result<Document, (String, String)>,
    ) {
        let is_open = self
            .delivery
            .tasks
            .get(&(id, task))
            .is_some_and(|entry| &*entry.queue == OUTBOX);
        if !is_open {
            return;
        }
        self.agenda.push_back((id, Work::CallDone { task, result }));
    }

    fn call_result(
        &mut self,
        id: ExecutionId,
        live: &mut Live,
        task: u32,
        result: Result<Document, (String, String)>,
        now: Now,
        out: &mut Vec<Output>,
    ) {
        let Some(call) = live.execution.task(task).and_then(|open| open.call) else {
            return;
        };
        let mut turn = Turn::default();
        turn.came_back = Some(task);
        let input = match result {
            Ok(output) if call.ends_with(WAITS_FOR_TOKEN) => {
                // From now on it is the holder of the token who answers: after a restart the call
                // must not be made again.
                if let Some(entry) = self.delivery.tasks.get_mut(&(id, task)) {
                    entry.hand_outs = 1;
                }
                turn.touch_task(id, task, &self.delivery);
                Input::TaskSubmitted { task, output }
            }
            Ok(output) => Input::TaskSucceeded {
                task,
                hand_out: 0,
                output,
            },
            Err((error, cause)) => Input::TaskFailed {
                task,
                hand_out: 0,
                error: Some(error.into()),
                cause: Some(cause.into()),
            },
        };
        // A refusal means that the task ended while its call was under way.
        let _ = self.step(id, live, input, &mut turn, now);
        self.finish(id, live, turn, now, out);
    }
}

/// Calls that a turn leads to, and those that it makes pointless.
pub(crate) fn put_out_calls(
    execution: ExecutionId,
    turn: &mut Turn,
    after: CommitNumber,
    out: &mut Vec<Output>,
) {
    for task in std::mem::take(&mut turn.cancelled) {
        out.push(Output::CancelCall {
            after,
            execution,
            task,
        });
    }
    for call in std::mem::take(&mut turn.calls) {
        let crate::executions::OwedCall {
            task,
            resource,
            parameters,
        } = call;
        out.push(Output::Call {
            after,
            execution,
            task,
            resource,
            parameters,
        });
    }
}

/// How resources end whose result comes from whoever holds the task token.
const WAITS_FOR_TOKEN: &str = ".waitForTaskToken";

/// What a worker is told whose task is over, however it came to be so.
pub(crate) fn task_timed_out() -> Rejection {
    Rejection::new(
        ErrorName::TaskTimedOut,
        "Task Timed Out: 'Provided task does not exist anymore'",
    )
}
