//! A short history is kept in the execution's row and moves out when it grows: nobody sees which it is.
#![allow(missing_docs, clippy::unwrap_used)]

mod support;

use engine::operations::*;
use engine::*;
use interpreter::Status;
use store::{Commit, Direction, Epoch, ExecutionId, ExecutionRow, ExecutionWrite, Store};
use support::{DAY_MS, Driver, is_there, options};

/// A task that is done again and again until it fails; its machine, and its activity.
fn again_and_again(driver: &mut Driver) -> (String, String) {
    let activity = driver.create_activity("work");
    let definition = format!(
        r#"{{"StartAt":"Work","States":{{
            "Work":{{"Type":"Task","Resource":"{activity}","Next":"Work",
                "Catch":[{{"ErrorEquals":["Never"],"Next":"Over"}}]}},
            "Over":{{"Type":"Succeed"}}}}}}"#
    );
    let machine = driver.create_machine("m", &definition).unwrap();
    (machine, activity)
}

fn keeping_for_a_day() -> Driver {
    let options = ShardOptions {
        retention_ms: DAY_MS,
        ..options()
    };
    Driver::with(options, store::MemoryStore::new(), Driver::new().now)
}

fn id_of(driver: &Driver, arn: &str) -> ExecutionId {
    let name = arn.rsplit(':').next().unwrap();
    execution_named(&driver.store, "m", name).unwrap().unwrap()
}

fn row_of(driver: &Driver, arn: &str) -> ExecutionRow {
    driver.store.execution(id_of(driver, arn)).unwrap().unwrap()
}

/// So many more times, with the process gone in between.
fn work(mut driver: Driver, activity: &str, times: usize) -> Driver {
    for number in 0..times {
        let poll = driver.poll(activity, Some("w"));
        let (token, _) = driver.deliver(poll);
        driver.succeed(&token, &number.to_string()).unwrap();
        driver = driver.crash();
    }
    driver
}

/// The history is whole, whatever the pages; returns how long it is.
fn whole(driver: &Driver, arn: &str) -> usize {
    let history = driver.history(arn, 1_000, false);
    for (at, event) in history.iter().enumerate() {
        assert!(event.starts_with(&format!("{}<-", at + 1)), "{event}");
    }
    for limit in [1, 7, 40] {
        assert_eq!(driver.history(arn, limit, false), history);
        let mut backward = driver.history(arn, limit, true);
        backward.reverse();
        assert_eq!(backward, history);
    }
    history.len()
}

#[test]
fn a_history_moves_out_of_the_row_when_it_grows_and_goes_with_the_execution() {
    let mut driver = keeping_for_a_day();
    let (machine, activity) = again_and_again(&mut driver);
    let short = driver.start(&machine, Some("short"), "{}").unwrap();
    driver.stop(&short).unwrap();
    let long = driver.start(&machine, None, "{}").unwrap();
    let (mut lengths, mut moved) = (vec![whole(&driver, &long)], None);
    for round in 0..30 {
        driver = work(driver, &activity, 1);
        lengths.push(whole(&driver, &long));
        let in_row = row_of(&driver, &long).events;
        if let Some(run) = &in_row {
            assert!(run.bytes.len() <= 1_024 && moved.is_none(), "never back");
            assert_eq!(
                (run.first, run.count as usize),
                (1, *lengths.last().unwrap())
            );
        } else if moved.is_none() {
            moved = Some(round);
        }
    }
    assert!(moved.is_some_and(|round| round > 5), "{moved:?}");
    assert!(lengths.is_sorted_by(|one, next| one < next), "{lengths:?}");
    assert!(row_of(&driver, &short).events.is_some());

    // The end, a redrive, and another end.
    for _ in 0..2 {
        let poll = driver.poll(&activity, None);
        let (token, _) = driver.deliver(poll);
        driver.fail(&token).unwrap();
        assert_eq!(driver.status(&long), Status::Failed);
        let ended = whole(&driver, &long);
        driver = driver.crash();
        let redrive = redrive_execution::Request {
            execution_arn: long.clone(),
            client_token: None,
        };
        driver.ask(Request::RedriveExecution(redrive)).unwrap();
        assert!(whole(&driver, &long) > ended);
    }
    driver.stop(&long).unwrap();
    let ids = [&short, &long].map(|arn| id_of(&driver, arn));
    driver.pass(DAY_MS);
    driver.pass(60_000);
    (0..100).for_each(|_| driver.pass(100));
    for (id, arn) in ids.into_iter().zip([&short, &long]) {
        assert!(!is_there(&driver, arn), "{arn}");
        let left = driver
            .store
            .events(id, 1, Direction::Forward, 1_000)
            .unwrap();
        assert_eq!(left, [], "{arn}");
    }
}

#[test]
fn a_redrive_of_a_short_one_adds_to_what_its_row_keeps() {
    let mut driver = Driver::new();
    let fail = r#"{"StartAt":"A","States":{"A":{"Type":"Fail"}}}"#;
    let machine = driver.create_machine("m", fail).unwrap();
    let arn = driver.start(&machine, None, "{}").unwrap();
    let once = whole(&driver, &arn);
    let mut driver = driver.crash();
    let redrive = redrive_execution::Request {
        execution_arn: arn.clone(),
        client_token: None,
    };
    driver.ask(Request::RedriveExecution(redrive)).unwrap();
    assert!(whole(&driver, &arn) > once);
    let run = row_of(&driver, &arn).events.unwrap();
    assert_eq!(run.count as usize, whole(&driver, &arn));
}

/// A version before this one kept each commit's events in a row of their own.
#[test]
fn what_an_earlier_version_began_goes_on_as_it_was() {
    let mut driver = keeping_for_a_day();
    let (machine, activity) = again_and_again(&mut driver);
    let arn = driver.start(&machine, None, "{}").unwrap();
    let row = row_of(&driver, &arn);
    let as_before = ExecutionWrite {
        snapshot: row.snapshot,
        // That version had noted the run; a still earlier one had noted nothing. The store looks then.
        holds: row.holds.unwrap(),
        events: row.events,
        ..ExecutionWrite::of(id_of(&driver, &arn), row.revision + 1)
    };
    let commit = Commit {
        number: driver.store.last_commit().unwrap() + 1,
        executions: vec![as_before],
        ..Commit::default()
    };
    driver.store.commit(Epoch(0), &[commit]).unwrap();
    let driver = driver.crash();
    let before = whole(&driver, &arn);
    let driver = work(driver, &activity, 3);
    assert!(whole(&driver, &arn) > before);
    let runs = driver
        .store
        .events(id_of(&driver, &arn), 1, Direction::Forward, 1_000);
    assert!(runs.unwrap().len() > 3, "each in a row of its own");
    assert_eq!(row_of(&driver, &arn).events, None);
}
