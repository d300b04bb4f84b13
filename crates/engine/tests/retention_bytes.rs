//! Closed executions go when all of them take more than they may: those that ended first.
#![allow(missing_docs, clippy::unwrap_used)]

mod support;

use engine::operations::*;
use engine::*;
use interpreter::Status;
use support::{DAY_MS, Driver, MAP, PASS, WAIT, is_there, options};

const FAIL: &str = r#"{"StartAt":"A","States":{"A":{"Type":"Fail"}}}"#;

fn keeping(retention_bytes: u64) -> ShardOptions {
    ShardOptions {
        retention_bytes,
        ..options()
    }
}

fn driver(options: ShardOptions) -> Driver {
    Driver::with(options, store::MemoryStore::new(), Driver::new().now)
}

fn settle(driver: &mut Driver) {
    for _ in 0..400 {
        driver.pass(100);
    }
}

fn closed_bytes(driver: &Driver) -> u64 {
    driver.shard.gauges().closed_bytes
}

/// Bytes of one execution of [`PASS`] with a name of so many letters; a few more or less, as its times
/// take.
fn weight(name: &str) -> u64 {
    let mut driver = driver(options());
    let machine = driver.create_machine("pass", PASS).unwrap();
    driver.start(&machine, Some(name), "{}").unwrap();
    closed_bytes(&driver)
}

#[test]
fn those_that_ended_first_go_first_whatever_their_machine() {
    let each = weight("n000");
    let mut driver = driver(keeping(each * 1_000));
    let wait = driver.create_machine("wait", WAIT).unwrap();
    let open = driver.start(&wait, Some("open"), "{}").unwrap();
    // More machines than one search looks at, some of which nobody ever starts.
    let machines: Vec<String> = (0..150)
        .map(|number| {
            let text = [PASS, FAIL][number % 2];
            driver
                .create_machine(&format!("m{number:03}"), text)
                .unwrap()
        })
        .collect();
    let mut in_order = Vec::new();
    for number in 0..1_500usize {
        driver.pass(1);
        let machine = &machines[number * 7 % 100];
        let name = format!("n{number:04}");
        in_order.push(driver.start(machine, Some(&name), "{}").unwrap());
    }
    settle(&mut driver);
    assert!(closed_bytes(&driver) <= each * 1_000);
    let there: Vec<bool> = in_order.iter().map(|arn| is_there(&driver, arn)).collect();
    let first = there.iter().position(|there| *there).expect("most are");
    assert!((300..700).contains(&first), "{first}");
    assert!(there[first..].iter().all(|there| *there), "in order");
    // No more than must.
    assert!(closed_bytes(&driver) > each * 995);
    assert_eq!(driver.status(&open), Status::Running);
    // The names are free.
    let again = driver
        .start(&machines[0], Some("n0000"), "[]")
        .expect("the name is free");
    assert_eq!(driver.status(&again), Status::Succeeded);
    // All is as it was after a restart, and goes on.
    settle(&mut driver);
    let before = closed_bytes(&driver);
    let mut driver = driver.crash();
    assert_eq!(closed_bytes(&driver), before);
    settle(&mut driver);
    assert!(is_there(&driver, &again));
}

#[test]
fn nothing_goes_while_there_is_room() {
    let each = weight("n000");
    let mut driver = driver(keeping(each * 10 + each / 2));
    let pass = driver.create_machine("pass", PASS).unwrap();
    let start = |driver: &mut Driver, name: &str| {
        driver.pass(1);
        driver.start(&pass, Some(name), "{}").unwrap()
    };
    let all: Vec<String> = (0..10)
        .map(|number| start(&mut driver, &format!("n{number:03}")))
        .collect();
    driver.pass(DAY_MS * 400);
    settle(&mut driver);
    assert!(all.iter().all(|arn| is_there(&driver, arn)));
    assert!(closed_bytes(&driver) > each * 9);
    start(&mut driver, "last");
    settle(&mut driver);
    assert!(!is_there(&driver, &all[0]));
    assert!(all[1..].iter().all(|arn| is_there(&driver, arn)));
    assert!(closed_bytes(&driver) <= each * 10 + each / 2);
}

#[test]
fn both_limits_hold_at_once() {
    let each = weight("n000");
    let options = ShardOptions {
        retention_ms: DAY_MS,
        ..keeping(each * 5)
    };
    let mut driver = driver(options);
    let pass = driver.create_machine("pass", PASS).unwrap();
    let start = |name: &str, driver: &mut Driver| {
        driver.pass(1);
        driver.start(&pass, Some(name), "{}").unwrap()
    };
    let old: Vec<String> = (0..8)
        .map(|number| start(&format!("n{number:03}"), &mut driver))
        .collect();
    settle(&mut driver);
    let there: Vec<bool> = old.iter().map(|arn| is_there(&driver, arn)).collect();
    assert_eq!(there, [false, false, false, true, true, true, true, true]);
    driver.pass(DAY_MS / 2);
    let young = start("n008", &mut driver);
    driver.pass(DAY_MS / 2);
    settle(&mut driver);
    settle(&mut driver);
    assert!(!old.iter().any(|arn| is_there(&driver, arn)));
    assert!(is_there(&driver, &young));
    assert!(closed_bytes(&driver).abs_diff(each) < 8);
}

#[test]
fn what_is_redriven_counts_as_open_again() {
    let mut driver = driver(options());
    let machine = driver.create_machine("m", FAIL).unwrap();
    let arn = driver.start(&machine, Some("e"), "{}").unwrap();
    let once = closed_bytes(&driver);
    assert!(once > 0);
    let mut driver = driver.crash();
    let redrive = Request::RedriveExecution(redrive_execution::Request {
        execution_arn: arn.clone(),
        client_token: None,
    });
    driver.ask(redrive).unwrap();
    assert_eq!(driver.status(&arn), Status::Failed);
    let twice = closed_bytes(&driver);
    assert!(
        twice > once && twice < 2 * once,
        "{once} bytes, then {twice}: its history is longer, and it is one execution"
    );
    assert_eq!(closed_bytes(&driver.crash()), twice);
}

#[test]
fn children_count_and_go_with_the_execution_that_began_them() {
    let each = weight("n000");
    let mut driver = driver(keeping(each * 20));
    let pass = driver.create_machine("pass", PASS).unwrap();
    let before = driver.start(&pass, Some("n000"), "{}").unwrap();
    driver.pass(10);
    let machine = driver.create_machine("m", MAP).unwrap();
    let items = (0..600).map(|item| item.to_string()).collect::<Vec<_>>();
    let items = format!("[{}]", items.join(","));
    let arn = driver.start(&machine, None, &items).unwrap();
    driver.pass(0);
    assert_eq!(driver.status(&arn), Status::Succeeded);
    driver.pass(10);
    let after = driver.start(&pass, Some("n001"), "{}").unwrap();
    settle(&mut driver);
    assert!(!is_there(&driver, &before));
    assert!(!is_there(&driver, &arn));
    let rows = |kind| driver.store.records(kind, None, 1_000).unwrap().len();
    use store::{RecordKind, Store};
    assert_eq!(rows(RecordKind::MapRunChild), 0);
    assert_eq!(rows(RecordKind::MapRun), 0);
    assert!(is_there(&driver, &after));
    assert!(closed_bytes(&driver).abs_diff(each) < 8);
}

#[test]
fn express_executions_that_are_kept_count_and_go_too() {
    let options = ShardOptions {
        express_retention_ms: DAY_MS,
        ..keeping(1)
    };
    let mut driver = driver(options);
    let machine = driver.create_express("fast", PASS);
    let arn = driver.start(&machine, None, "{}").unwrap();
    assert!(closed_bytes(&driver) > 0);
    settle(&mut driver);
    assert!(!is_there(&driver, &arn));
    assert_eq!(closed_bytes(&driver), 0);
}

/// Once the first of its children has gone an execution goes too: it must not be taken up again.
#[test]
fn what_has_lost_children_is_not_redriven() {
    let mut driver = driver(options());
    let map = MAP.replace(
        r#"{"P":{"Type":"Pass","End":true}}"#,
        r#"{"P":{"Type":"Fail"}}"#,
    );
    let machine = driver.create_machine("m", &map).unwrap();
    let arn = driver.start(&machine, Some("e"), "[1,2,3,4,5]").unwrap();
    driver.pass(0);
    driver.pass(1_000);
    assert_eq!(driver.status(&arn), Status::Failed);
    let children = |driver: &Driver| {
        let rows =
            store::Store::records(&driver.store, store::RecordKind::MapRunChild, None, 1_000);
        rows.unwrap().len()
    };
    assert_eq!(children(&driver), 5);
    // From now on next to nothing is kept; the first step is made at once.
    let (store, now) = (driver.store, driver.now);
    let mut driver = Driver::with(keeping(1), store, now);
    assert_eq!(children(&driver), 0);
    assert_eq!(driver.status(&arn), Status::Failed, "it is still there");
    let redrive = || {
        Request::RedriveExecution(redrive_execution::Request {
            execution_arn: arn.clone(),
            client_token: None,
        })
    };
    let refused = driver.ask(redrive()).unwrap_err();
    assert_eq!(refused.name, ErrorName::ExecutionNotRedrivable);
    // And after a crash, when nobody remembers, and nobody sweeps.
    let (store, now) = (driver.store, driver.now);
    let mut driver = Driver::with(options(), store, now);
    let refused = driver.ask(redrive()).unwrap_err();
    assert_eq!(refused.name, ErrorName::ExecutionNotRedrivable);
    let (store, now) = (driver.store, driver.now);
    let mut driver = Driver::with(keeping(1), store, now);
    settle(&mut driver);
    assert!(!is_there(&driver, &arn));
    assert_eq!(closed_bytes(&driver), 0);
}
