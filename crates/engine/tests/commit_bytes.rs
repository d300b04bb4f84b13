//! How much each commit of a growing execution writes:
//! `cargo test -p engine --test commit_bytes -- --nocapture`.
//!
//! A commit holds its events and the snapshot of the execution, but for the parts of it that did not
//! change. So what a step writes does not grow with what was before it.
#![allow(clippy::unwrap_used)]

mod support;

use engine::ShardOptions;
use interpreter::{Limits, PartSizes, Status};
use store::MemoryStore;
use support::{CommitBytes, Driver, options};

const ITEMS: usize = 1_000;

/// Nothing is kept apart: what was, before there were parts.
const WHOLE: PartSizes = PartSizes {
    outputs: u32::MAX,
    document_bytes: usize::MAX,
    documents_bytes: usize::MAX,
};

/// A driver whose executions have these limits, and an activity.
fn driver(limits: Limits) -> (Driver, String) {
    let options = ShardOptions {
        limits,
        ..options()
    };
    let now = Driver::new().now;
    let mut driver = Driver::with(options, MemoryStore::new(), now);
    let activity = driver.create_activity("work");
    (driver, activity)
}

/// What the commits of an execution write whose tasks a worker does one after another.
fn played(limits: Limits, definition: &str, input: &str, tasks: usize) -> Vec<CommitBytes> {
    let (mut driver, activity) = driver(limits);
    let definition = definition.replace("ACTIVITY", &activity);
    let machine = driver.create_machine("m", &definition).unwrap();
    driver.commit_bytes.clear();
    let execution = driver.start(&machine, None, input).unwrap();
    for _ in 0..tasks {
        let poll = driver.poll(&activity, None);
        let (token, input) = driver.deliver(poll);
        driver.succeed(&token, &input).unwrap();
    }
    assert_eq!(driver.status(&execution), Status::Succeeded);
    driver.commit_bytes
}

/// A Map of one activity task for each of [`ITEMS`].
fn map(limits: Limits) -> Vec<CommitBytes> {
    let work = r#"{"Work":{"Type":"Task","Resource":"ACTIVITY","End":true}}"#;
    let processor = format!(r#"{{"StartAt":"Work","States":{work}}}"#);
    let map = format!(r#"{{"Type":"Map","ItemProcessor":{processor},"End":true}}"#);
    let definition = format!(r#"{{"StartAt":"All","States":{{"All":{map}}}}}"#);
    let items: Vec<String> = (0..ITEMS).map(|item| item.to_string()).collect();
    played(
        limits,
        &definition,
        &format!("[{}]", items.join(",")),
        ITEMS,
    )
}

/// Bytes of a commit in the first and in the last tenth of all, but for the ends of the execution.
fn tenths(commits: &[CommitBytes]) -> (usize, usize) {
    let all: Vec<usize> = commits[1..commits.len() - 1]
        .iter()
        .map(|it| it.snapshot + it.parts + it.events)
        .collect();
    let mean = |commits: &[usize]| commits.iter().sum::<usize>() / commits.len();
    let tenth = all.len() / 10;
    (mean(&all[..tenth]), mean(&all[all.len() - tenth..]))
}

fn show(name: &str, commits: &[CommitBytes]) {
    let sum = |bytes: fn(&CommitBytes) -> usize| commits.iter().map(bytes).sum::<usize>();
    let (first, last) = tenths(commits);
    println!(
        "{name}: {} commits; snapshots {} bytes in all, parts {}, events {}; each in the first tenth \
         {first}, in the last {last}",
        commits.len(),
        sum(|it| it.snapshot),
        sum(|it| it.parts),
        sum(|it| it.events),
    );
}

#[test]
fn what_has_ended_costs_nothing_in_the_commits_after_it() {
    for lanes in [40, 200] {
        let limits = Limits {
            map_lanes_max: lanes,
            history_events_max: u32::MAX,
            ..Limits::default()
        };
        let name = format!("{ITEMS} items, {lanes} at a time");
        let whole = Limits {
            parts: WHOLE,
            ..limits
        };
        show(&format!("{name}, whole snapshots"), &map(whole));
        let commits = map(limits);
        show(&name, &commits);
        let (first, last) = tenths(&commits);
        assert!(last * 10 <= first * 12, "{last} is much more than {first}");
    }
}

#[test]
fn a_long_variable_is_written_once() {
    const TURNS: usize = 20;
    let long = "x".repeat(200_000);
    let definition = format!(
        r#"{{"StartAt":"V","QueryLanguage":"JSONata","States":{{
            "V":{{"Type":"Pass","Assign":{{"long":"{long}","turn":0}},"Next":"W"}},
            "W":{{"Type":"Task","Resource":"ACTIVITY","Assign":{{"turn":"{{% $turn + 1 %}}"}},"Next":"C"}},
            "C":{{"Type":"Choice","Default":"E","Choices":[
                {{"Condition":"{{% $turn < {TURNS} %}}","Next":"W"}}]}},
            "E":{{"Type":"Succeed","Output":"{{% $length($long) %}}"}}}}}}"#
    );
    let commits = played(Limits::default(), &definition, "{}", TURNS);
    show("a long variable", &commits);
    let sum = |bytes: fn(&CommitBytes) -> usize| commits.iter().map(bytes).sum::<usize>();
    let parts = sum(|it| it.parts);
    assert!((long.len()..long.len() + 100).contains(&parts), "{parts}");
    assert!(sum(|it| it.snapshot) < commits.len() * 1_000);
}
