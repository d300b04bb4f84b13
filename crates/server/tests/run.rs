//! `towpath run` as a person runs it: what it prints for which definition, and its exit codes.
//!
//! `golden/run-*.txt` hold what was printed. `UPDATE_GOLDEN=1 cargo test -p towpath` writes them anew.

// Lints allow it in test functions; here what they share is a test, too.
#![allow(clippy::unwrap_used)]

mod command;

use std::time::{Duration, Instant};

use command::{golden, towpath};

#[test]
fn what_is_printed() {
    let mocks = ["--mocks", "orders.mocks.json", "--test-case"];
    let orders = |case: &'static str, more: &[&'static str]| {
        let fixed = ["orders.asl.json", "--input", r#"{"items":[1,2]}"#];
        let mut args = fixed.to_vec();
        args.extend(mocks);
        args.push(case);
        args.extend(more);
        args
    };
    let table: Vec<(&str, Vec<&str>, i32)> = vec![
        ("happy-path", orders("HappyPath", &[]), 0),
        (
            "happy-path-json",
            orders("HappyPath", &["--format", "json"]),
            0,
        ),
        (
            "happy-path-watched",
            orders("HappyPath", &["--watch", "--skip-waits"]),
            0,
        ),
        ("sold-out", orders("SoldOut", &[]), 1),
        ("packing-fails", orders("PackingFails", &[]), 1),
        ("no-approval", orders("NoApproval", &[]), 2),
        ("too-few-boxes", orders("TooFewBoxes", &[]), 2),
        ("no-such-case", orders("Sunday", &[]), 2),
        (
            "no-such-machine",
            orders("HappyPath", &["--name", "returns"]),
            2,
        ),
        ("no-mocks", vec!["orders.asl.json"], 2),
        ("branches", vec!["branches.asl.json"], 0),
        (
            "branches-watched",
            vec![
                "branches.asl.json",
                "--watch",
                "--skip-waits",
                "--format",
                "json",
            ],
            0,
        ),
        (
            "nested",
            vec!["nested.asl.json", "--mocks", "nested.mocks.json"],
            0,
        ),
        ("late", vec!["late.asl.json"], 1),
        (
            "for-ever-cut",
            vec!["for-ever.asl.json", "--max-events", "20"],
            1,
        ),
        ("flawed", vec!["flawed.asl.json"], 2),
        ("no-file", vec!["nowhere.asl.json"], 2),
        ("no-json-input", vec!["late.asl.json", "--input", "{"], 2),
    ];
    for (name, args, code) in table {
        let ran = towpath("run", &args, "");
        golden(&format!("run-{name}"), &ran.printed());
        assert_eq!(ran.code, code, "{name}: {}", ran.printed());
    }
}

#[test]
fn a_year_takes_no_time() {
    let started = Instant::now();
    let args = [
        "orders.asl.json",
        "--input",
        r#"{"items":[]}"#,
        "--mocks",
        "orders.mocks.json",
    ];
    let ran = towpath(
        "run",
        &[&args[..], &["--test-case", "HappyPath"]].concat(),
        "",
    );
    assert!(ran.stdout.contains("364d"), "{}", ran.printed());
    assert_eq!(ran.code, 0);
    assert!(
        started.elapsed() < Duration::from_secs(5),
        "waited for real"
    );
}

#[test]
fn no_execution_takes_more_than_a_year() {
    let definition =
        r#"{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":90000000,"End":true}}}"#;
    let ran = towpath("run", &["-"], definition);
    assert!(
        ran.stdout.contains("TIMED_OUT after 365d 0h 0m 0s"),
        "{}",
        ran.printed()
    );
    assert_eq!(ran.code, 1);
}

#[test]
fn an_endless_loop_ends_with_its_history() {
    let ran = towpath("run", &["for-ever.asl.json", "--format", "json"], "");
    let value: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((ran.code, &value["status"]), (1, &"FAILED".into()));
    assert_eq!(value["events"], 25_000);
}

#[test]
fn the_input_comes_from_anywhere() {
    let definition = r#"{"StartAt":"A","States":{"A":{"Type":"Succeed"}}}"#;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("input.json");
    std::fs::write(&file, r#"{"from": "a file"}"#).unwrap();
    let at = format!("@{}", file.display());
    let last = |ran: command::Ran| ran.stdout.lines().last().unwrap().to_owned();

    let ran = towpath("run", &["-", "--input", &at], definition);
    assert_eq!(last(ran), r#"{"from": "a file"}"#);
    let ran = towpath(
        "run",
        &["for-ever.asl.json", "--input", "-"],
        r#"{"stop": 1.0}"#,
    );
    assert_eq!(last(ran), r#"{"stop": 1.0}"#);
    let ran = towpath("run", &["-", "--input", "-"], definition);
    assert_eq!(ran.code, 2, "one standard input can not be both");
}

#[test]
fn randomness_comes_from_the_seed() {
    let definition = r#"{"StartAt":"A","States":{"A":{"Type":"Pass","End":true,
        "Parameters":{"id.$":"States.UUID()"}}}}"#;
    let with = |seed| towpath("run", &["-", "--seed", seed], definition).stdout;
    assert_eq!(with("1"), with("1"));
    assert_ne!(with("1"), with("2"));
}
