//! An execution that was given no name is named by its id; it is found, joined and replaced like any
//! other, and nothing is kept for its name.
#![allow(missing_docs, clippy::unwrap_used)]

mod support;

use engine::operations::*;
use engine::*;
use interpreter::Status;
use store::{Commit, Epoch, ExecutionRemoval, Store};
use support::{DAY_MS, Driver, PASS, WAIT, is_there, options};

fn name_of(arn: &str) -> &str {
    arn.rsplit(':').next().unwrap()
}

#[test]
fn a_name_that_was_given_has_a_row_and_one_that_was_not_has_none() {
    let mut driver = Driver::new();
    let machine = driver.create_machine("m", WAIT).unwrap();
    let given = driver.start(&machine, Some("given"), "{}").unwrap();
    let made_up = driver.start(&machine, None, "{}").unwrap();
    let row = |name| driver.store.execution_by_name("m", name).unwrap();
    let found = |name| execution_named(&driver.store, "m", name).unwrap();
    assert!(row(name_of(&given)).is_some() && row(name_of(&given)) == found("given"));
    assert_eq!(row(name_of(&made_up)), None);
    assert!(found(name_of(&made_up)).is_some());
    let elsewhere = execution_named(&driver.store, "n", name_of(&made_up)).unwrap();
    assert_eq!(elsewhere, None, "it is a name within its machine");
    let unheard_of = "018bcfe5-6800-7000-8000-000000000000";
    assert_eq!(found(unheard_of), None);
}

#[test]
fn a_start_by_a_name_that_was_made_up_joins_or_is_refused() {
    let mut driver = Driver::new();
    let machine = driver.create_machine("m", WAIT).unwrap();
    let other = driver.create_machine("n", WAIT).unwrap();
    let first = driver.start(&machine, None, "{}").unwrap();
    let name = name_of(&first).to_owned();
    assert_eq!(driver.start(&machine, Some(&name), "{}").unwrap(), first);
    let refused = driver.start(&machine, Some(&name), "[]").unwrap_err();
    assert_eq!(refused.name, ErrorName::ExecutionAlreadyExists);
    // On another machine it is a name like any other, with a row.
    let second = driver.start(&other, Some(&name), "[]").unwrap();
    assert_ne!(second, first);
    assert!(
        driver
            .store
            .execution_by_name("n", &name)
            .unwrap()
            .is_some()
    );
    driver.stop(&second).unwrap();
    assert_eq!(driver.status(&first), Status::Running);
    assert_eq!(driver.status(&second), Status::Aborted);
    let mut driver = driver.crash();
    assert_eq!(driver.start(&machine, Some(&name), "{}").unwrap(), first);
    driver.stop(&first).unwrap();
    assert_eq!(driver.status(&first), Status::Aborted);
}

#[test]
fn what_has_no_name_row_is_redriven_and_goes_like_the_rest() {
    let options = ShardOptions {
        retention_ms: DAY_MS,
        ..options()
    };
    let mut driver = Driver::with(options, store::MemoryStore::new(), Driver::new().now);
    let fail = r#"{"StartAt":"A","States":{"A":{"Type":"Fail"}}}"#;
    let machine = driver.create_machine("m", fail).unwrap();
    let arn = driver.start(&machine, None, "{}").unwrap();
    let redrive = redrive_execution::Request {
        execution_arn: arn.clone(),
        client_token: None,
    };
    driver.ask(Request::RedriveExecution(redrive)).unwrap();
    assert_eq!(driver.status(&arn), Status::Failed);
    driver.pass(DAY_MS);
    driver.pass(60_000);
    (0..100).for_each(|_| driver.pass(100));
    assert!(!is_there(&driver, &arn));
    // The name is free then, and is claimed by who wants it.
    let again = driver.start(&machine, Some(name_of(&arn)), "[]").unwrap();
    assert_eq!(again, arn);
    let claimed = driver.store.execution_by_name("m", name_of(&arn)).unwrap();
    assert_eq!(
        execution_named(&driver.store, "m", name_of(&arn)).unwrap(),
        claimed
    );
    assert!(claimed.is_some());
}

/// No commit leaves such a row; a folder that was tampered with may hold one.
#[test]
fn a_name_whose_execution_is_not_there_is_free() {
    let mut driver = Driver::new();
    let machine = driver.create_machine("m", WAIT).unwrap();
    let first = driver.start(&machine, Some("n"), "{}").unwrap();
    driver.stop(&first).unwrap();
    let named = |driver: &Driver| driver.store.execution_by_name("m", "n").unwrap();
    let gone = named(&driver).unwrap();
    let removal = ExecutionRemoval {
        id: gone,
        listings: Vec::new(),
        name: None,
        timers_dropped: Vec::new(),
        tasks_dropped: Vec::new(),
        runs: None,
    };
    let commit = Commit {
        number: driver.store.last_commit().unwrap() + 1,
        removals: vec![removal],
        ..Commit::default()
    };
    driver.store.commit(Epoch(0), &[commit]).unwrap();
    let mut driver = driver.crash();
    assert_eq!(named(&driver), Some(gone));
    assert_eq!(execution_named(&driver.store, "m", "n").unwrap(), None);
    let second = driver.start(&machine, Some("n"), "[]").unwrap();
    assert_eq!(driver.status(&second), Status::Running);
    assert_ne!(named(&driver), Some(gone));
}

/// Names of EXPRESS executions repeat, so theirs is no id.
#[test]
fn the_made_up_name_of_an_express_execution_is_another_than_its_id() {
    let mut driver = Driver::new();
    let machine = driver.create_express("m", PASS);
    let arn = driver.start(&machine, None, "{}").unwrap();
    let parts: Vec<&str> = arn.split(':').collect();
    let [.., name, id] = parts[..] else {
        panic!("{arn}")
    };
    assert_ne!(name, id);
}
