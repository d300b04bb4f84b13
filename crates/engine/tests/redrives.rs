//! Redrives: who may be redriven, for how long, how often, and what a list shows of it.
#![allow(missing_docs, clippy::unwrap_used)]

mod support;

use engine::operations::*;
use engine::shapes::{ExecutionDescription, ExecutionListItem};
use engine::{ErrorName, Rejection, Request, Response};
use interpreter::Status;
use support::Driver;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

fn redrive(driver: &mut Driver, arn: &str, token: Option<&str>) -> Result<i64, Rejection> {
    let request = redrive_execution::Request {
        execution_arn: arn.into(),
        client_token: token.map(Into::into),
    };
    match driver.ask(Request::RedriveExecution(request))? {
        Response::RedriveExecution(response) => Ok(response.redrive_ms),
        other => panic!("{other:?}"),
    }
}

fn describe(driver: &Driver, arn: &str) -> ExecutionDescription {
    let request = describe_execution::Request {
        execution_arn: arn.into(),
        metadata_only: false,
    };
    match driver.read(Request::DescribeExecution(request)).unwrap() {
        Response::DescribeExecution(response) => response.description,
        other => panic!("{other:?}"),
    }
}

fn list(driver: &Driver, machine: &str, redriven: Option<bool>, limit: usize) -> Vec<String> {
    let (mut names, mut before) = (Vec::new(), None);
    loop {
        let request = list_executions::Request {
            state_machine_arn: Some(machine.into()),
            map_run_arn: None,
            status: None,
            redriven,
            limit,
            before,
        };
        let Response::ListExecutions(page) = driver.read(Request::ListExecutions(request)).unwrap()
        else {
            panic!("a list")
        };
        let shown = |item: ExecutionListItem| format!("{} {:?}", item.name, item.status);
        names.extend(page.executions.into_iter().map(shown));
        before = page.next;
        if before.is_none() {
            return names;
        }
    }
}

/// A machine whose executions wait for a worker.
fn ready() -> (Driver, String, String) {
    let mut driver = Driver::new();
    let activity = driver.create_activity("work");
    let definition = format!(
        r#"{{"StartAt":"Work","States":{{"Work":{{"Type":"Task","Resource":"{activity}","End":true}}}}}}"#
    );
    let machine = driver.create_machine("m", &definition).unwrap();
    (driver, activity, machine)
}

/// One that was stopped while a worker had its task.
fn stopped(driver: &mut Driver, activity: &str, machine: &str, name: &str) -> (String, String) {
    let arn = driver.start(machine, Some(name), "{}").unwrap();
    let poll = driver.poll(activity, Some("w"));
    let (token, _) = driver.deliver(poll);
    driver.pass(1);
    driver.stop(&arn).unwrap();
    (arn, token)
}

#[test]
fn a_redriven_execution_goes_on_after_a_crash_and_ends_once_more() {
    let (mut driver, activity, machine) = ready();
    let (arn, dead) = stopped(&mut driver, &activity, &machine, "e");
    let before = describe(&driver, &arn);
    assert_eq!(before.redrive_status, ("REDRIVABLE".into(), None));
    driver.pass(1_000);
    let redrive_ms = redrive(&mut driver, &arn, None).unwrap();
    let mut driver = driver.crash();

    let open = describe(&driver, &arn);
    assert_eq!((open.status, open.stop_ms), (Status::Running, None));
    assert_eq!((open.redrive_count, open.redrive_ms), (1, Some(redrive_ms)));
    assert_eq!((open.start_ms, open.error), (before.start_ms, None));
    let reason = "Execution is RUNNING and cannot be redriven";
    assert_eq!(
        open.redrive_status,
        ("NOT_REDRIVABLE".into(), Some(reason.into()))
    );
    assert_eq!(driver.shard.gauges().executions_open, 1);

    let gone = driver.succeed(&dead, "1").unwrap_err();
    assert_eq!(
        gone.name,
        ErrorName::TaskTimedOut,
        "an old token stays dead"
    );
    let taken = driver.start(&machine, Some("e"), r#"{"a":1}"#).unwrap_err();
    assert_eq!(taken.name, ErrorName::ExecutionAlreadyExists);

    let poll = driver.poll(&activity, None);
    let (token, _) = driver.deliver(poll);
    driver.succeed(&token, "2").unwrap();
    let history = driver.history(&arn, 100, false);
    assert_eq!(
        history[5..7],
        ["6<-5 ExecutionRedriven", "7<-4 ActivityScheduled"]
    );
    assert_eq!(driver.status(&arn), Status::Succeeded);
    assert_eq!(driver.shard.gauges().executions_open, 0);
    let refused = redrive(&mut driver, &arn, None).unwrap_err();
    assert_eq!(refused.name, ErrorName::ExecutionNotRedrivable);
    assert_eq!(
        refused.message,
        "Execution is SUCCEEDED and cannot be redriven"
    );
}

#[test]
fn a_client_token_redrives_once_for_fifteen_minutes() {
    let (mut driver, activity, machine) = ready();
    let (arn, _) = stopped(&mut driver, &activity, &machine, "e");
    let first = redrive(&mut driver, &arn, Some("t")).unwrap();
    driver.pass(10);
    assert_eq!(redrive(&mut driver, &arn, Some("t")), Ok(first));
    let other = redrive(&mut driver, &arn, Some("u")).unwrap_err();
    assert_eq!(
        other.name,
        ErrorName::ExecutionNotRedrivable,
        "it is running"
    );

    driver.stop(&arn).unwrap();
    let mut driver = driver.crash();
    assert_eq!(
        redrive(&mut driver, &arn, Some("t")),
        Ok(first),
        "and it stays stopped"
    );
    assert_eq!(driver.status(&arn), Status::Aborted);
    driver.pass(redrive_execution::CLIENT_TOKEN_MS);
    let second = redrive(&mut driver, &arn, Some("t")).unwrap();
    assert!(second > first);

    for at in 0..interpreter::limits::REDRIVE_TOKENS_MAX {
        driver.stop(&arn).unwrap();
        redrive(&mut driver, &arn, Some(&format!("t{at}"))).unwrap();
    }
    driver.stop(&arn).unwrap();
    let third = redrive(&mut driver, &arn, Some("t")).unwrap();
    assert!(third >= second);
    assert_eq!(
        driver.status(&arn),
        Status::Running,
        "ten newer tokens push one out"
    );
    assert_eq!(describe(&driver, &arn).redrive_count, 13);
}

#[test]
fn there_are_fourteen_days_to_redrive_and_a_year_in_all() {
    let (mut driver, activity, machine) = ready();
    let (arn, _) = stopped(&mut driver, &activity, &machine, "e");
    driver.pass(14 * DAY_MS);
    redrive(&mut driver, &arn, None).unwrap();
    driver.stop(&arn).unwrap();
    driver.pass(14 * DAY_MS + 1);
    let (status, reason) = describe(&driver, &arn).redrive_status;
    let refused = redrive(&mut driver, &arn, None).unwrap_err();
    assert_eq!(refused.name, ErrorName::ExecutionNotRedrivable);
    assert_eq!(
        ("NOT_REDRIVABLE", Some(refused.message.clone())),
        (&*status, reason)
    );
    assert!(refused.message.contains("14 days"), "{}", refused.message);

    let long = driver.start(&machine, Some("long"), "{}").unwrap();
    driver.pass(365 * DAY_MS);
    driver.stop(&long).unwrap();
    let refused = redrive(&mut driver, &long, None).unwrap_err();
    assert!(
        refused.message.contains("a year ago"),
        "{}",
        refused.message
    );
}

#[test]
fn an_execution_without_its_machine_or_that_never_was_is_refused() {
    let (mut driver, activity, machine) = ready();
    let (arn, _) = stopped(&mut driver, &activity, &machine, "e");
    let missing = format!("{arn}-missing");
    let refused = redrive(&mut driver, &missing, None).unwrap_err();
    assert_eq!(refused.name, ErrorName::ExecutionDoesNotExist);
    let delete = delete_state_machine::Request {
        state_machine_arn: machine.clone(),
    };
    driver.ask(Request::DeleteStateMachine(delete)).unwrap();
    let refused = redrive(&mut driver, &arn, None).unwrap_err();
    assert_eq!(refused.name, ErrorName::ExecutionNotRedrivable);
    assert!(
        refused.message.contains("was deleted"),
        "{}",
        refused.message
    );
    assert_eq!(
        describe(&driver, &arn).redrive_status.1,
        Some(refused.message)
    );
}

#[test]
fn lists_show_a_redriven_execution_at_its_redrive_and_can_be_filtered() {
    let (mut driver, activity, machine) = ready();
    let (first, _) = stopped(&mut driver, &activity, &machine, "a");
    for name in ["b", "c"] {
        driver.pass(1_000);
        stopped(&mut driver, &activity, &machine, name);
    }
    driver.pass(1_000);
    driver.start(&machine, Some("d"), "{}").unwrap();
    driver.pass(1_000);
    redrive(&mut driver, &first, None).unwrap();
    let all = ["a Running", "d Running", "c Aborted", "b Aborted"];
    for limit in 1..6 {
        assert_eq!(list(&driver, &machine, None, limit), all);
        assert_eq!(list(&driver, &machine, Some(true), limit), all[..1]);
        assert_eq!(list(&driver, &machine, Some(false), limit), all[1..]);
    }
    driver.pass(1_000);
    driver.stop(&first).unwrap();
    assert_eq!(list(&driver, &machine, Some(true), 2), ["a Aborted"]);
    assert_eq!(list(&driver, &machine, None, 9).len(), 4, "listed once");
}

#[test]
fn what_fails_at_once_again_is_listed_once() {
    let mut driver = Driver::new();
    let definition = r#"{"StartAt":"F","States":{"F":{"Type":"Fail","Error":"E"}}}"#;
    let machine = driver.create_machine("m", definition).unwrap();
    let arn = driver.start(&machine, Some("e"), "{}").unwrap();
    for count in 1..4 {
        redrive(&mut driver, &arn, None).unwrap();
        assert_eq!(describe(&driver, &arn).redrive_count, count);
        assert_eq!(list(&driver, &machine, None, 9), ["e Failed"]);
        assert_eq!(driver.shard.gauges().executions_open, 0);
        driver.pass(i64::from(count % 2));
    }
    let history = driver.history(&arn, 100, false);
    assert_eq!(
        history[2..6],
        [
            "3<-2 ExecutionFailed",
            "4<-3 ExecutionRedriven",
            "5<-2 StateEntered",
            "6<-5 ExecutionFailed"
        ]
    );
}
