//! Closed STANDARD executions go when their time is over; nothing open and nothing young ever does.
#![allow(missing_docs, clippy::unwrap_used)]

mod support;

use engine::operations::*;
use engine::*;
use interpreter::Status;
use store::{RecordKind, Store};
use support::{DAY_MS, Driver, MAP, PASS, WAIT, is_there, options};

/// A driver over a store that keeps closed executions for a day.
fn keeping() -> Driver {
    let options = ShardOptions {
        retention_ms: DAY_MS,
        ..options()
    };
    Driver::with(options, store::MemoryStore::new(), Driver::new().now)
}

/// A sweep begins within a minute, and is made in small steps.
fn sweep(driver: &mut Driver) {
    driver.pass(60_000);
    for _ in 0..100 {
        driver.pass(100);
    }
}

#[test]
fn what_is_over_goes_and_nothing_open_or_young() {
    let mut driver = keeping();
    let pass = driver.create_machine("pass", PASS).unwrap();
    let wait = driver.create_machine("wait", WAIT).unwrap();
    let old: Vec<String> = (0..700)
        .map(|number| {
            driver
                .start(&pass, Some(&number.to_string()), "{}")
                .unwrap()
        })
        .collect();
    let open: Vec<String> = (0..5)
        .map(|number| {
            driver
                .start(&wait, Some(&number.to_string()), "{}")
                .unwrap()
        })
        .collect();
    driver.pass(DAY_MS / 2);
    let young = driver.start(&pass, Some("young"), "{}").unwrap();
    driver.stop(&open[0]).unwrap();
    driver.pass(DAY_MS / 2 - 1_000);
    assert!(
        old.iter().all(|arn| is_there(&driver, arn)),
        "not a second too soon"
    );
    sweep(&mut driver);
    assert!(!old.iter().any(|arn| is_there(&driver, arn)));
    assert_eq!(driver.status(&young), Status::Succeeded);
    assert_eq!(driver.status(&open[0]), Status::Aborted);
    for arn in &open[1..] {
        assert_eq!(driver.status(arn), Status::Running);
    }
    assert_eq!(driver.history(&young, 10, false).len(), 4);
    // The name is free, even for another input.
    let again = driver.start(&pass, Some("7"), "[]").unwrap();
    assert_eq!(driver.status(&again), Status::Succeeded);
    // What is open goes on after months, and has its retention from its end.
    let mut driver = driver.crash();
    driver.pass(10_000_000_000);
    assert_eq!(driver.status(&open[1]), Status::Succeeded);
    driver.pass(DAY_MS);
    sweep(&mut driver);
    assert!(!open.iter().any(|arn| is_there(&driver, arn)));
    assert_eq!(driver.shard.gauges().executions_open, 0);
}

#[test]
fn by_default_nothing_goes_here() {
    let mut driver = Driver::new();
    let pass = driver.create_machine("pass", PASS).unwrap();
    let kept = driver.start(&pass, None, "{}").unwrap();
    driver.pass(DAY_MS * 400);
    sweep(&mut driver);
    assert!(is_there(&driver, &kept), "0 keeps for ever");
}

#[test]
fn a_map_run_goes_with_all_that_it_has() {
    let mut driver = keeping();
    let machine = driver.create_machine("m", MAP).unwrap();
    let items = (0..300).map(|item| item.to_string()).collect::<Vec<_>>();
    let arn = driver
        .start(&machine, None, &format!("[{}]", items.join(",")))
        .unwrap();
    driver.pass(0);
    assert_eq!(driver.status(&arn), Status::Succeeded);
    let kinds = [
        RecordKind::MapRun,
        RecordKind::MapRunOf,
        RecordKind::MapRunEnded,
        RecordKind::MapRunChild,
    ];
    let count = |driver: &Driver, kind| driver.store.records(kind, None, 1_000).unwrap().len();
    assert_eq!(kinds.map(|kind| count(&driver, kind)), [1, 1, 1, 300]);
    driver.pass(DAY_MS / 2);
    assert_eq!(kinds.map(|kind| count(&driver, kind)), [1, 1, 1, 300]);
    driver.pass(DAY_MS / 2);
    sweep(&mut driver);
    sweep(&mut driver);
    assert_eq!(kinds.map(|kind| count(&driver, kind)), [0, 0, 0, 0]);
    assert!(!is_there(&driver, &arn));
}

#[test]
fn a_map_run_within_a_map_run_goes_too() {
    let mut driver = keeping();
    let inner = MAP.replace(
        r#""StartAt":"M","States":{"M""#,
        r#""StartAt":"N","States":{"N""#,
    );
    let inner = inner.strip_prefix('{').unwrap().strip_suffix('}').unwrap();
    let outer = MAP.replace(
        r#""StartAt":"P","States":{"P":{"Type":"Pass","End":true}}"#,
        inner,
    );
    let outer = outer.replacen(r#""Label":"L""#, r#""Label":"K""#, 1);
    let machine = driver.create_machine("m", &outer).unwrap();
    let arn = driver.start(&machine, None, "[[1,2],[3],[]]").unwrap();
    driver.pass(0);
    assert_eq!(driver.status(&arn), Status::Succeeded);
    let rows = |driver: &Driver, kind| driver.store.records(kind, None, 100).unwrap().len();
    assert_eq!(rows(&driver, RecordKind::MapRunOf), 4);
    assert_eq!(rows(&driver, RecordKind::MapRunChild), 6);
    driver.pass(DAY_MS);
    sweep(&mut driver);
    sweep(&mut driver);
    assert_eq!(rows(&driver, RecordKind::MapRunOf), 0);
    assert_eq!(rows(&driver, RecordKind::MapRunChild), 0);
    assert!(!is_there(&driver, &arn));
}

/// The store shows an execution until its end is durable, and a redrive must not write on it.
#[test]
fn nobody_works_with_what_is_going() {
    let mut driver = keeping();
    let fail = r#"{"StartAt":"A","States":{"A":{"Type":"Fail"}}}"#;
    let machine = driver.create_machine("m", fail).unwrap();
    let arn = driver.start(&machine, Some("e"), "{}").unwrap();
    let mut driver = driver.crash();
    driver.pass(DAY_MS);
    // A sweep whose commit is not durable yet.
    driver.now.steady_ms += 60_001;
    driver.now.wall_ms += 60_001;
    let mut outputs = Vec::new();
    driver.shard.handle(Message::Tick, driver.now, &mut outputs);
    let search = outputs.iter().find_map(|output| match output {
        Output::FindExpired(search) => Some(search.clone()),
        _ => None,
    });
    let found = find_expired(&driver.store, &mut search.expect("a sweep")).unwrap();
    assert_eq!(found.expired.len(), 1);
    let mut outputs = Vec::new();
    let message = Message::FoundExpired(found);
    driver.shard.handle(message, driver.now, &mut outputs);
    assert!(matches!(&outputs[..], [Output::Commit(_)]), "{outputs:?}");
    let found = driver.store.execution_by_name("m", "e").unwrap();
    assert!(found.is_some(), "the store shows it still");
    let redrive = Message::Request {
        ticket: Ticket(1_000),
        request: Request::RedriveExecution(redrive_execution::Request {
            execution_arn: arn,
            client_token: None,
        }),
        lookup: Some(NameLookup {
            as_of: driver.store.last_commit().unwrap(),
            found,
        }),
    };
    let mut outputs = Vec::new();
    driver.shard.handle(redrive, driver.now, &mut outputs);
    let [
        Output::Reply {
            response: Err(refused),
            ..
        },
    ] = &outputs[..]
    else {
        panic!("{outputs:?}")
    };
    assert_eq!(refused.name, ErrorName::ExecutionDoesNotExist);
}
