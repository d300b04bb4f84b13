//! Activity tasks from the schedule to the answer: who gets them, and what survives.
#![allow(missing_docs, clippy::unwrap_used)]

mod support;

use engine::operations::*;
use engine::{
    ErrorName, Message, Output, Request, Response, Ticket, load_definition, load_execution,
};
use interpreter::Status;
use support::Driver;

fn definition(activity_arn: &str, fields: &str) -> String {
    format!(
        r#"{{"StartAt":"Work","States":{{"Work":{{"Type":"Task","Resource":"{activity_arn}"{fields},"End":true}}}}}}"#
    )
}

fn ready(fields: &str) -> (Driver, String, String) {
    let mut driver = Driver::new();
    let activity = driver.create_activity("work");
    let machine = driver
        .create_machine("m", &definition(&activity, fields))
        .unwrap();
    (driver, activity, machine)
}

const WHOLE: [&str; 7] = [
    "1<-0 ExecutionStarted",
    "2<-0 StateEntered",
    "3<-2 ActivityScheduled",
    "4<-3 ActivityStarted",
    "5<-4 ActivitySucceeded",
    "6<-5 StateExited",
    "7<-6 ExecutionSucceeded",
];

#[test]
fn a_start_and_the_hand_out_to_a_waiting_poll_share_one_commit() {
    let (mut driver, activity, machine) = ready("");
    let poll = driver.poll(&activity, Some("w"));
    let before = driver.commits;
    let execution = driver.start(&machine, None, r#"{"a":1.0}"#).unwrap();
    assert_eq!(driver.commits, before + 1);
    let (token, input) = driver.deliver(poll);
    assert_eq!(input, r#"{"a":1.0}"#);
    assert_eq!(driver.history(&execution, 100, false), WHOLE[..4]);
    driver.succeed(&token, "7").unwrap();
    assert_eq!(driver.commits, before + 2);
    for limit in 1..9 {
        assert_eq!(driver.history(&execution, limit, false), WHOLE);
        let mut backward = driver.history(&execution, limit, true);
        backward.reverse();
        assert_eq!(backward, WHOLE, "pages of {limit}, backward");
    }
    assert_eq!(driver.status(&execution), Status::Succeeded);
    assert_eq!(
        driver.succeed(&token, "8").unwrap_err().name,
        ErrorName::TaskTimedOut
    );
    assert_eq!(
        driver.heartbeat(&token).unwrap_err().name,
        ErrorName::TaskTimedOut
    );
    assert_eq!(
        driver.heartbeat("AAAA").unwrap_err().name,
        ErrorName::InvalidToken
    );
}

#[test]
fn polls_and_tasks_are_first_in_first_out() {
    let (mut driver, activity, machine) = ready("");
    for number in 0..5 {
        driver.start(&machine, None, &number.to_string()).unwrap();
    }
    for number in 0..5 {
        let poll = driver.poll(&activity, None);
        assert_eq!(driver.deliver(poll).1, number.to_string(), "tasks in order");
    }
    let polls: Vec<Ticket> = (0..3).map(|_| driver.poll(&activity, None)).collect();
    for (number, poll) in polls.into_iter().enumerate() {
        driver.start(&machine, None, &number.to_string()).unwrap();
        assert_eq!(driver.deliver(poll).1, number.to_string(), "polls in order");
    }
}

#[test]
fn what_did_not_arrive_goes_first_under_a_new_token() {
    let (mut driver, activity, machine) = ready("");
    let execution = driver.start(&machine, None, "0").unwrap();
    driver.start(&machine, None, "1").unwrap();
    let lost = driver.poll(&activity, Some("lost"));
    let old_token = driver.hand_outs[&lost].0.task_token.clone();
    assert_eq!(
        driver.history(&execution, 100, false),
        WHOLE[..3],
        "not shown while in doubt"
    );
    driver.tell(Message::Undelivered(lost));
    assert_eq!(driver.history(&execution, 100, false), WHOLE[..3]);
    let found = driver.poll(&activity, Some("found"));
    let (token, input) = driver.deliver(found);
    assert_eq!(input, "0", "before the task that was scheduled later");
    assert_ne!(token, old_token);
    assert_eq!(
        driver.succeed(&old_token, "null").unwrap_err().name,
        ErrorName::TaskTimedOut
    );
    driver.succeed(&token, "null").unwrap();
    assert_eq!(driver.history(&execution, 100, false), WHOLE);
    assert_eq!(driver.shard.gauges().put_backs, 1);
}

#[test]
fn what_comes_while_a_hand_out_is_in_doubt_waits_for_the_report() {
    let (mut driver, activity, machine) = ready("");
    let execution = driver.start(&machine, Some("e"), "0").unwrap();
    let poll = driver.poll(&activity, None);
    let stop = stop_execution::Request {
        execution_arn: execution.clone(),
        error: None,
        cause: None,
    };
    let stop = driver.send(Request::StopExecution(stop));
    assert!(!driver.answers.contains_key(&stop));
    driver.deliver(poll);
    assert!(driver.answers[&stop].is_ok());
    assert_eq!(driver.status(&execution), Status::Aborted);
    assert_eq!(
        driver.history(&execution, 100, false)[3..],
        ["4<-3 ActivityStarted", "5<-0 ExecutionAborted"]
    );
}

#[test]
fn a_closed_poll_is_never_chosen_and_an_idle_one_ends_empty() {
    let (mut driver, activity, machine) = ready("");
    let closed = driver.poll(&activity, None);
    driver.tell(Message::PollClosed(closed));
    let idle = driver.poll(&activity, None);
    driver.pass(59_499);
    assert!(driver.answers.is_empty());
    driver.pass(1);
    match driver.answers.remove(&idle) {
        Some(Ok(Response::GetActivityTask(response))) => assert!(response.task.is_none()),
        other => panic!("{other:?}"),
    }
    driver.start(&machine, None, "0").unwrap();
    assert!(driver.hand_outs.is_empty());
    assert_eq!(driver.shard.gauges().tasks_queued, 1);
    assert_eq!(driver.shard.gauges().polls, 0);
}

#[test]
fn the_limit_of_polls_is_told() {
    let (mut driver, activity, _) = ready("");
    for _ in 0..3 {
        driver.poll(&activity, None);
    }
    let fourth = driver.poll(&activity, None);
    let rejection = driver.answers.remove(&fourth).unwrap().unwrap_err();
    assert_eq!(rejection.name, ErrorName::ActivityWorkerLimitExceeded);
}

#[test]
fn a_crash_loses_nothing() {
    let (mut driver, activity, machine) = ready(r#","HeartbeatSeconds":10,"TimeoutSeconds":100"#);
    let with_worker = driver.start(&machine, Some("a"), "0").unwrap();
    let poll = driver.poll(&activity, Some("w"));
    let (token, _) = driver.deliver(poll);
    let queued = driver.start(&machine, Some("b"), "1").unwrap();
    driver.pass(9_000);

    let mut driver = driver.crash();
    let gauges = driver.shard.gauges();
    assert_eq!(
        (
            gauges.executions_open,
            gauges.tasks_queued,
            gauges.tasks_handed_out
        ),
        (2, 1, 1)
    );
    assert_eq!(
        gauges.hand_outs_unconfirmed, 1,
        "nobody can tell any more whether it arrived"
    );
    assert_eq!(
        driver.start(&machine, Some("a"), "0").unwrap(),
        with_worker,
        "names stay idempotent"
    );
    assert_eq!(
        driver.start(&machine, Some("a"), "9").unwrap_err().name,
        ErrorName::ExecutionAlreadyExists
    );

    driver.pass(9_900);
    assert_eq!(
        driver.status(&with_worker),
        Status::Running,
        "a full heartbeat interval after the restart"
    );
    driver.heartbeat(&token).unwrap();
    driver.pass(9_900);
    assert_eq!(driver.status(&with_worker), Status::Running);
    driver.succeed(&token, "2").unwrap();
    assert_eq!(driver.history(&with_worker, 3, false), WHOLE);

    let poll = driver.poll(&activity, None);
    let (token, input) = driver.deliver(poll);
    assert_eq!(input, "1");
    driver.pass(10_001);
    assert_eq!(driver.status(&queued), Status::Failed, "no heartbeat");
    assert_eq!(
        driver.succeed(&token, "2").unwrap_err().name,
        ErrorName::TaskTimedOut
    );
    let gauges = driver.shard.gauges();
    assert_eq!(
        (
            gauges.executions_open,
            gauges.timers,
            gauges.tasks_queued,
            gauges.tasks_handed_out
        ),
        (0, 0, 0, 0)
    );
}

#[test]
fn a_deleted_activity_refuses_polls_and_completions() {
    let (mut driver, activity, machine) = ready("");
    let execution = driver.start(&machine, None, "0").unwrap();
    let poll = driver.poll(&activity, None);
    let (token, _) = driver.deliver(poll);
    let delete = delete_activity::Request {
        activity_arn: activity.clone(),
    };
    driver.ask(Request::DeleteActivity(delete.clone())).unwrap();
    driver.ask(Request::DeleteActivity(delete)).unwrap();
    let poll = driver.poll(&activity, None);
    assert_eq!(
        driver.answers.remove(&poll).unwrap().unwrap_err().name,
        ErrorName::ActivityDoesNotExist
    );
    assert_eq!(
        driver.succeed(&token, "1").unwrap_err().name,
        ErrorName::TaskDoesNotExist
    );
    driver.create_activity("work");
    driver.succeed(&token, "1").unwrap();
    assert_eq!(driver.status(&execution), Status::Succeeded);
}

#[test]
fn an_execution_of_a_deleted_machine_ends_at_its_next_transition() {
    let mut driver = Driver::new();
    let activity = driver.create_activity("work");
    let definition = format!(
        r#"{{"StartAt":"Work","States":{{"Work":{{"Type":"Task","Resource":"{activity}","Next":"After"}},"After":{{"Type":"Succeed"}}}}}}"#
    );
    let machine = driver.create_machine("m", &definition).unwrap();
    let execution = driver.start(&machine, None, "0").unwrap();
    let poll = driver.poll(&activity, None);
    let (token, _) = driver.deliver(poll);
    let delete = delete_state_machine::Request {
        state_machine_arn: machine.clone(),
    };
    driver.ask(Request::DeleteStateMachine(delete)).unwrap();
    assert_eq!(
        driver.start(&machine, None, "0").unwrap_err().name,
        ErrorName::StateMachineDoesNotExist
    );
    assert_eq!(driver.status(&execution), Status::Running);
    driver.succeed(&token, "1").unwrap();
    assert_eq!(driver.status(&execution), Status::Aborted);
    driver.create_machine("m", &definition).unwrap();
}

#[test]
fn a_bad_token_is_told_before_a_bad_output_and_the_task_stays_open() {
    let (mut driver, activity, machine) = ready("");
    driver.start(&machine, None, "0").unwrap();
    let poll = driver.poll(&activity, None);
    let (token, _) = driver.deliver(poll);
    let mut send = |task_token: &str| {
        let request = send_task_success::Request {
            task_token: task_token.into(),
            output: "not json".into(),
            not_json: Some("Unrecognized token 'not'".into()),
        };
        driver.ask(Request::SendTaskSuccess(request)).unwrap_err()
    };
    assert_eq!(send("t").name, ErrorName::InvalidToken);
    let refused = send(&token);
    assert_eq!(refused.name, ErrorName::InvalidOutput);
    assert_eq!(
        refused.message,
        "Invalid Output: 'Unrecognized token 'not''"
    );
    driver.succeed(&token, "1").unwrap();
}

/// The heartbeat waits for its execution to be read, its timer comes due meanwhile and waits behind
/// it: the heartbeat is taken in first, so the timer must not fire. Found by the simulator, seed 628.
#[test]
fn a_heartbeat_that_came_in_time_is_not_followed_by_its_timeout() {
    let (mut driver, activity, machine) = ready(r#","HeartbeatSeconds":10"#);
    let poll = driver.poll(&activity, None);
    let execution = driver.start(&machine, None, "{}").unwrap();
    let (task_token, _) = driver.deliver(poll);
    // A new process has nothing in memory.
    let mut driver = driver.crash();
    let mut outputs = Vec::new();
    let beat = Request::SendTaskHeartbeat(send_task_heartbeat::Request { task_token });
    let beat = Message::Request {
        ticket: Ticket(1_000),
        request: beat,
        lookup: None,
    };
    driver.shard.handle(beat, driver.now, &mut outputs);
    let [Output::LoadExecution(id)] = outputs.as_slice() else {
        panic!("the execution is read first: {outputs:?}");
    };
    let id = *id;
    // What is due after a length of time is due once that has passed for certain.
    driver.now.steady_ms = driver.shard.next_due_ms(driver.now).unwrap();
    driver.shard.handle(Message::Tick, driver.now, &mut outputs);
    outputs.retain(|output| !matches!(output, Output::FindTimers(_)));
    assert_eq!(outputs.len(), 1, "the timer waits too");
    let store = &driver.store;
    let mut definitions = |machine, revision| load_definition(store, machine, revision);
    let loaded = load_execution(store, id, &mut definitions).unwrap();
    driver.tell(Message::Loaded {
        id,
        execution: loaded,
    });
    assert!(driver.answers[&Ticket(1_000)].is_ok());
    driver.pass(9_999);
    assert_eq!(driver.status(&execution), Status::Running);
    driver.pass(2);
    assert_eq!(driver.status(&execution), Status::Failed);
    driver.pass(1);
    assert_eq!(driver.status(&execution), Status::Failed);
}

#[test]
fn a_queue_goes_on_when_the_task_that_was_put_back_is_over_before_that_is_durable() {
    let (mut driver, activity, machine) = ready("");
    let first = driver.start(&machine, Some("first"), "1").unwrap();
    let lost = driver.poll(&activity, None);
    // The stop waits for the report about the hand-out, and then comes right behind the put-back.
    let stop = stop_execution::Request {
        execution_arn: first,
        error: None,
        cause: None,
    };
    driver.send(Request::StopExecution(stop));
    let waiting = driver.poll(&activity, None);
    let mut out = Vec::new();
    driver
        .shard
        .handle(Message::Undelivered(lost), driver.now, &mut out);
    for output in out {
        if let engine::Output::Commit(commit) = output {
            store::Store::commit(&driver.store, store::Epoch(0), &[commit]).unwrap();
        }
    }
    // Scheduled while the queue hands out nothing; the poll that waits must get it all the same.
    driver.start(&machine, None, "2").unwrap();
    assert_eq!(driver.deliver(waiting).1, "2");
}

#[test]
fn a_server_that_stops_ends_the_poll_whose_task_turns_out_to_be_gone() {
    let (mut driver, activity, machine) = ready("");
    let execution = driver.start(&machine, None, "1").unwrap();
    let mut driver = driver.crash();
    driver.loads_slowly = true;
    // The stop reads the execution; the poll is meant to get its task when that is done.
    let stop = driver.send(Request::StopExecution(stop_execution::Request {
        execution_arn: execution,
        error: None,
        cause: None,
    }));
    let offered = driver.poll(&activity, None);
    driver.tell(Message::Drain);
    assert!(!driver.answers.contains_key(&offered));
    driver.load();
    assert!(driver.answers[&stop].is_ok());
    let is_empty = |driver: &Driver, poll: Ticket| match &driver.answers[&poll] {
        Ok(Response::GetActivityTask(answer)) => answer.task.is_none(),
        other => panic!("{other:?}"),
    };
    assert!(is_empty(&driver, offered));
    // Nor does one wait that comes after that.
    let late = driver.poll(&activity, None);
    assert!(is_empty(&driver, late));
    assert_eq!(driver.shard.gauges().polls, 0);
}
