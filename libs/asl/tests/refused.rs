//! Definitions that are refused, and what is said about them: the table in `definitions/refused.json`.
//!
//! A row has a `text`, a `definition`, or a `state` (the only one of a machine, called `X`); its
//! `expect` lists code, message and place of every diagnostic in order.

use asl::{Diagnostic, MachineType, Severity, parse};
use serde_json::{Value, json};

fn text_of(row: &Value) -> String {
    if let Some(text) = row["text"].as_str() {
        return text.to_owned();
    }
    match row.get("state") {
        Some(state) => json!({ "StartAt": "X", "States": { "X": state } }).to_string(),
        None => row["definition"].to_string(),
    }
}

fn row_of(diagnostic: &Diagnostic) -> Value {
    assert_eq!(diagnostic.severity, Severity::Error);
    json!([diagnostic.code, diagnostic.message, diagnostic.location])
}

#[test]
fn every_row_of_the_table() {
    let table: Value = serde_json::from_str(include_str!("definitions/refused.json")).unwrap();
    let rows = table.as_array().unwrap();
    assert!(rows.len() > 50, "the table has been read");
    for row in rows {
        let machine_type = match row["type"].as_str() {
            Some("EXPRESS") => MachineType::Express,
            _ => MachineType::Standard,
        };
        let parsed = parse(&text_of(row), machine_type);
        let found: Value = parsed.diagnostics.iter().map(row_of).collect();
        assert_eq!(found, row["expect"], "{}", row["about"]);
        assert!(parsed.machine.is_none(), "{}", row["about"]);
    }
}

#[test]
fn printed_as_in_an_exception() {
    let parsed = parse("{}", MachineType::Standard);
    assert_eq!(
        parsed.diagnostics[0].to_string(),
        "SCHEMA_VALIDATION_FAILED: These fields are required: [States, StartAt] at /"
    );
    let parsed = parse("[", MachineType::Standard);
    let printed = parsed.diagnostics[0].to_string();
    assert_eq!(
        printed.matches("column: 2]").count(),
        1,
        "the place comes once: {printed}"
    );
}

/// A machine of `count` Pass states, each going to the next.
fn chain(count: usize) -> String {
    let states: Vec<String> = (0..count)
        .map(|n| format!(r#""s{n}":{{"Type":"Pass","Next":"s{}"}}"#, n + 1))
        .chain([format!(r#""s{count}":{{"Type":"Succeed"}}"#)])
        .collect();
    format!(r#"{{"StartAt":"s0","States":{{{}}}}}"#, states.join(","))
}

/// A Succeed state inside of `depth - 1` Parallel states.
fn nest(depth: usize) -> String {
    let mut scope = r#"{"StartAt":"leaf","States":{"leaf":{"Type":"Succeed"}}}"#.to_owned();
    for n in 1..depth {
        scope = format!(
            r#"{{"StartAt":"p{n}","States":{{"p{n}":{{"Type":"Parallel","End":true,"Branches":[{scope}]}}}}}}"#
        );
    }
    scope
}

#[test]
fn limits_hold_to_the_last() {
    let is_accepted = |text: &str| parse(text, MachineType::Standard).machine.is_some();
    assert!(is_accepted(&chain(9_999)));
    assert!(!is_accepted(&chain(10_000)));
    assert!(is_accepted(&nest(31)));
    assert!(!is_accepted(&nest(33)));

    let padded = |length: usize| {
        let text = chain(1);
        format!("{text}{}", " ".repeat(length - text.len()))
    };
    assert!(is_accepted(&padded(1_048_576)));
    assert!(!is_accepted(&padded(1_048_577)));

    let named = |length: usize| chain(1).replace("s0", &"é".repeat(length));
    assert!(is_accepted(&named(80)));
    assert!(!is_accepted(&named(81)));
    let parsed = parse(&named(81), MachineType::Standard);
    assert_eq!(parsed.diagnostics[0].code, "INVALID_STATE_NAME");
}

#[test]
fn bombs_are_refused_at_once() {
    for text in [
        nest(1_000),
        format!(r#"{{"a":{}"#, "[".repeat(100_000)),
        format!(r#"{{{}}}"#, vec![r#""a":1"#; 100_000].join(",")),
        chain(20_000),
        format!(
            r#"{{"StartAt":"A","States":{{"{}":{{"Type":"Choice","Choices":[{}0]}}}}}}"#,
            "long".repeat(100_000),
            "{},".repeat(200_000)
        ),
    ] {
        let parsed = parse(&text, MachineType::Standard);
        assert!(parsed.machine.is_none());
        assert!((1..=1_000).contains(&parsed.diagnostics.len()));
        let places = parsed
            .diagnostics
            .iter()
            .filter_map(|d| d.location.as_deref());
        assert!(
            places.map(str::len).max() < Some(1_000),
            "no place is longer than a name"
        );
    }
}
