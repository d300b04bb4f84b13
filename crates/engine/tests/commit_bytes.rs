//! How much each commit of a large Map writes: `cargo test -p engine --test commit_bytes -- --nocapture`.
//!
//! A commit holds its events and the whole snapshot of the execution. What has ended is in a snapshot
//! by the numbers of events alone, what is open by a frame.
#![allow(clippy::unwrap_used)]

mod support;

use engine::ShardOptions;
use interpreter::Status;
use store::MemoryStore;
use support::{CommitBytes, Driver, options};

const ITEMS: usize = 1_000;

/// Most bytes of a snapshot for an item that has ended: the number of the event with its output.
const ENDED: usize = 5;
/// For one that is open.
const OPEN: usize = 50;
/// For all else.
const REST: usize = 1_000;

/// A Map of one activity task for each of [`ITEMS`], whose tasks a worker does one after another.
fn map(map_lanes_max: u32) -> Vec<CommitBytes> {
    let limits = interpreter::Limits {
        map_lanes_max,
        ..interpreter::Limits::default()
    };
    let options = ShardOptions {
        limits,
        ..options()
    };
    let now = Driver::new().now;
    let mut driver = Driver::with(options, MemoryStore::new(), now);
    let activity = driver.create_activity("work");
    let work = format!(r#"{{"Work":{{"Type":"Task","Resource":"{activity}","End":true}}}}"#);
    let processor = format!(r#"{{"StartAt":"Work","States":{work}}}"#);
    let map = format!(r#"{{"Type":"Map","ItemProcessor":{processor},"End":true}}"#);
    let definition = format!(r#"{{"StartAt":"All","States":{{"All":{map}}}}}"#);
    let machine = driver.create_machine("m", &definition).unwrap();
    let items: Vec<String> = (0..ITEMS).map(|item| item.to_string()).collect();
    driver.commit_bytes.clear();
    let input = format!("[{}]", items.join(","));
    let execution = driver.start(&machine, None, &input).unwrap();
    for _ in 0..ITEMS {
        let poll = driver.poll(&activity, None);
        let (token, input) = driver.deliver(poll);
        driver.succeed(&token, &input).unwrap();
    }
    assert_eq!(driver.status(&execution), Status::Succeeded);
    driver.commit_bytes
}

fn show(name: &str, commits: &[CommitBytes]) {
    let sum = |bytes: fn(&CommitBytes) -> usize| commits.iter().map(bytes).sum::<usize>();
    let largest = commits.iter().map(|it| it.snapshot).max().unwrap_or(0);
    println!(
        "{name}: {} commits; snapshots {} bytes each, at most {largest}, {} in all; events {} in all",
        commits.len(),
        sum(|it| it.snapshot) / commits.len(),
        sum(|it| it.snapshot),
        sum(|it| it.events),
    );
}

#[test]
fn what_has_ended_costs_little_in_every_commit_after_it() {
    for lanes in [40, 200] {
        let commits = map(lanes);
        show(&format!("{ITEMS} items, {lanes} at a time"), &commits);
        let most = REST + ENDED * ITEMS + OPEN * lanes as usize;
        assert!(commits.iter().all(|it| it.snapshot <= most));
    }
}
