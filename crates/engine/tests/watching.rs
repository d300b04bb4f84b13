//! What is logged, and which changes of status are told: by level, from the revision an execution is
//! pinned to, and after a restart too.
#![allow(missing_docs, clippy::unwrap_used)]

mod support;

use engine::operations::redrive_execution;
use engine::shapes::LoggingConfiguration;
use engine::{LogEvents, Request, StatusChange};
use interpreter::Status;
use support::Driver;

const GROUP: &str = "arn:aws:logs:us-east-1:000000000000:log-group:orders:*";

fn logging(level: &str) -> LoggingConfiguration {
    LoggingConfiguration {
        level: level.into(),
        include_execution_data: true,
        destinations: Some(vec![GROUP.into()]),
    }
}

/// A state that a worker fails and the machine catches, and a Fail state behind.
fn definition(activity_arn: &str) -> String {
    format!(
        r#"{{"StartAt":"Work","States":{{
            "Work":{{"Type":"Task","Resource":"{activity_arn}","End":true,
                     "Catch":[{{"ErrorEquals":["States.ALL"],"Next":"Sorry"}}]}},
            "Sorry":{{"Type":"Fail","Error":"E"}}}}}}"#
    )
}

fn ids(logs: &[LogEvents]) -> Vec<u32> {
    logs.iter()
        .flat_map(|log| log.events.iter().map(|event| event.id))
        .collect()
}

/// Runs one execution to its failure, and returns the ids of the events it logged.
fn logged_at(level: &str) -> Vec<u32> {
    let mut driver = Driver::new();
    let activity = driver.create_activity("work");
    let machine = driver
        .create_logging_machine("m", &definition(&activity), logging(level))
        .unwrap();
    let execution = driver.start(&machine, Some("e"), "{}").unwrap();
    let poll = driver.poll(&activity, None);
    let (token, _) = driver.deliver(poll);
    driver.fail(&token).unwrap();
    assert_eq!(driver.status(&execution), Status::Failed);
    for log in &driver.logs {
        assert_eq!(&*log.plan.log_group_arn, GROUP);
        assert_eq!(*log.execution_arn, execution);
    }
    ids(&driver.logs)
}

#[test]
fn each_level_logs_its_events_once_and_in_order() {
    // 1 started, 2 entered, 3 scheduled, 4 handed out, 5 failed, 6 exited, 7 Fail entered, 8 failed
    assert_eq!(logged_at("ALL"), [1, 2, 3, 4, 5, 6, 7, 8]);
    assert_eq!(logged_at("ERROR"), [7, 8]);
    assert_eq!(logged_at("FATAL"), [8]);
    assert_eq!(logged_at("OFF"), [0; 0]);
}

#[test]
fn an_execution_logs_as_the_revision_says_that_it_started_with() {
    let mut driver = Driver::new();
    let activity = driver.create_activity("work");
    let definition = definition(&activity);
    let machine = driver
        .create_logging_machine("m", &definition, logging("ALL"))
        .unwrap();
    driver.start(&machine, Some("old"), "{}").unwrap();
    driver.update_logging(&machine, logging("OFF")).unwrap();
    driver.start(&machine, Some("new"), "{}").unwrap();
    assert_eq!(ids(&driver.logs), [1, 2, 3], "the new one logs nothing");

    // Read back from the store, the old one goes on logging, and the new one still does not.
    let mut driver = driver.crash();
    for _ in 0..2 {
        let poll = driver.poll(&activity, None);
        let (token, _) = driver.deliver(poll);
        driver.succeed(&token, "1").unwrap();
    }
    assert_eq!(ids(&driver.logs), [4, 5, 6, 7]);
    assert!(driver.logs[0].execution_arn.ends_with(":old"));

    // A definition that must be read before the start brings its plan along.
    driver.update_logging(&machine, logging("FATAL")).unwrap();
    let mut driver = driver.crash();
    driver.pass(1); // identifiers hold the time, and this driver's seed is always the same
    let execution = driver.start(&machine, Some("newest"), "{}").unwrap();
    driver.stop(&execution).unwrap();
    assert_eq!(ids(&driver.logs), [4]);
}

fn statuses(changes: &[StatusChange]) -> Vec<Status> {
    changes.iter().map(|change| change.status).collect()
}

#[test]
fn each_change_of_status_is_told_once() {
    let mut driver = Driver::new();
    let activity = driver.create_activity("work");
    let machine = driver.create_machine("m", &definition(&activity)).unwrap();
    let execution = driver.start(&machine, Some("e"), r#"{"a":1}"#).unwrap();
    let poll = driver.poll(&activity, None);
    let (token, _) = driver.deliver(poll);
    driver.heartbeat(&token).unwrap();
    assert_eq!(statuses(&driver.changes), [Status::Running]);
    assert_eq!(driver.changes[0].stop_ms, None);

    // After a restart nothing is told again, and the end is told.
    let mut driver = driver.crash();
    driver.heartbeat(&token).unwrap();
    driver.fail(&token).unwrap();
    assert_eq!(statuses(&driver.changes), [Status::Failed]);
    let failed = &driver.changes[0];
    assert_eq!(*failed.birth.execution_arn, execution);
    assert_eq!(&**failed.input.text(), r#"{"a":1}"#);
    assert_eq!(failed.failure.as_ref().unwrap().error.as_deref(), Some("E"));
    assert_eq!(failed.stop_ms, Some(failed.at_ms));
}

#[test]
fn what_begins_and_ends_at_once_was_running_in_between() {
    let mut driver = Driver::new();
    let machine = driver
        .create_machine(
            "m",
            r#"{"StartAt":"A","States":{"A":{"Type":"Pass","Result":7,"End":true}}}"#,
        )
        .unwrap();
    driver.start(&machine, None, "{}").unwrap();
    assert_eq!(
        statuses(&driver.changes),
        [Status::Running, Status::Succeeded]
    );
    assert!(driver.changes[0].output.is_none());
    assert_eq!(&**driver.changes[1].output.as_ref().unwrap().text(), "7");
}

#[test]
fn what_is_redriven_runs_again_and_its_log_counts() {
    let mut driver = Driver::new();
    let machine = driver
        .create_logging_machine(
            "m",
            r#"{"StartAt":"A","States":{"A":{"Type":"Fail","Error":"E"}}}"#,
            logging("ALL"),
        )
        .unwrap();
    let execution = driver.start(&machine, None, "{}").unwrap();
    let request = redrive_execution::Request {
        execution_arn: execution,
        client_token: None,
    };
    driver.ask(Request::RedriveExecution(request)).unwrap();
    use Status::{Failed, Running};
    assert_eq!(
        statuses(&driver.changes),
        [Running, Failed, Running, Failed]
    );
    let redriven = &driver.changes[2];
    assert_eq!((redriven.redrive_count, redriven.stop_ms), (1, None));
    assert!(redriven.redrive_ms.is_some() && redriven.not_redrivable.is_some());
    assert_eq!(driver.changes[3].not_redrivable, None);
    assert_eq!(driver.logs.last().unwrap().redrive_count, 1);
    let all: Vec<u32> = ids(&driver.logs);
    assert!(all.iter().copied().eq(1..=all.len() as u32), "{all:?}");
}
